"""Offsets that are seen before their messages are on the disk: reserved ahead, so that none is given twice.

    start ........ end ............ safe ............ reserved
      given out     |  to be given   |  its record is   |
                                        not synced yet

A stream whose level is `written` shows a message, and its offset, when it would survive the process: a power cut may
take it all the same. So at that level it shows what lies below `safe`; what lies past it waits until it is synced.
Blocks are reserved in a record, ahead of need, each twice as large as the one before as long as it goes on. After a
start that nobody prepared the partition goes on at `reserved`, and the offsets between are nobody's; a clean stop gives
back what was not used.
"""

from typing import Final

from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.records import Record, Reserved, Skipped
from dragoman.kernel.state import State
from dragoman.model.levels import SYNCED, WRITTEN

BLOCK_MIN: Final = 256  # offsets
BLOCK_MAX: Final = 65_536


def shown_at(partition: Partition, end: int, level: int) -> int:
    """The level at which offsets below `end` may be seen where their stream asks for `level`."""
    return SYNCED if level == WRITTEN and end > partition.safe else level


def reservation(stream: Stream, partition: Partition) -> list[Record]:
    """The next block, once half of the present one is used up."""
    if not stream.durable or stream.settings.level != WRITTEN:
        return []
    if partition.reserved - partition.end > partition.block_size // 2:
        return []
    size: int = min(max(2 * partition.block_size, BLOCK_MIN), BLOCK_MAX)
    return [Reserved(stream.id, partition.index, partition.end + size)]


def apply_reserved(state: State, record: Reserved) -> None:
    """Offsets below may be seen: remembered until the next start."""
    stream = state.streams.get(record.stream)
    if stream is not None:
        partition = stream.partitions[record.partition]
        partition.block_size = max(record.offset - partition.end, 0)
        partition.reserved = max(partition.reserved, record.offset)
        state.dirty_streams[stream.id] = stream


def skips(state: State) -> list[Record]:
    """At a start: past whatever may have been seen and is not there any more."""
    return [
        Skipped(stream.id, partition.index, partition.reserved)
        for stream in state.streams.values()
        for partition in stream.partitions
        if partition.reserved > partition.end
    ]


def apply_skipped(state: State, record: Skipped) -> None:
    """The partition goes on at a later offset; nothing lies before it that anybody waits for."""
    stream = state.streams.get(record.stream)
    if stream is not None:
        partition = stream.partitions[record.partition]
        if record.offset > partition.end and partition.epochs is not None:
            partition.begin_epoch(state.incarnation, partition.end)
        partition.end = max(partition.end, record.offset)
        partition.committed = max(partition.committed, record.offset)
        state.dirty_streams[stream.id] = stream


def give_back(state: State) -> None:
    """At a clean stop, before its checkpoint: the next start need not skip what nobody has seen."""
    for stream in state.streams.values():
        for partition in stream.partitions:
            if partition.reserved > partition.end:
                partition.reserved = partition.safe = partition.end
                partition.block_size = 0
                state.dirty_streams[stream.id] = stream
