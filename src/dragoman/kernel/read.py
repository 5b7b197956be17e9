"""Reading a partition by offset: what cursors do. Nothing is leased and nothing changes."""

from typing import Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import FindEpoch, FindTime, Read
from dragoman.kernel.epochs import UNKNOWN
from dragoman.kernel.slices import partition_of
from dragoman.kernel.state import Needs, State
from dragoman.kernel.transactions.transaction import aborted_since
from dragoman.model.errors import OffsetOutOfRange

LOAD_AHEAD_MAX: Final = 16  # cold blocks asked for at once
LOAD_AHEAD_BYTES_MAX: Final = 8 << 20  # of them: all must fit the loader's cache together


class Extract:
    """Entries from an offset on: each block holds offsets >= the one asked for; the first may begin before it.

    `end` is how far the reader may go on to (the committed end, or the last stable offset when isolated).
    `aborted`, for isolated readers: (producer id, first offset) of aborted transactions with entries in between.
    `epochs` says which life of the store appended what; None when none has yet.
    """

    __slots__ = ("aborted", "blocks", "committed", "end", "epochs", "size", "stable", "start")

    def __init__(self, partition: Partition, end: int) -> None:
        self.blocks: list[Block] = []
        self.size = 0
        self.start = partition.start
        self.end = end
        self.committed = partition.committed
        self.stable = partition.stable()
        self.epochs = partition.epochs
        self.aborted: list[tuple[int, int]] = []


def read(state: State, command: Read) -> Extract:
    """Raises StreamNotFound, PartitionNotFound, OffsetOutOfRange, Needs."""
    stream = state.stream(command.namespace, command.name)
    partition = partition_of(stream, command.partition)
    if not partition.start <= command.offset <= partition.end:
        why = f"{command.offset} is not in {partition.start}..{partition.end}"
        raise OffsetOutOfRange(why, partition.start)
    end = partition.stable() if command.isolated else partition.committed
    extract = Extract(partition, end)
    cold: list[Block] = []
    at = partition.find(command.offset)
    while at < len(partition.blocks) and partition.blocks[at].offset < end:
        block = partition.blocks[at]
        if extract.size and extract.size + block.size > command.bytes_max:
            break
        if block.bodies is None:
            if extract.blocks and not cold:
                break  # what is in memory first: loading the rest may cost it its place there
            if len(cold) == LOAD_AHEAD_MAX or extract.size > LOAD_AHEAD_BYTES_MAX:
                break
            cold.append(block)
        extract.blocks.append(block)
        extract.size += block.size
        at += 1
    if cold:
        raise Needs(cold)
    if command.isolated and extract.blocks:
        place = (stream.id, partition.index)
        extract.aborted = aborted_since(state, place, command.offset, extract.blocks[-1].end)
    return extract


def find_epoch(state: State, command: FindEpoch) -> tuple[int, int]:
    """The newest epoch up to the one asked for that has entries, and where it ends; or that of an offset, which ends
    later. `epochs.UNKNOWN` for those to come.
    """
    partition = partition_of(state.stream(command.namespace, command.name), command.partition)
    epochs = partition.epochs
    if command.epoch > state.incarnation:
        return UNKNOWN
    if epochs is None:
        return state.incarnation, partition.committed
    if command.epoch == state.incarnation:
        return command.epoch, partition.committed
    epoch = epochs.at(command.offset) if command.epoch < 0 else command.epoch
    return epochs.end_of(epoch, partition.committed)


def find_time(state: State, command: FindTime) -> tuple[int, int]:
    """The first block with a message of that time or later (or, `newest`, with the latest of all): its offset and its
    newest time. (-1, -1) when there is none. Times are the senders' where they gave one.
    """
    partition = partition_of(state.stream(command.namespace, command.name), command.partition)
    if command.stored:
        return _find_stored(partition, command.time_ms)
    best, best_ms = -1, -1
    for block in partition.blocks[partition.first :]:
        newest_ms = block.newest_ms()
        if block.control or block.offset >= partition.committed or newest_ms < command.time_ms:
            continue
        if block.end <= command.offset:
            continue
        if not command.newest:
            return block.offset, newest_ms
        if newest_ms > best_ms:
            best, best_ms = block.offset, newest_ms
    return best, best_ms


def _find_stored(partition: Partition, time_ms: int) -> tuple[int, int]:
    """The first message that was stored at that time or later, whatever its sender's clock says."""
    for block in partition.blocks[partition.first :]:
        if block.control or block.offset >= partition.committed:
            continue
        if block.stored is None and block.stored_ms >= time_ms:
            return max(block.offset, partition.start), block.stored_ms
        for index, stored_ms in enumerate(block.stored or ()):
            if stored_ms >= time_ms:
                return max(block.offset + index, partition.start), stored_ms
    return -1, -1
