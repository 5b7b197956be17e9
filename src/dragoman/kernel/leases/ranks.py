"""The order of a queue with priorities that takes every message: a byte a message says which lane it is ready in. Hot.

    page 0      4 1 1 9 0 4 ...      READY in lane 3, 0, 0, 8; handed out or done; lane 3
    page 4,096  2 2 2 2              grows with the log
    lows        [12, 4,096, ...]     of each lane: nothing below is ready in it; a hint, moved by whoever looks

Neighbours of one lane are found, told and taken by whole slices, those that lie apart by the interpreter's own search:
appending costs a copy of bytes, whatever the priorities. What was handed out and came back stands beside, as in
`Lanes`, which is for subscriptions that take few of their stream's messages.
"""

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from dragoman.kernel.leases.lane import NONE, Spans
from dragoman.kernel.leases.lanes import PAGES, Laned, decode, encode, runs_in
from dragoman.kernel.leases.order import LOOK_AHEAD_MAX, Pick, Runs
from dragoman.kernel.leases.states import DONE

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder
    from dragoman.kernel.leases.window import Window

PAGE: Final = 4096  # offsets
TOP_MAX: Final = 254  # lanes 0 to this one fit into a byte beside "not ready"
RUN_MIN: Final = 16  # neighbours that are handed out as one run rather than gathered
SCAN_MAX: Final = 64  # pages looked through for one batch
_UP: Final = bytes([*range(1, 256), 255])
_ONE_LOWEST: Final = b"\1"
_READY: Final = re.compile(rb"[^\0]+")


class Page:
    """Lanes of the messages base <= o < base + len(data), one more each; 0 of those that are not READY.

    `left` of them are READY, none before index `low`.
    """

    __slots__ = ("base", "data", "left", "low")

    def __init__(self, base: int) -> None:
        self.base = base
        self.data = bytearray()
        self.left = 0
        self.low = 0

    def lowest(self) -> int:
        """Where the first READY message is; there is one."""
        found = _READY.search(self.data, self.low)
        assert found is not None
        self.low = found.start()
        return self.low


