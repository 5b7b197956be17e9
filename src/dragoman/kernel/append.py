"""What a Published record does: entries are appended to their targets, readers told, deadlines armed. Hot.

    Published -> block -> partition (merged into the last one where alike)
                       -> window of each reader: ready, in its lane, or not shown yet; a copy's: of its own reader

Live and in recovery this is the only code that appends; `publish` decides what.
"""

from dragoman.kernel.block import (
    BLOCK_OVERHEAD_BYTES,
    SHARED_BYTES_MIN,
    Block,
    Partition,
    Share,
    measured,
    published_block,
)
from dragoman.kernel.commands import Producer
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.delay import note_delayed
from dragoman.kernel.leases.expiry import expiry_ms, soonest_ms
from dragoman.kernel.leases.index import enlist
from dragoman.kernel.producers import remember
from dragoman.kernel.records import Published
from dragoman.kernel.state import State
from dragoman.kernel.transactions.transaction import pend


def apply_published(state: State, record: Published) -> None:  # noqa: C901, PLR0912, PLR0915  (hot)
    """Append the record's messages to its targets; the only code that does, live and in recovery."""
    size = sum(map(len, record.bodies))
    state.appended += size
    share: Share | None = None
    if size >= SHARED_BYTES_MIN and len(record.targets) > 1:
        share = Share(size)
    for target in record.targets:
        stream = state.streams.get(target.stream)
        if stream is None:
            continue  # deleted later in the same journal
        partition = stream.partitions[target.partition]
        stream.turn += 1
        block = published_block(record, target.offset, size)
        if block.control and target.matches:
            block.taker = next(iter(target.matches))
        if record.dedup is not None and stream.settings.dedup_window_ms:
            state.dedup.remember(stream, record, target)
            state.stirred = True
        if block.producer is not None:
            _remember_producer(state, stream, partition, block, block.producer)
        count = block.end - block.offset
        weight: int = 0
        if stream.counts_bytes:
            block.sizes = measured(state.translator, record.format, record.bodies)
            weight = block.size if block.packed else sum(block.sizes)
        if share is not None:
            block.share = share
            state.resident += 0 if share.count else size
            share.count += 1
        state.resident += block.cost()
        epochs = partition.epochs
        if epochs is None or epochs.now < state.incarnation:
            partition.begin_epoch(state.incarnation, block.offset)
        if partition.append(block):
            state.resident -= BLOCK_OVERHEAD_BYTES
        state.dirty_streams[stream.id] = stream
        state.usage.stored_bytes += size
        state.grown.append((stream, partition))
        if stream.is_pumped:
            state.pumps.wake(stream.id)
            state.stirred = True
        if stream.subscriptions:
            if not block.pending:
                for subscription in _readers(stream, block):
                    window = subscription.windows[target.partition]
                    if block.end > window.shown:
                        note_delayed(state, subscription, window, block)
                        continue
                    if window.order is None:
                        window.ready += count
                        window.ready_bytes += weight
                    else:
                        state.dirty_subscriptions[subscription.id] = subscription
                        if not enlist(subscription, window, window.order, record, target, block):
                            state.dirty_floors[stream.id] = stream
                            continue
                    state.activate(subscription)
                    if block.expires_ms is not None or subscription.settings.ttl_ms >= 0:
                        _arm(state, subscription, block, is_head=window.ready == count)
                    state.crowd(subscription)
        else:
            state.dirty_floors[stream.id] = stream


def _readers(stream: Stream, block: Block) -> list[Subscription]:
    """Who is shown the block: all, but for what only one may see, and for markers, which nobody does."""
    if not block.control:
        return stream.subscriptions
    taker = block.taker
    return [known for known in stream.subscriptions if known.id == taker] if taker else []


def _remember_producer(
    state: State, stream: Stream, partition: Partition, block: Block, producer: Producer
) -> None:
    if producer.id < 0 or (block.control and not producer.count):
        return
    remember(partition.own_producers(), producer, block.offset)
    if producer.transactional and not block.control:
        pend(state, stream, partition, block, producer.id)
    else:
        block.producer = None  # all that is asked of it later was just remembered


def _arm(state: State, subscription: Subscription, block: Block, *, is_head: bool) -> None:
    """Only a head expires by itself: the first message of a block that may now be the head arms the deadline. An order
    has many heads: whatever expires soonest does.
    """
    subscription.is_mortal = True
    if block.expires_ms is not None or block.stored_ms < subscription.stored_ms:
        subscription.is_uneven = True
    subscription.stored_ms = block.stored_ms
    if subscription.is_ordered:
        soonest = soonest_ms(subscription, block)
        if soonest:
            state.arm(subscription, soonest)
        return
    expires = expiry_ms(subscription, block, block.offset)
    if expires and (is_head or not subscription.armed_ms):
        state.arm(subscription, expires)
