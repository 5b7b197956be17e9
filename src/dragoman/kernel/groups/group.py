"""A group, its members and its cursors: memory, and what is counted on it. Decides nothing.

    Group 1 -- n Member     known members, by id; `instances` finds the static ones
          1 -- n Cursor     by (stream id, partition): what was committed last

Members live as long as this process; cursors are records and survive it.
"""

from typing import Final

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.groups.assigned import Assigned
from dragoman.kernel.groups.commands import NamedParts
from dragoman.kernel.groups.shared import Shared
from dragoman.kernel.groups.states import EMPTY, GroupEvent, GroupState, after
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.errors import InvalidArgument

MEMBERS_MAX: Final = 10_000  # of one group, those still to come included
ASKED_MAX: Final = (
    64  # ids given out over one connection that are taken back with it; others only expire
)

GroupKey = tuple[str, str]  # namespace, name
Protocols = tuple[tuple[str, bytes], ...]  # (name, what the member says to the leader), best first


class Member:
    """One member. `join_ticket` and `sync_ticket` are what it waits for, 0 nothing; `expires_ms` is elapsed time."""

    __slots__ = (
        "assignment",
        "client_host",
        "client_id",
        "expires_ms",
        "id",
        "instance_id",
        "join_ticket",
        "places",
        "protocols",
        "rebalance_timeout_ms",
        "session_timeout_ms",
        "sync_ticket",
        "topics",
    )

    def __init__(self, id: str, instance_id: str | None) -> None:
        self.id = id
        self.instance_id = instance_id
        self.client_id = ""
        self.client_host = ""
        self.session_timeout_ms = 0
        self.rebalance_timeout_ms = 0
        self.protocols: Protocols = ()
        self.assignment = b""
        self.topics: tuple[str, ...] | None = None  # what it wants to read, if that is known
        self.places: NamedParts = ()  # what the assignment says, if that is known
        self.join_ticket = 0
        self.sync_ticket = 0
        self.expires_ms = 0

    @property
    def is_waiting(self) -> bool:
        """An answer is owed to it: its silence means nothing."""
        return self.join_ticket != 0 or self.sync_ticket != 0

    def metadata(self, protocol: str) -> bytes:
        """What it says to the leader under `protocol`."""
        for name, metadata in self.protocols:
            if name == protocol:
                return metadata
        return b""

    def touch(self, now_ms: int) -> None:
        """It was heard of."""
        self.expires_ms = now_ms + self.session_timeout_ms


class Cursor:
    """Where a group will go on reading a partition. `metadata` is the reader's own."""

    __slots__ = ("epoch", "metadata", "offset", "stored_ms")

    def __init__(self, offset: int, epoch: int, metadata: str, stored_ms: int) -> None:
        self.offset = offset
        self.epoch = epoch
        self.metadata = metadata
        self.stored_ms = stored_ms


class Group:
    """One group. leader in members, or empty; pending and members share no id."""

    __slots__ = (
        "armed_ms",
        "assigned",
        "cursors",
        "emptied_ms",
        "generation",
        "instances",
        "join_began_ms",
        "join_ends_ms",
        "join_starts_ms",
        "key",
        "leader",
        "members",
        "pending",
        "protocol",
        "protocol_type",
        "shared",
        "state",
    )

    def __init__(self, key: GroupKey, now_ms: int) -> None:
        self.key = key
        self.state: GroupState = EMPTY
        self.generation = 0
        self.protocol_type = ""
        self.protocol = ""
        self.leader = ""
        self.members: dict[str, Member] = {}
        self.instances: dict[str, str] = {}  # of static members: instance id -> member id
        self.pending: dict[
            str, int
        ] = {}  # ids given out, not yet joined with: elapsed ms of their end
        self.join_began_ms = 0  # elapsed
        self.join_starts_ms = 0  # the joining phase does not end before; elapsed
        self.join_ends_ms = 0  # it ends then, whoever is missing; elapsed
        self.armed_ms = 0  # elapsed time at which somebody looks; 0 not armed
        self.emptied_ms = now_ms  # wall time since which nobody is in it
        self.cursors: dict[tuple[int, int], Cursor] = {}
        # One of these at most, and then none of the above has members.
        self.assigned: Assigned | None = None  # by the broker
        self.shared: Shared | None = None  # reading by leases

    @property
    def has_members(self) -> bool:
        """Of any kind."""
        return (
            bool(self.members)
            or bool(self.assigned and self.assigned.members)
            or bool(self.shared and self.shared.members)
        )

    @property
    def is_in_use(self) -> bool:
        """Somebody reads by it, or has."""
        return bool(self.cursors or self.pending or self.has_members or self.state is not EMPTY)

    def move(self, event: GroupEvent) -> None:
        """Go on in the table."""
        self.state = after(self.state, event)

    def waiting_count(self) -> int:
        """Members that have joined the phase now under way."""
        return sum(1 for member in self.members.values() if member.join_ticket)

    def common_protocols(self, but: str = "") -> set[str] | None:
        """Protocols that all members other than `but` offer; None when there are no others."""
        common: set[str] | None = None
        for member in self.members.values():
            if member.id != but:
                names = {name for name, _ in member.protocols}
                common = names if common is None else common & names
        return common

    def choose_protocol(self) -> str:
        """The one most members prefer among those all offer; of equals the first in alphabetical order."""
        common = self.common_protocols() or set()
        votes: dict[str, int] = {}
        for member in self.members.values():
            for name, _ in member.protocols:
                if name in common:
                    votes[name] = votes.get(name, 0) + 1
                    break
        return min(votes, key=lambda name: (-votes[name], name)) if votes else ""

    def next_ms(self) -> int:
        """Elapsed time at which something may have to be done; 0 never."""
        times = [member.expires_ms for member in self.members.values() if not member.is_waiting]
        times += self.pending.values()
        if self.join_ends_ms:
            times.append(self.join_ends_ms)
            if self.join_starts_ms:
                times.append(self.join_starts_ms)
        return min(times, default=0)


