"""exchange.* and bindings: where messages go, and what an exchange cannot be."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, World, table

from dragoman.doors.amqp091.exchanges import PREDECLARED
from dragoman.kernel.api import ListQueues, ListRoutes
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.fieldtable import Field

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


def test_the_predeclared_exchanges_are_there_and_durable() -> None:
    client = World().connect()
    routes = {info.name: info.settings for info in client.session.submit(ListRoutes())}
    assert routes.keys() == PREDECLARED.keys()
    assert all(settings.durable for settings in routes.values())
    make(client, "amq.direct", "direct", durable=True)


def test_direct_goes_by_the_whole_key() -> None:
    client = World().connect()
    bind(client, "a", "amq.direct", "k")
    bind(client, "b", "amq.direct", "k")
    bind(client, "c", "amq.direct", "l")
    assert reached(client, "amq.direct", "k") == {"a", "b"}
    assert reached(client, "amq.direct", "k.x") == set()


def test_fanout_goes_everywhere_once_however_often_bound() -> None:
    client = World().connect()
    bind(client, "a", "amq.fanout", "1")
    bind(client, "a", "amq.fanout", "2")
    bind(client, "b", "amq.fanout")
    assert reached(client, "amq.fanout", "whatever") == {"a", "b"}


def test_topic_goes_by_words() -> None:
    client = World().connect()
    bind(client, "star", "amq.topic", "*.b")
    bind(client, "hash", "amq.topic", "a.#")
    assert reached(client, "amq.topic", "a.b") == {"star", "hash"}
    assert reached(client, "amq.topic", "a") == {"hash"}
    assert reached(client, "amq.topic", "x.y.b") == set()


def test_headers_go_by_values() -> None:
    client = World().connect()
    bind(client, "all", "amq.headers", x_match="all", a=1, b="t")
    bind(client, "any", "amq.headers", "2", x_match="any", a=1, c=None)
    assert reached(client, "amq.headers", headers={"a": Field("l", 1), "b": "t"}) == {"all", "any"}
    assert reached(client, "amq.headers", headers={"c": "anything"}) == {"any"}
    assert reached(client, "amq.headers", headers={"a": "1"}) == set()


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


@pytest.mark.parametrize("kind", ["x-consistent-hash", "x-modulus-hash", "x-random"])
def test_plugin_kinds_choose_one_queue(kind: str) -> None:
    client = World().connect()
    make(client, "e", kind)
    bind(client, "a", "e", "1")
    bind(client, "b", "e", "1")
    for number in range(10):
        assert len(reached(client, "e", f"key{number}")) == 1


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


def test_an_alternate_exchange_takes_what_no_binding_does() -> None:
    client = World().connect()
    make(client, "e", "direct", arguments={"alternate-exchange": "amq.fanout"})
    bind(client, "a", "e", "k")
    bind(client, "rest", "amq.fanout")
    assert reached(client, "e", "k") == {"a"}
    assert reached(client, "e", "other") == {"rest"}


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


def test_names_of_the_brokers_own_are_not_made_nor_deleted() -> None:
    client = World().connect()
    assert client.refused(m.ExchangeDeclare(exchange="amq.mine")) == (
        403,
        "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
    )
    assert client.refused(m.ExchangeDelete(exchange="amq.direct")) == (
        403,
        "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed",
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"type": "fanout"},
            "'type' for exchange 'e' in vhost '/': received 'fanout' but current is 'direct'",
        ),
        (
            {"durable": True},
            "'durable' for exchange 'e' in vhost '/': received 'true' but current is 'false'",
        ),
        (
            {"auto_delete": True},
            "'auto_delete' for exchange 'e' in vhost '/': received 'true' but current is 'false'",
        ),
        (
            {"internal": True},
            "'internal' for exchange 'e' in vhost '/': received 'true' but current is 'false'",
        ),
        (
            {"arguments": table({"alternate-exchange": "x"})},
            (
                "'alternate-exchange' for exchange 'e' in vhost '/': received the value 'x' of type 'longstr' but"
                " current is none"
            ),
        ),
    ],
)
def test_declaring_again_with_another_setting_is_406(options: dict[str, Any], text: str) -> None:
    client = World().connect()
    make(client, "e")
    make(client, "e", arguments={"foo": 1})
    assert client.refused(m.ExchangeDeclare(exchange="e", **options)) == (
        406,
        f"PRECONDITION_FAILED - inequivalent arg {text}",
    )
    client.ask(m.ExchangeDeclare(exchange="e", type="zzz", passive=True), m.ExchangeDeclareOk)


def test_an_unknown_type_is_503() -> None:
    for kind, text in (
        ("zzz", "unknown exchange type 'zzz'"),
        ("", "invalid exchange type ''"),
        ("x-delayed-message", "unknown exchange type 'x-delayed-message'"),
    ):
        client = World().connect()
        client.send(1, m.ExchangeDeclare(exchange="e", type=kind))
        assert client.ended() == (503, f"COMMAND_INVALID - {text}")


def test_an_alternate_that_is_no_name_is_406() -> None:
    client = World().connect()
    method = m.ExchangeDeclare(exchange="e", arguments=table({"alternate-exchange": 5}))
    assert client.refused(method) == (
        406,
        "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'e' in vhost '/'",
    )


def test_delete_minds_use_and_absence_is_fine() -> None:
    client = World().connect()
    make(client, "e")
    bind(client, "q", "e", "k")
    assert client.refused(m.ExchangeDelete(exchange="e", if_unused=True)) == (
        406,
        "PRECONDITION_FAILED - exchange 'e' in vhost '/' in use",
    )
    client.ask(m.ExchangeDelete(exchange="e"), m.ExchangeDeleteOk)
    client.ask(m.ExchangeDelete(exchange="e"), m.ExchangeDeleteOk)


def test_bindings_go_with_their_queue() -> None:
    client = World().connect()
    bind(client, "q", "amq.fanout")
    client.ask(m.QueueDelete(queue="q"), m.QueueDeleteOk)
    client.declare("q")
    assert reached(client, "amq.fanout") == set()


def test_an_auto_delete_exchange_goes_with_its_last_binding() -> None:
    client = World().connect()
    make(client, "e", "fanout", auto_delete=True)
    bind(client, "a", "e")
    bind(client, "b", "e")
    client.ask(m.QueueUnbind(queue="a", exchange="e"), m.QueueUnbindOk)
    client.ask(m.ExchangeDeclare(exchange="e", passive=True), m.ExchangeDeclareOk)
    client.ask(m.QueueDelete(queue="b"), m.QueueDeleteOk)
    assert client.refused(m.ExchangeDeclare(exchange="e", passive=True))[0] == 404
