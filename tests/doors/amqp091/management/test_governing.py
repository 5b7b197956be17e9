"""Policies that hold at once, and parameters that are kept."""

from typing import Any

import pytest
from tests.doors.amqp091.management.client import Manager

POLICY: dict[str, Any] = {"pattern": "^q", "definition": {"max-length": 1}, "apply-to": "queues"}


def test_a_policy_holds_for_queues_that_are_there_and_for_those_to_come() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q1")
    client.declare("other")
    assert manager.put("policies/%2F/p", POLICY) == 201
    client.declare("q2")
    for name, left in (("q1", 1), ("q2", 1), ("other", 2)):
        client.publish(b"one", b"two", key=name)
        assert manager.get(f"queues/%2F/{name}")["messages"] == left
    told = manager.get("queues/%2F/q1")
    assert (told["policy"], told["effective_policy_definition"]) == ("p", {"max-length": 1})
    assert manager.get("queues/%2F/other")["policy"] is None


def test_a_policy_that_is_deleted_holds_no_more() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    manager.put("policies/%2F/p", POLICY)
    assert manager.ask("DELETE", "policies/%2F/p") == 204
    assert manager.ask("DELETE", "policies/%2F/p") == 404
    client.publish(b"one", b"two")
    assert manager.get("queues/%2F/q")["messages"] == 2


def test_policies_are_listed_changed_and_found() -> None:
    manager = Manager()
    manager.put("policies/%2F/p", POLICY)
    assert manager.put("policies/%2F/p", POLICY | {"priority": 3}) == 204
    told = {"vhost": "/", "name": "p", "priority": 3, **POLICY}
    assert manager.get("policies") == manager.get("policies/%2F") == [told]
    assert manager.get("policies/%2F/p") == told
    assert manager.ask("GET", "policies/%2F/no") == 404


def test_an_operators_policy_goes_before() -> None:
    manager = Manager()
    manager.put("operator-policies/%2F/o", POLICY)
    client = manager.amqp()
    client.declare("q", arguments={"x-max-length": 9})
    client.publish(b"one", b"two")
    assert manager.get("queues/%2F/q")["messages"] == 1
    assert manager.get("queues/%2F/q")["operator_policy"] == "o"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": "("},
        {"apply-to": "nobody"},
        {"definition": {}},
        {"definition": {"colour": "red"}},
        {"definition": {"max-length": -1}},
        {"definition": {"overflow": "sideways"}},
    ],
)
def test_a_policy_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    manager = Manager()
    assert "Validation failed" in manager.refused("PUT", "policies/%2F/p", POLICY | wrong)
    assert manager.get("policies") == []


def test_an_operators_policy_limits_and_does_nothing_else() -> None:
    manager = Manager()
    manager.put("operator-policies/%2F/o", POLICY | {"definition": {"max-length": 5, "expires": 9}})
    wrong = POLICY | {"definition": {"queue-mode": "lazy"}}
    reason = manager.refused("PUT", "operator-policies/%2F/p", wrong)
    assert '[{<<"queue-mode">>,<<"lazy">>}] are not recognised policy settings' in reason


def test_parameters_of_plugins_are_kept_where_definitions_bring_them() -> None:
    manager = Manager()
    path = "parameters/federation-upstream/%2F/up"
    words = {"value": {"uri": "amqp://x"}}
    assert "federation-upstream not found" in manager.refused("PUT", path, words)
    told = {
        "vhost": "/",
        "component": "federation-upstream",
        "name": "up",
        "value": {"uri": "amqp://x"},
    }
    assert manager.ask("POST", "definitions", {"parameters": [told]}) == 204
    assert manager.get(path) == told
    assert manager.get("parameters") == manager.get("parameters/federation-upstream/%2F") == [told]
    assert manager.get("parameters/shovel") == []
    assert manager.ask("DELETE", path) == 204
    assert manager.ask("GET", path) == 404


def test_limits_and_operator_policies_are_parameters_too() -> None:
    manager = Manager()
    path = "parameters/vhost-limits/%2F/limits"
    assert manager.put(path, {"value": {"max-queues": 7}}) == 201
    assert manager.put(path, {"value": {"max-queues": 8}}) == 204
    assert manager.get("vhost-limits") == [{"vhost": "/", "value": {"max-queues": 8}}]
    assert manager.ask("DELETE", path) == 204
    assert manager.ask("DELETE", path) == 404
    assert manager.refused("PUT", path, {}) == "[{key_missing,value}]"
    of_operator = "parameters/operator_policy/%2F/o"
    assert manager.put(of_operator, {"value": POLICY}) == 201
    assert manager.get("operator-policies/%2F/o")["definition"] == {"max-length": 1}
    (told,) = manager.get("parameters/operator_policy")
    assert told["value"]["pattern"] == "^q"
    assert manager.ask("DELETE", of_operator) == 204
    assert manager.get("operator-policies") == []


def test_a_policy_gives_a_queue_a_time_out_at_once_and_the_smaller_one_holds() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q", arguments={"x-consumer-timeout": 600_000})
    client.publish(b"one")
    client.consume("q")
    assert client.bodies() == [b"one"]
    definition = {"consumer-timeout": 120_000}
    manager.put("policies/%2F/p", POLICY | {"definition": definition})
    for _ in range(3):
        manager.world.advance(60_000)
    assert "Timeout value used: 120000 ms." in client.closed()[1]


def test_of_two_policies_the_smaller_number_is_told_to_hold() -> None:
    manager = Manager()
    manager.put("queues/%2F/q")
    manager.put("policies/%2F/p", POLICY | {"definition": {"max-length": 5, "expires": 90_000}})
    manager.put("operator-policies/%2F/o", POLICY | {"definition": {"max-length": 7}})
    told = manager.get("queues/%2F/q")["effective_policy_definition"]
    assert told == {"max-length": 5, "expires": 90_000}


def test_global_parameters_are_kept() -> None:
    manager = Manager()
    assert manager.put("global-parameters/g", {"value": 4}) == 201
    assert manager.put("global-parameters/g", {"value": 5}) == 204
    assert manager.get("global-parameters") == [{"name": "g", "value": 5}]
    assert manager.get("global-parameters/g") == {"name": "g", "value": 5}
    assert manager.ask("DELETE", "global-parameters/g") == 204
    assert manager.ask("GET", "global-parameters/g") == 404
