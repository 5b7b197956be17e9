import pytest

from dragoman.app.topology import NOT_OFFERED
from dragoman.console.admin.options import HIDDEN, KINDS, changed, offered, shown
from dragoman.kernel.api import StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import SYNCED


def test_all_options_are_shown_and_come_back() -> None:
    for kind in KINDS:
        settings = kind()
        told = shown(settings)
        assert set(told) == set(offered(kind))
        assert changed(settings, told) == settings


def test_what_is_not_given_stays() -> None:
    settings = StreamSettings(partitions=3, notes={"a": "b"})
    now = changed(settings, {"level": "synced"})
    assert now == StreamSettings(partitions=3, notes={"a": "b"}, level=SYNCED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"partition": 1}, "no option partition; there are partitions, "),
        ({"notes": {}}, "no option notes"),
        ({"level": 1}, "level is one of applied, written, synced"),
        ({"level": "high"}, "level is one of applied, written, synced"),
        ({"partitions": "many"}, "partitions"),
    ],
)
def test_what_is_no_option_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        changed(StreamSettings(), given)


def test_enumerations_are_checked() -> None:
    with pytest.raises(InvalidArgument, match="overflow"):
        changed(SubscriptionSettings(), {"overflow": "explode"})


def test_the_configuration_file_hides_the_same() -> None:
    assert HIDDEN == NOT_OFFERED
