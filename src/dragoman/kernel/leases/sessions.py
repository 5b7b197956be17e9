"""Sessions: a key that one receiver has to itself, with a few bytes of state.

    AcceptSession -> locked by a holder --RenewSession--> until its deadline, ReleaseSession, or its connection closes
                                                           -> what it held is ready again, at its place

A lock lives with its connection and is not journalled; a session's state is, and stays without messages.
"""

from collections.abc import Callable, Mapping
from heapq import heappush
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.commands import Settle
from dragoman.kernel.entities import Accepted, Holder, Subscription
from dragoman.kernel.leases.commands import (
    AcceptSession,
    GetSessionState,
    ListSessions,
    ReleaseSession,
    RenewSession,
    SessionLock,
    SetSessionState,
)
from dragoman.kernel.leases.keys import Key, Keys
from dragoman.kernel.leases.receivers import accepted, allow, new_holder
from dragoman.kernel.leases.settle import released
from dragoman.kernel.leases.states import LEASED
from dragoman.kernel.leases.sweep import decide_return
from dragoman.kernel.records import Record, SessionStateSet
from dragoman.kernel.topology import check_owner
from dragoman.model.errors import InvalidArgument, ResourceLocked
from dragoman.model.limits import (
    LEASE_DURATION_MS_MAX,
    SESSION_KEY_BYTES_MAX,
    SESSION_STATE_BYTES_MAX,
    SESSIONS_LISTED_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


def accept(kernel: "Decisions", command: AcceptSession, session: int) -> SessionLock | None:
    """Reply: the lock; None when no session is ready."""
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    if subscription.settings.order != "session":
        raise InvalidArgument(f"{subscription.name} has no sessions")
    if not 0 <= command.lease_duration_ms <= LEASE_DURATION_MS_MAX:
        raise InvalidArgument(f"a lock lasts 0 to {LEASE_DURATION_MS_MAX} ms")
    found = _next_ready(subscription) if command.key is None else _named(subscription, command.key)
    if found is None:
        return None
    partition, order, key = found
    if key.receiver:
        raise ResourceLocked(f"session {key.key!r:.80} of {subscription.name}")
    holder = new_holder(state, subscription, session, command.tag)
    duration_ms = command.lease_duration_ms
    until_ms = kernel.elapsed_ms + duration_ms if duration_ms else 0
    holder.accepted = Accepted(partition, key.key, duration_ms, until_ms)
    holder.no_ack = command.no_ack
    order.lock(key, holder.id)
    if until_ms:
        heappush(state.due.locks, (until_ms, holder.id))
    if command.consume:
        holder.active = True
        allow(holder, command)
        subscription.consumers.add(holder)
        subscription.had_consumers = True
        state.activate(subscription)
    return SessionLock(holder, partition, key.key, until_ms, key.state)


def _next_ready(subscription: Subscription) -> tuple[int, Keys, Key] | None:
    for index, window in enumerate(subscription.windows):
        order = window.order
        assert isinstance(order, Keys)
        key = order.next_free()
        if key is not None:
            return index, order, key
    return None


def _named(subscription: Subscription, name: bytes) -> tuple[int, Keys, Key]:
    """The session, where its messages are, or will be published."""
    if len(name) > SESSION_KEY_BYTES_MAX:
        raise InvalidArgument(f"a session's name has at most {SESSION_KEY_BYTES_MAX} bytes")
    orders = [window.order for window in subscription.windows]
    for index, order in enumerate(orders):
        assert isinstance(order, Keys)
        if name in order.by_key:
            return index, order, order.by_key[name]
    index = subscription.stream.partition_of_key(name).index
    order = orders[index]
    assert isinstance(order, Keys)
    return index, order, order.key_of(name)


def renew_session(kernel: "Decisions", command: RenewSession, session: int) -> int:
    """Reply: elapsed ms of the lock's end."""
    holder = accepted(kernel.state, command.holder, session)
    lock = holder.accepted
    assert lock is not None
    if lock.duration_ms:
        lock.until_ms = kernel.elapsed_ms + lock.duration_ms
        heappush(kernel.state.due.locks, (lock.until_ms, holder.id))
    return lock.until_ms


def release_session(kernel: "Decisions", command: ReleaseSession, session: int) -> None:
    """Reply: None."""
    give_up(kernel, accepted(kernel.state, command.holder, session))


def give_up(kernel: "Decisions", holder: Holder) -> None:
    """End a lock as its receiver wishes: what it held is ready again, and not counted as failed."""
    subscription = holder.subscription
    if holder.leased:
        kernel.commit(decide_return(subscription, holder.id, failed=False))
    unlock(kernel, holder)
    _forget(kernel, holder)


def unlock(kernel: "Decisions", holder: Holder) -> None:
    """The session is anybody's."""
    lock, subscription = holder.accepted, holder.subscription
    if lock is None:
        return
    holder.accepted = None
    order = subscription.windows[lock.partition].order
    assert isinstance(order, Keys)
    order.lock(order.by_key[lock.key], 0)
    kernel.state.activate(subscription)


def _forget(kernel: "Decisions", holder: Holder) -> None:
    subscription = holder.subscription
    if holder.active:
        holder.active = False
        subscription.consumers.remove(holder)
    kernel.state.drop_holder(holder)


def expire_lock(kernel: "Decisions", entry: tuple[int, int]) -> None:
    """The lock's time is over, unless it was renewed: what was held in it has failed. Raises Needs."""
    until_ms, number = entry
    state = kernel.state
    holder = state.holders.get(number)
    if holder is None or holder.accepted is None or holder.accepted.until_ms != until_ms:
        return
    subscription = holder.subscription
    index = holder.accepted.partition
    runs = list(subscription.windows[index].runs(LEASED, holder.id))
    if runs:
        command = Settle(subscription.id, index, holder.id, runs, "release")
        command.failed = True
        records = released(state, subscription, command, runs, 0, kernel.now_ms, kernel.elapsed_ms)
        kernel.commit(records)
    unlock(kernel, holder)
    if holder.active:
        state.cancelled.append(holder)
    _forget(kernel, holder)


def set_state(kernel: "Decisions", command: SetSessionState, session: int) -> None:
    """Reply: None."""
    holder = accepted(kernel.state, command.holder, session)
    if len(command.state) > SESSION_STATE_BYTES_MAX:
        raise InvalidArgument(f"a session's state has at most {SESSION_STATE_BYTES_MAX} bytes")
    lock = holder.accepted
    assert lock is not None
    records: list[Record] = [
        SessionStateSet(holder.subscription.id, lock.partition, lock.key, command.state)
    ]
    kernel.commit(records)


def get_state(kernel: "Decisions", command: GetSessionState, session: int) -> bytes:
    """Reply: the state's bytes."""
    holder = accepted(kernel.state, command.holder, session)
    lock = holder.accepted
    assert lock is not None
    order = holder.subscription.windows[lock.partition].order
    assert isinstance(order, Keys)
    return order.by_key[lock.key].state


def list_sessions(kernel: "Decisions", command: ListSessions, session: int) -> list[bytes]:
    """Reply: a page of them, in the order in which they came to be."""
    subscription = kernel.state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    if subscription.settings.order != "session":
        raise InvalidArgument(f"{subscription.name} has no sessions")
    found = (
        key.key
        for window in subscription.windows
        if isinstance(window.order, Keys)
        for key in window.order.by_key.values()
        if (key.state if command.with_state else key.open)
    )
    end = command.skip + min(command.count_max, SESSIONS_LISTED_MAX)
    return list(islice(found, command.skip, end))


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    AcceptSession: accept,
    RenewSession: renew_session,
    ReleaseSession: release_session,
    SetSessionState: set_state,
    GetSessionState: get_state,
    ListSessions: list_sessions,
}
