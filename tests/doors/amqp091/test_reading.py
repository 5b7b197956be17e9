"""Consumers of streams: what they are sent, when, and what ends them."""

from typing import Any

from tests.doors.amqp091.client import Client, World, table

from dragoman.doors.amqp091.channels import DELIVERY_TIMEOUT_MS
from dragoman.doors.amqp091.link import UNSENT_BYTES_MAX
from dragoman.kernel.api import CreateStream, DeleteStream, Publish, StreamSettings, TrimStream
from dragoman.kernel.settings import Address
from dragoman.model.levels import KAFKA
from dragoman.wire.amqp091 import methods as m

FIRST = {"x-stream-offset": "first"}


def streamed(count: int = 0, world: World | None = None) -> Client:
    client = (world or World()).connect()
    client.declare("s", durable=True, arguments={"x-queue-type": "stream"})
    if count:
        client.publish(*[b"%d" % number for number in range(count)], key="s")
    return client


def offsets(client: Client) -> list[int]:
    return [one.properties.headers["x-stream-offset"].value for one in client.messages()]


def test_an_ack_is_credit_for_one_more() -> None:
    client = streamed(5)
    client.consume("s", prefetch=2, arguments=FIRST)
    assert offsets(client) == [0, 1]
    client.send(1, m.BasicAck(1))
    assert offsets(client) == [2]
    client.send(1, m.BasicAck(3, True))
    assert offsets(client) == [3, 4]
    client.nothing()


def test_readers_are_independent_and_take_nothing_away() -> None:
    client = streamed(3)
    client.open_channel(2)
    client.consume("s", "a", prefetch=10, arguments=FIRST)
    assert offsets(client) == [0, 1, 2]
    client.consume("s", "b", channel=2, prefetch=1, arguments={"x-stream-offset": 1})
    assert offsets(client) == [1]
    assert client.ask(m.QueueDeclare(queue="s", passive=True), m.QueueDeclareOk).message_count == 3


def test_what_is_published_later_is_sent_once_it_is_safe() -> None:
    world = World(slow=True)
    client = world.connect()
    world.journal()
    arguments = table({"x-queue-type": "stream"})
    client.send(1, m.QueueDeclare(queue="s", durable=True, arguments=arguments))
    world.journal()
    client.expect(m.QueueDeclareOk)
    client.consume("s", prefetch=10)
    client.publish(b"1", key="s")
    client.nothing()
    world.journal()
    assert client.bodies() == [b"1"]


def test_a_reader_of_another_connection_is_told_of_growth() -> None:
    world = World()
    writer = streamed(1, world)
    reader = world.connect()
    reader.consume("s", prefetch=10)
    writer.publish(b"2", key="s")
    assert offsets(reader) == [1]


def test_a_filter_leaves_out_what_is_not_wanted_and_costs_no_credit() -> None:
    client = streamed()
    for number in range(6):
        value = "eu" if number % 2 else "us"
        client.publish(b"%d" % number, key="s", headers={"x-stream-filter-value": value})
    client.consume("s", prefetch=2, arguments=FIRST | {"x-stream-filter": "eu"})
    assert offsets(client) == [1, 3]
    client.send(1, m.BasicAck(2, True))
    assert offsets(client) == [5]


def test_a_reader_that_retention_overtakes_goes_on_where_the_stream_begins() -> None:
    client = streamed(4)
    client.consume("s", prefetch=1, arguments=FIRST)
    assert offsets(client) == [0]
    client.session.submit(TrimStream(name="s", partition=0, offset=3))
    client.send(1, m.BasicAck(1))
    assert offsets(client) == [3]


def test_a_reader_is_told_when_its_stream_is_gone_and_reads_no_other_of_the_name() -> None:
    world = World()
    client = streamed(1, world)
    reader = world.connect()
    reader.consume("s", prefetch=10, arguments=FIRST)
    assert offsets(reader) == [0]
    client.session.submit(DeleteStream(name="s"))
    client.session.submit(CreateStream(name="s"))
    world.run()
    assert reader.expect(m.BasicCancel) == m.BasicCancel("c", True)
    client.publish(b"other", key="s")
    reader.nothing()
    reader.send(1, m.BasicAck(1))
    reader.nothing()


def test_a_reader_ends_with_its_channel_and_by_cancel() -> None:
    client = streamed(2)
    client.open_channel(2)
    for channel, tag in ((2, "a"), (1, "b")):
        client.consume("s", tag, channel=channel, prefetch=1, arguments=FIRST)
        assert offsets(client) == [0]
    client.ask(m.ChannelClose(200, "", 0, 0), m.ChannelCloseOk, 2)
    client.ask(m.BasicCancel("b"), m.BasicCancelOk)
    client.send(1, m.BasicAck(1))
    client.publish(b"more", key="s")
    client.nothing()


def test_a_slow_peer_holds_back_its_readers_and_a_turn_has_an_end() -> None:
    world = World()
    client = world.connect()
    client.declare("s", durable=True, arguments={"x-queue-type": "stream"})
    client.publish(*[bytes(UNSENT_BYTES_MAX // 4)] * 12, key="s")
    client.wire.send(1, m.BasicQos(prefetch_count=100))
    client.wire.send(1, m.BasicConsume(queue="s", consumer_tag="c", arguments=table(FIRST)))
    client.flush()
    client.expect(m.BasicQosOk)
    client.expect(m.BasicConsumeOk)
    found: list[Any] = [one for _, one in client.events]
    client.events = []
    assert 0 < len(found) < 12
    while len(found) < 12:
        world.advance(1)
        found += client.messages()
    client.nothing()


def test_a_delivery_that_nobody_acknowledges_ends_the_channel() -> None:
    world = World()
    client = streamed(1, world)
    client.consume("s", prefetch=1, arguments=FIRST)
    assert offsets(client) == [0]
    world.advance(DELIVERY_TIMEOUT_MS - 60_000)
    client.nothing()
    world.advance(60_000)
    world.advance(60_000)
    assert client.closed()[0] == 406


def test_messages_of_other_formats_are_rendered_and_partitions_take_turns() -> None:
    client = World().connect()
    settings = StreamSettings(partitions=2, retention_ms=-1)
    client.session.submit(CreateStream(name="t", settings=settings))
    for partition in (0, 1):
        command = Publish("default", Address("t"), KAFKA, [b"no batch at all"])
        command.partition = partition
        client.session.publish(command)
    client.consume("t", prefetch=10, arguments=FIRST)
    assert offsets(client) == [0, 0]


def test_global_prefetch_and_readers_do_not_meet() -> None:
    client = streamed(1)
    client.consume("s", prefetch=1, arguments=FIRST)
    assert offsets(client) == [0]
    client.ask(m.BasicQos(prefetch_count=1, global_=True), m.BasicQosOk)
    client.send(1, m.BasicConsume(queue="s", consumer_tag="d"))
    assert client.ended() == (
        540,
        "NOT_IMPLEMENTED - queue 's' in vhost '/' does not support global qos",
    )
