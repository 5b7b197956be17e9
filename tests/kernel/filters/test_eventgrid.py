"""Filters of event subscriptions: each operator on what is there, what is not, what is of another type, and lists."""

from typing import Any

import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.eventgrid import FILTERS_MAX, OPERATORS, VALUES_MAX, eventgrid_filter
from dragoman.model.errors import InvalidArgument

EVENT = {"event:type": "Order.Created", "event:subject": "/EU/orders/7.JPG", "event:tenant": "Gold"}
DATA = {"n": 5, "s": "Contoso", "flag": True, "list": [1, 7, "Red"], "empty": [], "a.b": 2.5}


def passes(settings: dict[str, Any], data: dict[str, Any] | None = None) -> bool:
    source = Source(attributes=EVENT, members=DATA if data is None else data)
    return compile_filter(eventgrid_filter(settings)).matches(source)


def advanced(kind: str, key: str, *, arrays: bool = False, **values: Any) -> bool:
    one = {"operatorType": kind, "key": key, **values}
    return passes({"advancedFilters": [one], "enableAdvancedFilteringOnArrays": arrays})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, True),
        ({"includedEventTypes": ["All"]}, True),
        ({"includedEventTypes": None, "subjectBeginsWith": "", "subjectEndsWith": None}, True),
        ({"includedEventTypes": ["Order.Deleted", "order.created"]}, True),
        ({"includedEventTypes": ["Order.Deleted"]}, False),
        ({"includedEventTypes": []}, False),
        ({"subjectBeginsWith": "/eu/"}, True),
        ({"subjectBeginsWith": "/us/"}, False),
        ({"subjectEndsWith": ".jpg"}, True),
        ({"subjectEndsWith": ".jpg", "isSubjectCaseSensitive": True}, False),
        ({"subjectEndsWith": ".JPG", "isSubjectCaseSensitive": True}, True),
        ({"subjectBeginsWith": "/EU/", "subjectEndsWith": ".png"}, False),
    ],
)
def test_types_and_subjects(settings: dict[str, Any], expected: bool) -> None:
    assert passes(settings) is expected


@pytest.mark.parametrize(
    ("kind", "values", "hit", "miss"),
    [
        ("NumberIn", {"values": [5, 6]}, "data.n", "data.a.b"),
        ("NumberLessThan", {"value": 5}, "data.a.b", "data.n"),
        ("NumberLessThanOrEquals", {"value": 2.5}, "data.a.b", "data.n"),
        ("NumberGreaterThan", {"value": 2.5}, "data.n", "data.a.b"),
        ("NumberGreaterThanOrEquals", {"value": 5}, "data.n", "data.a.b"),
        ("NumberInRange", {"values": [[0, 1], [5, 5.5]]}, "data.n", "data.a.b"),
        ("NumberNotInRange", {"values": [[0, 1], [5, 5.5]]}, "data.a.b", "data.n"),
        ("NumberNotIn", {"values": [5, 6]}, "data.a.b", "data.n"),
        ("BoolEquals", {"value": True}, "data.flag", "data.n"),
        ("StringIn", {"values": ["x", "CONTOSO"]}, "data.s", "tenant"),
        ("StringNotIn", {"values": ["x", "CONTOSO"]}, "tenant", "data.s"),
        ("StringBeginsWith", {"values": ["con", "x"]}, "data.s", "tenant"),
        ("StringNotBeginsWith", {"values": ["con", "x"]}, "tenant", "data.s"),
        ("StringEndsWith", {"values": ["OSO"]}, "data.s", "tenant"),
        ("StringNotEndsWith", {"values": ["OSO"]}, "tenant", "data.s"),
        ("StringContains", {"values": ["nt"]}, "data.s", "tenant"),
        ("StringNotContains", {"values": ["nt"]}, "tenant", "data.s"),
        ("IsNullOrUndefined", {}, "data.nothing", "data.n"),
        ("IsNotNull", {}, "data.n", "data.nothing"),
    ],
)
def test_every_operator(kind: str, values: dict[str, Any], hit: str, miss: str) -> None:
    assert advanced(kind, hit, **values)
    assert not advanced(kind, miss, **values)
    assert advanced(kind.upper(), hit, **values)


MATCH_NOTHING_THERE = {"numbernotin", "stringnotin", "numbernotinrange", "isnullorundefined"}
SAMPLES: dict[str, dict[str, Any]] = {
    kind: {"values": [[1, 2]]}
    if "range" in kind
    else {"value": True if "bool" in kind else 1, "values": ["1"] if "string" in kind else [1]}
    for kind in OPERATORS
}


