"""What idle entities share: nothing."""

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.empties import NO_LIST, are_empty
from dragoman.kernel.entities import Holder, Stream, Subscription
from dragoman.kernel.leases.window import Window
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


def test_one_that_has_something_leaves_the_others_without() -> None:
    window, partition = Window(0), Partition(0)
    stream = Stream(1, "default", "s", b"", StreamSettings())
    reader = Subscription(2, stream, "s", SubscriptionSettings())
    holder = Holder(3, 4, reader, None)
    window.advance(0, 2, 1, 3)
    window.note_saved(0)
    partition.append(Block(0, 1, 0, [b""], 0))
    partition.pend(7, 0)
    partition.own_producers()
    stream.add(reader)
    stream.hold(5, [0])
    reader.add_holder(holder)
    reader.consumers.add(holder)
    assert are_empty()
    assert (len(window.chunks), window.counts[1], len(partition.blocks)) == (1, 2, 1)
    assert (partition.open_since, stream.holds, reader.holders) == (
        {7: 0},
        {5: [0]},
        {3: holder},
    )


def test_what_has_been_emptied_can_be_filled_again() -> None:
    window, partition = Window(0), Partition(0)
    for offset in (0, 5):
        window.advance(offset, offset + 1, 1, 3)
        window.clear()
        partition.append(Block(offset, offset + 1, 0, [b""], 0))
        partition.release(offset + 1)
    assert partition.blocks is NO_LIST
    assert are_empty()
