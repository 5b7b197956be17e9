"""Rules by `$management`, and what a subscription takes by them."""

from typing import Any

import pytest
from tests.doors.servicebus.client import Client, World
from tests.doors.shared.amqp10.client import message, message_of

from dragoman.doors.servicebus.rules import FIELDS, read_rule, spell_rule
from dragoman.kernel.api import CreateSubscription, SubscriptionSettings
from dragoman.kernel.commands import CreateStream
from dragoman.kernel.filters.servicebus import FIELDS as KNOWN
from dragoman.wire.amqp10.messaging import Source
from dragoman.wire.amqp10.performatives import Attach
from dragoman.wire.amqp10.values import Described, Float, Int, Symbol, Timestamp, UInt

PATH = "t/Subscriptions/s"
DEFAULT = {"rules": [{"name": "$Default", "kind": "true"}]}
SQL = {"sql-filter": {"expression": "n > 1"}}


def subscribed(filter_: dict[str, Any] | None = None, dialect: Any = "servicebus") -> Client:
    world = World()
    world.queue()
    settings = SubscriptionSettings(filter=DEFAULT if filter_ is None else filter_, dialect=dialect)
    kernel = world.kernel
    kernel.submit(CreateStream(name="t", attach=True), kernel.open_session())
    made = CreateSubscription(name="t", subscription="s", settings=settings)
    kernel.submit(made, kernel.open_session())
    world.run()
    return world.azure()


def add(client: Client, name: str, description: Any) -> tuple[int, Any]:
    return client.ask("add-rule", {"rule-name": name, "rule-description": description}, PATH)


def names(client: Client, **body: Any) -> list[str]:
    status, found = client.ask("enumerate-rules", {"top": Int(100), "skip": Int(0), **body}, PATH)
    if status == 204:
        return []
    return [one["rule-description"].value[2] for one in found["rules"]]


def taken(client: Client, *messages: bytes) -> list[bytes | None]:
    client.sender("t")
    client.send(*messages)
    client.heard()
    client.attach(Attach("r", 1, True, source=Source(PATH)))
    client.credit(99, 1)
    return [message_of(frame.payload).body for frame in client.transfers()]


def test_each_message_that_any_rule_matches_is_taken_once() -> None:
    client = subscribed()
    assert client.ask("remove-rule", {"rule-name": "$Default"}, PATH) == (200, {})
    assert add(client, "sql", SQL) == (200, {})
    wanted = {"correlation-filter": {"label": "x", "properties": {"n": Int(2)}}}
    assert add(client, "correlation", wanted) == (200, {})
    assert names(client) == ["sql", "correlation"]
    found = taken(
        client,
        message(b"1", application={"n": 1}),
        message(b"2", application={"n": 2}),
        message(b"both", application={"n": 2}, subject="x"),
        message(b"none", subject="x"),
    )
    assert found == [b"2", b"both"]


def test_a_rule_with_an_action_takes_a_changed_copy() -> None:
    client = subscribed()
    action = {"sql-rule-action": {"expression": "SET seen = n + 1; SET sys.Label = 'y'; REMOVE m"}}
    assert add(client, "changes", {**SQL, **action}) == (200, {})
    client.sender("t")
    client.send(message(b"1", application={"n": 1}), message(b"2", application={"n": 2, "m": 3}))
    client.heard()
    client.attach(Attach("r", 1, True, source=Source(PATH)))
    client.credit(99, 1)
    found = [message_of(frame.payload) for frame in client.transfers()]
    assert [(each.body, each.type, dict(each.headers)) for each in found] == [
        (b"1", None, {"n": 1}),
        (b"2", None, {"n": 2, "m": 3}),
        (b"2", "y", {"n": 2, "seen": 3}),
    ]


def test_without_rules_nothing_is_taken() -> None:
    client = subscribed()
    client.ask("remove-rule", {"rule-name": "$Default"}, PATH)
    assert names(client) == []
    assert taken(client, message(b"1")) == []


