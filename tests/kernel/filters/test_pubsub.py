"""Filters of Pub/Sub subscriptions: each form on what is there and what is not, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.pubsub import pubsub_filter
from dragoman.model.errors import InvalidArgument

HEADERS = {"tier": "gold", "region": "eu-west", "iana.org/tag": "en", "empty": "", "my-key": "x"}


def passes(text: str) -> bool:
    return compile_filter(pubsub_filter({"expression": text})).matches(Source(headers=HEADERS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('attributes.tier = "gold"', True),
        ("attributes.tier='gold'", True),
        ('attributes.tier = "Gold"', False),
        ('attributes.absent = "gold"', False),
        ('NOT attributes.absent = "gold"', True),
        ('attributes.tier != "silver"', True),
        ('attributes.tier != "gold"', False),
        ('attributes.absent != "gold"', True),
        ("attributes:tier", True),
        ("attributes:empty", True),
        ("attributes:absent", False),
        ("-attributes:absent", True),
        ("NOT attributes:tier", False),
        ("NOT NOT attributes:tier", True),
        ('hasPrefix(attributes.region, "eu")', True),
        ('hasPrefix(attributes.region, "us")', False),
        ('NOT hasPrefix(attributes.absent, "us")', True),
        ('attributes."iana.org/tag" = "en"', True),
        ('attributes:"iana.org/tag"', True),
        ("attributes:my-key", True),
        ('attributes.empty = ""', True),
        ('attributes.tier = "a\\"b"', False),
        ('attributes:tier AND attributes.region = "eu-west" AND attributes:empty', True),
        ("attributes:tier AND attributes:absent", False),
        ("attributes:absent OR attributes:tier", True),
        ("(attributes:absent OR attributes:tier) AND NOT (attributes:absent)", True),
        ("  attributes:tier  ", True),
    ],
)
def test_each_form_matches_what_it_says(text: str, expected: bool) -> None:
    assert passes(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "attributes",
        "attributes:",
        "attributes.",
        "attributes.tier",
        "attributes.tier =",
        "attributes.tier = gold",
        'attributes.tier > "gold"',
        'attributes.tier == "gold"',
        "attributes:tier AND",
        "attributes:tier attributes:region",
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:tier",
        "attributes:tier)",
        'hasPrefix(attributes.tier "x")',
        'hasPrefix(tier, "x")',
        'data.tier = "x"',
        'attributes.tier = "x',
        'attributes:""',
        "(" * 40 + "attributes:a" + ")" * 40,
        "NOT " * 40 + "attributes:a",
        "§",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        pubsub_filter({"expression": text})


def test_a_filter_is_text() -> None:
    with pytest.raises(InvalidArgument):
        pubsub_filter({})


@given(st.text(st.sampled_from(list("attributes.:=!()\"'\\-,NOTANDR hasPrefix")), max_size=40))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    try:
        found = pubsub_filter({"expression": text})
    except InvalidArgument:
        return
    compile_filter(found).matches(Source(headers=HEADERS))
