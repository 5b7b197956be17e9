"""Publish and get over HTTP."""

from base64 import b64encode

import pytest
from tests.doors.amqp091.management.client import Manager

PUBLISH = "exchanges/%2F/amq.default/publish"
GET = "queues/%2F/q/get"
TAKEN = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
SAID = {"properties": {}, "routing_key": "q", "payload": "", "payload_encoding": "string"}


def made() -> Manager:
    manager = Manager()
    manager.put("queues/%2F/q", {"durable": True})
    return manager


def test_what_is_published_is_got_with_its_properties() -> None:
    manager = made()
    words = SAID | {
        "payload": "hello",
        "properties": {"delivery_mode": 2, "message_id": "7", "headers": {"a": 1}},
    }
    assert manager.ask("POST", PUBLISH, words) == 200
    assert manager.last == {"routed": True}
    message = manager.amqp().get("q", no_ack=False)
    assert message is not None
    assert message.body == b"hello"
    assert message.properties.message_id == "7"
    assert manager.ask("POST", GET, TAKEN) == 200
    assert manager.last == []  # it is with somebody


def test_what_goes_nowhere_is_said_to() -> None:
    manager = made()
    assert manager.ask("POST", PUBLISH, SAID | {"routing_key": "no"}) == 200
    assert manager.last == {"routed": False}
    assert manager.ask("POST", "exchanges/%2F/nothing/publish", SAID) == 400
    assert manager.last["reason"] == "404 NOT_FOUND - no exchange 'nothing' in vhost '/'"
    assert manager.ask("POST", "queues/%2F/nothing/get", TAKEN) == 404
    assert manager.last["reason"] == "NOT_FOUND - no queue 'nothing' in vhost '/'"


def test_bytes_go_in_base64() -> None:
    manager = made()
    raw = b64encode(b"\xff\x00").decode()
    words = SAID | {"payload": raw, "payload_encoding": "base64"}
    assert manager.ask("POST", PUBLISH, words) == 200
    assert manager.ask("POST", GET, TAKEN) == 200
    (told,) = manager.last
    assert (told["payload"], told["payload_encoding"], told["payload_bytes"]) == (raw, "base64", 2)
    assert manager.refused("POST", PUBLISH, words | {"payload": "?"})
    assert manager.refused("POST", PUBLISH, words | {"payload_encoding": "rot13"})
    assert manager.refused("POST", PUBLISH, words | {"properties": {"priority": "high"}})


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        ("ack_requeue_true", 2),
        ("reject_requeue_true", 2),
        ("ack_requeue_false", 0),
        ("reject_requeue_false", 0),
    ],
)
def test_what_is_got_is_settled_as_asked(mode: str, left: int) -> None:
    manager = made()
    client = manager.amqp()
    client.publish(b"one", b"two")
    assert manager.ask("POST", GET, TAKEN | {"count": 5, "ackmode": mode, "truncate": 2}) == 200
    told = [(one["payload"], one["payload_bytes"], one["redelivered"]) for one in manager.last]
    assert told == [("on", 3, False), ("tw", 3, False)]
    assert manager.get("queues/%2F/q")["messages_ready"] == left
    assert manager.get("queues/%2F/q")["messages_unacknowledged"] == 0


def test_a_way_to_get_that_is_none_is_refused() -> None:
    assert "eat" in made().refused("POST", GET, TAKEN | {"ackmode": "eat"})
