"""Filter policies, read and asked."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.sns.filters import BODY, Policy, read_policy, values_of
from dragoman.doors.sqs.errors import Refused
from dragoman.wire.aws.shapes import AttributeValue


def policy(told: Any, scope: str = "") -> Policy | None:
    return read_policy({"FilterPolicy": json.dumps(told), "FilterPolicyScope": scope})


def attribute(value: Any) -> AttributeValue:
    if isinstance(value, bytes):
        return AttributeValue(data_type="Binary", binary_value=value)
    if isinstance(value, list):
        return AttributeValue(data_type="String.Array", string_value=json.dumps(value))
    kind = "String" if isinstance(value, str) else "Number"
    return AttributeValue(data_type=kind, string_value=str(value))


def takes(told: Any, attributes: Mapping[str, Any]) -> bool:
    found = policy(told)
    assert found is not None
    return found.takes("", {name: attribute(value) for name, value in attributes.items()})


def takes_body(told: Any, body: Any) -> bool:
    found = policy(told, BODY)
    assert found is not None
    return found.takes(body if isinstance(body, str) else json.dumps(body), {})


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("a", ["a"], ["b", "A", "", 1]),
        (15, [15, 15.0, 15e0], ["15", 16]),
        ({"prefix": "ab"}, ["ab", "abc"], ["a", "cab", 1]),
        ({"suffix": "ab"}, ["ab", "cab"], ["abc", 1]),
        ({"equals-ignore-case": "aB"}, ["ab", "AB"], ["a", 1]),
        ({"wildcard": "a*c"}, ["ac", "abc", "accc"], ["a", "cab", "acd"]),
        ({"wildcard": "*b*"}, ["b", "abc"], ["a"]),
        ({"wildcard": "aba*aba"}, ["abaaba", "abaxaba"], ["aba", "abaca"]),
        ({"wildcard": "abc"}, ["abc"], ["abcd", "ab"]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", 1]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
        ({"anything-but": "a"}, ["b", 1], ["a"]),
        ({"anything-but": ["a", 1]}, ["b", 2], ["a", 1]),
        ({"anything-but": {"prefix": "a"}}, ["b", 1], ["ab"]),
        ({"anything-but": {"suffix": ["a", "b"]}}, ["c"], ["xa", "xb"]),
        ({"numeric": ["=", 3]}, [3, 3.0], [2, "3"]),
        ({"numeric": [">", 0, "<=", 5]}, [1, 5], [0, 6]),
        ({"numeric": ["<", 5, ">=", 0]}, [0, 4.9], [5, -1]),
        ({"exists": True}, ["", 0, b"x"], []),
        ({"exists": False}, [], ["", 0, b"x"]),
    ],
)
def test_conditions(condition: Any, yes: list[Any], no: list[Any]) -> None:
    for value in yes:
        assert takes({"k": [condition]}, {"k": value}), value
    for value in no:
        assert not takes({"k": [condition]}, {"k": value}), value


def test_all_keys_and_of_each_any_condition() -> None:
    told = {"a": ["1", {"prefix": "x"}], "b": [{"exists": False}]}
    assert takes(told, {"a": "1"})
    assert takes(told, {"a": "xyz", "c": "?"})
    assert not takes(told, {"a": "1", "b": "?"})
    assert not takes(told, {})


def test_what_is_not_there_passes_nothing_but_its_absence() -> None:
    for condition in ("a", {"anything-but": "a"}, {"exists": True}):
        assert not takes({"k": [condition]}, {"other": "a"})
    assert takes({"k": [{"exists": False}]}, {"other": "a"})


def test_one_of_several_values_is_enough() -> None:
    assert takes({"k": ["b"]}, {"k": ["a", "b"]})
    assert takes({"k": [2]}, {"k": ["a", 2]})
    assert takes({"k": [{"anything-but": ["a"]}]}, {"k": ["a", "b"]})
    assert not takes({"k": [{"anything-but": ["a"]}]}, {"k": ["a"]})
    assert not takes({"k": ["c"]}, {"k": ["a", "b"]})


def test_or_is_one_of_its_clauses() -> None:
    told = {"a": ["1"], "$or": [{"b": [1]}, {"c": [{"prefix": "x"}]}]}
    assert takes(told, {"a": "1", "b": 1})
    assert takes(told, {"a": "1", "c": "xy"})
    assert not takes(told, {"a": "1"})
    assert not takes(told, {"b": 1})


def test_or_may_be_the_name_of_a_key() -> None:
    assert takes({"$or": ["a"]}, {"$or": "a"})
    assert takes({"$or": [{"prefix": "a"}, {"prefix": "b"}]}, {"$or": "bc"})


def test_bodies_are_walked() -> None:
    told = {"order": {"land": ["de"], "items": {"size": [{"numeric": [">", 3]}]}}}
    assert takes_body(told, {"order": {"land": "de", "items": [{"size": 1}, {"size": 4}]}})
    assert not takes_body(told, {"order": {"land": "de", "items": [{"size": 1}]}})
    assert not takes_body(told, {"order": "de"})
    assert takes_body({"a": [None, True]}, {"a": True})
    assert takes_body({"a": [None]}, {"a": None})
    assert not takes_body({"a": [1]}, {"a": True})
    assert not takes_body({"a": [{"anything-but": "x"}]}, {"a": {"b": 1}})
    assert takes_body({"a": ["x"]}, {"a": [["y"], ["x"]]})


@pytest.mark.parametrize("body", ["", "no json", "[1]", '"a"', "[" * 100_000])
def test_a_body_that_is_no_object_is_not_wanted(body: str) -> None:
    assert not takes_body({"a": [{"exists": False}]}, body)


def test_a_policy_of_nothing_is_none() -> None:
    assert read_policy({}) is None
    assert policy({}) is None


@pytest.mark.parametrize(
    "told",
    [
        [],
        "a",
        {"k": "a"},
        {"k": []},
        {"k": [["a"]]},
        {"k": {"n": ["a"]}},
        {"k": [{}]},
        {"k": [{"prefix": "a", "suffix": "b"}]},
        {"k": [{"unknown": "a"}]},
        {"k": [{"prefix": 1}]},
        {"k": [{"exists": "yes"}]},
        {"k": [{"numeric": ["=", "3"]}]},
        {"k": [{"numeric": ["~", 3]}]},
        {"k": [{"numeric": [">", 3, ">", 4]}]},
        {"k": [{"numeric": [3]}]},
        {"k": [{"cidr": "10.0.0/99"}]},
        {"k": [{"anything-but": []}]},
        {"k": [{"anything-but": [None]}]},
        {"k": [{"anything-but": {"numeric": ["=", 1]}}]},
        {"k": [{"wildcard": "a**b"}]},
        {"k": [{"wildcard": "*a*b*c*"}]},
        {str(n): ["a"] for n in range(6)},
        {"a": [str(n) for n in range(13)], "b": [str(n) for n in range(12)]},
    ],
)
def test_what_is_no_policy_is_refused(told: Any) -> None:
    with pytest.raises(Refused, match="FilterPolicy"):
        policy(told)


def test_text_that_is_no_json_or_too_long_is_refused() -> None:
    for text in ("{", "[" * 100_000, '{"k": ["' + "x" * 200_000 + '"]}'):
        with pytest.raises(Refused, match="FilterPolicy"):
            read_policy({"FilterPolicy": text})
    with pytest.raises(Refused, match="FilterPolicyScope"):
        read_policy({"FilterPolicyScope": "Elsewhere"})


def test_nesting_has_an_end() -> None:
    told: Any = ["a"]
    for _ in range(20):
        told = {"k": told}
    with pytest.raises(Refused, match="levels"):
        policy(told, BODY)


def test_values_that_cannot_be_read_are_none_of_any() -> None:
    assert values_of(AttributeValue(data_type="Number", string_value="one")) == ()
    assert values_of(AttributeValue(data_type="String.Array", string_value="{")) == ()
    assert values_of(AttributeValue(data_type="String.Array", string_value="1")) == ()
    assert values_of(attribute(b"x")) == ()
    assert values_of(None) is None


def test_numbers_larger_than_any_float_compare() -> None:
    assert takes_body({"a": [{"numeric": [">", 1]}]}, '{"a": 1' + "0" * 400 + "}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "$or", "prefix", "anything-but", "numeric", "exists", "cidr"]),
            below,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_any_policy_is_refused_or_asked_without_a_fault(told: Any, body: Any) -> None:
    for scope in ("", BODY):
        try:
            found = policy(told, scope)
        except Refused:
            continue
        if found is not None:
            found.takes(
                json.dumps(body), {"a": AttributeValue(data_type="String", string_value="x")}
            )
