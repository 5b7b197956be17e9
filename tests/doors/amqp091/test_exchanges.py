"""exchange.* and bindings: where messages go, and what an exchange cannot be."""

from typing import Any

import pytest
from tests.doors.amqp091.client import World, table
from tests.doors.amqp091.test_bindings import bind, make, reached

from dragoman.doors.shared.predeclared import PREDECLARED
from dragoman.kernel.api import ListRoutes
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.fieldtable import Field


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


@pytest.mark.parametrize("kind", ["x-consistent-hash", "x-modulus-hash", "x-random"])
def test_plugin_kinds_choose_one_queue(kind: str) -> None:
    client = World().connect()
    make(client, "e", kind)
    bind(client, "a", "e", "1")
    bind(client, "b", "e", "1")
    for number in range(10):
        assert len(reached(client, "e", f"key{number}")) == 1


def test_an_alternate_exchange_takes_what_no_binding_does() -> None:
    client = World().connect()
    make(client, "e", "direct", arguments={"alternate-exchange": "amq.fanout"})
    bind(client, "a", "e", "k")
    bind(client, "rest", "amq.fanout")
    assert reached(client, "e", "k") == {"a"}
    assert reached(client, "e", "other") == {"rest"}


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


def test_an_auto_delete_exchange_goes_with_its_last_binding() -> None:
    client = World().connect()
    make(client, "e", "fanout", auto_delete=True)
    bind(client, "a", "e")
    bind(client, "b", "e")
    client.ask(m.QueueUnbind(queue="a", exchange="e"), m.QueueUnbindOk)
    client.ask(m.ExchangeDeclare(exchange="e", passive=True), m.ExchangeDeclareOk)
    client.ask(m.QueueDelete(queue="b"), m.QueueDeleteOk)
    assert client.refused(m.ExchangeDeclare(exchange="e", passive=True))[0] == 404


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"hash-property": "colour"}, "Unsupported property: colour"),
        (
            {"hash-property": "message_id", "hash-header": "a"},
            "hash-header and hash-property are mutually exclusive",
        ),
    ],
)
def test_a_hash_is_of_one_thing_that_it_knows(arguments: dict[str, str], text: str) -> None:
    client = World().connect()
    method = m.ExchangeDeclare(
        exchange="e", type="x-consistent-hash", arguments=table(dict(arguments))
    )
    assert client.refused(method) == (406, f"PRECONDITION_FAILED - {text}")


def test_a_hash_of_a_property_places_messages_by_it() -> None:
    client = World().connect()
    arguments = {"hash-property": "message_id"}
    make(client, "e", "x-consistent-hash", arguments=arguments)
    for name in ("a", "b", "c", "d"):
        bind(client, name, "e", "1")
    found = [reached(client, "e", key, message_id="same") for key in "klmnop"]
    assert found == found[:1] * 6
    ids = [reached(client, "e", "k", message_id=str(number)) for number in range(20)]
    assert len({frozenset(names) for names in ids}) > 1
