"""Holders that hold sessions: who may take messages within one."""

from typing import Any, Final

from dragoman.kernel.commands import Consume
from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.leases.commands import AcceptSession
from dragoman.kernel.state import State
from dragoman.model.errors import InvalidArgument, LeaseExpired, QuotaExceeded

HOLDERS_MAX: Final = 1_000_000


def new_holder(state: State, subscription: Subscription, session: int, tag: Any) -> Holder:
    """Raises QuotaExceeded."""
    if len(state.holders) >= HOLDERS_MAX:
        raise QuotaExceeded("too many holders")
    holder = Holder(state.holder_next, session, subscription, tag)
    state.holder_next += 1
    state.add_holder(holder)
    return holder


def allow(holder: Holder, command: Consume | AcceptSession) -> None:
    """Give a new consumer the credit that its command asks for."""
    holder.metered = command.metered
    holder.credit_max = 0 if command.metered else command.credit_max
    holder.allowance = command.credit_max


def weight_of(state: State, holder: Holder) -> int:
    """How many turns in a row it has, by the protocol that its session speaks."""
    weights = holder.subscription.settings.weights
    return weights.get(state.protocols.get(holder.session, ""), 1) if weights else 1


def receiver(state: State, subscription: Subscription, within: int, session: int) -> Holder | None:
    """Whose session messages are taken in; None where there are no sessions. Raises LeaseExpired, InvalidArgument."""
    if subscription.settings.order != "session":
        if within:
            raise InvalidArgument(f"{subscription.name} has no sessions")
        return None
    if not within:
        raise InvalidArgument(f"accept a session of {subscription.name} first")
    holder = accepted(state, within, session)
    if holder.subscription is not subscription:
        raise LeaseExpired(f"no session of {subscription.name}")
    return holder


def accepted(state: State, number: int, session: int) -> Holder:
    """The holder of a session's lock. Raises LeaseExpired when it is not, or no longer, locked by this connection."""
    holder = state.holders.get(number)
    if holder is None or holder.session != session or holder.accepted is None:
        raise LeaseExpired("the session is not locked any more")
    return holder
