"""Commands about single leases, sessions and subscriptions of shared streams. Plain data; see `kernel.commands`.

A session is a key of a subscription with order = session. Its lock is a `Holder` that `AcceptSession` replies with:
leases are taken within it and end with it. The lock ends with its connection, at its deadline, or by `ReleaseSession`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.entities import Holder
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.limits import SESSIONS_LISTED_MAX


class _LeaseCommand(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str = DEFAULT_NAMESPACE


class LeaseDeferred(_LeaseCommand, frozen=True, kw_only=True):
    """Take deferred messages by offset, all or none. Reply: `list[Delivery]`, in the order of offsets; empty where any
    has expired, which is given up.

    They are deferred again when their lease ends without their being settled.
    Raises SubscriptionNotFound, ResourceLocked (also: others of the key are in flight, or the session is another's),
    PartitionNotFound, OffsetOutOfRange (not deferred), LeaseExpired (`within` is no session lock any more).
    """

    name: str
    subscription: str = ""
    partition: int = 0
    offsets: Sequence[int]
    lease_duration_ms: int = 0
    within: int = 0
    tag: Any = None


class AcceptSession(_LeaseCommand, frozen=True, kw_only=True):
    """Lock a session for this connection. Reply: `SessionLock`, or None when `key` is None and no session waits.

    key                 the session; None takes the one that has been ready longest
    lease_duration_ms   how long the lock lasts without being renewed; 0 as long as the connection
    consume             messages of the session are delivered as they come, at most `credit_max` out at once (0 no
                        limit; or `metered`, as of `Consume`); else they are taken by `Lease` with `within`
    Raises SubscriptionNotFound, ResourceLocked (somebody has it), InvalidArgument (no sessions here).
    """

    name: str
    subscription: str = ""
    key: bytes | None = None
    lease_duration_ms: int = 0
    consume: bool = False
    credit_max: int = 0
    metered: bool = False
    no_ack: bool = False
    tag: Any = None


class RenewSession(_LeaseCommand, frozen=True, kw_only=True):
    """Make a session's lock last its full duration from now. Reply: `int`, elapsed ms of its end.

    Raises LeaseExpired.
    """

    holder: int


class ReleaseSession(_LeaseCommand, frozen=True, kw_only=True):
    """Give a session up; what was held in it is ready again. Reply: None. Raises LeaseExpired."""

    holder: int


class SetSessionState(_LeaseCommand, frozen=True, kw_only=True):
    """Keep bytes with a locked session, as long as the subscription lasts; empty forgets them. Reply: None.

    Raises LeaseExpired, InvalidArgument (too large).
    """

    holder: int
    state: bytes


class GetSessionState(_LeaseCommand, frozen=True, kw_only=True):
    """Reply: `bytes`, empty when there are none. Raises LeaseExpired."""

    holder: int


class ListSessions(_LeaseCommand, frozen=True, kw_only=True):
    """Sessions that have messages, or (`with_state`) state. Reply: `list[bytes]`, their names from the `skip`th on.

    Raises SubscriptionNotFound, InvalidArgument (no sessions here).
    """

    name: str
    subscription: str = ""
    with_state: bool = False
    skip: int = 0
    count_max: int = SESSIONS_LISTED_MAX


class CreateSubscription(_LeaseCommand, frozen=True, kw_only=True):
    """Make a leased subscription of a stream, beside others. Reply: `QueueInfo`. An existing one is returned as it is.

    from_end    begin with what is published from now on; else with the earliest retained message
    from_ms     begin with what was stored at or after this wall time; -1 does not say
    Raises StreamNotFound, InvalidArgument, NotSupported (too much retained to be put in order).
    """

    name: str
    subscription: str
    settings: SubscriptionSettings = SubscriptionSettings()
    from_end: bool = False
    from_ms: int = -1


class DeleteSubscription(_LeaseCommand, frozen=True, kw_only=True):
    """Delete a leased subscription; its stream stays. Reply: `QueueInfo` as it was. Raises SubscriptionNotFound."""

    name: str
    subscription: str


class ListSubscriptions(_LeaseCommand, frozen=True, kw_only=True):
    """Reply: `list[QueueInfo]` of the leased subscriptions of stream `name`, its queue first; of all when empty.

    Raises StreamNotFound.
    """

    name: str = ""


class ListPushed(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[PushedInfo]` of what `face` pushes, in all namespaces, in no order."""

    face: str


class SessionLock(msgspec.Struct, frozen=True):
    """A session that was accepted: `until_ms` is elapsed time, 0 as long as the connection."""

    holder: Holder
    partition: int
    key: bytes
    until_ms: int
    state: bytes