@pytest.mark.parametrize("kind", sorted(OPERATORS))
@pytest.mark.parametrize("arrays", [False, True])
def test_what_is_not_there_matches_only_what_the_documentation_says(
    kind: str, arrays: bool
) -> None:
    expected = kind in MATCH_NOTHING_THERE
    assert advanced(kind, "data.nothing", arrays=arrays, **SAMPLES[kind]) is expected


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("NumberIn", {"values": [7]}, True),
        ("NumberIn", {"values": [8]}, False),
        ("NumberNotIn", {"values": [7]}, False),
        ("NumberNotIn", {"values": [8]}, True),
        ("NumberGreaterThan", {"value": 6}, True),
        ("NumberInRange", {"values": [[2, 6]]}, False),
        ("NumberNotInRange", {"values": [[2, 6]]}, True),
        ("StringIn", {"values": ["red"]}, True),
        ("StringNotIn", {"values": ["red"]}, False),
        ("StringContains", {"values": ["e"]}, True),
        ("StringNotContains", {"values": ["e"]}, False),
        ("StringNotContains", {"values": ["x"]}, True),
        ("BoolEquals", {"value": True}, False),
    ],
)
def test_in_a_list_any_item_decides(kind: str, values: dict[str, Any], expected: bool) -> None:
    assert advanced(kind, "data.list", arrays=True, **values) is expected


def test_a_list_is_a_value_of_another_type_unless_lists_are_looked_into() -> None:
    assert not advanced("NumberIn", "data.list", values=[7])
    assert advanced("NumberNotIn", "data.list", values=[7])
    assert not advanced("StringNotContains", "data.list", values=["x"])


def test_an_empty_list_has_nothing_that_could_match_or_fail() -> None:
    assert not advanced("StringIn", "data.empty", arrays=True, values=["x"])
    assert advanced("StringNotIn", "data.empty", arrays=True, values=["x"])


@pytest.mark.parametrize("key", ["Subject", "subject", "EVENTTYPE", "type"])
def test_keys_of_either_schema_mean_the_same_attribute(key: str) -> None:
    assert advanced("StringContains", key, values=["order"])


def test_all_filters_have_to_match_and_one_value_of_each() -> None:
    one = {"operatorType": "NumberIn", "key": "data.n", "values": [5]}
    two = {"operatorType": "StringIn", "key": "data.s", "values": ["a", "contoso"]}
    three = {"operatorType": "BoolEquals", "key": "data.flag", "value": False}
    assert passes({"advancedFilters": [one, two]})
    assert not passes({"advancedFilters": [one, two, three]})


def test_filters_of_a_namespaces_topic_look_into_lists() -> None:
    assert passes({"filters": [{"operatorType": "NumberIn", "key": "data.list", "values": [7]}]})


@pytest.mark.parametrize(
    "settings",
    [
        {"advancedFilters": {}},
        {"advancedFilters": [1]},
        {"advancedFilters": [{"operatorType": "Like", "key": "data.a", "values": ["x"]}]},
        {"advancedFilters": [{"key": "data.a", "values": ["x"]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "values": ["x"]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "", "values": ["x"]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "other.a", "values": ["x"]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "data.", "values": ["x"]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "data.a", "values": "x"}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "data.a", "values": [1]}]},
        {"advancedFilters": [{"operatorType": "StringIn", "key": "data.a", "values": ["x" * 513]}]},
        {"advancedFilters": [{"operatorType": "NumberIn", "key": "data.a", "values": []}]},
        {"advancedFilters": [{"operatorType": "NumberIn", "key": "data.a", "values": [True]}]},
        {"advancedFilters": [{"operatorType": "NumberIn", "key": "data.a"}]},
        {"advancedFilters": [{"operatorType": "NumberLessThan", "key": "data.a", "values": [1]}]},
        {"advancedFilters": [{"operatorType": "NumberInRange", "key": "data.a", "values": [1, 2]}]},
        {"advancedFilters": [{"operatorType": "BoolEquals", "key": "data.a", "value": "true"}]},
        {"advancedFilters": [{"operatorType": "IsNotNull", "key": "data.a"}] * (FILTERS_MAX + 1)},
        {
            "advancedFilters": [
                {"operatorType": "NumberIn", "key": "data.a", "values": [1] * (VALUES_MAX + 1)}
            ]
        },
        {"includedEventTypes": "All"},
        {"subjectBeginsWith": 5},
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        eventgrid_filter(settings)
