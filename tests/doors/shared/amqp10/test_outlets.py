"""What is read for receivers: as much as their connection soon takes, and none of them first for ever."""

from tests.doors.eventhubs.client import Client, World, path
from tests.doors.shared.amqp10.client import message

from dragoman.wire.amqp10.messaging import Source

EVENTS = 60


def stored(count: int) -> Client:
    """A client, and so many events of 60 kB."""
    world = World()
    world.hub(partitions=2)
    client = world.client()
    client.sender("h/Partitions/0")
    for _ in range(count):
        client.send(message(bytes(60_000)))
    client.heard()
    return client


def test_credit_for_more_than_a_turn_takes_is_used_over_several() -> None:
    client = stored(EVENTS)
    client.read(credit=1_000)
    counts = [len(client.heard())]
    while counts[-1]:
        client.world.advance(0)
        counts.append(len(client.heard()))
    assert sum(counts) == EVENTS
    assert len(counts) > 3


def test_a_client_that_takes_no_bytes_holds_back_what_it_has_credit_for() -> None:
    client = stored(EVENTS)
    client.receiver(source=Source(path()), credit=0)
    client.shell.takes = False
    client.credit(1_000)
    for _ in range(5):
        client.world.advance(1_000)
    assert 1 << 20 <= client.door._codec.out_bytes < 2 << 20
    client.shell.takes = True
    client.world.broker.touch(client.session)
    for _ in range(5):
        client.world.advance(0)
    assert len(client.heard()) == EVENTS


def test_links_of_one_connection_have_their_parts_of_it_in_turn() -> None:
    client = stored(EVENTS)
    for handle in (1, 2):
        client.receiver(source=Source(path()), handle=handle, credit=0)
    for handle in (1, 2):
        client.credit(1_000, handle)
    came: list[int] = []
    while fresh := [frame.body.handle for frame in client.heard()]:
        came += fresh
        client.world.advance(0)
    assert len(came) == 2 * EVENTS
    assert came.index(came[-1]) < EVENTS - 1, "one after the other"
