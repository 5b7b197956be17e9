from typing import Any

import pytest
from tests.fakes.node import World

from dragoman.app.problems import Problems
from dragoman.app.topology import KINDS, WEEK_MS, commands_of, declare, offered, rehearse
from dragoman.kernel import commands as c
from dragoman.kernel.aliases import SetAlias
from dragoman.kernel.api import GetRule
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import SYNCED


def made(namespaces: Any) -> tuple[Any, ...]:
    problems = Problems()
    commands = commands_of(namespaces, problems)
    assert not problems.lines
    return commands


def refused(namespaces: Any) -> str:
    problems = Problems()
    commands_of(namespaces, problems)
    (line,) = problems.lines
    return line


FULL = {
    "default": {
        "binding": {"b": {"route": "incoming", "target": "orders", "key": "orders.#"}},
        "route": {"incoming": {"kind": "topic"}},
        "queue": {"orders": {"length_max": 5, "stream": {"durable": False}}},
        "stream": {"events": {"partitions": 6, "level": "synced"}},
    }
}


def test_commands_come_in_the_order_in_which_each_finds_what_it_needs() -> None:
    kinds = [type(command) for command in made(FULL)]
    assert kinds == [c.CreateStream, c.DeclareQueue, c.DeclareRoute, c.Bind]


def test_options_become_the_settings_of_the_kernel() -> None:
    stream, queue, route, binding = made(FULL)
    assert stream.settings == StreamSettings(partitions=6, level=SYNCED, retention_ms=WEEK_MS)
    assert stream.attach
    assert queue.settings == SubscriptionSettings(length_max=5)
    assert queue.stream == StreamSettings(durable=False)
    assert route.settings.kind == "topic"
    assert (binding.route, binding.target, binding.binding.key) == (
        "incoming",
        "orders",
        "orders.#",
    )


def test_a_stream_is_kept_for_a_week_unless_told_and_a_queues_for_the_queue_alone() -> None:
    told = made({"default": {"stream": {"s": {"retention_ms": -1}}, "queue": {"q": {}}}})
    assert [told[0].settings.retention_ms, told[1].stream.retention_ms] == [-1, 0]


