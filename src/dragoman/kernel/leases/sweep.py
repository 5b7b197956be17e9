"""What time and limits do to waiting messages: expiry at the head, overflow, retries come due, purge.

Each function decides one bounded step; callers repeat until nothing is left, so that a backlog of millions is worked
off a turn at a time.
"""

from collections.abc import Iterator
from heapq import heappop
from typing import Final

from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.dead import dead_letters
from dragoman.kernel.leases.expiry import expiry_ms
from dragoman.kernel.leases.lease import Run, head_run, judge, last_run, run_of
from dragoman.kernel.leases.settle import returned
from dragoman.kernel.leases.states import DEFERRED, DROP, LEASED, READY, RETURNED, TIME, WAITING
from dragoman.kernel.records import Record, Runs, Settled
from dragoman.kernel.state import State

STEP_MAX: Final = 1024  # messages per step
RETRY_STEP_MAX: Final = 8  # runs that have waited, per step: what fails alike comes due alike


def dropped(
    state: State, subscription: Subscription, run: Run, reason: str, now_ms: int
) -> list[Record]:
    """Records that end the messages of `run`, dead-lettered where the subscription says so. Raises Needs."""
    runs = [(run.start, run.end)]
    records = dead_letters(state, subscription, run.partition, runs, reason, now_ms)
    source = READY if run.fresh else RETURNED
    records.append(Settled(subscription.id, run.partition, source, DROP, runs))
    return records


def given_up(
    state: State, subscription: Subscription, partition: int, runs: Runs, now_ms: int
) -> list[Record]:
    """Records that end deferred messages which have expired. Raises Needs."""
    records = dead_letters(state, subscription, partition, runs, "expired", now_ms)
    records.append(Settled(subscription.id, partition, DEFERRED, DROP, runs))
    return records


def decide_expiry(state: State, subscription: Subscription, now_ms: int) -> list[Record]:
    """Records for the messages at the head that have expired; none when the heads live, which re-arms the deadline."""
    soonest = 0
    for run in _heads(subscription, now_ms):
        if run.expired:
            return dropped(state, subscription, run, "expired", now_ms)
        expires = expiry_ms(subscription, run.block, run.start)
        if expires and (not soonest or expires < soonest):
            soonest = expires
    if soonest:
        state.arm(subscription, soonest)
    return []


def _heads(subscription: Subscription, now_ms: int) -> Iterator[Run]:
    """The next run of each partition; of an ordered subscription, that of each lane."""
    for partition, window in zip(subscription.stream.partitions, subscription.windows, strict=True):
        if window.order is None:
            run = head_run(subscription, partition.index, STEP_MAX, now_ms)
            if run is not None:
                yield run
            continue
        for pick in window.order.heads(window, STEP_MAX):
            run = run_of(partition, pick)
            judge(subscription, run, now_ms)
            yield run


def decide_overflow(state: State, subscription: Subscription, now_ms: int) -> list[Record]:
    """Records that drop from the head what is over the subscription's limits."""
    settings = subscription.settings
    if settings.overflow != "drop-head" or subscription.id not in state.subscriptions:
        return []
    over = subscription.ready() - settings.length_max if settings.length_max >= 0 else 0
    if over <= 0 and 0 <= settings.bytes_max < subscription.ready_bytes():
        over = 1
    if over <= 0:
        return []
    run = last_run(subscription, min(over, STEP_MAX))
    return [] if run is None else dropped(state, subscription, run, "maxlen", now_ms)


def decide_retries(state: State, elapsed_ms: int) -> list[Record]:
    """Records for waiting messages whose time has come; entries overtaken by events are forgotten."""
    records: list[Record] = []
    while state.retry and state.retry[0][0] <= elapsed_ms and len(records) < RETRY_STEP_MAX:
        _, subscription_id, partition, start, end = heappop(state.retry)
        subscription = state.subscriptions.get(subscription_id)
        if subscription is None:
            continue
        runs = subscription.windows[partition].within(WAITING, start, end)
        if runs:
            records.append(Settled(subscription_id, partition, WAITING, TIME, runs))
    return records


def decide_return(subscription: Subscription, holder: int, *, failed: bool) -> list[Record]:
    """Records that make everything `holder` has ready again, in place."""
    records: list[Record] = []
    for index, window in enumerate(subscription.windows):
        runs = list(window.runs(LEASED, holder))
        if runs:
            records += returned(subscription, index, runs, holder, failed=failed)
    return records
