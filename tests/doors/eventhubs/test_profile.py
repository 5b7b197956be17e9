"""Which links are Event Hubs'."""

from tests.doors.eventhubs.client import World, annotations_of, path, refusal_of
from tests.doors.shared.amqp10.client import message

from dragoman.doors.eventhubs.profile import EventHubsProfile
from dragoman.kernel.api import DescribeStream
from dragoman.wire.amqp10.messaging import Source
from dragoman.wire.amqp10.performatives import Attach
from dragoman.wire.amqp10.values import Symbol


def test_a_name_alone_is_a_hub_for_clients_that_say_so() -> None:
    world = World()
    client = world.client(properties={Symbol("product"): "Azure.Messaging.EventHubs"})
    assert isinstance(client.sender("h")[0], Attach)
    assert world.kernel.submit(DescribeStream(name="h"), 1).settings.partitions == 4
    other = world.client(properties=None)
    assert refusal_of(other.sender("nothing")) == "amqp:not-found"


def test_paths_of_event_hubs_are_anybodys() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client(properties=None)
    client.sender("h/Partitions/0")
    client.send(message(b"x"))
    client.receiver(source=Source(path()))
    assert client.numbers() == [0]


def test_one_connection_may_use_a_queue_and_a_hub() -> None:
    world = World()
    world.declare("q")
    world.hub(partitions=1)
    client = world.client(properties=None)
    client.sender("q")
    client.send(message(b"q"))
    client.receiver("q", 1)
    (frame,) = client.transfers()
    assert "x-opt-offset" not in annotations_of(frame)
    client.sender("h", 2)
    client.send(message(b"h"), handle=2)
    client.receiver(source=Source(path()), handle=3)
    assert client.numbers() == [0]


def test_what_is_claimed_is_what_opens() -> None:
    world = World({"key": b"secret"})
    world.hub(partitions=1)
    client = world.client()
    assert refusal_of(client.sender("h")) == "amqp:unauthorized-access"
    client.door._peer.claims["sb://x/h"] = world.clock.now_ms + 10
    assert isinstance(client.sender("h", 5)[0], Attach)
    assert isinstance(client.read(handle=6)[0], Attach)
    world.advance(10)
    assert refusal_of(client.read(handle=7)) == "amqp:unauthorized-access"


def test_it_has_nothing_to_say_to_who_opens() -> None:
    profile = EventHubsProfile(creates=False)
    assert profile.name == "eventhubs"
    assert profile.welcome(World().client().door._peer) is None
