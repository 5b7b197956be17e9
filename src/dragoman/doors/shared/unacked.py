"""Deliveries of one channel, or session, that are not settled yet: delivery tags, or ids, to leases. Hot.

    tags      first .. end            neighbours of one delivery share a run, so that one ack of many is one lookup
    offsets   offset .. offset + n    the lease: (subscription, partition, holder, offset)
              or `offsets`            one for each tag, of messages that lie apart
    open      None: all of them       else one byte per tag, 1 while it is unsettled

Runs stand in the order of their tags, so a tag is found by bisection. A run is trimmed from the front while acks come
in order; out of order it gets its `open` bytes. Runs used up are let go from the front and, now and then, all at once.
"""

from bisect import bisect_right
from typing import Final

CURSOR: Final = 0  # in the place of a subscription: read by a cursor, nothing is leased
_TOGETHER_MS: Final = 60_000  # delivered within that, messages may share a run
_COMPACT_AT: Final = 256  # used-up runs at the front before the list is cut


class Run:
    """Tags first <= t < end, delivered together."""

    __slots__ = (
        "at_ms",
        "end",
        "first",
        "holder",
        "left",
        "offset",
        "offsets",
        "open",
        "origin",
        "partition",
        "subscription",
    )

    def __init__(
        self,
        first: int,
        end: int,
        subscription: int,
        partition: int,
        holder: int,
        offset: int,
        at_ms: int,
    ) -> None:
        self.first = first
        self.end = end
        self.subscription = subscription
        self.partition = partition
        self.holder = holder
        self.offset = offset  # of the message with tag `first`
        self.at_ms = at_ms  # when its first message was delivered
        self.left: int = end - first  # unsettled ones
        self.open: bytearray | None = None
        self.offsets: list[int] | None = None  # of tags from `origin` on; shared, never changed
        self.origin = first

    def offsets_of(self, start: int, end: int) -> list[int]:
        """Of tags start <= t < end, whose messages lie apart."""
        offsets = self.offsets
        assert offsets is not None
        if start == self.origin and end - start == len(offsets):
            return offsets
        return offsets[start - self.origin : end - self.origin]

    def is_open(self, tag: int) -> bool:
        """Whether the tag is unsettled."""
        if not self.first <= tag < self.end:
            return False
        return self.open is None or self.open[tag - self.first] == 1


class Span:
    """Messages of one lease to be settled together: half-open runs of offsets, and offsets of those that lie apart."""

    __slots__ = ("_is_own", "holder", "offsets", "partition", "runs", "subscription")

    def __init__(self, subscription: int, partition: int, holder: int) -> None:
        self.subscription = subscription
        self.partition = partition
        self.holder = holder
        self.runs: list[tuple[int, int]] = []
        self.offsets: list[int] | None = None
        self._is_own = False

    def add_apart(self, offsets: list[int]) -> None:
        """More of those that lie apart, behind those before; the list stays its owner's."""
        if self.offsets is None:
            self.offsets = offsets
        elif self._is_own:
            self.offsets += offsets
        else:
            self.offsets = self.offsets + offsets
            self._is_own = True

    def all_runs(self) -> list[tuple[int, int]]:
        """As runs, also of those that lie apart."""
        for offset in self.offsets or ():
            self.add(offset, offset + 1)
        self.offsets = None
        return self.runs

    def add(self, start: int, end: int) -> None:
        """One more run, behind or apart from those before."""
        runs = self.runs
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))


class Segment:
    """Tags first <= t < end, whose messages stand in one lease from `offset` on."""

    __slots__ = ("end", "first", "holder", "offset", "partition", "run", "subscription")

    def __init__(self, run: Run, first: int, end: int) -> None:
        self.run = run
        self.first = first
        self.end = end
        self.subscription = run.subscription
        self.partition = run.partition
        self.holder = run.holder
        self.offset = run.offset + first - run.first


Spans = dict[int, Span]
"""What one settlement takes, by holder and partition."""

_PARTITION_BITS: Final = 16