class Ranks(Laned):
    """Lanes 0 to `top`. Pages stand in the order of their offsets; none without READY messages but the last."""

    __slots__ = ("bases", "end", "lows", "pages", "returned")

    def __init__(self, top: int) -> None:
        assert top <= TOP_MAX, top
        super().__init__(top)
        # Per lane, what was handed out and is ready again; most lanes never need it.
        self.returned: list[Spans | None] = [None] * (top + 1)
        self.bases: list[int] = []
        self.pages: list[Page] = []
        self.lows: list[int] = [0] * (top + 1)  # lows[lane] <= end
        self.end = 0  # past all there ever was

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
                self._fill(start, _ONE_LOWEST * (end - start))
            return
        data = self.clipped(priorities).translate(_UP)
        for start, end in runs:
            self._fill(start, data[start - base : end - base])

    def insert(self, window: "Window", start: int, end: int, priority: int, key: bytes) -> None:
        """See `Order`."""
        lane = min(max(priority, 0), self.top)
        self._fill(start, bytes([lane + 1]) * (end - start))
        self.lows[lane] = min(self.lows[lane], start)

    def _fill(self, start: int, lanes: bytes) -> None:
        """Messages from `start` on are READY."""
        self.end = max(self.end, start + len(lanes))
        at = 0
        while at < len(lanes):
            page = self._page(start + at)
            low: int = start + at - page.base
            count: int = min(PAGE - low, len(lanes) - at)
            data = page.data
            if len(data) < low:
                data.extend(bytes(low - len(data)))
            data[low : low + count] = lanes[at : at + count]
            page.left += count
            page.low = min(page.low, low)
            at += count

    def _page(self, offset: int) -> Page:
        base = offset - offset % PAGE
        index = bisect_right(self.bases, offset) - 1
        if index < 0 or self.bases[index] != base:
            index += 1
            self.bases.insert(index, base)
            self.pages.insert(index, Page(base))
        return self.pages[index]

    def seek(self, lane: int) -> int:
        """The lowest offset of a lane that was never handed out; NONE when there is none."""
        low: int = self.lows[lane]
        if low >= self.end:
            return NONE
        value: int = lane + 1
        index: int = max(bisect_right(self.bases, low) - 1, 0)
        while index < len(self.pages):
            page = self.pages[index]
            found: int = page.data.find(value, max(low - page.base, 0))
            if found >= 0:
                self.lows[lane] = page.base + found
                return page.base + found
            index += 1
        self.lows[lane] = self.end
        return NONE

    def head(self, lane: int, count_max: int) -> Pick | None:
        """The first run of a lane; None when nothing is ready in it."""
        fresh = self.seek(lane)
        returned = self.returned[lane]
        back = NONE if returned is None else returned.low()
        if returned is not None and back != NONE and (fresh == NONE or back < fresh):
            end = min(returned.ends[returned.first], back + count_max)
            return back, end if fresh == NONE else min(end, fresh), False
        if fresh == NONE:
            return None
        end = fresh + self._neighbours(fresh, count_max)
        return fresh, end if back == NONE else min(end, back), True

    def _neighbours(self, offset: int, count_max: int) -> int:
        """How many messages from `offset` on are READY in the same lane, on the same page."""
        page = self.pages[bisect_right(self.bases, offset) - 1]
        low: int = offset - page.base
        piece = bytes(page.data[low : low + count_max])
        return len(piece) - len(piece.lstrip(piece[:1]))

    def first(self, window: "Window", count_max: int, holder: "Holder | None") -> Pick | None:
        """See `Order`."""
        lane: int = self.top
        while lane >= 0:
            pick = self.head(lane, count_max)
            if pick is not None:
                return pick
            lane -= 1
        return None

    def apart(self, count_max: int) -> list[int] | None:
        """The next messages of the lane that is served now, which lie apart and were never handed out; None where one
        run of neighbours is next, or what has come back.
        """
        lane: int = self.top
        while lane >= 0:
            fresh = self.seek(lane)
            returned = self.returned[lane]
            back = NONE if returned is None else returned.low()
            if back != NONE and (fresh == NONE or back < fresh):
                return None
            if fresh != NONE:
                if self._neighbours(fresh, RUN_MIN) >= min(RUN_MIN, count_max):
                    return None
                found = self._next(lane, fresh, count_max, back)
                return None if found[-1] - fresh < len(found) else found
            lane -= 1
        return None

    def _next(self, lane: int, start: int, count_max: int, back: int) -> list[int]:
        """At most `count_max` offsets of a lane from `start` on, below `back` unless that is NONE."""
        found: list[int] = []
        value = bytes([lane + 1])
        index: int = bisect_right(self.bases, start) - 1
        stop: int = min(len(self.pages), index + SCAN_MAX)
        while index < stop and len(found) < count_max:
            page = self.pages[index]
            at: int = max(start, page.base)
            if back != NONE and back <= at:
                break
            until: int = len(page.data) if back == NONE else back - page.base
            pieces = bytes(page.data[at - page.base : until]).split(value, count_max - len(found))
            pieces.pop()  # behind the last one
            for piece in pieces:
                at += len(piece)
                found.append(at)
                at += 1
            index += 1
        return found

    def take(self, offsets: list[int]) -> int:
        """Messages of one lane, all that were READY in it from the first of them to the last, are so no more; their
        lane.
        """
        lane = self.lane_of(offsets[0])
        assert lane >= 0, (offsets[0], "not ready")
        taken = self._erase(lane, offsets[0], offsets[-1] + 1)
        assert taken == len(offsets), (offsets[0], offsets[-1], taken)
        return lane

    def lane_of(self, offset: int) -> int:
        """Of a message that was never handed out; NONE when it is not READY."""
        index = bisect_right(self.bases, offset) - 1
        if index < 0:
            return NONE
        page = self.pages[index]
        at = offset - page.base
        return page.data[at] - 1 if at < len(page.data) else NONE

    def _erase(self, lane: int, start: int, end: int) -> int:
        """[start, end) has nothing READY in `lane` any more; returns how many that were."""
        value = bytes([lane + 1])
        erased: int = 0
        index: int = max(bisect_right(self.bases, start) - 1, 0)
        while index < len(self.pages) and self.bases[index] < end:
            page = self.pages[index]
            low: int = max(start - page.base, 0)
            high: int = min(end - page.base, len(page.data))
            count: int = page.data.count(value, low, high) if low < high else 0
            if count:
                page.data[low:high] = page.data[low:high].replace(value, b"\0")
                page.left -= count
                erased += count
                if page.left == 0 and index + 1 < len(self.pages):
                    del self.pages[index]
                    del self.bases[index]
                    continue
            index += 1
        return erased

    def last(self, window: "Window", count_max: int) -> Pick | None:
        """The oldest of the lowest lane."""
        for lane in range(self.top + 1):
            pick = self.head(lane, count_max)
            if pick is not None:
                return pick
        return None

    def heads(self, window: "Window", count_max: int) -> list[Pick]:
        """See `Lanes`."""
        found: list[Pick] = []
        for lane in range(self.top, -1, -1):
            pick = self.head(lane, count_max)
            if pick is not None and len(found) < LOOK_AHEAD_MAX:
                found.append(pick)
        return found

    def open(self, window: "Window", start: int, end: int, target: int, holder: int) -> None:
        """See `Laned`."""
        if target != DONE:
            lane = self.lane_of(start)
            assert lane >= 0, (start, end, "not ready")
            erased = self._erase(lane, start, end)
            assert erased == end - start, (start, end, "of several lanes")
            window.enter(start, end, target, holder)
            window.tag(start, end, lane)
            return
        left: int = end - start
        for lane in range(self.top, -1, -1):
            left -= self._erase(lane, start, end) if left else 0
        assert left == 0, (start, end, "not ready")

    def back(self, number: int) -> Spans:
        """See `Laned`."""
        returned = self.returned[number]
        if returned is None:
            returned = self.returned[number] = Spans()
        return returned

    def fresh(self, window: "Window") -> Runs:
        """See `Order`."""
        merged: Runs = []
        for page in self.pages:
            for ready in _READY.finditer(page.data):
                start, end = page.base + ready.start(), page.base + ready.end()
                if merged and merged[-1][1] == start:
                    merged[-1] = (merged[-1][0], end)
                else:
                    merged.append((start, end))
        return merged

    def low(self) -> int:
        """See `Order`."""
        for page in self.pages:
            if page.left:
                return page.base + page.lowest()
        return NONE

    def meets(self, start: int, end: int) -> bool:
        """See `Order`."""
        index = max(bisect_right(self.bases, start) - 1, 0)
        while index < len(self.pages) and self.bases[index] < end:
            page = self.pages[index]
            low, high = max(start - page.base, 0), end - page.base
            if page.left and _READY.search(page.data, low, high) is not None:
                return True
            index += 1
        return False

    def anew(self) -> "Ranks":
        """See `Order`."""
        return Ranks(self.top)

    def dump(self) -> bytes:
        """The pages."""
        return encode({PAGES: [(page.base, bytes(page.data)) for page in self.pages]})

    def load(self, window: "Window", data: bytes | None) -> None:
        """See `Order`. What `Lanes` has written is read as well."""
        known = decode(data)
        if isinstance(known, dict):
            for base, lanes in known[PAGES]:
                self._load_page(base, lanes)
        else:
            for lane, start, end in runs_in(known):
                self.insert(window, start, end, lane, b"")
        self.load_returned(window)

    def _load_page(self, base: int, lanes: bytes) -> None:
        if base % PAGE or len(lanes) > PAGE or (self.bases and self.bases[-1] >= base):
            raise ValueError("pages of lanes in the order of their offsets")
        if max(lanes, default=0) > self.top + 1:
            raise ValueError(f"lanes above {self.top}")
        page = Page(base)
        page.data.extend(lanes)
        page.left = len(lanes) - lanes.count(0)
        self.bases.append(base)
        self.pages.append(page)
        self.end = max(self.end, base + len(lanes))
