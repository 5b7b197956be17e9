import pytest
from tests.kernel.rules.cases import NS, Rules, said

from dragoman.formats import canonical
from dragoman.kernel.api import Address, AlterStream, CreateSubscription, Publish, StreamSettings
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.slices import partition_of
from dragoman.model.errors import MessageTooLarge, PartitionNotFound
from dragoman.model.levels import CANONICAL


def test_a_partition_that_is_not_there_is_refused() -> None:
    rules = Rules()
    stream = rules.world.kernel.state.stream(NS, "orders")
    assert partition_of(stream, 0).index == 0
    for index in (-1, 1):
        with pytest.raises(PartitionNotFound):
            partition_of(stream, index)


def test_neighbours_of_one_key_go_to_its_partition_together() -> None:
    rules = Rules()
    rules.stream("keyed", 4)
    settings = SubscriptionSettings(order="key")
    rules.submit(CreateSubscription(name="keyed", subscription="s", settings=settings))
    bodies = [canonical.encode(said(at)) for at in range(4)]
    rules.send(Publish(NS, Address("keyed"), CANONICAL, bodies), keys=[b"a", b"a", b"b", b"a"])
    partitions = rules.world.kernel.state.stream(NS, "keyed").partitions
    assert sorted(part.end for part in partitions if part.end) in ([1, 3], [4])


def test_one_message_too_large_for_its_stream_refuses_them_all() -> None:
    rules = Rules()
    rules.submit(AlterStream(name="orders", settings=StreamSettings(message_bytes_max=100)))
    with pytest.raises(MessageTooLarge):
        rules.publish(1, "x" * 200)
    assert rules.blocks() == []