class Groups:
    """All groups, the answers owed, and what changed since the last checkpoint."""

    __slots__ = ("answers", "asked", "by_key", "deadlines", "dirty", "ticket_next", "tickets")

    def __init__(self) -> None:
        self.by_key: dict[GroupKey, Group] = {}
        self.asked: dict[int, list[tuple[GroupKey, str]]] = {}  # session -> ids it was given
        self.ticket_next = 1
        self.tickets: dict[
            int, tuple[int, GroupKey, str]
        ] = {}  # ticket -> (session, group, member)
        self.answers: list[
            tuple[int, int, object]
        ] = []  # (session, ticket, result), to be handed over
        self.deadlines: list[tuple[int, GroupKey]] = []  # heap: look at that group then
        self.dirty: dict[GroupKey, Group] = {}  # cursors changed since the last checkpoint

    def open_ticket(self, session: int, key: GroupKey, member: str) -> int:
        """A promise to answer `session` later."""
        ticket = self.ticket_next
        self.ticket_next += 1
        self.tickets[ticket] = (session, key, member)
        return ticket

    def give_id(self, session: int, key: GroupKey, member: str) -> None:
        """`session` was told an id to join with."""
        given = self.asked.setdefault(session, [])
        given.append((key, member))
        del given[:-ASKED_MAX]

    def answer(self, ticket: int, result: object) -> None:
        """Keep the promise; nothing when it was given up."""
        owed = self.tickets.pop(ticket, None)
        if owed is not None:
            self.answers.append((owed[0], ticket, result))

    def share(self, stream: Stream, *names: str) -> None:
        """Leased subscriptions of the stream that name these groups have come, gone or changed; a group that one names
        is there.
        """
        for name in names:
            reader = _reader_of(stream, name) if name else None
            key = (stream.namespace, name)
            group = self.by_key.get(key)
            if group is None and reader is not None:
                group = self.by_key[key] = Group(key, 0)
            if group is None:
                continue
            if reader is not None:
                if group.shared is None:
                    group.shared = Shared()
                group.shared.subscriptions[stream.id] = reader.id
            elif group.shared is not None:
                group.shared.subscriptions.pop(stream.id, None)

    def check_share(
        self, namespace: str, stream: Stream | None, settings: SubscriptionSettings
    ) -> None:
        """Whether the settings may let a group in. Raises InvalidArgument."""
        name = settings.share_group
        if not name:
            return
        if settings.group:
            raise InvalidArgument(f"{settings.group} alone reads by it")
        group = self.by_key.get((namespace, name))
        if group is not None and group.shared is None and group.is_in_use:
            raise InvalidArgument(f"{name} is a group that reads by cursors")
        known = () if stream is None else stream.subscriptions
        if any(candidate.settings.share_group == name for candidate in known):
            raise InvalidArgument(f"{name} reads the stream by another of its queues")

    def reader(self, key: GroupKey, stream: Stream) -> int:
        """The leased subscription by which the group reads the stream; 0 when it does not."""
        group = self.by_key.get(key)
        if group is None or group.shared is None:
            return 0
        return group.shared.subscriptions.get(stream.id, 0)


def _reader_of(stream: Stream, group: str) -> Subscription | None:
    """One that lets the group compete for its messages, before one that is the group's own."""
    own = None
    for candidate in stream.subscriptions:
        if candidate.settings.share_group == group:
            return candidate
        if candidate.settings.group == group:
            own = candidate
    return own


def is_own(subscription: Subscription) -> bool:
    """Whether a group alone reads by it, so that it goes with the group."""
    return bool(subscription.settings.group)
