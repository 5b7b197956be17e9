"""Front end: the rules of a Service Bus subscription.

    {"rules": [{"name": "$Default", "kind": "true"},
               {"name": "eu", "kind": "sql", "expression": "region = @region", "parameters": {"@region": "eu"}},
               {"name": "x", "kind": "correlation", "fields": {"label": "x"}, "properties": {"n": 1},
                "action": {"expression": "SET seen = TRUE", "parameters": {}}}]}

    rules without an action    together a predicate: the subscription takes what any of them matches, once
    a rule with an action      an `Acting`: the subscription takes one changed copy more of what it matches

A correlation filter asks that each of its fields be what it says; without rules nothing is taken. A value is text, a
number, a truth value, or a time: see TIMES. What is null counts as missing. `created_ms`, where a rule has it, is its
maker's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from dragoman.kernel.filters.actions import Action
from dragoman.kernel.filters.arrival import ARRIVAL
from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Header,
    Or,
    Predicate,
    Semantics,
    check,
    equals,
)
from dragoman.kernel.filters.sql import sql_action, sql_filter
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed

RULES_MAX: Final = 256
NAME_CHARS_MAX: Final = 50
SEMANTICS: Final = Semantics(null_is_missing=True)
FIELDS: Final[Mapping[str, str]] = {
    "correlation-id": "correlation",
    "message-id": "id",
    "to": "to",
    "reply-to": "reply_to",
    "label": "type",
    "session-id": "group",
    "reply-to-session-id": "reply_group",
    "content-type": "content_type",
}
"""What a correlation filter may ask for, in the order of the wire, and the attributes these are."""
TIMES: Final = frozenset({"dateTime", "duration"})
"""Of a value {"dateTime": ms} or {"duration": ms}: a time is compared with times, both as numbers of milliseconds."""
KEYS: Final = frozenset(
    {"name", "kind", "expression", "parameters", "fields", "properties", "action", "created_ms"}
)
ACTION_KEYS: Final = frozenset({"expression", "parameters"})


class Acting(NamedTuple):
    """A rule with an action: of what `filter` matches, a copy is changed by `action`."""

    name: str
    filter: CompiledFilter
    action: Action

    def reads_arrival(self) -> bool:
        """Whether it asks for what a stream says of a message."""
        return not ARRIVAL.isdisjoint(self.filter.attributes | self.action.attributes)


def servicebus_filter(settings: Mapping[str, Any]) -> Predicate:
    """The predicate of all rules without an action together. Raises InvalidArgument."""
    return Or(tuple(rule_filter(rule) for rule in _rules(settings) if not rule.get("action")))


def servicebus_actions(settings: Mapping[str, Any]) -> tuple[Acting, ...]:
    """The rules with one. Raises InvalidArgument."""
    return tuple(
        Acting(rule["name"], compile_filter(rule_filter(rule), SEMANTICS), _action(rule))
        for rule in _rules(settings)
        if rule.get("action")
    )


def _rules(settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rules = settings.get("rules")
    if not isinstance(rules, list | tuple):
        raise InvalidArgument("rules are a list")
    if len(rules) > RULES_MAX:
        raise InvalidArgument(f"a subscription has at most {RULES_MAX} rules")
    names: set[str] = set()
    for rule in rules:
        name = rule.get("name") if isinstance(rule, Mapping) else None
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARS_MAX:
            raise InvalidArgument(f"a rule has a name of 1 to {NAME_CHARS_MAX} characters")
        if name in names:
            raise InvalidArgument(f"two rules are called {name}")
        names.add(name)
    return rules


def rule_filter(rule: Mapping[str, Any]) -> Predicate:
    """One rule's. Raises InvalidArgument, its name in front."""
    try:
        found = _filter(rule)
        check(found)
    except InvalidArgument as error:
        raise InvalidArgument(f"rule {rule.get('name')}: {error}") from None
    return found


def _action(rule: Mapping[str, Any]) -> Action:
    try:
        said = _of(rule, "action", dict)
        _check_known(said, ACTION_KEYS)
        statements = sql_action(_of(said, "expression", str), _parameters(said))
    except InvalidArgument as error:
        raise InvalidArgument(f"action of rule {rule.get('name')}: {error}") from None
    return Action(statements, SEMANTICS)


def _parameters(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _of(said, "parameters", dict)
    return {name: constant_of(name, value) for name, value in found.items()}


def constant_of(name: str, value: Any) -> Any:
    """A value of a rule as it is compared. Raises InvalidArgument."""
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, span),) = value.items()
        if kind in TIMES and type(span) is int:
            return Typed("timestamp", span) if kind == "dateTime" else span
    raise InvalidArgument(f"{name}: only text, numbers, truth values and times are compared")


def _filter(rule: Mapping[str, Any]) -> Predicate:
    _check_known(rule, KEYS)
    match rule.get("kind"):
        case "true":
            return And(())
        case "false":
            return Or(())
        case "sql":
            return sql_filter(_of(rule, "expression", str), _parameters(rule))
        case "correlation":
            return _correlation(_of(rule, "fields", dict), _of(rule, "properties", dict))
        case kind:
            raise InvalidArgument(f"a filter is sql, correlation, true or false, not {kind!r:.40}")


def _check_known(said: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = said.keys() - known
    if unknown:
        raise InvalidArgument(f"nothing is known of {', '.join(sorted(unknown))}")


def _of(rule: Mapping[str, Any], name: str, kind: type) -> Any:
    found = rule.get(name, kind())
    if not isinstance(found, kind):
        raise InvalidArgument(f"{name} is of another type")
    return found


def _correlation(fields: Mapping[str, Any], properties: Mapping[str, Any]) -> Predicate:
    parts: list[Predicate] = []
    for name, value in fields.items():
        if name not in FIELDS:
            raise InvalidArgument(f"a correlation filter has no field {name}")
        if not isinstance(value, str):
            raise InvalidArgument(f"{name} is text")
        parts.append(equals(Attribute(FIELDS[name]), value))
    for name, value in properties.items():
        parts.append(equals(Header(name), constant_of(name, value)))
    if not parts:
        raise InvalidArgument("a correlation filter asks for something")
    return And(tuple(parts))
