"""What can be asked of a group, and what is answered. Plain data.

Joining and syncing may have to wait for others: their handlers reply with a ticket (int), and the result follows
through `ConnectionDoor.answered(ticket, result)`; a refusal that follows so is a KernelError as the result.
"""

from enum import StrEnum
from typing import Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE

NO_GENERATION: Final = -1

NamedParts = tuple[tuple[str, tuple[int, ...]], ...]  # (stream's name, partitions)


class GroupKind(StrEnum):
    """How a group's members come to what they read."""

    CLASSIC = "classic"  # they assign it among themselves
    ASSIGNED = "consumer"  # the broker assigns it: see `DescribeAssigned`
    SHARED = "share"  # by leases: see `DescribeShared`


class GroupCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one group."""

    namespace: str = DEFAULT_NAMESPACE
    group: str


class JoinGroup(GroupCommand, frozen=True, kw_only=True):
    """Become or stay a member. Reply: a ticket, or `Joined` when nobody has to be waited for.

    member_id           empty: a new member
    instance_id         a static member's own identity: who comes with it takes over from its last bearer
    must_ask_twice      a new dynamic member is refused with MemberIdRequired and joins again with that id
    protocols           (name, metadata for the leader), best first
    topics, owned       what the metadata says: streams it wants to read, partitions it reads now; None if it cannot be
                        read, and then the group stays a classic one
    Raises MemberIdRequired, UnknownMember, FencedMember, InconsistentProtocol, InvalidSessionTimeout, GroupFull.
    """

    member_id: str = ""
    instance_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    session_timeout_ms: int = 45_000
    rebalance_timeout_ms: int = 300_000
    protocol_type: str
    protocols: tuple[tuple[str, bytes], ...]
    must_ask_twice: bool = False
    topics: tuple[str, ...] | None = None
    owned: NamedParts = ()


class Joined(msgspec.Struct, frozen=True):
    """A generation began. `members` (id, instance, metadata) are told to the leader only.

    skip_assignment: the leader of a generation that goes on; its assignment stands.
    """

    generation: int
    protocol_type: str
    protocol: str
    leader: str
    member_id: str
    members: tuple[tuple[str, str | None, bytes], ...]
    skip_assignment: bool = False


class SyncGroup(GroupCommand, frozen=True, kw_only=True):
    """Hand in (leader) or wait for (others) the assignment. Reply: a ticket, or `Synced`.

    Raises UnknownMember, FencedMember, IllegalGeneration, RebalanceInProgress, InconsistentProtocol.
    """

    member_id: str
    instance_id: str | None = None
    generation: int
    protocol_type: str | None = None
    protocol: str | None = None
    assignments: tuple[tuple[str, bytes], ...] = ()
    places: tuple[
        tuple[str, NamedParts], ...
    ] = ()  # what the assignments say, as far as they can be read


class Synced(msgspec.Struct, frozen=True):
    """What the member is to read: as its leader said it, or (`places`) as the broker does: (uuid, name, partitions)."""

    protocol_type: str
    protocol: str
    assignment: bytes
    places: tuple[tuple[bytes, str, tuple[int, ...]], ...] | None = None


class Heartbeat(GroupCommand, frozen=True, kw_only=True):
    """Still here. Reply: None. Raises UnknownMember, FencedMember, IllegalGeneration, RebalanceInProgress."""

    member_id: str
    instance_id: str | None = None
    generation: int


class LeaveGroup(GroupCommand, frozen=True, kw_only=True):
    """A member goes, by its id or a static one by its instance. Reply: its id. Raises UnknownMember, FencedMember."""

    member_id: str = ""
    instance_id: str | None = None


class CommitCursors(GroupCommand, frozen=True, kw_only=True):
    """Remember where to go on: (stream, partition, offset, epoch, metadata). Reply: per cursor whether it was taken.

    Without members anybody may commit (generation < 0). A stream or partition that is not there is not taken.
    Raises UnknownMember, FencedMember, IllegalGeneration, RebalanceInProgress.
    """

    member_id: str = ""
    instance_id: str | None = None
    generation: int = NO_GENERATION
    cursors: tuple[tuple[str, int, int, int, str], ...]


class CursorInfo(msgspec.Struct, frozen=True):
    """A committed cursor."""

    stream: str
    uuid: bytes
    partition: int
    offset: int
    epoch: int
    metadata: str


class ListCursors(GroupCommand, frozen=True, kw_only=True):
    """Reply: `list[CursorInfo]`, all that the group has committed; empty for a group that is not there."""


class DeleteCursors(GroupCommand, frozen=True, kw_only=True):
    """Forget cursors of (stream, partition). Reply: None. `in_use` is judged by the caller. Raises GroupNotFound."""

    cursors: tuple[tuple[str, int], ...]


class DeleteGroup(GroupCommand, frozen=True, kw_only=True):
    """Forget a group without members. Reply: None. Raises GroupNotFound, GroupNotEmpty."""


class DescribeGroup(GroupCommand, frozen=True, kw_only=True):
    """Reply: `GroupInfo`. Raises GroupNotFound."""


class ListGroups(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[GroupInfo]`, by name, without members."""

    namespace: str = DEFAULT_NAMESPACE


class MemberInfo(msgspec.Struct, frozen=True):
    """A member as it is now."""

    id: str
    instance_id: str | None
    client_id: str
    client_host: str
    metadata: bytes
    assignment: bytes


class GroupInfo(msgspec.Struct, frozen=True):
    """A group as it is now; `state` is a value of GroupState."""

    name: str
    state: str
    protocol_type: str
    protocol: str
    generation: int
    members: tuple[MemberInfo, ...] = ()
    kind: GroupKind = GroupKind.CLASSIC


class AllocateProducer(msgspec.Struct, frozen=True, kw_only=True):
    """A producer id that was never given out before, on this store. Reply: int."""
