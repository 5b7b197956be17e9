"""Handing out messages that lie apart as one: of a queue with priorities, whose neighbours are in other lanes. Hot.

    order     1 . . 1 . 1 | . 1 . . 1    the next of the lane, whichever blocks they are in
    bodies    read block by block, each looked up once
    record    one `Leased` with `offsets`, or one `Settled` where nobody will acknowledge

A consumer says that it takes such deliveries (`Consume.passes_on`: the format that it hands on as it is). Others, and
whatever needs a closer look (what came back, another format, an expired head), are served a run of one block at a time.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Block
from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.leases.lease import Delivery, Run, ahead
from dragoman.kernel.leases.ranks import Ranks
from dragoman.kernel.leases.states import READY, TAKE
from dragoman.kernel.records import Leased, Settled
from dragoman.kernel.state import Needs

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

BATCH_BYTES_MAX: Final = 256 << 10  # of bodies in one delivery, about
ANY_TIME: Final = 1 << 62


class Batch:
    """Fresh messages of one lane, and their bodies."""

    __slots__ = ("block", "bodies", "offsets", "size")

    def __init__(self, block: Block, offsets: list[int]) -> None:
        self.block = block  # the first one
        self.offsets = offsets
        self.bodies: list[bytes] = []
        self.size = 0  # bytes, about


def next_batch(
    subscription: Subscription, count_max: int, now_ms: int, holder: Holder
) -> Batch | None:
    """What is next, at most `count_max` messages, as far as it may go together; None where a run has to be looked at.

    Raises Needs when the first of it is only on disk.
    """
    if len(subscription.windows) > 1 or subscription.stream.counts_bytes or holder.duration_ms:
        return None
    window = subscription.windows[0]
    order = window.order
    if not isinstance(order, Ranks) or window.revisions is not None:
        return None
    if subscription.settings.times_kept:
        return None
    offsets = order.apart(count_max)
    return None if offsets is None else _read(subscription, offsets, now_ms, holder.passes_on)


def _read(
    subscription: Subscription, offsets: list[int], now_ms: int, format_: int
) -> Batch | None:
    """The first of these messages that may go together; None when the very first may not."""
    partition = subscription.stream.partitions[0]
    ttl_ms: int = subscription.settings.ttl_ms
    first = partition.at(offsets[0])
    assert first is not None
    batch = Batch(first, offsets)
    bodies = batch.bodies
    at: int = 0
    count: int = len(offsets)
    while at < count and batch.size < BATCH_BYTES_MAX:
        block = partition.at(offsets[at])
        assert block is not None and block.offset <= offsets[at], (offsets[at], "ready, but gone")
        if block.bodies is None:
            if at == 0:
                raise Needs(ahead(partition, block))
            break
        if block.packed or block.format != format_:
            break
        end = _read_block(batch, block, at, now_ms, ttl_ms)
        batch.size += (end - at) * (block.size // (block.end - block.offset))
        at = end
        if at < count and offsets[at] < block.end:
            break  # it has expired
    if not bodies:
        return None
    del offsets[at:]
    return batch


def _read_block(batch: Batch, block: Block, at: int, now_ms: int, ttl_ms: int) -> int:
    """Bodies of `block` from index `at` on, up to the first that has expired; the index behind them."""
    offsets, bodies = batch.offsets, batch.bodies
    stored, expires, known = block.stored, block.expires_ms, block.bodies
    assert known is not None
    base: int = block.offset
    end: int = block.end
    count: int = len(offsets)
    oldest_ms: int = now_ms - ttl_ms if ttl_ms >= 0 else -ANY_TIME  # what was stored then is over
    if stored is None and block.stored_ms <= oldest_ms:
        return at
    while at < count:
        index: int = offsets[at] - base
        if index >= end - base:
            break
        if stored is not None and stored[index] <= oldest_ms:
            break
        if expires is not None and 0 < expires[index] <= now_ms:
            break
        bodies.append(known[index])
        at += 1
    return at


def hand_over_batch(kernel: "Decisions", holder: Holder, batch: Batch) -> None:
    """Lease them to `holder`, or be done with them when it does not acknowledge; note the delivery."""
    offsets = batch.offsets
    subscription = holder.subscription
    run = Run(0, offsets[0], offsets[-1] + 1, batch.block, fresh=True)
    delivery = Delivery(holder, run, None, batch.bodies, offsets)
    if holder.no_ack:
        kernel.commit([Settled(subscription.id, 0, READY, TAKE, [], offsets=offsets)])
    else:
        kernel.commit(
            [Leased(subscription.id, 0, run.start, run.end, holder.id, True, offsets=offsets)]
        )
    kernel.deliver(delivery)