def test_a_dead_letter_address_is_a_table() -> None:
    (queue,) = made({"default": {"queue": {"q": {"dead_letter": {"name": "q/dead"}}}}})
    assert queue.settings.dead_letter == Address("q/dead")


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        ({"strem": {}}, "namespace.n: no option strem; did you mean stream?"),
        (
            {"stream": {"s": {"partitons": 3}}},
            "namespace.n.stream.s: no option partitons; did you mean partitions?",
        ),
        ({"stream": {"s": {"level": "disk"}}}, "namespace.n.stream.s: level: expected one of"),
        ({"stream": {"s": {"level": 1}}}, "namespace.n.stream.s: level: expected one of"),
        ({"stream": {"s": {"notes": {}}}}, "namespace.n.stream.s: no option notes"),
        ({"stream": {"s": 3}}, "namespace.n.stream.s: expected a table"),
        ({"stream": 3}, "namespace.n.stream: expected a table"),
        ({"queue": {"q": {"exclusive": True}}}, "namespace.n.queue.q: no option exclusive"),
        ({"queue": {"q": {"overflow": "x"}}}, "namespace.n.queue.q: Invalid enum value"),
        (
            {"queue": {"q": {"stream": {"compct": True}}}},
            "namespace.n.queue.q.stream: no option compct; did you mean compact?",
        ),
        ({"route": {"r": {"kind": 3}}}, "namespace.n.route.r: Expected `str`"),
        (
            {"binding": {"b": {"route": "r"}}},
            "namespace.n.binding.b: Object missing required field",
        ),
        ({"pump": {"p": {"targets": []}}}, "namespace.n.pump.p: Object missing required field"),
        ({"rule": {"r": {"chek": "true"}}}, "namespace.n.rule.r: no option chek; did you mean"),
        ({"rule": {"r": {"bad": "never"}}}, "namespace.n.rule.r: Invalid enum value 'never'"),
        ({"schema": {"s": {"kind": "json"}}}, "namespace.n.schema.s: Object missing required"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(kinds: dict[str, Any], line: str) -> None:
    assert refused({"n": kinds}).startswith(line)


def test_every_kind_of_the_file_has_a_maker() -> None:
    kinds = ("stream", "queue", "schema", "rule", "subscription", "route", "binding", "pump")
    assert tuple(KINDS) == kinds


def test_queues_and_subscriptions_with_rules_come_behind_these() -> None:
    commands = made(
        {
            "default": {
                "queue": {"a": {"rules": ["r"]}, "a/dead": {}},
                "subscription": {"eu": {"of": "a", "rules": ["r"], "order": "key"}},
                "rule": {"r": {"check": "true", "bad": "dead-letter", "dead_letter": "a/dead"}},
            }
        }
    )
    assert [command.name for command in commands] == ["a/dead", "r", "a", "a"]
    assert commands[-1].settings == SubscriptionSettings(rules=("r",), order="key")
    assert rehearse(commands) == []
    assert rehearse(commands[2:])[0].endswith("r")


def test_what_only_a_door_or_a_session_may_set_is_not_offered() -> None:
    assert not {"notes", "exclusive"} & set(offered(SubscriptionSettings))


def test_a_rehearsal_makes_it_all_on_an_empty_kernel() -> None:
    assert rehearse(made(FULL)) == []


def test_a_rehearsal_tells_which_entity_is_refused() -> None:
    (problem,) = rehearse(made({"n": {"binding": {"b": {"route": "gone", "target": "q"}}}}))
    assert problem.startswith("binding of gone to q in n: ")


class Refusing:
    """A kernel that refuses all."""

    def submit(self, command: Any, session: int) -> Any:
        raise StreamNotFound


def test_each_refusal_has_its_line_and_the_rest_is_tried() -> None:
    problems = declare(Refusing(), made(FULL))
    assert [line.split(":")[0] for line in problems] == [
        "namespace.default.stream.events",
        "namespace.default.queue.orders",
        "namespace.default.route.incoming",
        "binding of incoming to orders in default",
    ]
    assert all(line.endswith("stream-not-found") for line in problems)


def test_aliases_are_set_behind_what_they_name_and_clashes_are_told() -> None:
    queues = {"a.b": {"alias": {"sqs": "ab"}}, "c": {"alias": {"sqs": "ab"}}}
    commands = made({"default": {"queue": queues}})
    kinds = [c.DeclareQueue, SetAlias, c.DeclareQueue, SetAlias]
    assert [type(command) for command in commands] == kinds
    assert rehearse(commands[:2]) == []
    assert rehearse(commands) == ["alias of c in default, sqs: a.b is called ab in sqs"]


@pytest.mark.parametrize("aliases", [{"sqs": "a.b"}, {"sqs": 5}, {"sqss": "x"}, "x"])
def test_an_alias_is_a_name_of_its_protocol(aliases: Any) -> None:
    assert "alias" in refused({"default": {"stream": {"s": {"alias": aliases}}}})


def test_a_subscription_that_cannot_be_made_is_told_by_its_name() -> None:
    (line,) = rehearse([CreateSubscription(name="nowhere", subscription="s")])
    assert line.startswith("subscription s of nowhere in default: ")


def test_a_rule_is_made_with_its_schema_and_left_alone_once_it_is_there() -> None:
    namespaces = {
        "default": {
            "rule": {"r": {"on": ["q"], "schema": "s", "check": "msg.a > 0", "bad": "drop"}},
            "schema": {"s": {"kind": "json", "text": '{"type": "object"}'}},
        }
    }
    commands = made(namespaces)
    assert rehearse(commands) == []
    world = World()
    for _ in range(2):
        assert declare(world.kernel, commands) == []
    assert world.kernel.submit(GetRule(name="r"), 0).version == 1
