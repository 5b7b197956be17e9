"""Holders and their sessions: consumers come and go, pulls, credit. Not journalled: they live with their connection."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.commands import (
    ANY_PARTITION,
    Cancel,
    Consume,
    IsDry,
    Lease,
    OpenPool,
    SetCredit,
    Settle,
)
from dragoman.kernel.entities import Holder, Pool, Subscription
from dragoman.kernel.idle import watch
from dragoman.kernel.leases import selecting
from dragoman.kernel.leases.deadlines import check_duration
from dragoman.kernel.leases.dispatch import hand_over, is_held_elsewhere, leasable
from dragoman.kernel.leases.lease import Delivery, Run, head_run, next_run, shorten
from dragoman.kernel.leases.receivers import allow, new_holder, receiver, weight_of
from dragoman.kernel.leases.sessions import give_up, unlock
from dragoman.kernel.leases.settle import released
from dragoman.kernel.leases.states import LEASED
from dragoman.kernel.leases.sweep import decide_return, dropped
from dragoman.kernel.state import Needs, State
from dragoman.kernel.topology import check_owner, deletion
from dragoman.model.errors import (
    InvalidArgument,
    PartitionNotFound,
    QuotaExceeded,
    ResourceLocked,
    SubscriptionNotFound,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

BYTES_ANY: Final = 1 << 62


def consume(kernel: "Decisions", command: Consume, session: int) -> Holder:
    """Raises SubscriptionNotFound, ResourceLocked."""
    state = kernel.state
    subscription = _subscription(state, command)
    check_owner(subscription, session)
    if subscription.exclusive_holder or (command.exclusive and subscription.consumers.count):
        raise ResourceLocked(command.name)
    if subscription.settings.order == "session":
        raise InvalidArgument(f"accept a session of {subscription.name}")
    check_duration(command.lease_duration_ms)
    pool = state.pools.get(command.pool)
    if command.pool and (pool is None or pool.session != session):
        raise InvalidArgument(f"no pool {command.pool}")
    selector = selecting.compiled(subscription, command.selector) if command.selector else None
    holder = new_holder(state, subscription, session, command.tag)
    holder.active = True
    holder.pool = pool
    holder.no_ack = command.no_ack
    holder.exclusive = command.exclusive
    holder.once = command.once
    holder.passes_on = command.passes_on
    allow(holder, command)
    holder.priority = command.priority
    holder.duration_ms = command.lease_duration_ms
    holder.weight = weight_of(state, holder)
    if command.exclusive:
        subscription.exclusive_holder = holder.id
    if selector is not None:
        selecting.begin(state, holder, selector)
    subscription.consumers.add(holder)
    subscription.had_consumers = True
    state.activate(subscription)
    return holder


def _subscription(state: State, command: Consume | Lease) -> Subscription:
    """What it takes from. Raises SubscriptionNotFound."""
    if not command.group:
        return state.subscription(command.namespace, command.name, command.subscription)
    found = state.reader(command.namespace, command.name, command.group)
    if found is None:
        raise SubscriptionNotFound(command.name)
    return found


def cancel(kernel: "Decisions", command: Cancel, session: int) -> None:
    """End a consumer; what it holds stays held. An auto-delete queue goes with its last one."""
    holder = kernel.state.holders.get(command.holder)
    if holder is None or holder.session != session:
        return
    if holder.accepted is not None:
        give_up(kernel, holder)
        return
    leave(kernel, holder)


def leave(kernel: "Decisions", holder: Holder) -> None:
    """It consumes no more; what it holds stays held. Told twice is fine."""
    subscription = holder.subscription
    unlock(kernel, holder)
    if holder.active:
        holder.active = False
        selecting.end(holder)
        subscription.consumers.remove(holder)
        if subscription.exclusive_holder == holder.id:
            subscription.exclusive_holder = 0
        subscription.used_ms = kernel.elapsed_ms
        if not subscription.consumers.count:
            watch(kernel.state, subscription)
        elif subscription.ready():  # it may have stood before others
            kernel.state.activate(subscription)
    if holder.leased == 0:
        kernel.state.drop_holder(holder)
    if (
        subscription.settings.auto_delete
        and not subscription.consumers.count
        and subscription.had_consumers
    ):
        kernel.commit(deletion(subscription))


def lease(kernel: "Decisions", command: Lease, session: int) -> list[Delivery]:
    """Take what is ready now. Raises SubscriptionNotFound, ResourceLocked, Needs."""
    state = kernel.state
    subscription = _subscription(state, command)
    check_owner(subscription, session)
    if (
        subscription.exclusive_holder
        and state.holders[subscription.exclusive_holder].session != session
    ):
        raise ResourceLocked(command.name)
    subscription.used_ms = kernel.elapsed_ms
    if subscription.settings.paused or _is_anothers(subscription, session):
        return []
    deliveries: list[Delivery] = []
    left = command.count_max if command.no_ack else leasable(subscription, command.count_max)
    if left <= 0 < command.count_max:
        raise QuotaExceeded(f"{command.name}: {subscription.settings.leased_max} messages are held")
    check_duration(command.lease_duration_ms)
    holder = receiver(state, subscription, command.within, session)
    is_session = holder is not None
    room = command.bytes_max or BYTES_ANY
    while left > 0 and room > 0:
        try:
            run = _next(kernel, subscription, command.partition, left, holder)
        except Needs:
            if deliveries:
                break  # what was leased so far must not be asked for again
            raise
        if run is None:
            break
        if run.expired:
            kernel.commit(dropped(state, subscription, run, "expired", kernel.now_ms))
            continue
        if holder is None:
            holder = new_holder(state, subscription, session, command.tag)
            holder.once = True
            holder.no_ack = command.no_ack
            holder.duration_ms = command.lease_duration_ms
        if command.bytes_max:
            room -= shorten(run, room)
        deliveries.append(hand_over(kernel, holder, run, note=False))
        left -= run.end - run.start
    if holder is not None and holder.no_ack and not is_session:
        state.drop_holder(holder)
    return deliveries


def _is_anothers(subscription: Subscription, session: int) -> bool:
    """With single active: whether it is somebody else."""
    if not subscription.settings.single_active:
        return False
    first = subscription.consumers.standing()
    if first is not None and not first.once and first.session != session:
        return True
    return is_held_elsewhere(subscription, session)


def _next(
    kernel: "Decisions",
    subscription: Subscription,
    partition: int,
    most: int,
    holder: Holder | None,
) -> Run | None:
    """What is ready next, of one partition or any. Raises PartitionNotFound, Needs."""
    now_ms = kernel.now_ms - 1
    if partition == ANY_PARTITION:
        return next_run(subscription, most, now_ms, holder)
    if not 0 <= partition < len(subscription.windows):
        raise PartitionNotFound(f"{subscription.stream.name}-{partition}")
    if subscription.windows[partition].ready <= 0:
        return None
    return head_run(subscription, partition, most, now_ms, holder)


def set_credit(kernel: "Decisions", command: SetCredit, session: int) -> None:
    """Change what a consumer may hold at once."""
    holder = kernel.state.holders.get(command.holder)
    if holder is None or holder.session != session:
        return
    if holder.metered:
        holder.allowance = command.credit_max
    else:
        holder.credit_max = command.credit_max
    kernel.state.wake(holder)


def is_dry(kernel: "Decisions", command: IsDry, session: int) -> bool:
    """Reply: whether nothing is ready for the consumer. One that stands behind the active one is dry, too."""
    holder = kernel.state.holders.get(command.holder)
    if holder is None or holder.session != session or not holder.active:
        return True
    subscription = holder.subscription
    settings = subscription.settings
    if settings.paused or not subscription.ready() or leasable(subscription, 1) <= 0:
        return True
    if settings.single_active and (
        not subscription.consumers.is_first(holder) or is_held_elsewhere(subscription, session)
    ):
        return True
    if holder.selector is not None:
        return selecting.has_looked(subscription, holder.selector)
    return not any(
        window.ready and (window.order is None or window.order.first(window, 1, holder))
        for window in subscription.windows
    )


def open_pool(kernel: "Decisions", command: OpenPool, session: int) -> int:
    """Make or change a pool of credit."""
    state = kernel.state
    pool = state.pools.get(command.pool)
    if pool is None or pool.session != session:
        pool = Pool(state.id_next, session, command.credit_max)
        state.id_next += 1
        state.pools[pool.id] = pool
        state.pools_of.setdefault(session, []).append(pool)
    pool.credit_max = command.credit_max
    for holder in state.holders_of.get(session, {}).values():
        if holder.id in command.holders and holder.pool is None:
            holder.pool = pool
            pool.leased += holder.leased
        if holder.pool is pool:
            state.wake(holder)
    return pool.id


def close_consumers(kernel: "Decisions", session: int) -> None:
    """The session is gone: its consumers end, what they held by connection is ready again, in place."""
    state = kernel.state
    for holder in list(state.holders_of.get(session, {}).values()):
        subscription = holder.subscription
        if holder.leased and not holder.duration_ms and subscription.id in state.subscriptions:
            _give_back(kernel, holder)
        if subscription.id in state.subscriptions:
            leave(kernel, holder)
    for pool in state.pools_of.pop(session, ()):
        del state.pools[pool.id]


def _give_back(kernel: "Decisions", holder: Holder) -> None:
    """What a lost connection held is ready again, unless its attempts are spent: a message that kills its readers must
    not do so for ever. Raises Needs.
    """
    subscription = holder.subscription
    if not subscription.settings.attempts_max:
        kernel.commit(decide_return(subscription, holder.id, failed=False))
        return
    for index, window in enumerate(subscription.windows):
        runs = list(window.runs(LEASED, holder.id))
        if runs:
            command = Settle(subscription.id, index, holder.id, runs, "release")
            kernel.commit(
                released(
                    kernel.state, subscription, command, runs, 0, kernel.now_ms, kernel.elapsed_ms
                )
            )


def hold_back(kernel: "Decisions", session: int, *, back: bool) -> None:
    """The session's connection cannot (or can again) take more bytes."""
    for holder in kernel.state.holders_of.get(session, {}).values():
        holder.held_back = back
        if not back and holder.active:
            kernel.state.wake(holder)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    Consume: consume,
    Cancel: cancel,
    Lease: lease,
    SetCredit: set_credit,
    IsDry: is_dry,
    OpenPool: open_pool,
}