class Unacked:
    """See the module. `count` is the number of unsettled tags."""

    __slots__ = ("_firsts", "_head", "_runs", "count")

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._firsts: list[int] = []  # of `_runs` as they came: never above a run's present `first`
        self._head: int = 0  # runs before this index are used up
        self.count: int = 0

    def add(
        self,
        first: int,
        end: int,
        subscription: int,
        partition: int,
        holder: int,
        offset: int,
        at_ms: int,
    ) -> None:
        """Tags first <= t < end were delivered at `at_ms`; they are above all before."""
        self.count += end - first
        if len(self._runs) > self._head:
            last = self._runs[-1]
            if (
                last.end == first
                and last.open is None
                and last.offsets is None
                and last.holder == holder
                and last.partition == partition
                and last.offset + last.end - last.first == offset
                and last.left
                and at_ms - last.at_ms < _TOGETHER_MS
            ):
                last.end = end
                last.left += end - first
                return
        self._runs.append(Run(first, end, subscription, partition, holder, offset, at_ms))
        self._firsts.append(first)

    def add_apart(
        self,
        first: int,
        subscription: int,
        partition: int,
        holder: int,
        offsets: list[int],
        at_ms: int,
    ) -> None:
        """As `add`, of messages that lie apart: one tag for each of `offsets`."""
        end = first + len(offsets)
        run = Run(first, end, subscription, partition, holder, offsets[0], at_ms)
        run.offsets = offsets
        self.count += end - first
        self._runs.append(run)
        self._firsts.append(first)

    def has(self, tag: int) -> bool:
        """Whether the tag is unsettled."""
        at = self._find(tag)
        return at >= 0 and self._runs[at].is_open(tag)

    def overdue(self, now_ms: int, timeout_ms: int, of: dict[int, int]) -> int:
        """The time-out that has passed for an unsettled one, to a minute; 0 when none has. `of` are those of
        subscriptions that have their own.
        """
        for at in range(self._head, len(self._runs)):
            run = self._runs[at]
            if not run.left:
                continue
            allowed_ms: int = of.get(run.subscription, timeout_ms)
            if now_ms - run.at_ms >= allowed_ms:
                return allowed_ms
            if not of:
                return 0
        return 0

    def take_upto(self, last: int, spans: Spans) -> None:
        """Everything unsettled up to and including tag `last`, in order of tags."""
        at = self._head
        runs = self._runs
        while at < len(runs) and runs[at].first <= last:
            run = runs[at]
            self._take(run, run.first, min(run.end, last + 1), spans)
            at += 1
        self._drop_used()

    def take_between(self, first: int, last: int, spans: Spans) -> None:
        """Everything unsettled of tags first <= t <= last."""
        for segment in self.take_segments(first, last):
            key = segment.holder << _PARTITION_BITS | segment.partition
            span = spans.get(key)
            if span is None:
                span = Span(segment.subscription, segment.partition, segment.holder)
                spans[key] = span
            if segment.run.offsets is not None:
                span.add_apart(segment.run.offsets_of(segment.first, segment.end))
            else:
                span.add(segment.offset, segment.offset + segment.end - segment.first)

    def take_segments(self, first: int, last: int) -> list[Segment]:
        """As `take_between`; which tag is which message."""
        found: list[Segment] = []
        runs = self._runs
        at = max(self._find(first), self._head)
        while at < len(runs) and runs[at].first <= last:
            run = runs[at]
            at += 1
            tag = max(run.first, first)
            stop = min(run.end, last + 1)
            while tag < stop:
                end = stop
                if run.open is not None:
                    start = run.open.find(1, tag - run.first, stop - run.first)
                    if start < 0:
                        break
                    tag = run.first + start
                    shut = run.open.find(0, start, stop - run.first)
                    end = stop if shut < 0 else run.first + shut
                found.append(Segment(run, tag, end))
                tag = end
        for segment in found:
            self._take(segment.run, segment.first, segment.end, {})
        self._drop_used()
        return found

    def take(self, first: int, last: int, spans: Spans) -> int:
        """Tags first <= t <= last one by one; returns the first that is not unsettled, or 0 when all were."""
        tag = first
        while tag <= last:
            at = self._find(tag)
            if at < 0 or not self._runs[at].is_open(tag):
                self._drop_used()
                return tag
            run = self._runs[at]
            end = min(run.end, last + 1)
            if run.open is not None:
                shut = run.open.find(0, tag - run.first, end - run.first)
                end = end if shut < 0 else run.first + shut
            self._take(run, tag, end, spans)
            tag = end
        self._drop_used()
        return 0

    def _find(self, tag: int) -> int:
        """Index of the run that had the tag, or -1."""
        at = bisect_right(self._firsts, tag, self._head) - 1
        return at if at >= self._head else -1

    def _take(self, run: Run, start: int, end: int, spans: Spans) -> None:
        """Settle tags start <= t < end of the run as far as they are unsettled."""
        key = run.holder << _PARTITION_BITS | run.partition
        span = spans.get(key)
        if span is None:
            span = spans[key] = Span(run.subscription, run.partition, run.holder)
        base = run.offset - run.first
        if run.open is None:
            if run.offsets is None:
                span.add(base + start, base + end)
            else:
                span.add_apart(run.offsets_of(start, end))
            self.count -= end - start
            run.left -= end - start
            if start == run.first:  # in order: the run gets shorter
                run.offset += end - start
                run.first = end
            elif end == run.end:
                run.end = start
            else:
                run.open = bytearray(b"\1") * (run.end - run.first)
                run.open[start - run.first : end - run.first] = bytes(end - start)
            return
        for tag in range(start, end):
            if run.open[tag - run.first]:
                run.open[tag - run.first] = 0
                run.left -= 1
                self.count -= 1
                if run.offsets is None:
                    span.add(base + tag, base + tag + 1)
                else:
                    span.add_apart(run.offsets_of(tag, tag + 1))

    def _drop_used(self) -> None:
        runs = self._runs
        head = self._head
        while head < len(runs) and runs[head].left == 0:
            head += 1
        self._head = head
        if head == len(runs):
            self._runs = []
            self._firsts = []
            self._head = 0
        elif head > _COMPACT_AT:
            del runs[:head]
            del self._firsts[:head]
            self._head = 0
        if len(runs) > _COMPACT_AT and len(runs) > 2 * self.count:
            self._compact()

    def _compact(self) -> None:
        """Acks came out of order and left many used-up runs behind."""
        self._runs = [run for run in self._runs[self._head :] if run.left]
        self._firsts = [run.first for run in self._runs]
        self._head = 0