def test_rules_are_told_by_pages() -> None:
    client = subscribed()
    for name in ("a", "b", "c"):
        add(client, name, SQL)
    assert names(client) == ["$Default", "a", "b", "c"]
    assert names(client, top=Int(2), skip=Int(1)) == ["a", "b"]
    assert names(client, skip=UInt(9)) == []


@pytest.mark.parametrize(
    ("description", "answer"),
    [
        ({}, (400, "com.microsoft:argument-error")),
        ("text", (400, "com.microsoft:argument-error")),
        ({**SQL, "true-filter": {}}, (400, "com.microsoft:argument-error")),
        ({"sql-filter": {}}, (400, "com.microsoft:argument-error")),
        ({"sql-filter": {"expression": "n ="}}, (400, "com.microsoft:argument-error")),
        ({"correlation-filter": {"colour": "x"}}, (400, "com.microsoft:argument-error")),
        ({"correlation-filter": {"label": 1}}, (400, "com.microsoft:argument-error")),
        (
            {"correlation-filter": {"properties": {"p": b"x"}}},
            (400, "com.microsoft:argument-error"),
        ),
        (
            {**SQL, "sql-rule-action": {"expression": "SET 5 = 1"}},
            (400, "com.microsoft:argument-error"),
        ),
        ({**SQL, "sql-rule-action": {}}, (400, "com.microsoft:argument-error")),
    ],
)
def test_what_is_no_rule_is_refused(description: Any, answer: tuple[int, str]) -> None:
    client = subscribed()
    assert add(client, "r", description) == answer
    assert names(client) == ["$Default"]


def test_names_are_taken_once_and_have_to_be_there() -> None:
    client = subscribed()
    assert add(client, "$Default", SQL) == (409, "com.microsoft:entity-already-exists")
    assert client.ask("remove-rule", {"rule-name": "x"}, PATH) == (404, "amqp:not-found")
    assert client.ask("remove-rule", {}, PATH)[0] == 400


def test_only_subscriptions_that_filter_have_rules() -> None:
    client = subscribed({"x-match": "all", "n": 1}, "headers")
    assert client.ask("enumerate-rules", {}, PATH) == (400, "com.microsoft:argument-error")
    assert client.ask("enumerate-rules", {}, "q") == (400, "amqp:not-allowed")
    assert client.ask("enumerate-rules", {}, "t/Subscriptions/x") == (404, "amqp:not-found")
    plain = subscribed({})
    assert names(plain) == ["$Default"]
    assert add(plain, "r", SQL) == (400, "com.microsoft:argument-error")


def test_a_rule_is_told_as_it_was_made() -> None:
    said = {"label": "x", "to": None, "properties": {"n": Int(1), "f": Float(0.5), "b": True}}
    rule = read_rule("c", {"correlation-filter": said})
    assert rule["fields"] == {"label": "x"}
    assert [type(value) for value in rule["properties"].values()] == [int, float, bool]
    found = spell_rule({**rule, "created_ms": 7})
    filter_, action, name, created = found.value
    assert (found.descriptor, filter_.descriptor) == (0x13700000004, 0x1370000009)
    assert filter_.value == [None, None, None, None, "x", None, None, None, rule["properties"]]
    assert (action, name, created) == (Described(action.descriptor, []), "c", Timestamp(7))
    sql = spell_rule(read_rule("s", SQL)).value[0]
    assert (sql.descriptor, sql.value) == (0x1370000006, ["n > 1", 20])
    true, false = (
        spell_rule(read_rule("x", {f"{kind}-filter": {}})).value[0] for kind in ("true", "false")
    )
    assert (true.descriptor, false.descriptor) == (0x1370000007, 0x1370000008)
    acting = read_rule("a", {**SQL, "sql-rule-action": {"expression": "SET n = 1"}})
    action = spell_rule(acting).value[1]
    assert (action.descriptor, action.value) == (0x13700000006, ["SET n = 1", 20])
    assert tuple(KNOWN) == FIELDS
    assert Symbol("label") in FIELDS
