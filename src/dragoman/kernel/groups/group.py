"""A group, its members and its cursors: memory, and what is counted on it. Decides nothing.

    Group 1 -- n Member     known members, by id; `instances` finds the static ones
          1 -- n Cursor     by (stream id, partition): what was committed last

Members live as long as this process; cursors are records and survive it.
"""

from typing import Final

from dragoman.kernel.entities import Subscription
from dragoman.kernel.groups.assigned import Assigned
from dragoman.kernel.groups.commands import NamedParts
from dragoman.kernel.groups.shared import Shared
from dragoman.kernel.groups.states import EMPTY, GroupEvent, GroupState, after

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

    def share(self, subscription: Subscription) -> None:
        """A leased subscription is there; if it is a group's, so is the group."""
        name = subscription.settings.group
        if not name:
            return
        key = (subscription.stream.namespace, name)
        group = self.by_key.get(key)
        if group is None:
            group = self.by_key[key] = Group(key, 0)
        if group.shared is None:
            group.shared = Shared()
        group.shared.subscriptions[subscription.stream.id] = subscription.id

    def unshare(self, subscription: Subscription) -> None:
        """A leased subscription is gone: no group reads by it any more."""
        stream = subscription.stream
        group = self.by_key.get((stream.namespace, subscription.settings.group))
        mine = {} if group is None or group.shared is None else group.shared.subscriptions
        if mine.get(stream.id) == subscription.id:
            del mine[stream.id]
