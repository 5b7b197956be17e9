"""A subscription's rules, by `$management`: added, removed, told.

They are the subscription's filter, in the kernel's dialect `servicebus`; each is made of what the request says:

    sql-filter {expression}                                        kind sql
    correlation-filter {correlation-id, .., properties {..}}       kind correlation
    true-filter, false-filter                                      kind true, false
    sql-rule-action {expression}                                   action, of any kind
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.servicebus.entities import Entity, find
from dragoman.doors.servicebus.errors import ALREADY_EXISTS, ARGUMENT
from dragoman.doors.servicebus.requests import (
    BAD_REQUEST,
    CONFLICT,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    Body,
    Failed,
    Result,
    number_in,
    text_in,
)
from dragoman.doors.servicebus.rulebook import DATE_TIME, DURATION, Rule, rules_of, set_rules
from dragoman.doors.servicebus.sessions import TICKS_PER_MS
from dragoman.doors.shared.amqp10.profile import Answer, Peer
from dragoman.wire.amqp10.errors import NOT_ALLOWED
from dragoman.wire.amqp10.errors import NOT_FOUND as NOT_FOUND_CONDITION
from dragoman.wire.amqp10.values import Described, Int, Symbol, Timestamp, ULong

ACTION: Final = "sql-rule-action"
KINDS: Final[Mapping[str, str]] = {
    "sql-filter": "sql",
    "correlation-filter": "correlation",
    "true-filter": "true",
    "false-filter": "false",
}
CODES: Final[Mapping[str, ULong]] = {
    "sql": ULong(0x1370000006),
    "true": ULong(0x1370000007),
    "false": ULong(0x1370000008),
    "correlation": ULong(0x1370000009),
}
FIELDS: Final = (
    "correlation-id",
    "message-id",
    "to",
    "reply-to",
    "label",
    "session-id",
    "reply-to-session-id",
    "content-type",
)
"""Of a correlation filter, in the order of its list; its properties come behind."""
DESCRIPTION: Final = ULong(0x13700000004)
NO_ACTION: Final = ULong(0x13700000005)
SQL_ACTION: Final = ULong(0x13700000006)
COMPATIBILITY: Final = Int(20)
TIME_SPAN: Final = Symbol("com.microsoft:timespan")
"""Described so, .NET's client says a span of time in ticks."""
TOP_MAX: Final = 100


def add_rule(peer: Peer, path: str, body: Body) -> Result:
    """One more."""
    entity, rules = _rules(peer, path)
    name = text_in(body, "rule-name")
    if any(rule["name"] == name for rule in rules):
        raise Failed(CONFLICT, ALREADY_EXISTS, f"The rule {name!r} exists already.")
    description = body.get("rule-description")
    rule = read_rule(name, description if type(description) is dict else {})
    rule["created_ms"] = peer.session.wall_ms()
    set_rules(peer.session, peer.namespace, entity.info, [*rules, rule])
    return OK, {}


def remove_rule(peer: Peer, path: str, body: Body) -> Result:
    """One less; without any nothing is taken."""
    entity, rules = _rules(peer, path)
    name = text_in(body, "rule-name")
    left = [rule for rule in rules if rule["name"] != name]
    if len(left) == len(rules):
        raise Failed(NOT_FOUND, NOT_FOUND_CONDITION, f"There is no rule {name!r}.")
    set_rules(peer.session, peer.namespace, entity.info, left)
    return OK, {}


def enumerate_rules(peer: Peer, path: str, body: Body) -> Result:
    """A page of them."""
    _, rules = _rules(peer, path)
    skip = max(number_in(body, "skip", 0), 0)
    top = min(max(number_in(body, "top", TOP_MAX), 0), TOP_MAX)
    page = rules[skip : skip + top]
    if not page:
        return NO_CONTENT, Answer.EMPTY
    return OK, {"rules": [{"rule-description": spell_rule(rule)} for rule in page]}


def _rules(peer: Peer, path: str) -> tuple[Entity, list[Rule]]:
    """Raises Failed, SubscriptionNotFound, InvalidArgument."""
    entity = find(peer, path)
    if not entity.subscription:
        raise Failed(BAD_REQUEST, NOT_ALLOWED, "Only subscriptions have rules.")
    return entity, rules_of(entity.info)


def read_rule(name: str, description: Body) -> dict[str, Any]:
    """A rule as the kernel knows it. Raises Failed."""
    kinds = [kind for kind in KINDS if description.get(kind) is not None]
    if len(kinds) != 1:
        raise Failed(BAD_REQUEST, ARGUMENT, f"A rule has one of {', '.join(KINDS)}.")
    said = description[kinds[0]]
    said = said if type(said) is dict else {}
    rule: dict[str, Any] = {"name": name, "kind": KINDS[kinds[0]]}
    if rule["kind"] == "sql":
        rule["expression"] = text_in(said, "expression")
    elif rule["kind"] == "correlation":
        fields = {
            str(field): text_in(said, field)
            for field, value in said.items()
            if field != "properties" and value is not None
        }
        properties = said.get("properties")
        found = properties.items() if type(properties) is dict else ()
        rule["fields"] = fields
        rule["properties"] = {str(key): _plain(key, value) for key, value in found}
    action = description.get(ACTION)
    if type(action) is dict:
        rule["action"] = {"expression": text_in(action, "expression")}
    return rule


def _plain(name: object, value: object) -> str | int | float | bool | dict[str, int]:
    if isinstance(value, Timestamp):
        return {DATE_TIME: int(value)}
    if isinstance(value, Described) and value.descriptor == TIME_SPAN:
        return {DURATION: int(value.value) // TICKS_PER_MS}
    for kind in (bool, str, int, float):
        if isinstance(value, kind):
            return kind(value)
    raise Failed(
        BAD_REQUEST, ARGUMENT, f"{name}: only text, numbers, truth values and times are compared."
    )


def _typed(value: Any) -> Any:
    """As AMQP has it."""
    if not isinstance(value, Mapping):
        return value
    ((kind, span_ms),) = value.items()
    if kind == DATE_TIME:
        return Timestamp(span_ms)
    return Described(TIME_SPAN, span_ms * TICKS_PER_MS)


def _typed_all(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(value) for name, value in said.items()}


def spell_rule(rule: Rule) -> Described:
    """A rule-description."""
    kind: str = rule["kind"]
    fields: list[Any] = []
    if kind == "sql":
        fields = [rule["expression"], COMPATIBILITY]
    elif kind == "correlation":
        said = rule.get("fields", {})
        fields = [*map(said.get, FIELDS), _typed_all(rule.get("properties", {}))]
    created = Timestamp(rule.get("created_ms", 0))
    filter_, action = Described(CODES[kind], fields), Described(NO_ACTION, [])
    if "action" in rule:
        action = Described(SQL_ACTION, [rule["action"]["expression"], COMPATIBILITY])
    return Described(DESCRIPTION, [filter_, action, rule["name"], created])
