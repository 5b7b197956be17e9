"""Permissions of RabbitMQ are grants of the kernel's, and hold for AMQP."""

from typing import Any

import pytest
from tests.doors.amqp091.client import table
from tests.doors.amqp091.management.client import Manager

from dragoman.doors.amqp091.management.rights import Patterns, grants_of
from dragoman.wire.amqp091 import methods as m


def permitted(**patterns: str) -> Manager:
    """`ann` is permitted this, `root` everything."""
    manager = Manager()
    manager.world.kernel.state.permissions.configure(("root",), ())
    manager.log_in("root", "")
    manager.put("queues/%2F/mine")
    manager.put("queues/%2F/other")
    words = {"configure": "", "write": "", "read": "", **patterns}
    assert manager.put("permissions/%2F/ann", words) == 201
    return manager


def refusal(kind: str, name: str) -> tuple[int, str]:
    text = f"ACCESS_REFUSED - access to {kind} '{name}' in vhost '/' refused for user 'ann'"
    return 403, text


def test_configure_is_to_declare_and_to_delete() -> None:
    client = permitted(configure="^m").amqp(user="ann")
    client.declare("mine2")
    client.ask(m.ExchangeDeclare(exchange="me"), m.ExchangeDeclareOk)
    assert client.refused(m.QueueDeclare(queue="x")) == refusal("queue", "x")
    assert client.refused(m.ExchangeDeclare(exchange="x")) == refusal("exchange", "x")
    assert client.refused(m.QueueDelete(queue="other")) == refusal("queue", "other")
    assert client.refused(m.BasicGet(queue="mine")) == refusal("queue", "mine")


def test_write_is_to_publish_and_read_to_get() -> None:
    client = permitted(write="^mine$", read="^other$").amqp(user="ann")
    client.publish(b"x", key="mine")
    assert client.get("other") is None
    assert client.refused(m.BasicGet(queue="mine")) == refusal("queue", "mine")
    client.publish(b"x", key="other")
    assert client.closed() == refusal("queue", "other")
    client.publish(b"x", exchange="amq.fanout")
    assert client.closed() == refusal("exchange", "amq.fanout")


def test_write_on_the_default_exchange_is_to_publish_to_every_queue() -> None:
    client = permitted(write=r"^amq\.default$").amqp(user="ann")
    client.publish(b"x", key="other")
    client.nothing()


def test_a_binding_takes_write_on_the_queue_and_read_on_the_exchange() -> None:
    bind = m.QueueBind(queue="mine", exchange="amq.direct", routing_key="k")
    permitted(write="mine", read="direct").amqp(user="ann").ask(bind, m.QueueBindOk)
    for patterns in ({"write": "mine"}, {"read": "direct"}):
        assert permitted(**patterns).amqp(user="ann").refused(bind)[0] == 403


def test_a_dead_letter_exchange_takes_write() -> None:
    client = permitted(configure="^m").amqp(user="ann")
    arguments = table({"x-dead-letter-exchange": "amq.direct"})
    method = m.QueueDeclare(queue="m2", arguments=arguments)
    assert client.refused(method) == refusal("exchange", "amq.direct")


def test_whoever_is_permitted_nothing_does_not_come_in() -> None:
    manager = permitted()
    manager.amqp(user="ann")
    with pytest.raises(AssertionError, match="access to vhost '/' refused for user 'bob'"):
        manager.amqp(user="bob")


def test_permissions_are_listed_changed_and_taken_back() -> None:
    manager = permitted(read=".*")
    told = {"user": "ann", "vhost": "/", "configure": "", "write": "", "read": ".*"}
    paths = (
        "permissions",
        "permissions/%2F",
        "vhosts/%2F/permissions",
        "users/ann/permissions",
    )
    for path in paths:
        assert manager.get(path) == [told]
    assert manager.get("users/bob/permissions") == []
    words = {"configure": "a", "write": "b", "read": "c"}
    assert manager.put("permissions/%2F/ann", words) == 204
    assert manager.get("permissions/%2F/ann") == {"user": "ann", "vhost": "/", **words}
    assert manager.amqp(user="ann").refused(m.BasicGet(queue="mine"))[0] == 403
    assert manager.ask("DELETE", "permissions/%2F/ann") == 204
    assert manager.ask("DELETE", "permissions/%2F/ann") == 404
    assert manager.ask("GET", "permissions/%2F/ann") == 404


def test_who_is_permitted_little_may_not_permit() -> None:
    manager = permitted(configure=".*", write=".*", read=".*")
    manager.log_in("ann", "")
    words = {"configure": "", "write": "", "read": ""}
    assert manager.ask("PUT", "permissions/%2F/bob", words) == 401
    assert manager.last["error"] == "not_authorised"


@pytest.mark.parametrize(
    "words", [{"configure": "(", "write": "", "read": ""}, {"configure": ""}, {"write": "("}]
)
def test_what_is_no_permission_is_refused(words: dict[str, Any]) -> None:
    manager = permitted()
    assert manager.refused("PUT", "permissions/%2F/ann", words)


def test_policies_hold_for_those_who_may_not_read_them() -> None:
    manager = permitted(configure=".*", write=".*")
    policy = {"pattern": "", "definition": {"max-length": 1}, "apply-to": "queues"}
    manager.put("policies/%2F/p", policy)
    client = manager.amqp(user="ann")
    client.declare("m2")
    client.publish(b"one", b"two", key="m2")
    assert manager.get("queues/%2F/m2")["messages"] == 1


def test_an_empty_pattern_finds_nothing() -> None:
    (see,) = grants_of("ann", Patterns("", "", ""))
    assert see.operations == ("describe",)
