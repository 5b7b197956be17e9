"""Definitions: what one broker exports another imports, RabbitMQ's own files included."""

from typing import Any

from tests.doors.amqp091.management.client import Manager

OF_RABBITMQ: dict[str, Any] = {
    "rabbit_version": "3.10.8",
    "users": [{"name": "guest", "password_hash": "x", "tags": "administrator"}],
    "vhosts": [{"name": "/"}, {"name": "v"}],
    "permissions": [{"user": "guest", "vhost": "/", "configure": ".*", "write": "", "read": ""}],
    "policies": [
        {
            "vhost": "v",
            "name": "p",
            "pattern": "^q",
            "apply-to": "queues",
            "definition": {"max-length": 3},
            "priority": 0,
        }
    ],
    "queues": [
        {
            "name": "q",
            "vhost": "v",
            "durable": True,
            "auto_delete": False,
            "arguments": {"x-queue-type": "quorum"},
        }
    ],
    "exchanges": [
        {
            "name": "e",
            "vhost": "v",
            "type": "topic",
            "durable": True,
            "auto_delete": False,
            "internal": False,
            "arguments": {},
        }
    ],
    "bindings": [
        {
            "source": "e",
            "vhost": "v",
            "destination": "q",
            "destination_type": "queue",
            "routing_key": "a.#",
            "arguments": {"n": 1},
        }
    ],
}


def test_a_file_of_rabbitmqs_is_loaded_and_comes_out_again() -> None:
    manager = Manager()
    assert manager.ask("POST", "definitions", OF_RABBITMQ) == 204
    told = manager.get("definitions")
    for name in ("vhosts", "policies", "queues", "exchanges", "bindings"):
        assert told[name] == OF_RABBITMQ[name], name
    other = Manager()
    assert other.ask("POST", "definitions", told) == 204
    assert other.get("definitions") == told
    assert other.get("queues/v/q")["policy"] == "p"


def test_what_does_not_last_is_left_out() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("passing")
    client.declare("mine", durable=True, exclusive=True)
    told = manager.get("definitions/%2F")
    assert (told["queues"], told["exchanges"], told["bindings"]) == ([], [], [])
    assert "vhosts" not in told


def test_one_virtual_hosts_definitions_go_into_another() -> None:
    manager = Manager()
    manager.ask("POST", "definitions", OF_RABBITMQ)
    told = manager.get("definitions/v")
    manager.put("vhosts/w")
    assert manager.ask("POST", "definitions/w", told) == 204
    assert [one["vhost"] for one in manager.get("queues")] == ["v", "w"]


def test_what_differs_is_refused_and_what_is_no_definition_too() -> None:
    manager = Manager()
    manager.put("vhosts/v")
    manager.put("queues/v/q", {"durable": True})
    assert "inequivalent" in manager.refused("POST", "definitions", OF_RABBITMQ)
    assert manager.refused("POST", "definitions", {"queues": [{}]}) == "key_missing: name"
    assert manager.refused("POST", "definitions", {"queues": 5})
