"""Which records the journal needs: those about entities that survive a restart. Hot for the records of messages."""

from typing import Final

from dragoman.kernel.records import (
    Bound,
    Compacted,
    Indexed,
    Leased,
    Published,
    Record,
    Renewed,
    Reserved,
    Revised,
    RouteAltered,
    RouteCreated,
    RouteDeleted,
    SessionStateSet,
    Settled,
    Shown,
    Skipped,
    Sought,
    StreamAltered,
    StreamCreated,
    StreamDeleted,
    SubscriptionAltered,
    SubscriptionCreated,
    SubscriptionDeleted,
    Trimmed,
    Unbound,
)
from dragoman.kernel.state import State

OF_SUBSCRIPTION: Final = frozenset(
    (Leased, Settled, SessionStateSet, Renewed, Indexed, Sought, Shown, Revised)
)
"""Records that name their `subscription`."""


def is_durable(state: State, record: Record) -> bool:
    """Whether `record`, about to be applied, must be written. Exclusive and non-durable entities are only applied."""
    kind = type(record)
    if kind is Published:
        stream = state.streams.get(record.targets[0].stream)  # type: ignore[attr-defined]
        return stream is not None and stream.durable
    if kind in OF_SUBSCRIPTION:
        return _subscription(state, record.subscription)  # type: ignore[attr-defined]
    return _is_durable(state, record)


def _is_durable(state: State, record: Record) -> bool:
    match record:
        case SubscriptionDeleted() | SubscriptionAltered():
            return _subscription(state, record.id)
        case StreamCreated() | RouteCreated():
            return record.settings.durable
        case SubscriptionCreated():
            return record.settings.durable and record.owner == 0 and _stream(state, record.stream)
        case StreamAltered() | StreamDeleted():
            return _stream(state, record.id)
        case Trimmed() | Skipped() | Reserved() | Compacted():
            return _stream(state, record.stream)
        case RouteDeleted() | RouteAltered():
            return bool(state.routing.is_durable(record.id))
        case Bound() | Unbound():
            lasting = (
                state.routing.is_durable(record.target)
                if record.to_route
                else _stream(state, record.target)
            )
            return bool(lasting and state.routing.is_durable(record.route))
        case _:
            return True


def _stream(state: State, stream_id: int) -> bool:
    stream = state.streams.get(stream_id)
    return stream is None or stream.durable


def _subscription(state: State, subscription_id: int) -> bool:
    subscription = state.subscriptions.get(subscription_id)
    return subscription is not None and subscription.durable
