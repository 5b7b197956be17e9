import pytest

from dragoman.cli.errors import CommandError
from dragoman.cli.settings import settings_of
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


def test_values_are_json_or_text() -> None:
    pairs = ["ttl-ms=5", "paused=true", "overflow=drop-head", 'filter={"a": 1}', "dead_letter=null"]
    assert settings_of(pairs, SubscriptionSettings) == {
        "ttl_ms": 5,
        "paused": True,
        "overflow": "drop-head",
        "filter": {"a": 1},
        "dead_letter": None,
    }


def test_an_address_may_be_a_name_or_all_of_it() -> None:
    whole = '{"name": "x", "key": "k", "is_route": true}'
    for text, expected in (
        ("dead", {"name": "dead"}),
        (whole, {"name": "x", "key": "k", "is_route": True}),
    ):
        found = settings_of([f"dead_letter={text}"], SubscriptionSettings)
        assert found == {"dead_letter": expected}


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("ttl_ms", "expected NAME=VALUE"),
        ("retention=1", "did you mean retention_ms?"),
        ("notes={}", "no setting notes"),
    ],
)
def test_what_is_no_setting_is_refused(pair: str, text: str) -> None:
    with pytest.raises(CommandError, match=text):
        settings_of([pair], StreamSettings)
