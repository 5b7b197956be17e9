"""Which life of the store appended what to a partition: Kafka's leader epochs. Hot: looked at on every append.

    earlier: (1, 0) (4, 700)                   now 6, since 900
    offsets  0 ....... 700 ....... 900 .................. end
                 1           4                 6

An epoch is here from its first entry on; lives that appended nothing are not. An epoch ends where the next one begins,
or at the partition's end. A life that begins by skipping offsets, since a power cut may have taken what was there,
begins before what it skips: a reader that was further in the epoch before learns that its log was cut.
"""

from typing import Final

EPOCHS_MAX: Final = 1_000  # earlier ones of a partition; of older ones nothing is known
UNKNOWN: Final = (-1, -1)


class Epochs:
    """A partition's. earlier ascends, both ways; its last is before (now, since)."""

    __slots__ = ("earlier", "now", "since")

    def __init__(self, now: int, since: int) -> None:
        self.now: int = now
        self.since: int = since
        self.earlier: list[tuple[int, int]] = []

    def begin(self, epoch: int, offset: int) -> None:
        """Entries from `offset` on are those of `epoch`."""
        if epoch <= self.now:
            return  # a store from before epochs were kept: its lives are not told apart
        if offset > self.since:
            self.earlier.append((self.now, self.since))
            del self.earlier[:-EPOCHS_MAX]
        self.now, self.since = epoch, offset

    def at(self, offset: int) -> int:
        """The epoch of the entry at `offset`; that of the oldest that is known for those before."""
        if offset >= self.since or not self.earlier:
            return self.now
        for epoch, since in reversed(self.earlier):
            if offset >= since:
                return epoch
        return self.earlier[0][0]

    def all(self) -> list[tuple[int, int]]:
        """(epoch, start) of each, in order."""
        return [*self.earlier, (self.now, self.since)]

    def end_of(self, epoch: int, end: int) -> tuple[int, int]:
        """The newest known epoch up to `epoch`, and where it ends; `end` is where the partition does."""
        if epoch >= self.now:
            return self.now, end
        until = self.since
        for known, since in reversed(self.earlier):
            if known <= epoch:
                return known, until
            until = since
        return epoch, until  # all there is came later
