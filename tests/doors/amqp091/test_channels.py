"""Channels: opened, refused, closed; and one that nobody acknowledges on."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.doors.amqp091.client import Client, World, raw_key, table

from dragoman.doors.amqp091.methods import HANDLERS
from dragoman.kernel.api import DescribeQueue
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.frames import method_frame
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def ready(client: Client, name: str = "q") -> tuple[int, int]:
    info = client.session.submit(DescribeQueue(name=name))
    return info.ready, info.leased


def filled(count: int, world: World | None = None, **options: Any) -> Client:
    client = (world or World()).connect()
    client.declare(**options)
    if count:
        client.publish(*[b"%d" % number for number in range(count)])
    return client


@pytest.mark.parametrize("kind", HANDLERS)
def test_any_method_on_a_channel_that_is_not_open_is_504(kind: Any) -> None:
    client = World().connect(channel=0)
    if kind is m.ChannelOpen:
        return
    client.send(1, kind())
    assert client.ended() == (504, "CHANNEL_ERROR - expected 'channel.open'")


def test_publishes_and_acks_on_a_channel_that_is_not_open_are_504() -> None:
    client = World().connect(channel=0)
    client.publish(b"1")
    assert client.ended()[0] == 504
    client = World().connect(channel=0)
    client.send(1, m.BasicAck(1))
    assert client.ended()[0] == 504


def test_a_channel_is_opened_once() -> None:
    client = World().connect()
    client.send(1, m.ChannelOpen())
    assert client.ended() == (504, "CHANNEL_ERROR - second 'channel.open' seen")


def test_a_channel_above_the_tuned_number_is_504() -> None:
    client = World().connect()
    client.send(2048, m.ChannelOpen())
    assert client.ended()[0] == 504


def test_a_channel_before_the_virtual_host_is_504() -> None:
    client = World().connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.send(1, m.ChannelOpen())
    assert client.ended()[0] == 504


@pytest.mark.parametrize(
    "method", [m.QueueDeclareOk("q", 0, 0), m.ChannelOpenOk(), m.BasicConsumeOk("t")]
)
def test_a_method_that_only_servers_send_is_503(method: tuple[object, ...]) -> None:
    client = World().connect()
    client.send(1, method)
    assert client.ended() == (503, "COMMAND_INVALID - unimplemented method")


def test_a_body_still_coming_on_a_refused_channel_is_swallowed() -> None:
    client = World().connect()
    header = encode_header(6000, {})
    frames = publish_run(1, raw_key("", "q"), False, [header], [bytes(6000)], 4096)
    client.wire.send(1, m.QueuePurge(queue="nope"))
    refusal = client.wire.data_to_send()
    client.give(refusal + frames[:5000])
    client.expect(m.ChannelClose)
    client.give(frames[5000:])
    client.send(1, m.ChannelCloseOk())
    client.open_channel()


def test_a_closed_channel_returns_what_it_had_and_ends_its_consumers() -> None:
    client = filled(5)
    client.consume(prefetch=3)
    client.messages()
    client.ask(m.ChannelClose(200, "", 0, 0), m.ChannelCloseOk)
    assert ready(client) == (5, 0)
    client.open_channel()
    assert [client.get().method.redelivered for _ in range(4)] == [True, True, True, False]  # type: ignore[union-attr]


def test_a_channel_that_was_refused_something_hears_nothing_until_it_is_closed() -> None:
    client = filled(0)
    client.consume()
    client.send(1, m.QueuePurge(queue="nope"), m.BasicQos(prefetch_count=1))
    client.publish(b"into the void")
    client.expect(m.ChannelClose)
    client.nothing()
    client.send(1, m.ChannelCloseOk())
    client.open_channel()
    assert ready(client) == (0, 0)


def test_a_close_that_crosses_ours_is_answered() -> None:
    client = filled(0)
    client.send(1, m.QueuePurge(queue="nope"))
    client.expect(m.ChannelClose)
    client.ask(m.ChannelClose(200, "", 0, 0), m.ChannelCloseOk)
    client.open_channel()


def test_a_delivery_that_is_not_acknowledged_for_half_an_hour_closes_its_channel() -> None:
    world = World()
    client = filled(2, world)
    client.consume(prefetch=1)
    client.messages()
    for _ in range(29):
        world.advance(60_000)
    client.send(1, m.BasicAck(1))
    assert len(client.messages()) == 1
    for _ in range(30):
        client.nothing()
        world.advance(60_000)
    code, text = client.closed()
    assert code == 406
    assert text.startswith("PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out.")
    assert ready(client) == (1, 0)
    assert client.door.next_tick_ms() is not None
    world.advance(60_000)
    assert client.door.next_tick_ms() is None


def test_a_queue_may_have_a_time_out_of_its_own() -> None:
    world = World()
    client = Client(world)
    client.open()
    client.declare("q", arguments={"x-consumer-timeout": 90_000})
    client.publish(b"one")
    client.consume("q")
    assert client.bodies() == [b"one"]
    world.advance(60_000)
    client.nothing()
    world.advance(60_000)
    code, text = client.closed()
    assert (code, "Timeout value used: 90000 ms." in text) == (406, True)


def test_the_time_out_of_a_queue_holds_for_what_basic_get_took() -> None:
    world = World()
    client = Client(world)
    client.open()
    client.declare("q", arguments={"x-consumer-timeout": 60_000})
    client.publish(b"one")
    client.get(no_ack=False)
    world.advance(60_000)
    world.advance(60_000)
    assert "Timeout value used: 60000 ms." in client.closed()[1]


@pytest.mark.parametrize("wrong", [0, -1, "soon"])
def test_a_time_out_that_is_none_is_refused(wrong: object) -> None:
    client = Client(World())
    client.open()
    method = m.QueueDeclare(queue="q", arguments=table({"x-consumer-timeout": wrong}))
    code, text = client.refused(method)
    assert (code, "invalid arg 'x-consumer-timeout'" in text) == (406, True)


def left_alone(client: Client) -> None:
    """Nothing more happens."""


def in_confirm_mode(client: Client) -> None:
    client.ask(m.ConfirmSelect(), m.ConfirmSelectOk)


def in_a_transaction(client: Client) -> None:
    """Acks and publishes that are not committed are nothing."""
    client.ask(m.TxSelect(), m.TxSelectOk)
    client.publish(b"never")
    client.send(1, m.BasicAck(4, True), m.BasicReject(5, False))


def rolled_back(client: Client) -> None:
    in_a_transaction(client)
    client.ask(m.TxRollback(), m.TxRollbackOk)


def closing(client: Client) -> None:
    """The broker has closed the channel and the client has not answered."""
    client.send(1, m.QueueDeclare(queue="nowhere", passive=True))
    client.expect(m.ChannelClose)


def closed_by_the_client(client: Client) -> None:
    client.ask(m.ChannelClose(200, "", 0, 0), m.ChannelCloseOk)


def ended(client: Client) -> None:
    """The broker has closed the connection and the client has not answered."""
    client.send(0, m.ConnectionTuneOk())
    client.expect(m.ConnectionClose, 0)


def cancelled(client: Client) -> None:
    client.ask(m.BasicCancel("c"), m.BasicCancelOk)


def with_a_shared_prefetch(client: Client) -> None:
    client.ask(m.BasicQos(prefetch_count=1, global_=True), m.BasicQosOk)


def within_a_frame(client: Client) -> None:
    client.give(method_frame(1, m.BasicAck(4, True))[:-1])


def before_a_body(client: Client) -> None:
    client.give(method_frame(1, m.BasicPublish(routing_key="q")))


@pytest.mark.parametrize(
    "state",
    [
        left_alone,
        in_confirm_mode,
        in_a_transaction,
        rolled_back,
        closing,
        closed_by_the_client,
        ended,
        cancelled,
        with_a_shared_prefetch,
        within_a_frame,
        before_a_body,
    ],
)
@pytest.mark.parametrize("arguments", [{}, {"x-max-priority": 3}, {"x-queue-type": "quorum"}])
def test_a_lost_connection_gives_back_just_what_it_had_not_settled_in_place(
    state: Callable[[Client], None], arguments: dict[str, Any]
) -> None:
    world = World()
    client = world.connect()
    client.declare("q", durable=True, arguments=arguments)
    client.publish(*[b"%d" % number for number in range(10)])
    client.consume(prefetch=6)
    assert client.bodies() == [b"%d" % number for number in range(6)]
    client.send(1, m.BasicAck(1), m.BasicAck(3))  # of messages 0 and 2
    assert client.bodies() == [b"6", b"7"]
    got = client.get(no_ack=False)
    assert got is not None
    assert got.body == b"8"
    state(client)
    client.close()
    other = world.connect()
    other.consume(prefetch=100)
    found = [(one.body, one.method.redelivered) for one in other.messages()]
    returned = [(b"%d" % number, True) for number in (1, 3, 4, 5, 6, 7, 8)]
    assert found == [*returned, (b"9", False)]
