"""What readers of one subscription have set on messages of one partition: blocks that stand in for the stream's. Cold.

    the stream's block    [ 40  41  42  43 ]        what every other reader sees
    revisions                   41                  a block of one message, for this subscription alone

A revision has the message as it was changed last, all of it, and of its block what else is true of it. It lasts until
the message is done. Whoever takes messages by offset asks for the block here first: see `block_of`.
"""

from dragoman.kernel.block import Block, Partition, remnant_block
from dragoman.kernel.records import Remnant


class Revisions:
    """The revisions of a window; `size` is the bytes of their bodies.

    dirty   offsets revised since the last checkpoint began to be gathered
    saved   offsets that have a row in the state store
    """

    __slots__ = ("blocks", "dirty", "saved", "size")

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self.size = 0
        self.dirty: set[int] = set()
        self.saved: set[int] = set()

    def put(self, message: Remnant) -> None:
        """The message at that offset is this one now."""
        block = remnant_block(message)
        self.forget(block.offset, block.end)
        self.blocks[block.offset] = block
        self.size += block.size
        self.dirty.add(block.offset)

    def forget(self, start: int, end: int) -> None:
        """Messages [start, end) are done."""
        if not self.blocks:
            return
        if end - start > len(self.blocks):
            found = [offset for offset in self.blocks if start <= offset < end]
        else:
            found = [offset for offset in range(start, end) if offset in self.blocks]
        for offset in found:
            self.size -= self.blocks.pop(offset).size
            self.dirty.discard(offset)

    def first_in(self, start: int, end: int) -> int:
        """The first revised offset of [start, end), else `end`."""
        if not self.blocks:
            return end
        for offset in range(start, end):
            if offset in self.blocks:
                return offset
        return end


def block_of(revisions: Revisions | None, partition: Partition, offset: int) -> Block | None:
    """The block in which a reader finds the message at `offset`, or the first one past it."""
    revised = None if revisions is None else revisions.blocks.get(offset)
    return partition.at(offset) if revised is None else revised


def standing_in(block: Block, offset: int, format: int, body: bytes) -> Remnant:
    """What stands in for the message that `block` has at `offset`: another body, all else the same."""
    at = offset - block.offset
    return Remnant(
        offset,
        offset + 1,
        format,
        packed=False,
        hops=block.hops,
        stored_ms=block.stored_at(offset),
        latest_ms=0,
        bodies=[body],
        missing=[],
        expires_ms=None if block.expires_ms is None else [block.expires_ms[at]],
        priorities=None if block.priorities is None else [block.priorities[at]],
        keys=None if block.keys is None else [block.keys[at]],
    )
