"""What a member of a group that the broker assigns can say, and what it is answered. Plain data.

One command does for joining, staying, changing a subscription, telling what is read, and leaving.
"""

from typing import Final

import msgspec

from dragoman.kernel.groups.commands import GroupCommand

Places = tuple[tuple[bytes, tuple[int, ...]], ...]  # (stream's uuid, partitions)

JOIN: Final = 0  # epochs with a meaning of their own
LEAVE: Final = -1
LEAVE_FOR_NOW: Final = -2  # of a static member, who will come back


class Beat(GroupCommand, frozen=True, kw_only=True):
    """A member speaks. Reply: `Beaten`. What is None has not changed since it last said so.

    epoch         JOIN, LEAVE, LEAVE_FOR_NOW, or what it was told last
    topics        names it wants to read; pattern: or all that match that (RE2), empty for none
    legal         a pattern of all names that the member's protocol can say; empty allows any
    owned         what it reads now
    Raises InvalidArgument, InvalidPattern, UnknownMember, FencedEpoch, UnreleasedInstance, FencedMember,
    UnknownAssignor, GroupFull, InconsistentProtocol (a group with members that are no consumers).
    """

    member_id: str
    epoch: int
    instance_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    topics: tuple[str, ...] | None = None
    pattern: str | None = None
    legal: str = ""
    assignor: str | None = None
    owned: Places | None = None
    session_timeout_ms: int = 45_000


class Beaten(msgspec.Struct, frozen=True):
    """The member's epoch, when it is to speak again, and what it is to read; None as before."""

    member_id: str
    epoch: int
    interval_ms: int
    places: Places | None


class CheckEpoch(GroupCommand, frozen=True, kw_only=True):
    """Whether a member may ask for cursors. Reply: None. Raises UnknownMember, StaleEpoch."""

    member_id: str
    epoch: int


class DescribeAssigned(GroupCommand, frozen=True, kw_only=True):
    """Reply: `AssignedInfo`. Raises GroupNotFound, also for a group whose members assign themselves."""


NamedPlaces = tuple[tuple[bytes, str, tuple[int, ...]], ...]  # (stream's uuid, name, partitions)


class AssignedMemberInfo(msgspec.Struct, frozen=True):
    """A member as it is now: what it reads, and what it is going to."""

    id: str
    instance_id: str | None
    rack_id: str | None
    epoch: int
    client_id: str
    client_host: str
    topics: tuple[str, ...]
    pattern: str
    places: NamedPlaces
    target: NamedPlaces
    is_classic: bool = False  # it speaks the classic protocol


class AssignedInfo(msgspec.Struct, frozen=True):
    """A group as it is now; `state` is "empty", "reconciling" or "stable"."""

    name: str
    state: str
    epoch: int
    assignor: str
    members: tuple[AssignedMemberInfo, ...]
