"""What a checkpoint will say, gathered over several turns, so that none of them is long.

    turn   rows of some of what has changed        `dirty_...` of the state says what that is, and is emptied on the way
    turn   rows of some more; what changed again meanwhile is dirty again, and its rows are made again
    turn   nothing is left: what was gathered is the state as of one position, and the checkpoint begins

A row is right as long as nothing changes that it speaks of, and whatever changes that says so, as it must for a row to
be made at all. Whoever is not finished when a turn's share is used up is dirty again. Blocks are marked, oldest first,
as unchangeable, and each is looked at once.
"""

from bisect import bisect_left
from typing import Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.state import State
from dragoman.runtime.featurerows import feature_changes
from dragoman.runtime.snapshot import Change, group_change, stream_changes, subscription_changes

EVERYTHING: Final = 1 << 60  # more than there is
ROW_BYTES: Final = 4096  # of a row cost as much as another row
READERS: Final = 64  # of a stream cost as much as another block


class Gathered:
    """Rows by table and key, None where one is to go; blocks that are nowhere on disk yet, by partition."""

    __slots__ = ("blocks", "count", "rows")

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], bytes | None] = {}
        self.blocks: dict[Partition, tuple[Stream, list[Block]]] = {}
        self.count = 0  # of rows made, those made again included

    def put(self, change: Change) -> int:
        """Note a row, in the place of the same one made before; what that cost, in rows."""
        table, key, data = change
        self.rows[table, key] = data
        self.count += 1
        return 1 if data is None else 1 + len(data) // ROW_BYTES

    def cut(self) -> None:
        """Leave out blocks that were released after they were gathered: from the front of their partition, always."""
        for partition, (_, blocks) in self.blocks.items():
            at = 0
            while at < len(blocks) and blocks[at].end <= partition.start:
                at += 1
            del blocks[:at]


def gather(state: State, into: Gathered, rows_max: int) -> int:
    """Gather about `rows_max` rows of what has changed; how many more it might have been: 0 when some are left."""
    left = _gather_streams(state, into, rows_max)
    left = _gather_subscriptions(state, into, left)
    left = _gather_groups(state, into, left)
    if left > 0:
        for change in feature_changes(state):
            left -= into.put(change)
            if left <= 0:
                break
    return max(left, 0)


def _gather_streams(state: State, into: Gathered, left: int) -> int:
    """And note their readers: what is ready for them has changed."""
    dirty = state.dirty_streams
    while dirty and left > 0:
        stream = dirty.pop(next(iter(dirty)))
        exists = stream.id in state.streams
        for partition in stream.partitions if exists else ():
            left = _freeze(state, into, stream, partition, left)
        if left <= 0:
            dirty[stream.id] = stream  # maybe not all of its blocks
            break
        for change in stream_changes(stream, exists=exists):
            left -= into.put(change)
        if exists:
            for reader in stream.subscriptions:
                state.dirty_subscriptions[reader.id] = reader
    return left


def _freeze(state: State, into: Gathered, stream: Stream, partition: Partition, left: int) -> int:
    """Mark blocks that are nowhere on disk as unchangeable, and drop those that are done for every holder."""
    blocks = partition.blocks
    low = bisect_left(blocks, 1, partition.first, key=_is_open)
    cost = 1 + len(stream.subscriptions) // READERS
    high = min(len(blocks), low + max(left // cost, 0))
    rewritten, partition.rewritten = partition.rewritten, []
    fresh = [block for block in rewritten if _is_left(partition, block)]
    done: set[Block] = set()
    for block in blocks[low:high]:
        block.frozen = True
        if is_wanted(stream, partition, block):
            fresh.append(block)
        else:
            done.add(block)
    if fresh:
        into.blocks.setdefault(partition, (stream, []))[1].extend(fresh)
    if done:
        state.forget(partition.drop(low, high, done))
    return left - cost * (high - low) - len(rewritten)


def _is_open(block: Block) -> int:
    """Those that are not come first: they were in a checkpoint, or are to be in this one."""
    return not block.frozen


def _is_left(partition: Partition, block: Block) -> bool:
    """Whether what compaction has made is still there, and not written yet. It is unchangeable from the start."""
    return block.place is None and partition.at(block.offset) is block


def is_wanted(stream: Stream, partition: Partition, block: Block) -> bool:
    """Whether anybody may still ask for the block."""
    if stream.settings.retention_ms != 0 or not stream.subscriptions:
        return True
    at = partition.index
    if stream.held(at, block.end) < block.end:
        return True
    return not all(
        known.windows[at].is_done(block.offset, block.end) for known in stream.subscriptions
    )


def _gather_subscriptions(state: State, into: Gathered, left: int) -> int:
    dirty = state.dirty_subscriptions
    while dirty and left > 0:
        subscription = dirty.pop(next(iter(dirty)))
        exists = subscription.id in state.subscriptions
        for change in subscription_changes(subscription, exists=exists):
            left -= into.put(change)
            if left <= 0:  # maybe not all of its chunks: those that are left know it
                dirty[subscription.id] = subscription
                break
    return left


def _gather_groups(state: State, into: Gathered, left: int) -> int:
    dirty = state.groups.dirty
    while dirty and left > 0:
        key = next(iter(dirty))
        group = dirty.pop(key)
        exists = state.groups.by_key.get(key) is group
        left -= into.put(group_change(group, exists=exists))
    return left
