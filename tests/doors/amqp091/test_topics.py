"""Topic permissions: which keys a user may publish with and bind by."""

from tests.doors.amqp091.client import Client
from tests.doors.amqp091.management.client import Manager

from dragoman.wire.amqp091 import methods as m

ALL = {"configure": ".*", "write": ".*", "read": ".*"}
TOPIC = {"exchange": "amq.topic", "write": r"^{username}\.{vhost}", "read": "^r"}


def limited() -> tuple[Manager, Client]:
    """`a.n` may write and read little of amq.topic."""
    manager = Manager()
    manager.put("vhosts/v")
    manager.put("permissions/v/a.n", ALL)
    assert manager.put("topic-permissions/v/a.n", TOPIC) == 201
    client = manager.amqp(user="a.n", vhost="v")
    client.declare("q")
    return manager, client


def refusal(key: str) -> tuple[int, str]:
    where = "in exchange 'amq.topic' in vhost 'v'"
    return 403, f"ACCESS_REFUSED - access to topic '{key}' {where} refused for user 'a.n'"


def bind(key: str, exchange: str = "amq.topic") -> m.QueueBind:
    return m.QueueBind(queue="q", exchange=exchange, routing_key=key)


def test_a_key_that_the_pattern_does_not_find_is_not_published_with() -> None:
    _, client = limited()
    client.publish(b"x", exchange="amq.topic", key="a.n.v.k")
    client.nothing()
    for key in ("axn.v", "v"):
        client.publish(b"x", exchange="amq.topic", key=key)
        assert client.closed() == refusal(key)
    client.publish(b"x", exchange="amq.direct", key="v")
    client.nothing()


def test_a_key_that_the_pattern_does_not_find_is_neither_bound_nor_unbound() -> None:
    _, client = limited()
    client.ask(bind("r.x"), m.QueueBindOk)
    client.ask(bind("x", "amq.direct"), m.QueueBindOk)
    assert client.refused(bind("x")) == refusal("x")
    undo = m.QueueUnbind(queue="q", exchange="amq.topic", routing_key="x")
    assert client.refused(undo) == refusal("x")
    client.ask(undo._replace(routing_key="r.x"), m.QueueUnbindOk)
    client.ask(undo._replace(exchange="amq.direct"), m.QueueUnbindOk)
    client.ask(undo._replace(exchange="nowhere"), m.QueueUnbindOk)
    other = m.ExchangeBind(destination="amq.fanout", source="amq.topic", routing_key="x")
    assert client.refused(other) == refusal("x")


def test_a_change_holds_for_connections_that_are_open() -> None:
    manager, client = limited()
    assert manager.put("topic-permissions/v/a.n", TOPIC | {"write": "x"}) == 204
    client.publish(b"x", exchange="amq.topic", key="x")
    client.nothing()
    assert manager.ask("DELETE", "topic-permissions/v/a.n") == 204
    assert manager.ask("DELETE", "topic-permissions/v/a.n") == 404
    client.publish(b"x", exchange="amq.topic", key="y")
    client.nothing()
    manager.put("topic-permissions/v/a.n", TOPIC | {"write": ""})
    client.publish(b"x", exchange="amq.topic", key="y")
    assert client.closed() == refusal("y")


def test_they_are_listed_and_what_is_none_is_refused() -> None:
    manager, _ = limited()
    told = [{"user": "a.n", "vhost": "v", **TOPIC}]
    for path in ("", "/v", "/v/a.n"):
        assert manager.get(f"topic-permissions{path}") == told
    assert manager.get("users/a.n/topic-permissions") == told
    assert manager.get("vhosts/v/topic-permissions") == told
    assert manager.get("topic-permissions/%2F") == []
    assert manager.ask("GET", "topic-permissions/v/bob") == 404
    for wrong in ({"write": "("}, {"read": "x" * 1_001}):
        assert "invalid_regexp" in manager.refused("PUT", "topic-permissions/v/a.n", TOPIC | wrong)
    assert manager.refused("PUT", "topic-permissions/v/a.n", {"exchange": "e"})
