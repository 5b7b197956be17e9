"""basic.publish: where messages go, what comes back, and when it is confirmed."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, Message, World, raw_key, table

from dragoman.kernel.api import Publish
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def confirming(world: World) -> Client:
    client = world.connect()
    client.ask(m.ConfirmSelect(), m.ConfirmSelectOk)
    return client


class Watched:
    """Notes the publish commands of a client."""

    def __init__(self, client: Client) -> None:
        self.commands: list[Publish] = []
        self.session = client.door._link.session
        client.door._link.session = self

    def publish(self, command: Publish) -> Any:
        self.commands.append(command)
        return self.session.publish(command)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


def test_a_run_of_publishes_is_one_command_and_keeps_properties_byte_for_byte() -> None:
    client = World().connect()
    client.declare()
    watched = Watched(client)
    properties: dict[str, Any] = {
        "content_type": "a/b",
        "headers": {"n": 5, "x": None},
        "timestamp": 7,
    }
    client.publish(b"1", b"22", b"3", **properties)
    assert len(watched.commands) == 1
    assert len(watched.commands[0].bodies) == 3
    message = client.get()
    assert message is not None
    expected = encode_header(1, {**properties, "headers": table(properties["headers"])})
    assert message.properties.payload == expected
    assert (message.method.exchange, message.method.routing_key) == ("", "q")


def test_persistent_and_transient_messages_wait_for_different_levels_where_confirms_ask() -> None:
    client = confirming(World())
    client.declare(durable=True)
    watched = Watched(client)
    headers = [encode_header(1, {"delivery_mode": mode}) for mode in (2, 2, 1, 2)]
    client.wire.send_frames(
        publish_run(1, raw_key("", "q"), False, headers, [b"a", b"b", b"c", b"d"], 131_072)
    )
    client.flush()
    assert [(c.level, len(c.bodies)) for c in watched.commands] == [
        (SYNCED, 2),
        (APPLIED, 1),
        (SYNCED, 1),
    ]
    assert client.expect(m.BasicAck) == m.BasicAck(4, True)


def test_confirms_come_in_order_after_the_commit_and_as_one() -> None:
    world = World(slow=True)
    client = confirming(world)
    client.send(1, m.QueueDeclare(queue="q", durable=True))
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.publish(b"1", b"2", delivery_mode=2)
    client.publish(b"3")
    client.nothing()
    world.journal()
    assert client.expect(m.BasicAck) == m.BasicAck(3, True)
    client.publish(b"4")
    assert client.expect(m.BasicAck) == m.BasicAck(4, False)


def test_a_message_that_goes_nowhere_is_confirmed_at_once() -> None:
    client = confirming(World(slow=True))
    client.publish(b"1", key="nowhere", delivery_mode=2)
    assert client.expect(m.BasicAck) == m.BasicAck(1, False)
    client.publish(b"1", exchange="amq.direct", key="nowhere", delivery_mode=2)
    assert client.expect(m.BasicAck) == m.BasicAck(2, False)


@pytest.mark.parametrize("exchange", ["", "amq.topic", "amq.headers"])
def test_a_mandatory_message_that_goes_nowhere_comes_back_before_its_confirm(exchange: str) -> None:
    client = confirming(World())
    client.publish(b"1", b"2", exchange=exchange, key="k.l", mandatory=True, message_id="7")
    for body in (b"1", b"2"):
        returned = client.expect(Message)
        assert returned.method == m.BasicReturn(312, "NO_ROUTE", exchange, "k.l")
        assert (returned.body, returned.properties.message_id) == (body, "7")
    assert client.expect(m.BasicAck) == m.BasicAck(2, True)


def test_only_the_unroutable_ones_of_a_run_come_back() -> None:
    client = World().connect()
    client.declare()
    binding = m.QueueBind(queue="q", exchange="amq.headers", arguments=table({"a": 1}))
    client.ask(binding, m.QueueBindOk)
    headers = [encode_header(1, {"headers": table({"a": n})}) for n in (1, 2, 1, 3)]
    client.wire.send_frames(
        publish_run(1, raw_key("amq.headers", ""), True, headers, [b"a", b"b", b"c", b"d"], 4096)
    )
    client.flush()
    assert client.bodies() == [b"b", b"d"]
    assert client.session.submit is not None
    assert [client.get().body, client.get().body] == [b"a", b"c"]  # type: ignore[union-attr]


def test_a_full_queue_that_rejects_publishes_nacks_what_it_had_no_room_for() -> None:
    client = confirming(World())
    client.declare(arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    client.publish(b"1", b"2", b"3", b"4")
    assert client.expect(m.BasicAck) == m.BasicAck(2, True)
    assert client.expect(m.BasicNack) == m.BasicNack(4, True, False)
    client.get()
    client.publish(b"5")
    assert client.expect(m.BasicAck) == m.BasicAck(5, False)


def test_a_limit_in_bytes_counts_bodies_of_what_is_ready() -> None:
    client = confirming(World())
    client.declare(arguments={"x-max-length-bytes": 4, "x-overflow": "reject-publish"})
    client.publish(b"12", b"34", b"5", message_id="longer than all bodies")
    assert client.expect(m.BasicAck) == m.BasicAck(2, True)
    assert client.expect(m.BasicNack) == m.BasicNack(3, False, False)
    assert client.get(no_ack=False) is not None
    client.publish(b"56")
    assert client.expect(m.BasicAck) == m.BasicAck(4, False)
    client.declare("p", arguments={"x-max-length-bytes": 4})
    client.publish(b"12", b"34", b"5", key="p", message_id="longer than all bodies")
    assert client.expect(m.BasicAck) == m.BasicAck(7, True)
    found = [client.get("p") for _ in range(3)]
    assert [None if one is None else one.body for one in found] == [b"34", b"5", None]


def test_neighbours_that_differ_in_priority_and_life_go_together_and_keep_both() -> None:
    world = World()
    client = confirming(world)
    client.declare(arguments={"x-max-priority": 5})
    told: list[dict[str, Any]] = [
        {"priority": 1},
        {"priority": 3, "expiration": "50"},
        {},
        {"priority": 3},
        {"expiration": "50", "priority": 1},
        {"priority": 3, "delivery_mode": 2},
    ]
    headers = [encode_header(1, values) for values in told]
    bodies = [b"%d" % number for number in range(len(told))]
    client.wire.send_frames(publish_run(1, raw_key("", "q"), False, headers, bodies, 4096))
    client.flush()
    first, _ = world.kernel.state.stream("default", "q").partitions[0].blocks
    assert (first.end, first.priorities) == (5, [1, 3, 0, 3, 1])
    client.read()
    world.advance(60)
    found = [client.get() for _ in range(5)]
    assert [None if one is None else one.body for one in found] == [b"3", b"5", b"0", b"2", None]


def test_an_unknown_exchange_closes_the_channel_alone() -> None:
    client = World().connect()
    client.open_channel(2)
    client.publish(b"1", exchange="nope", key="k")
    assert client.closed() == (404, "NOT_FOUND - no exchange 'nope' in vhost '/'")
    client.publish(b"1", channel=2)
    client.nothing()


def test_an_exchange_that_was_deleted_is_unknown_whoever_deleted_it() -> None:
    world = World()
    client, other = world.connect(), world.connect()
    client.ask(m.ExchangeDeclare(exchange="e"), m.ExchangeDeclareOk)
    client.publish(b"1", exchange="e")
    other.ask(m.ExchangeDelete(exchange="e"), m.ExchangeDeleteOk)
    client.publish(b"1", exchange="e")
    assert client.closed()[0] == 404


def test_an_internal_exchange_is_not_published_to() -> None:
    client = World().connect()
    client.ask(m.ExchangeDeclare(exchange="i", internal=True), m.ExchangeDeclareOk)
    client.publish(b"1", exchange="i")
    assert client.closed() == (
        403,
        "ACCESS_REFUSED - cannot publish to internal exchange 'i' in vhost '/'",
    )


def test_immediate_is_540() -> None:
    client = World().connect()
    raw = raw_key("", "q")
    client.wire.send_frames(
        b"\x01\x00\x01"
        + (6 + len(raw) + 1).to_bytes(4, "big")
        + b"\x00\x3c\x00\x28\x00\x00"
        + raw
        + b"\x02\xce"
        + b"\x02\x00\x01\x00\x00\x00\x0e"
        + encode_header(0, {})
        + b"\xce"
    )
    client.flush()
    assert client.ended() == (540, "NOT_IMPLEMENTED - immediate=true")


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"user_id": "bob"}, "user_id property set to 'bob' but authenticated user was 'guest'"),
        ({"expiration": "abc"}, "invalid expiration 'abc': no_integer"),
        ({"expiration": "-1"}, "invalid expiration '-1': {value_negative,-1}"),
        ({"expiration": "1x"}, "invalid expiration '1x': {leftover_string,\"x\"}"),
        (
            {"expiration": "9" * 20},
            f"invalid expiration '{'9' * 20}': {{value_too_large,{'9' * 20}}}",
        ),
    ],
)
def test_properties_that_lie_are_406_and_what_came_before_them_is_there(
    properties: dict[str, str], text: str
) -> None:
    client = World().connect()
    client.declare()
    headers = [encode_header(1, {}), encode_header(1, properties)]
    client.wire.send_frames(publish_run(1, raw_key("", "q"), False, headers, [b"1", b"2"], 131_072))
    client.flush()
    assert client.closed() == (406, f"PRECONDITION_FAILED - {text}")
    assert client.get().body == b"1"  # type: ignore[union-attr]
    assert client.get() is None


def test_the_login_may_be_named_as_user() -> None:
    client = World().connect()
    client.declare()
    client.publish(b"1", user_id="guest")
    assert client.get() is not None


def test_properties_that_hold_no_table_end_the_connection_with_502() -> None:
    client = World().connect()
    header = encode_header(1, {})[:12] + b"\x20\x00\x00\x00\x00\x02zz"
    client.wire.send_frames(publish_run(1, raw_key("", "q"), False, [header], [b"1"], 131_072))
    client.flush()
    assert client.ended()[0] == 502


def test_a_message_expires_by_the_smaller_of_its_own_life_and_the_queues() -> None:
    world = World()
    client = world.connect()
    client.declare(arguments={"x-message-ttl": 1000})
    client.publish(b"long", expiration="5000")
    client.publish(b"short", expiration="100")
    client.publish(b"none")
    world.advance(999)
    assert client.ask(m.QueueDeclare(queue="q", passive=True), m.QueueDeclareOk).message_count == 3
    world.advance(1)
    world.advance(1)
    assert client.get() is None


def test_a_life_of_nothing_is_still_delivered_to_a_consumer_that_waits() -> None:
    client = World().connect()
    client.declare()
    client.consume(no_ack=True)
    client.publish(b"now or never", expiration="0")
    assert client.bodies() == [b"now or never"]


def test_a_queue_may_limit_its_length_by_dropping_its_oldest() -> None:
    client = World().connect()
    client.declare(arguments={"x-max-length": 2})
    client.publish(b"1", b"2", b"3")
    client.publish(b"4")
    assert [client.get().body, client.get().body] == [b"3", b"4"]  # type: ignore[union-attr]
    assert client.get() is None


def test_higher_priorities_are_handed_out_first() -> None:
    client = World().connect()
    client.declare(arguments={"x-max-priority": 5})
    for priority in (0, 5, 3, 9, 5):
        client.publish(b"%d" % priority, priority=priority)
    found = [client.get().body for _ in range(5)]  # type: ignore[union-attr]
    assert found == [b"5", b"9", b"5", b"3", b"0"]


def test_a_body_above_the_limit_is_406_and_the_connection_lives() -> None:
    client = World().connect()
    size = 17 * 1024 * 1024
    client.publish(bytes(size))
    assert client.closed()[0] == 406


def test_routing_keys_that_are_not_text_are_501() -> None:
    client = World().connect()
    header = encode_header(1, {})
    client.wire.send_frames(publish_run(1, b"\x00\x01\xff", False, [header], [b"1"], 131_072))
    client.flush()
    assert client.ended()[0] == 501


def test_publishes_wait_while_the_disk_is_full_and_the_client_is_told() -> None:
    world = World()
    client = confirming(world)
    client.declare()
    world.kernel.state.is_full = True
    client.publish(b"1", b"2")
    assert client.expect(m.ConnectionBlocked, 0).reason == "low on disk"
    client.publish(b"3")
    client.send(1, m.BasicQos(prefetch_count=1))
    client.nothing()
    world.advance(100)
    client.nothing()
    world.kernel.state.is_full = False
    world.advance(100)
    client.expect(m.BasicQosOk)
    client.expect(m.ConnectionUnblocked, 0)
    assert client.expect(m.BasicAck) == m.BasicAck(3, True)
    assert [client.get().body for _ in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]


def test_a_client_that_sends_on_against_a_full_disk_is_cut_off() -> None:
    world = World()
    client = world.connect(capabilities=())
    client.declare()
    world.kernel.state.is_full = True
    for _ in range(34):
        client.publish(bytes(1 << 20))
    assert client.ended()[0] == 506
