"""Rules of Service Bus's subscriptions: what any of them matches is taken."""

from typing import Any

import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.servicebus import (
    FIELDS,
    RULES_MAX,
    SEMANTICS,
    servicebus_actions,
    servicebus_filter,
)
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed


def passes(*rules: dict[str, Any], **headers: object) -> bool:
    found = compile_filter(servicebus_filter({"rules": list(rules)}), SEMANTICS)
    return found.matches(Source(headers=headers, attributes={"type": "t", "group": "s"}))


def correlation(properties: dict[str, Any] | None = None, **fields: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return {"name": "c", "kind": "correlation", "fields": named, "properties": properties or {}}


def test_without_rules_nothing_is_taken_and_any_that_matches_is_enough() -> None:
    true, false = {"name": "t", "kind": "true"}, {"name": "f", "kind": "false"}
    sql = {"name": "s", "kind": "sql", "expression": "n = 1"}
    assert not passes()
    assert passes(true)
    assert not passes(false)
    assert passes(false, sql, n=1)
    assert not passes(false, sql, n=2)


def test_a_correlation_filter_asks_for_all_that_it_says() -> None:
    assert passes(correlation(label="t"))
    assert passes(correlation({"n": 1}, label="t"), n=1)
    assert not passes(correlation({"n": 1}, label="t"), n=2)
    assert not passes(correlation({"n": 1}, label="t"))
    assert not passes(correlation(label="T"))
    assert not passes(correlation({"n": "1"}), n=1)
    assert passes(correlation(session_id="s"))
    for name in FIELDS:
        assert not passes({"name": "c", "kind": "correlation", "fields": {name: "other"}})


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (None, "list"),
        ([{"kind": "true"}], "name"),
        ([{"name": "", "kind": "true"}], "name"),
        ([{"name": "a" * 51, "kind": "true"}], "name"),
        ([{"name": "a", "kind": "true"}] * 2, "two rules"),
        ([{"name": "a", "kind": "jms"}], "rule a"),
        ([{"name": "a", "kind": "true", "colour": 1}], "colour"),
        ([{"name": "a", "kind": "sql", "expression": "n = @p"}], "rule a: @p"),
        (
            [{"name": "a", "kind": "sql", "expression": "n = @p", "parameters": {"p": []}}],
            "compared",
        ),
        ([{"name": "a", "kind": "sql"}], "expression"),
        ([{"name": "a", "kind": "sql", "expression": 1}], "expression"),
        ([{"name": "a", "kind": "sql", "expression": "a = "}], "rule a: the end"),
        ([{"name": "a", "kind": "correlation"}], "asks for something"),
        ([correlation(color="x")], "color"),
        ([{"name": "a", "kind": "correlation", "fields": {"to": 1}}], "text"),
        ([{"name": "a", "kind": "correlation", "properties": {"p": [1]}}], "compared"),
        ([{"name": str(at), "kind": "true"} for at in range(RULES_MAX + 1)], "at most"),
    ],
)
def test_what_is_no_rule_is_refused(rules: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        servicebus_filter({"rules": rules})


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (1, "another type"),
        ({"statement": "x"}, "statement"),
        ({"expression": ""}, "action of rule a: an expression"),
        ({"expression": "SET a = @p", "parameters": {"p": [1]}}, "compared"),
    ],
)
def test_what_is_no_action_is_refused(action: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        servicebus_actions({"rules": [{"name": "a", "kind": "true", "action": action}]})


def test_rules_with_an_action_take_nothing_themselves() -> None:
    rule = {"name": "a", "kind": "true", "action": {"expression": "SET n = 1"}}
    assert not passes(rule)
    (found,) = servicebus_actions({"rules": [rule, {"name": "b", "kind": "true"}]})
    assert found.name == "a"
    assert found.filter.matches(Source())


def test_times_are_compared_with_times() -> None:
    at, after = {"dateTime": 5_000}, {"dateTime": 5_001}
    assert passes(correlation({"t": at}), t=Typed("timestamp", 5_000))
    assert not passes(correlation({"t": after}), t=Typed("timestamp", 5_000))
    assert not passes(correlation({"t": at}), t="5000")
    sql = {"name": "s", "kind": "sql", "expression": "t < @after", "parameters": {"@after": after}}
    assert passes(sql, t=Typed("timestamp", 5_000))
    assert not passes(sql, t=Typed("timestamp", 5_001))


@pytest.mark.parametrize(
    "value", [{"dateTime": "x"}, {"odd": 1}, {}, {"duration": True}, [1], None]
)
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="times"):
        passes(correlation({"n": value}))
