"""Rules as elements, and back."""

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.servicebus.atom.documents import INSTANCE, SCHEMA
from dragoman.doors.servicebus.atom.errors import AtomError
from dragoman.doors.servicebus.atom.rules import read_pairs, read_rule, write_pairs, write_rule


def element(inside: str, name: str = "RuleDescription") -> Element:
    return fromstring(f'<{name} xmlns:i="{INSTANCE}" xmlns:x="{SCHEMA}">{inside}</{name}>')


RULES: list[dict[str, Any]] = [
    {"kind": "true"},
    {"kind": "false"},
    {"kind": "sql", "expression": "a < 1 AND b <> '&'"},
    {"kind": "sql", "expression": "a = @p", "parameters": {"@p": 7}},
    {
        "kind": "correlation",
        "fields": {},
        "properties": {"at": {"dateTime": 1_577_880_000_123}, "for": {"duration": 93_784_500}},
    },
    {
        "kind": "correlation",
        "fields": {"label": "x", "content-type": "y"},
        "properties": {"n": 1, "big": 1 << 40, "x": 1.5, "s": "t", "b": False},
    },
    {"kind": "true", "action": {"expression": "SET a = 1; REMOVE b"}},
]


@pytest.mark.parametrize("rule", RULES)
def test_rules_are_told_as_they_were_said(rule: dict[str, Any]) -> None:
    rule = {"name": "n", **rule}
    assert read_rule(element(write_rule(rule)), "n") == rule


def test_a_rule_without_a_filter_takes_everything() -> None:
    assert read_rule(element(""), "n") == {"name": "n", "kind": "true"}


@pytest.mark.parametrize(
    "inside",
    [
        "<Filter/>",
        '<Filter i:type="Odd"/>',
        '<Filter i:type="CorrelationFilter"><Properties><Key/></Properties></Filter>',
    ],
)
def test_other_filters_are_refused(inside: str) -> None:
    with pytest.raises(AtomError):
        read_rule(element(inside), "n")


@pytest.mark.parametrize("kind", ["dateTime", "duration", "odd"])
def test_values_that_are_none_are_refused_by_name(kind: str) -> None:
    pair = f'<Key>k</Key><Value i:type="x:{kind}">1</Value>'
    inside = f"<KeyValueOfstringanyType>{pair}</KeyValueOfstringanyType>"
    with pytest.raises(AtomError, match="k: "):
        read_pairs(element(inside, "Properties"))


def test_a_number_that_is_none_is_refused() -> None:
    pair = '<Key>k</Key><Value i:type="x:int">one</Value>'
    inside = f"<KeyValueOfstringanyType>{pair}</KeyValueOfstringanyType>"
    with pytest.raises(AtomError, match="no int"):
        read_pairs(element(inside, "Properties"))


plain = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=20)


@given(st.dictionaries(plain, plain | st.integers() | st.booleans()))
def test_pairs_are_told_as_they_were_said(pairs: dict[str, Any]) -> None:
    found = read_pairs(element(write_pairs("Properties", pairs))[0])
    assert found == pairs
