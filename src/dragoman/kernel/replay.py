"""Which function carries out which record. Every record of `records.AnyRecord` has exactly one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.kernel import bindings, topology
from dragoman.kernel.append import apply_published
from dragoman.kernel.features import APPLY as FEATURE_APPLY
from dragoman.kernel.groups.cursors import (
    apply_cursors_committed,
    apply_cursors_deleted,
    apply_group_deleted,
)
from dragoman.kernel.leases.due import apply_renewed
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lease import apply_leased
from dragoman.kernel.leases.settle import apply_settled, returned
from dragoman.kernel.leases.states import TIME, WAITING
from dragoman.kernel.records import (
    Bound,
    CursorsCommitted,
    CursorsDeleted,
    GroupDeleted,
    Indexed,
    Leased,
    ProducersReserved,
    Published,
    Renewed,
    Reserved,
    RouteAltered,
    RouteCreated,
    RouteDeleted,
    SessionStateSet,
    Settled,
    Skipped,
    Started,
    StreamAltered,
    StreamCreated,
    StreamDeleted,
    SubscriptionCreated,
    SubscriptionDeleted,
    Trimmed,
    Unbound,
)
from dragoman.kernel.reservation import apply_reserved, apply_skipped
from dragoman.kernel.state import State


def apply_started(state: State, record: Started) -> None:
    """A new life of the node: whatever was leased through a connection is ready again, at its place."""
    state.id_next = max(state.id_next, record.id_next)
    state.begin_life(record.incarnation)
    state.secret = record.secret or state.secret
    state.boot = record.boot
    state.producer_next = state.producer_reserved  # those below may have been given out
    for subscription in state.subscriptions.values():
        for index, window in enumerate(subscription.windows):
            leased = window.bound()
            for settled in returned(subscription, index, leased):
                apply_settled(state, settled)
            waiting = window.waits_for_nothing()
            if waiting:  # by a version that knew elapsed time alone, which began anew
                apply_settled(state, Settled(subscription.id, index, WAITING, TIME, waiting))
    state.retry.clear()
    state.due.heap.clear()
    state.due.rearm = True  # leases with a deadline go on, and so does what waits


def apply_session_state_set(state: State, record: SessionStateSet) -> None:
    """The session's state is that."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is not None:
        order = subscription.windows[record.partition].order
        assert isinstance(order, Keys)
        order.set_state(record.key, record.state)
        state.dirty_subscriptions[subscription.id] = subscription


def apply_producers_reserved(state: State, record: ProducersReserved) -> None:
    """Ids below its end are ours to give out."""
    state.producer_reserved = max(state.producer_reserved, record.end)


APPLY: Final[Mapping[type, Callable[[State, Any], None]]] = {
    Published: apply_published,
    Leased: apply_leased,
    Settled: apply_settled,
    StreamCreated: topology.apply_stream_created,
    StreamAltered: topology.apply_stream_altered,
    StreamDeleted: topology.apply_stream_deleted,
    SubscriptionCreated: topology.apply_subscription_created,
    SubscriptionDeleted: topology.apply_subscription_deleted,
    RouteCreated: bindings.apply_route_created,
    RouteDeleted: bindings.apply_route_deleted,
    RouteAltered: bindings.apply_route_altered,
    Bound: bindings.apply_bound,
    Unbound: bindings.apply_unbound,
    Trimmed: topology.apply_trimmed,
    Skipped: apply_skipped,
    Reserved: apply_reserved,
    Started: apply_started,
    CursorsCommitted: apply_cursors_committed,
    CursorsDeleted: apply_cursors_deleted,
    GroupDeleted: apply_group_deleted,
    ProducersReserved: apply_producers_reserved,
    SessionStateSet: apply_session_state_set,
    Renewed: apply_renewed,
    Indexed: topology.apply_indexed,
    **FEATURE_APPLY,
}
