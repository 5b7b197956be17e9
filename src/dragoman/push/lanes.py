"""Whose turn it is to be sent: bounded places, fair among targets, a lane for each way of being bad. Knows no sockets.

    put ──> target.waiting ──> the lane's line of targets ──> `take`: places free, and its pace ──> under way ──> `end`

A lane is a number of places and a pace. Targets stand in line once, however much waits for them, and go to its end
after each request: one that has much to get does not hold up one that has little. What is under way for longer than
LATE_MS is counted in the LATE lane from then on, whatever its target was before: thousands of targets that accept and
never answer fill that lane and no other. Starting a request that fails costs more than one that is answered on a kept
connection, so lanes of doubtful targets have a pace.

Nothing here waits for a retry: an item is put when it may be sent, and what finds no place to wait is refused at once.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from dragoman.push.standing import LATE_MS, Event, Lane, Target

WAITING_MAX: Final = 32_768  # requests that wait for their turn, in all lanes
WAITING_BYTES_MAX: Final = 64 << 20
WAITING_PER_TARGET_MAX: Final = 256
LANE_BYTES_MAX: Final = (
    64 << 20
)  # under way in one lane, before no more is started; large ones may pass it by one
UNPACED: Final = 0


class Limits:
    """A lane's: requests under way at once, and how many may be started in a second."""

    __slots__ = ("places", "starts_per_s")

    def __init__(self, places: int, starts_per_s: int) -> None:
        self.places = places
        self.starts_per_s = starts_per_s


LIMITS: Final[Mapping[Lane, Limits]] = {
    Lane.LIVE: Limits(1_024, UNPACED),
    Lane.FRESH: Limits(512, 250),
    Lane.FAILING: Limits(128, 100),
    Lane.LATE: Limits(4_096, 100),
}
"""5,760 requests at most: each is an open file and, on a target that does not answer, about 16 KB."""


class Item(Protocol):
    """Something to be sent."""

    target: Target
    size_bytes: int
    lane: Lane  # it is counted in
    started_ms: int


class _Line:
    """One lane: who waits, and what is under way."""

    __slots__ = ("bytes", "limits", "next_ms", "places", "targets", "under_way")

    def __init__(self, limits: Limits, places: int) -> None:
        self.limits = limits
        self.places = places
        self.targets: deque[Target] = deque()
        self.under_way = 0
        self.bytes = 0  # of what is under way
        self.next_ms: float = 0  # the next may be started then

    def is_full(self) -> bool:
        """A place must become free first."""
        return self.under_way >= self.places or self.bytes >= LANE_BYTES_MAX

    def opens_ms(self, now_ms: int) -> int | None:
        """When the next may be started: now, later, or None (nobody waits, or it is full)."""
        if not self.targets or self.is_full():
            return None
        return max(now_ms, int(self.next_ms))

    def add(self, item: Item) -> None:
        """It is under way, and counted here."""
        self.under_way += 1
        self.bytes += item.size_bytes

    def drop(self, item: Item) -> None:
        """It is over, or counted elsewhere."""
        self.under_way -= 1
        self.bytes -= item.size_bytes

    def spend(self, now_ms: int) -> None:
        """One is started: the next may be a little later."""
        if self.limits.starts_per_s:
            self.next_ms = max(self.next_ms, now_ms - 1) + 1_000 / self.limits.starts_per_s


class Lanes:
    """All requests that are known: waiting or under way. Times are elapsed ms."""

    def __init__(
        self, limits: Mapping[Lane, Limits] = LIMITS, places_max: int | None = None
    ) -> None:
        """`places_max`: of all lanes together, where the process may open fewer files than they would take."""
        total = sum(limit.places for limit in limits.values())
        share = min(places_max / total, 1.0) if places_max is not None else 1.0
        self._lines = {
            lane: _Line(limit, max(int(limit.places * share), 1)) for lane, limit in limits.items()
        }
        self._recent: dict[Item, None] = {}  # under way and not in the LATE lane, oldest first
        self.under_way = 0
        self.waiting = 0
        self.waiting_bytes = 0

    def room(self, target: Target) -> int:
        """How many more requests to it would be sent soon."""
        line = self._lines[target.lane]
        return min(target.room(), max(line.places - line.under_way, 0))

    def put(self, item: Item) -> bool:
        """Let it wait for its turn; False when too much waits already."""
        target = item.target
        if (
            self.waiting >= WAITING_MAX
            or self.waiting_bytes + item.size_bytes > WAITING_BYTES_MAX
            or len(target.waiting) >= max(WAITING_PER_TARGET_MAX, target.at_once)
        ):
            return False
        target.waiting.append(item)
        self.waiting += 1
        self.waiting_bytes += item.size_bytes
        self._enlist(target)
        return True

    def take(self, now_ms: int) -> Item | None:
        """The next to be sent now, counted as under way."""
        for lane, line in self._lines.items():
            while line.opens_ms(now_ms) == now_ms:
                target = line.targets.popleft()
                target.is_queued = False
                if target.lane is not lane:
                    self._enlist(target)  # it stands differently by now
                elif target.waiting and target.under_way < target.limit:
                    return self._start(target, line, now_ms)
        return None

    def _start(self, target: Target, line: _Line, now_ms: int) -> Item:
        item: Item = target.waiting.popleft()
        self.waiting -= 1
        self.waiting_bytes -= item.size_bytes
        line.spend(now_ms)
        line.add(item)
        self.under_way += 1
        target.under_way += 1
        item.lane = target.lane
        item.started_ms = now_ms
        if item.lane is not Lane.LATE:
            self._recent[item] = None
        self._enlist(target)
        return item

    def end(self, item: Item, event: Event) -> None:
        """It is over, and says that of its target."""
        self._recent.pop(item, None)
        self.under_way -= 1
        self._lines[item.lane].drop(item)
        item.target.under_way -= 1
        item.target.note(event)
        self._enlist(item.target)

    def _enlist(self, target: Target) -> None:
        if not target.is_queued and target.waiting and target.under_way < target.limit:
            target.is_queued = True
            self._lines[target.lane].targets.append(target)

    def shift(self, now_ms: int) -> None:
        """Count what has been under way for long in the LATE lane, as far as that has places."""
        late = self._lines[Lane.LATE]
        while self._recent and not late.is_full():
            item = next(iter(self._recent))
            if item.started_ms + LATE_MS > now_ms:
                return
            del self._recent[item]
            self._lines[item.lane].drop(item)
            late.add(item)
            item.lane = Lane.LATE

    def next_ms(self, now_ms: int) -> int | None:
        """When to `shift` and `take` again, unless something is put or ends before; None: not before that."""
        times = [line.opens_ms(now_ms) for line in self._lines.values()]
        late = self._lines[Lane.LATE]
        if self._recent and not late.is_full():
            times.append(next(iter(self._recent)).started_ms + LATE_MS)
        return min((at for at in times if at is not None), default=None)
