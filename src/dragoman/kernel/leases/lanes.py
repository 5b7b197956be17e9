"""The order of filtered and prioritised subscriptions: one lane per priority, the highest served first. Hot.

    lane 9  | 7 |            READY: what stands in `fresh` of a lane
    lane 5  | 2..5 | 9 |     RETURNED: `returned` of the lane it came from, which the chunk remembers
    lane 0  | 0..2 | 10.. |

A filtered subscription without priorities is one lane of what matched. Messages of one lane keep the order of offsets;
one that was handed out and came back goes before all later ones of its lane. For queues that take everything see
`ranks`.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from dragoman.kernel.leases.lane import NONE, Lane, Spans
from dragoman.kernel.leases.order import LOOK_AHEAD_MAX, Order, Pick, Runs
from dragoman.kernel.leases.states import DONE, READY, RETURNED

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder
    from dragoman.kernel.leases.window import Window

PIECE_MAX: Final = (
    256  # messages looked at together: a batch of ever-changing priorities stays linear
)


Pages = dict[str, list[tuple[int, bytes]]]
"""What `Ranks` writes under PAGES: (base, lanes from there on, one more each; 0 of what is not READY)."""

PAGES: Final = "pages"

Spelled = list[tuple[int, bytes, bytes]]
"""What `Lanes` writes: (lane, starts, ends)."""

_EQUAL: Final = re.compile(rb"([^\0])\1*", re.DOTALL)
encode: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Spelled | Pages)


class Laned(Order):
    """What orders with lanes 0 to `top` have in common: how messages come back to their lane."""

    __slots__ = ("top",)

    def __init__(self, top: int) -> None:
        self.top = top

    def clipped(self, priorities: list[int]) -> bytes:
        """Lanes as bytes, so that runs of equal ones are found by the interpreter's own C code."""
        if min(priorities) >= 0 and max(priorities) <= self.top:
            return bytes(priorities)
        return bytes([min(max(priority, 0), self.top) for priority in priorities])

    def shift(
        self, window: "Window", start: int, end: int, source: int, target: int, holder: int
    ) -> None:
        """See `Order`."""
        if source == READY:
            self.open(window, start, end, target, holder)
            return
        if source == RETURNED:
            for number, low, high in window.tagged(start, end):
                self.back(number).remove(low, high)
        window.move(start, end, source, target, holder)
        if target == RETURNED:
            for number, low, high in window.tagged(start, end):
                self.back(number).add(low, high)

    def back(self, number: int) -> Spans:
        """What of a lane was handed out and is ready again."""
        raise NotImplementedError

    def open(self, window: "Window", start: int, end: int, target: int, holder: int) -> None:
        """READY messages are handed out (a run of one lane) or given up (any run)."""
        raise NotImplementedError

    def load_returned(self, window: "Window") -> None:
        """What chunks say is back."""
        for start, end in list(window.runs(RETURNED)):
            for number, low, high in window.tagged(start, end):
                self.back(number).add(low, high)


class Lanes(Laned):
    """Lanes of runs."""

    __slots__ = ("lanes",)

    def __init__(self, top: int) -> None:
        super().__init__(top)
        self.lanes: list[Lane] = [Lane() for _ in range(top + 1)]

    def append(
        self,
        window: "Window",
        base: int,
        runs: Runs,
        priorities: list[int] | None,
        keys: list[bytes] | None,
    ) -> None:
        """See `Order`."""
        if priorities is None or self.top == 0:
            for start, end in runs:
                self.lanes[0].fresh.append(start, end)
            return
        data = self.clipped(priorities)
        for start, end in runs:
            at: int = start
            while at < end:
                rest = data[at - base : min(end - base, at - base + PIECE_MAX)]
                stop: int = at + len(rest) - len(rest.lstrip(rest[:1]))
                self.lanes[rest[0]].fresh.append(at, stop)
                at = stop

    def _lane(self, priority: int) -> Lane:
        return self.lanes[min(max(priority, 0), self.top)]

    def insert(self, window: "Window", start: int, end: int, priority: int, key: bytes) -> None:
        """See `Order`."""
        self._lane(priority).fresh.add(start, end)

    def first(self, window: "Window", count_max: int, holder: "Holder | None") -> Pick | None:
        """See `Order`."""
        number: int = self.top
        while number >= 0:
            lane = self.lanes[number]
            if lane.low() != NONE:
                return lane.head(count_max)
            number -= 1
        return None

    def last(self, window: "Window", count_max: int) -> Pick | None:
        """The oldest of the lowest lane."""
        for lane in self.lanes:
            if lane.low() != NONE:
                return lane.head(count_max)
        return None

    def heads(self, window: "Window", count_max: int) -> list[Pick]:
        """The head of each lane: per-message expiry is judged there and when handed out, as in RabbitMQ."""
        found = [lane.head(count_max) for lane in reversed(self.lanes) if lane.low() != NONE]
        return found[:LOOK_AHEAD_MAX]

    def back(self, number: int) -> Spans:
        """See `Laned`."""
        return self.lanes[number].own_returned()

    def open(self, window: "Window", start: int, end: int, target: int, holder: int) -> None:
        """See `Laned`."""
        left: int = end - start
        number: int = self.top
        while left > 0 and number >= 0:
            fresh = self.lanes[number].fresh
            removed: int = fresh.remove(start, end)
            left -= removed
            if removed and target != DONE:
                assert left == 0, (start, end, "of several lanes")
                window.enter(start, end, target, holder)
                window.tag(start, end, number)
            number -= 1
        assert left == 0, (start, end, "not ready")

    def fresh(self, window: "Window") -> Runs:
        """See `Order`."""
        runs = sorted(run for lane in self.lanes for run in lane.fresh.runs())
        merged: Runs = []
        for start, end in runs:
            if merged and merged[-1][1] == start:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return merged

    def low(self) -> int:
        """See `Order`."""
        lowest: int = NONE
        for lane in self.lanes:
            low: int = lane.fresh.low()
            if low != NONE and (lowest == NONE or low < lowest):
                lowest = low
        return lowest

    def meets(self, start: int, end: int) -> bool:
        """See `Order`."""
        return any(lane.fresh.meets(start, end) for lane in self.lanes)

    def anew(self) -> "Lanes":
        """See `Order`."""
        return Lanes(self.top)

    def dump(self) -> bytes:
        """The fresh runs of each lane."""
        return encode(
            [
                (number, *lane.fresh.packed())
                for number, lane in enumerate(self.lanes)
                if len(lane.fresh)
            ]
        )

    def load(self, window: "Window", data: bytes | None) -> None:
        """See `Order`."""
        for number, start, end in runs_in(decode(data)):
            self.lanes[min(number, self.top)].fresh.append(start, end)
        self.load_returned(window)


def decode(data: bytes | None) -> Spelled | Pages:
    """What an order with lanes has written, of either kind: a queue may have come to take the other. Raises
    MsgspecError.
    """
    return _unpack.decode(data) if data else []


def runs_in(known: Spelled | Pages) -> Iterator[tuple[int, int, int]]:
    """(lane, start, end) of what has never been handed out; runs of a lane in their order. Raises ValueError."""
    if isinstance(known, dict):
        for base, lanes in known[PAGES]:
            for found in _EQUAL.finditer(lanes):
                yield found[0][0] - 1, base + found.start(), base + found.end()
        return
    for number, starts, ends in known:
        spans = Spans()
        spans.unpack(starts, ends)
        for start, end in spans.runs():
            yield number, start, end
