"""What a member of a share group (KIP-932) can say, what can be asked of one, and what is answered. Plain data.

The members of such a group read by one leased subscription per stream, whose settings name the group.
"""

import msgspec

from dragoman.kernel.groups.beats import NamedPlaces, Places
from dragoman.kernel.groups.commands import GroupCommand
from dragoman.kernel.settings import SubscriptionSettings


class ShareBeat(GroupCommand, frozen=True, kw_only=True):
    """A member speaks. Reply: `ShareBeaten`. What is None has not changed since it last said so.

    epoch         JOIN, LEAVE, or what it was told last
    topics        names of the streams that it wants to read
    subscription  name and settings of the leased subscription that each of them is given on first sight, which begins
                  at the earliest retained message, with what comes (`from_end`), or at a wall time (`from_ms`)
    Raises InvalidArgument, UnknownMember, FencedEpoch, GroupFull, GroupNotFound (a group of another kind),
    QuotaExceeded (no more subscriptions).
    """

    member_id: str
    epoch: int
    client_id: str = ""
    client_host: str = ""
    rack_id: str | None = None
    topics: tuple[str, ...] | None = None
    session_timeout_ms: int
    subscription: str
    settings: SubscriptionSettings = SubscriptionSettings()
    from_end: bool = False
    from_ms: int = -1


class ShareBeaten(msgspec.Struct, frozen=True):
    """The member's epoch, and what it is to read; None as before."""

    epoch: int
    places: Places | None


class DescribeShared(GroupCommand, frozen=True, kw_only=True):
    """Reply: `SharedInfo`. Raises GroupNotFound, also for a group of another kind."""


class SharedMemberInfo(msgspec.Struct, frozen=True):
    """A member as it is now."""

    id: str
    rack_id: str | None
    epoch: int
    client_id: str
    client_host: str
    topics: tuple[str, ...]
    places: NamedPlaces


class SharedInfo(msgspec.Struct, frozen=True):
    """A share group as it is now; `state` is "empty" or "stable"."""

    name: str
    state: str
    epoch: int
    members: tuple[SharedMemberInfo, ...]


class ListShares(GroupCommand, frozen=True, kw_only=True):
    """Reply: `list[ShareInfo]`, every partition that the group reads. Raises GroupNotFound."""


class ShareInfo(msgspec.Struct, frozen=True):
    """One partition: everything below `start` is done for the group, `left` messages are not."""

    stream: str
    uuid: bytes
    partition: int
    start: int
    left: int


class MoveShares(GroupCommand, frozen=True, kw_only=True):
    """Go to (stream, partition, offset) each. Reply: None. A stream that the group did not read yet is from now on.

    Raises GroupNotFound, GroupNotEmpty, StreamNotFound, PartitionNotFound; nothing has moved then.
    """

    places: tuple[tuple[str, int, int], ...]
    subscription: str
    settings: SubscriptionSettings = SubscriptionSettings()


class ForgetShares(GroupCommand, frozen=True, kw_only=True):
    """Read these streams no more. Reply: `list[bool]`, which of them it read. Raises GroupNotFound, GroupNotEmpty."""

    streams: tuple[str, ...]
