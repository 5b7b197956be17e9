"""Leases of messages that lie apart, as they were handed out together. Hot.

    chunks     a byte of state and eight of holder for every offset between the first and the last
    parcels    the offsets themselves, by holder, in the order in which they were handed out

What lies apart is dear to note message by message, and mostly settled as it came: from the front, many at once. So it
is kept as it was handed out until it is, or until anything else is asked of it: then the window takes it apart into
its chunks (`Packed.unpack`), and it is as if there had never been parcels.
"""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dragoman.kernel.leases.chunk import Chunk
from dragoman.kernel.leases.chunks import Chunks
from dragoman.kernel.leases.order import apply_run
from dragoman.kernel.leases.ranks import Ranks
from dragoman.kernel.leases.states import LEASED, READY

if TYPE_CHECKING:
    from dragoman.kernel.leases.window import Window
    from dragoman.kernel.records import Leased, Settled

PARCELS_MAX: Final = 256  # of one window; more are taken apart


class Parcel:
    """Messages of one lane at `offsets`, ascending, that `holder` has; those before index `at` are settled."""

    __slots__ = ("at", "holder", "lane", "offsets")

    def __init__(self, holder: int, lane: int, offsets: list[int]) -> None:
        self.holder = holder
        self.lane = lane
        self.offsets = offsets  # shared with whoever was handed them: never changed
        self.at = 0


class Parcels:
    """Of one window; `count` of them."""

    __slots__ = ("by_holder", "count")

    def __init__(self) -> None:
        self.by_holder: dict[int, deque[Parcel]] = {}
        self.count = 0

    def add(self, holder: int, lane: int, offsets: list[int]) -> None:
        """Handed out behind all that the holder has."""
        own = self.by_holder.get(holder)
        if own is None:
            own = self.by_holder[holder] = deque()
        own.append(Parcel(holder, lane, offsets))
        self.count += 1

    def begins_with(self, holder: int, offsets: list[int]) -> bool:
        """Whether these are the first that the holder has, in their order."""
        found: int = 0
        wanted: int = len(offsets)
        for parcel in self.by_holder.get(holder, ()):
            count: int = min(len(parcel.offsets) - parcel.at, wanted - found)
            theirs = parcel.offsets[parcel.at : parcel.at + count]
            if theirs != (offsets if count == wanted else offsets[found : found + count]):
                return False
            found += count
            if found == wanted:
                return True
        return False

    def drop(self, holder: int, count: int) -> None:
        """The holder is done with the first `count` that it has."""
        own = self.by_holder[holder]
        while count > 0:
            parcel = own[0]
            left: int = len(parcel.offsets) - parcel.at
            if count < left:
                parcel.at += count
                return
            count -= left
            own.popleft()
            self.count -= 1
        if not own:
            del self.by_holder[holder]

    def low(self) -> int:
        """The lowest offset; there is one."""
        return min([each.offsets[each.at] for own in self.by_holder.values() for each in own])

    def all(self) -> list[Parcel]:
        """Each of them."""
        return [parcel for own in self.by_holder.values() for parcel in own]


class Packed(Chunks):
    """Chunks, and parcels of which they say nothing until somebody asks."""

    __slots__ = ("parcels",)

    def __init__(self) -> None:
        super().__init__()
        self.parcels: Parcels | None = None

    def unpack(self) -> None:
        """From now on chunks say it all."""
        parcels, self.parcels = self.parcels, None
        for parcel in () if parcels is None else parcels.all():
            for start, end in runs_of(parcel.offsets, parcel.at):
                self.unwrap(start, end, parcel.holder, parcel.lane)

    def unwrap(self, start: int, end: int, holder: int, lane: int) -> None:
        """Let chunks say that [start, end) is LEASED, and counted so."""
        raise NotImplementedError

    def chunk_at(self, offset: int) -> Chunk | None:
        """See `Chunks`."""
        if self.parcels is not None:
            self.unpack()
        return super().chunk_at(offset)

    def pieces(self, start: int, end: int) -> Iterator[tuple[Chunk, int, int]]:
        """See `Chunks`."""
        if self.parcels is not None:
            self.unpack()
        return super().pieces(start, end)

    def tidy(self) -> None:
        """See `Chunks`."""
        self.unpack()
        super().tidy()


def runs_of(offsets: list[int], at: int = 0) -> list[tuple[int, int]]:
    """Runs of neighbours among offsets from index `at` on, which do not repeat; in their order."""
    runs: list[tuple[int, int]] = []
    for offset in offsets[at:]:
        if runs and runs[-1][1] == offset:
            runs[-1] = (runs[-1][0], offset + 1)
        else:
            runs.append((offset, offset + 1))
    return runs


def apply_leased_apart(window: "Window", record: "Leased") -> int:
    """The messages of a `Leased` with `offsets` are LEASED; how many they are."""
    offsets = record.offsets
    assert offsets is not None
    order = window.order
    assert isinstance(order, Ranks)
    lease_apart(window, offsets, order.take(offsets), record.holder)
    window.ready -= len(offsets)
    return len(offsets)


def apply_settled_apart(window: "Window", record: "Settled") -> int:
    """The messages of a `Settled` with `offsets` are DONE; how many they are."""
    offsets = record.offsets
    assert offsets is not None
    order = window.order
    assert isinstance(order, Ranks)
    if record.source == READY:
        order.take(offsets)
        window.ready -= len(offsets)
    elif holds_apart(window, offsets, record.holder):
        end_apart(window, record.holder, len(offsets))
    else:
        for start, end in runs_of(offsets):
            apply_run(window, order, record, start, end)
    return len(offsets)


def lease_apart(window: "Window", offsets: list[int], lane: int, holder: int) -> None:
    """Messages of one lane, of which no chunk says anything, are LEASED."""
    window.own_counts()[LEASED] += len(offsets)
    window.touched = True
    if window.parcels is not None and window.parcels.count >= PARCELS_MAX:
        window.unpack()
    if window.parcels is None:
        window.parcels = Parcels()
    window.parcels.add(holder, lane, offsets)


def holds_apart(window: "Window", offsets: list[int], holder: int) -> bool:
    """Whether these are the first messages, as they were handed out, that the holder has in parcels."""
    return window.parcels is not None and window.parcels.begins_with(holder, offsets)


def end_apart(window: "Window", holder: int, count: int) -> None:
    """The first so many of these are DONE."""
    parcels = window.parcels
    assert parcels is not None
    window.own_counts()[LEASED] -= count
    window.touched = True
    parcels.drop(holder, count)
    if not parcels.count:
        window.parcels = None
