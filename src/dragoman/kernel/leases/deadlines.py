"""Leases that end at a deadline: renewed, expired, taken by offset.

    Lease, Consume with lease_duration_ms -> Leased(until) -> `due` -> overdue -> released as failed, or attempts spent

They outlive the connection and the node: only their holder's settlement or their deadline ends them. See `due`.
"""

from collections.abc import Callable, Mapping
from heapq import heappop
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.commands import Renew, Settle
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.commands import LeaseDeferred
from dragoman.kernel.leases.dispatch import hand_over, leasable
from dragoman.kernel.leases.due import Entry, refill
from dragoman.kernel.leases.expiry import expiry_ms
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lease import Delivery, Run
from dragoman.kernel.leases.receivers import new_holder, receiver
from dragoman.kernel.leases.revisions import block_of
from dragoman.kernel.leases.sessions import expire_lock
from dragoman.kernel.leases.settle import released
from dragoman.kernel.leases.states import DEFERRED
from dragoman.kernel.leases.sweep import given_up
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Record, Renewed, Runs
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.state import Needs, State
from dragoman.kernel.topology import check_owner
from dragoman.model.errors import (
    InvalidArgument,
    LeaseExpired,
    OffsetOutOfRange,
    PartitionNotFound,
    QuotaExceeded,
    ResourceLocked,
    SubscriptionNotFound,
)
from dragoman.model.limits import DEFERRED_MAX, LEASE_DURATION_MS_MAX, SWEEP_LEASES_MAX

DOUBLED_MAX: Final = 20  # times that a rest is doubled

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


def check_duration(duration_ms: int) -> None:
    """Raises InvalidArgument."""
    if not 0 <= duration_ms <= LEASE_DURATION_MS_MAX:
        raise InvalidArgument(f"a lease lasts 0 to {LEASE_DURATION_MS_MAX} ms, not {duration_ms}")


def renew(kernel: "Decisions", command: Renew, session: int) -> None:
    """Reply: None. The runs last `lease_duration_ms` from now."""
    kernel.commit(decide_renew(kernel.state, command, kernel.elapsed_ms))


def decide_renew(state: State, command: Renew, elapsed_ms: int) -> list[Record]:
    """Raises SubscriptionNotFound, PartitionNotFound, InvalidArgument, LeaseExpired when any is no longer held."""
    duration_ms = command.lease_duration_ms
    check_duration(duration_ms)
    if duration_ms == 0:
        raise InvalidArgument("a lease that ends at once is released")
    subscription = state.subscriptions.get(command.subscription)
    if subscription is None:
        raise SubscriptionNotFound(str(command.subscription))
    if not 0 <= command.partition < len(subscription.windows):
        raise PartitionNotFound(f"{subscription.stream.name}-{command.partition}")
    window = subscription.windows[command.partition]
    runs = [(start, end) for start, end in command.runs]
    for start, end in runs:
        if not window.held(start, end, command.holder):
            raise LeaseExpired(f"{start} to {end} are no longer held")
    if not runs:
        return []
    until_ms = elapsed_ms + duration_ms
    return [
        Renewed(subscription.id, command.partition, command.holder, runs, duration_ms, until_ms)
    ]


def decide_overdue(
    state: State, entry: Entry, now_ms: int, elapsed_ms: int
) -> tuple[list[Record], bool]:
    """(records that return what is still held under a deadline that has passed, whether some is left): as much as rests
    equally long, since what is decided together is decided on one state. Raises Needs.
    """
    _, subscription_id, partition, start, end, holder = entry
    subscription = state.subscriptions.get(subscription_id)
    if subscription is None:
        return [], False
    window = subscription.windows[partition]
    overdue = window.overdue(start, end, holder, elapsed_ms)
    if not overdue:
        return [], False
    delay_ms, runs = rest_of(subscription.settings, window, overdue)
    command = Settle(subscription_id, partition, holder, runs, "release")
    command.failed = True
    records = released(state, subscription, command, runs, delay_ms, now_ms, elapsed_ms)
    return records, runs != overdue


