"""When leases with a deadline end: a heap of runs, and in the chunks until when each message is held.

    heap    (until, subscription, partition, start, end, holder)
    chunk   until_ms, durations_ms per message

The chunk is right, the heap only says when to look: a run that was settled or renewed meanwhile is passed over. Entries
of that kind are dropped when they are most of the heap, so that long leases that end soon cost nothing for long. After
a restart elapsed time begins anew: every lease is given its full duration again, at the first sweep; messages that wait
for a retry know the wall time of its end.
"""

from heapq import heapify, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.records import Leased, Renewed
    from dragoman.kernel.state import State

Entry = tuple[int, int, int, int, int, int]

NEVER: Final = 1 << 62
TIDY_AT: Final = 4096  # entries, before the heap is looked through for those that are over


class Due:
    """Deadlines of leases, and of sessions' locks: (until, holder)."""

    __slots__ = ("heap", "locks", "rearm", "tidy_at")

    def __init__(self) -> None:
        self.heap: list[Entry] = []
        self.locks: list[tuple[int, int]] = []
        self.rearm = False  # a new life has begun: the heap is not filled yet
        self.tidy_at = TIDY_AT

    def next_ms(self) -> int:
        """Elapsed time of the next entry; NEVER if there is none."""
        if self.rearm:
            return 0
        next_ms: int = self.heap[0][0] if self.heap else NEVER
        return min(next_ms, self.locks[0][0]) if self.locks else next_ms

    def is_due(self, elapsed_ms: int) -> bool:
        """Whether a sweep finds something to do."""
        return self.next_ms() <= elapsed_ms


def grant(state: "State", subscription: "Subscription", record: "Leased") -> None:
    """The messages of a `Leased`, applied just now, are held until its deadline, or their connection ends."""
    window = subscription.windows[record.partition]
    window.hold_until(record.start, record.end, record.until_ms, record.duration_ms)
    if record.duration_ms:
        _push(
            state,
            (
                record.until_ms,
                subscription.id,
                record.partition,
                record.start,
                record.end,
                record.holder,
            ),
        )


def apply_renewed(state: "State", record: "Renewed") -> None:
    """The messages are held longer, or shorter, by the same holder."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    state.dirty_subscriptions[subscription.id] = subscription
    window = subscription.windows[record.partition]
    for start, end in record.runs:
        window.hold_until(start, end, record.until_ms, record.duration_ms)
        _push(
            state,
            (record.until_ms, subscription.id, record.partition, start, end, record.holder),
        )


def _push(state: "State", entry: Entry) -> None:
    due = state.due
    heappush(due.heap, entry)
    if len(due.heap) > due.tidy_at:
        due.heap = [known for known in due.heap if _is_current(state, known)]
        heapify(due.heap)
        due.tidy_at = max(TIDY_AT, 2 * len(due.heap))


def _is_current(state: "State", entry: Entry) -> bool:
    until_ms, subscription_id, partition, start, end, holder = entry
    subscription = state.subscriptions.get(subscription_id)
    return subscription is not None and bool(
        subscription.windows[partition].overdue(start, end, holder, until_ms)
    )


def refill(state: "State", elapsed_ms: int, now_ms: int) -> None:
    """After a restart: every lease that outlived the last life lasts its full duration from now. What waits goes on
    waiting until the wall time it was told, and never longer than it was to wait in all.
    """
    due = state.due
    due.rearm = False
    due.heap.clear()
    state.retry.clear()  # what began to wait in this life already is among what waits
    for subscription in state.subscriptions.values():
        for index, window in enumerate(subscription.windows):
            for start, end, holder, duration_ms in window.held_until():
                window.hold_until(start, end, elapsed_ms + duration_ms, duration_ms)
                _push(
                    state,
                    (elapsed_ms + duration_ms, subscription.id, index, start, end, holder),
                )
            for start, end, until_ms, duration_ms in window.waits_until():
                left_ms = min(max(until_ms - now_ms, 0), duration_ms)
                retry = (elapsed_ms + left_ms, subscription.id, index, start, end)
                heappush(state.retry, retry)
