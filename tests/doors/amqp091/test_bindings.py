"""Bindings: from exchanges to queues and to exchanges."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, World, table

from dragoman.kernel.api import ListQueues
from dragoman.wire.amqp091 import methods as m

FORBIDDEN = (403, "ACCESS_REFUSED - operation not permitted on the default exchange")


def make(client: Client, name: str, kind: str = "direct", **options: Any) -> None:
    arguments = table(options.pop("arguments", {}))
    method = m.ExchangeDeclare(exchange=name, type=kind, arguments=arguments, **options)
    client.ask(method, m.ExchangeDeclareOk)


def bind(client: Client, queue: str, exchange: str, key: str = "", **arguments: Any) -> None:
    client.declare(queue)
    method = m.QueueBind(
        queue=queue,
        exchange=exchange,
        routing_key=key,
        arguments=table({name.replace("_", "-"): value for name, value in arguments.items()}),
    )
    client.ask(method, m.QueueBindOk)


def reached(client: Client, exchange: str, key: str = "", **properties: Any) -> set[str]:
    """Which queues get a message, each once."""
    client.publish(b"x", exchange=exchange, key=key, **properties)
    names = [info.name for info in client.session.submit(ListQueues())]
    found = [name for name in names if client.get(name) is not None]
    assert all(client.get(name) is None for name in names)
    return set(found)


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (
            "zzz",
            'Invalid x-match field value <<"zzz">>; expected all, any, all-with-x, or any-with-x',
        ),
        (5, "Invalid x-match field type signedint (value 5); expected longstr"),
    ],
)
def test_an_unknown_way_to_match_headers_is_406(match: Any, text: str) -> None:
    client = World().connect()
    client.declare()
    method = m.QueueBind(queue="q", exchange="amq.headers", arguments=table({"x-match": match}))
    assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


def test_exchanges_hand_on_to_exchanges_once_and_in_circles_too() -> None:
    client = World().connect()
    make(client, "one", "fanout")
    make(client, "two", "fanout")
    bind(client, "q", "two")
    for target, source in (("two", "one"), ("one", "two")):
        method = m.ExchangeBind(destination=target, source=source, routing_key="k")
        client.ask(method, m.ExchangeBindOk)
    assert reached(client, "one") == {"q"}
    method = m.ExchangeUnbind(destination="two", source="one", routing_key="k")  # type: ignore[assignment]
    client.ask(method, m.ExchangeUnbindOk)
    assert reached(client, "one") == set()


def test_unbinding_undoes_exactly_that_binding_and_absence_is_fine() -> None:
    client = World().connect()
    bind(client, "a", "amq.direct", "k")
    bind(client, "a", "amq.direct", "l")
    for name, exchange in (
        ("a", "amq.direct"),
        ("a", "amq.direct"),
        ("nope", "amq.direct"),
        ("a", "nope"),
    ):
        method = m.QueueUnbind(queue=name, exchange=exchange, routing_key="k")
        client.ask(method, m.QueueUnbindOk)
    assert reached(client, "amq.direct", "k") == set()
    assert reached(client, "amq.direct", "l") == {"a"}


def test_a_bind_without_queue_and_key_means_the_last_declared_queue_for_both() -> None:
    client = World().connect()
    client.declare("last")
    client.ask(m.QueueBind(exchange="amq.direct"), m.QueueBindOk)
    assert reached(client, "amq.direct", "last") == {"last"}


@pytest.mark.parametrize(
    ("method", "what"),
    [
        (m.QueueBind(queue="nope", exchange="amq.direct"), "queue 'nope'"),
        (m.QueueBind(queue="nope", exchange="nope"), "exchange 'nope'"),
        (m.ExchangeBind(destination="amq.direct", source="nope"), "exchange 'nope'"),
        (m.ExchangeBind(destination="nope", source="amq.direct"), "exchange 'nope'"),
        (m.ExchangeDeclare(exchange="nope", passive=True), "exchange 'nope'"),
    ],
)
def test_what_is_not_there_is_404(method: tuple[object, ...], what: str) -> None:
    client = World().connect()
    assert client.refused(method) == (404, f"NOT_FOUND - no {what} in vhost '/'")


@pytest.mark.parametrize(
    "method",
    [
        m.ExchangeDeclare(exchange=""),
        m.ExchangeDeclare(exchange="", passive=True),
        m.ExchangeDelete(exchange=""),
        m.QueueBind(queue="q", exchange="", routing_key="k"),
        m.QueueUnbind(queue="q", exchange="", routing_key="k"),
        m.ExchangeBind(destination="amq.direct", source=""),
        m.ExchangeBind(destination="", source="amq.direct"),
        m.ExchangeUnbind(destination="amq.direct", source=""),
    ],
)
def test_the_default_exchange_is_only_published_to(method: tuple[object, ...]) -> None:
    client = World().connect()
    client.declare()
    assert client.refused(method) == FORBIDDEN


def test_bindings_go_with_their_queue() -> None:
    client = World().connect()
    bind(client, "q", "amq.fanout")
    client.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk)
    client.declare("q")
    assert reached(client, "amq.fanout") == set()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("heavy", 'The binding key must be an integer: <<"heavy">>'),
        ("0", "The binding key must be greater than 0"),
        ("-1", "The binding key must be greater than 0"),
    ],
)
def test_a_binding_of_a_hash_has_a_weight(key: str, text: str) -> None:
    client = World().connect()
    make(client, "e", "x-consistent-hash")
    client.declare("q")
    method = m.QueueBind(queue="q", exchange="e", routing_key=key)
    assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


def test_unbinding_what_is_not_bound_is_fine_though_the_queue_is_anothers() -> None:
    world = World()
    client = world.connect()
    client.declare("q", exclusive=True)
    bound = m.QueueBind(queue="q", exchange="amq.direct", routing_key="mine")
    client.ask(bound, m.QueueBindOk)
    other = world.connect()
    never = m.QueueUnbind(queue="q", exchange="amq.direct", routing_key="never")
    other.ask(never, m.QueueUnbindOk)
    mine = m.QueueUnbind(queue="q", exchange="amq.direct", routing_key="mine")
    assert other.refused(mine)[0] == 405


def test_an_argument_whose_name_cannot_be_written_down_is_refused_and_closes_the_channel() -> None:
    client = World().connect()
    make(client, "h", "headers", durable=True)
    client.declare("q", durable=True)
    arguments = table({"\udc8cache": "a"})
    client.send(1, m.QueueBind(queue="q", exchange="h", routing_key="", arguments=arguments))
    closed = client.expect(m.ChannelClose, 1)
    assert (closed.reply_code, "UTF-8" in closed.reply_text) == (406, True)