def rest_of(settings: SubscriptionSettings, window: Window, runs: Runs) -> tuple[int, Runs]:
    """(how long the first of these messages is to rest, those that were tried as often)."""
    if settings.retry_ms_max <= settings.retry_ms:
        return settings.retry_ms, runs
    tried = window.tried(runs[0][0])
    alike: Runs = []
    for offset in (at for start, end in runs for at in range(start, end)):
        if window.tried(offset) == tried:
            if alike and alike[-1][1] == offset:
                alike[-1] = (alike[-1][0], offset + 1)
            else:
                alike.append((offset, offset + 1))
    doubled = settings.retry_ms << min(tried, DOUBLED_MAX)
    return min(doubled, settings.retry_ms_max), alike


def sweep_leases(kernel: "Decisions") -> bool:
    """Return what is overdue; True when more is. Raises Needs, with what came before done."""
    due = kernel.state.due
    if due.rearm:
        refill(kernel.state, kernel.elapsed_ms, kernel.now_ms)
    for _ in range(SWEEP_LEASES_MAX):
        if due.heap and due.heap[0][0] <= kernel.elapsed_ms:
            entry = due.heap[0]
            records, more = decide_overdue(kernel.state, entry, kernel.now_ms, kernel.elapsed_ms)
            if not more:
                heappop(due.heap)
            kernel.commit(records)
        elif due.locks and due.locks[0][0] <= kernel.elapsed_ms:
            expire_lock(kernel, due.locks[0])
            heappop(due.locks)
        else:
            return False
    return True


def lease_deferred(kernel: "Decisions", command: LeaseDeferred, session: int) -> list[Delivery]:
    """Reply: the messages at these offsets; none where any has expired, which is given up now. Raises Needs."""
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    check_duration(command.lease_duration_ms)
    if not 0 <= command.partition < len(subscription.windows):
        raise PartitionNotFound(f"{command.name}-{command.partition}")
    if len(command.offsets) > DEFERRED_MAX:
        raise InvalidArgument(f"at most {DEFERRED_MAX} at once")
    window = subscription.windows[command.partition]
    for offset in command.offsets:
        if window.state(offset) != DEFERRED:
            raise OffsetOutOfRange(f"{offset} is not deferred")
    runs = _runs_of(kernel, command)
    cold = [run.block for run in runs if run.block.bodies is None]
    if cold:
        raise Needs(cold)
    expired = _expired(subscription, runs, kernel.now_ms)
    if expired:
        kernel.commit(given_up(state, subscription, command.partition, expired, kernel.now_ms))
        return []
    holder = receiver(state, subscription, command.within, session)
    if isinstance(window.order, Keys) and not all(
        window.order.is_free_for(window, run.start, run.end, 0 if holder is None else holder.id)
        for run in runs
    ):
        raise ResourceLocked("somebody works on other messages of the key, or has the session")
    count = sum(run.end - run.start for run in runs)
    if (holder is None or not holder.no_ack) and leasable(subscription, count) < count:
        raise QuotaExceeded(f"no {count} more messages may be held of {command.name}")
    if holder is None:
        holder = new_holder(state, subscription, session, command.tag)
        holder.duration_ms = command.lease_duration_ms
    return [hand_over(kernel, holder, run, note=False) for run in runs]


def _runs_of(kernel: "Decisions", command: LeaseDeferred) -> list[Run]:
    subscription = kernel.state.subscription(command.namespace, command.name, command.subscription)
    partition = subscription.stream.partitions[command.partition]
    revisions = subscription.windows[command.partition].revisions
    runs: list[Run] = []
    for offset in sorted(set(command.offsets)):
        block = block_of(revisions, partition, offset)
        if runs and runs[-1].end == offset and block is runs[-1].block:
            runs[-1].end = offset + 1
            continue
        assert block is not None and block.offset <= offset, (offset, "deferred, but gone")
        runs.append(Run(partition.index, offset, offset + 1, block, fresh=False))
    return runs


def _expired(subscription: Subscription, runs: list[Run], now_ms: int) -> Runs:
    """Nobody has looked at them since: what is deferred expires when somebody wants it, as in Service Bus."""
    return [
        (offset, offset + 1)
        for run in runs
        for offset in range(run.start, run.end)
        if 0 < expiry_ms(subscription, run.block, offset) <= now_ms
    ]


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    Renew: renew,
    LeaseDeferred: lease_deferred,
}
