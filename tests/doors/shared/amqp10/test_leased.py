"""Links that lease share a queue: equal ones get equal shares, whoever else hangs on their connection."""

import pytest
from tests.doors.shared.amqp10.client import Client, World, message

PUBLISHED = 40  # in each round
ROUNDS = 10
SHARE_OFF_MAX = 0.05


class Reader:
    """A link that settles what it gets and keeps its credit up."""

    def __init__(self, client: Client, handle: int, credit: int) -> None:
        self.client = client
        self.handle = handle
        self.credit = credit
        self.count = 0
        self.theirs: int = client.receiver(handle=handle, credit=credit)[0].handle


def turn(client: Client, readers: dict[int, Reader]) -> None:
    """What has come is settled, and makes room for as much."""
    by_handle = {reader.theirs: reader for reader in readers.values()}
    for frame in client.transfers():
        by_handle[frame.body.handle].count += 1
        client.settle(frame.body.delivery_id)
    for reader in readers.values():
        client.credit(reader.credit, reader.handle, reader.count)


@pytest.mark.parametrize("credit", [1, 7, 1_000])
def test_equal_links_get_equal_shares(credit: int) -> None:
    world = World()
    world.declare()
    sender = world.connect()
    sender.sender()
    clients = [world.connect() for _ in range(3)]
    links = {
        client: {handle: Reader(client, handle, credit) for handle in handles}
        for client, handles in zip(clients, ([1, 2, 3], [1], [1]), strict=True)
    }
    sent = 0
    for _ in range(ROUNDS):
        sender.send(*[message(b"%d" % (sent + n)) for n in range(PUBLISHED)])
        sent += PUBLISHED
        sender.heard()
        for client, readers in links.items():
            turn(client, readers)
    while world.info().ready or world.info().leased:
        for client, readers in links.items():
            turn(client, readers)
    counts = [reader.count for readers in links.values() for reader in readers.values()]
    fair = sent / len(counts)
    assert sum(counts) == sent
    assert all(abs(count - fair) <= SHARE_OFF_MAX * fair for count in counts), counts
