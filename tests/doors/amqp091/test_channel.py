"""One channel's outbox: replies in order, each when it is safe."""

from tests.doors.amqp091.client import World

from dragoman.doors.amqp091.channel import Channel
from dragoman.kernel.api import DeclareQueue
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp091.methods import BasicQosOk, QueueDeclare, QueueDeclareOk, TxSelectOk


def channel_of(world: World) -> Channel:
    client = world.connect()
    client.read()
    return client.door._channels[1]


def test_what_waits_for_nothing_leaves_at_once() -> None:
    channel = channel_of(World())
    channel.send(b"a")
    channel.send(b"b", 5, SYNCED)
    assert channel.link.out == [b"a", b"b"]
    assert channel.link.waiting == {}


def test_what_comes_behind_something_that_waits_waits_too() -> None:
    world = World(slow=True)
    client = world.connect()
    world.journal()
    channel = client.door._channels[1]
    world.kernel.submit(DeclareQueue(name="q"), 0)
    channel.reply(BasicQosOk(), durable=True)
    channel.reply(TxSelectOk())
    channel.progress()
    assert channel.link.out == []
    assert channel in channel.link.waiting
    world.journal()
    client.expect(BasicQosOk)
    client.expect(TxSelectOk)
    assert channel.link.waiting == {}


def test_a_close_gives_back_what_is_out_and_is_harmless_twice() -> None:
    world = World()
    client = world.connect()
    client.declare()
    client.publish(b"1", b"2")
    client.consume()
    client.messages()
    channel = client.door._channels[1]
    assert channel.unacked.count == 2
    channel.close()
    channel.close()
    assert channel.unacked.count == 0
    assert client.ask(QueueDeclare(queue="q", passive=True), QueueDeclareOk).message_count == 2
