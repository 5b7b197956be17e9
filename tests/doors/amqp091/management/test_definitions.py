"""Definitions: what one broker exports another imports, RabbitMQ's own files included."""

from typing import Any

from tests.doors.amqp091.management.client import Manager

OF_TEST12 = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
OF_RABBITMQ: dict[str, Any] = {
    "rabbit_version": "3.10.8",
    "users": [
        {
            "name": "guest",
            "password_hash": OF_TEST12,
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": ["administrator"],
            "limits": {"max-channels": 9},
        }
    ],
    "vhosts": [{"name": "/"}, {"name": "v"}],
    "permissions": [{"user": "guest", "vhost": "/", "configure": ".*", "write": "", "read": ""}],
    "topic_permissions": [
        {"user": "guest", "vhost": "/", "exchange": "amq.topic", "write": "^a", "read": ".*"}
    ],
    "parameters": [
        {"vhost": "v", "component": "vhost-limits", "name": "limits", "value": {"max-queues": 7}}
    ],
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
    assert manager.ask("GET", "definitions") == 401  # guest has a password now
    manager.log_in("guest", "test12")
    told = manager.get("definitions")
    for name, items in OF_RABBITMQ.items():
        assert name == "rabbit_version" or told[name] == items, name
    other = Manager()
    assert other.ask("POST", "definitions", told) == 204
    other.log_in("guest", "test12")
    assert other.get("definitions") == told
    assert other.get("vhost-limits") == [{"vhost": "v", "value": {"max-queues": 7}}]
    assert [one["policy"] for one in other.get("queues")] == ["p"]
    assert other.ask("GET", "queues/v/q") == 401  # an administrator who may not come in there


def test_what_is_a_connections_own_is_left_out() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("passing")
    client.declare("mine", durable=True, exclusive=True)
    told = manager.get("definitions/%2F")
    assert [one["name"] for one in told["queues"]] == ["passing"]
    assert (told["exchanges"], told["bindings"]) == ([], [])
    assert "vhosts" not in told


def test_one_virtual_hosts_definitions_go_into_another() -> None:
    manager = Manager()
    manager.ask("POST", "definitions", OF_RABBITMQ)
    manager.log_in("guest", "test12")
    told = manager.get("definitions/v")
    manager.put("vhosts/w")
    assert manager.ask("POST", "definitions/w", told) == 204
    assert [one["vhost"] for one in manager.get("queues")] == ["v", "w"]


def test_what_is_said_of_a_virtual_host_goes_along_and_who_says_nothing_changes_nothing() -> None:
    manager, other = Manager(), Manager()
    manager.put("vhosts/v", {"description": "d", "tags": "a,b", "default_queue_type": "stream"})
    told = manager.get("definitions")
    assert told["vhosts"][0] == {"name": "/"}
    assert other.ask("POST", "definitions", told) == 204
    assert other.ask("POST", "definitions", {"vhosts": [{"name": "v"}, {"name": "/"}]}) == 204
    assert other.get("vhosts") == manager.get("vhosts")


def test_what_differs_is_refused_and_what_is_no_definition_too() -> None:
    manager = Manager()
    manager.put("vhosts/v")
    manager.put("queues/v/q", {"durable": True})
    assert "inequivalent" in manager.refused("POST", "definitions", OF_RABBITMQ)
    manager.log_in("guest", "test12")
    assert manager.refused("POST", "definitions", {"queues": [{}]}) == "[{key_missing,name}]"
    assert manager.refused("POST", "definitions", {"queues": 5})
    limit = {"vhost": "v", "component": "vhost-limits", "name": "limits", "value": {"x": 1}}
    assert "Unrecognised" in manager.refused("POST", "definitions", {"parameters": [limit]})


def test_a_user_of_the_configuration_is_the_operators() -> None:
    manager = Manager({"guest": b"mine"})
    manager.log_in("guest", "mine")
    assert manager.ask("POST", "definitions", {"users": OF_RABBITMQ["users"]}) == 204
    assert manager.get("definitions")["users"] == []
