"""The last event of a partition: what its runtime information and the metrics of receivers tell."""

from typing import Final

from dragoman.kernel.api import Block, PartitionInfo, Read, Session

LOOKS_MAX: Final = (
    64  # at blocks that hold no event: markers of transactions, what was compacted away
)
NO_SEQUENCE: Final = -1


class Last:
    """The last event that receivers may see, and when it was stored. NO_SEQUENCE, and time 0, where there is none."""

    __slots__ = ("begin", "sequence", "stored_ms")

    def __init__(self, begin: int, sequence: int = NO_SEQUENCE, stored_ms: int = 0) -> None:
        self.begin = begin
        self.sequence = sequence
        self.stored_ms = stored_ms

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there."""
        return self.sequence == NO_SEQUENCE


def last_of(session: Session, namespace: str, name: str, index: int, known: PartitionInfo) -> Last:
    """Raises KernelError."""
    at = known.stable - 1
    for _ in range(LOOKS_MAX):
        if at < known.start:
            break
        command = Read(
            namespace=namespace, name=name, partition=index, offset=at, bytes_max=1, isolated=True
        )
        blocks = session.submit(command).blocks
        if not blocks:
            at -= 1
            continue
        offset = _last_in(blocks[0], known.start, at)
        if offset is not None:
            return Last(known.start, offset, blocks[0].stored_at(offset))
        at = blocks[0].offset - 1
    return Last(known.start)


def _last_in(block: Block, start: int, at: int) -> int | None:
    """The last event of the block from `start` to `at`."""
    if block.control or block.aborted:
        return None
    runs = block.present(start, at + 1)
    return runs[-1][1] - 1 if runs else None
