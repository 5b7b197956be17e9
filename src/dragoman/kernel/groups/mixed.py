"""Members who speak the classic protocol in a group that the broker assigns: a group on its way from one to the other.

    Heartbeat -> RebalanceInProgress while there is something to let go of, or to be given
    JoinGroup -> answered at once: it is at the group's epoch (its generation), has no leader, and awaits its part
    SyncGroup -> what it is to read

To the group they are members like any other, who speak with three requests instead of one. One of an eager protocol
says with each join that it reads nothing any more; one of a cooperative protocol says what it still reads.
"""

from dragoman.kernel.groups.assigned import AssignedMember, ClassicTerms
from dragoman.kernel.groups.commands import Heartbeat, Joined, JoinGroup, Synced, SyncGroup
from dragoman.kernel.groups.group import Group
from dragoman.kernel.groups.reconciler import Reconciler
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.kernel.groups.terms import check_session_timeout, rebalance_timeout_ms
from dragoman.model.errors import (
    IllegalGeneration,
    InconsistentProtocol,
    MemberIdRequired,
    RebalanceInProgress,
    UnknownMember,
)

CONSUMER = "consumer"  # the one type of protocol whose subscriptions can be read


class ClassicSide:
    """The next step of one group's classic members, at one moment."""

    def __init__(self, reconciler: Reconciler, group: Group, lookup: Lookup, now_ms: int) -> None:
        assert group.assigned is not None
        self._reconciler = reconciler
        self._group = group
        self._assigned = group.assigned
        self._lookup = lookup
        self._now_ms = now_ms

    def join(self, command: JoinGroup, id_suffix: str) -> Joined:
        """See `JoinGroup`; a new member's id ends in `id_suffix`."""
        check_session_timeout(command.session_timeout_ms)
        if command.protocol_type != CONSUMER or command.topics is None or not command.protocols:
            raise InconsistentProtocol("the broker assigns this group, to consumers")
        member = self._member(command, id_suffix)
        member.classic = ClassicTerms(command.protocols, command.session_timeout_ms)
        member.topics = tuple(sorted(set(command.topics)))
        member.pattern = member.assignor = ""
        member.client_id, member.client_host = command.client_id, command.client_host
        member.rebalance_timeout_ms = rebalance_timeout_ms(command)
        self._touch(member)
        self._reconciler.rejoined(member, self._lookup.places(command.owned))
        protocol = member.classic.protocols[0][0]
        return Joined(member.epoch, CONSUMER, protocol, "", member.id, ())

    def _member(self, command: JoinGroup, id_suffix: str) -> AssignedMember:
        """Who joins, known or new. Raises UnknownMember, FencedMember, GroupFull, MemberIdRequired."""
        assigned, pending = self._assigned, self._group.pending
        member_id, instance_id = command.member_id, command.instance_id
        if member_id in assigned.members:
            return self._reconciler.find(member_id, instance_id)
        if member_id and pending.pop(member_id, None) is None:
            raise UnknownMember(member_id)
        if instance_id is not None:
            member_id = f"{instance_id}-{id_suffix}"
        elif not member_id:
            member_id = f"{command.client_id or 'member'}-{id_suffix}"
            if command.must_ask_twice:
                pending[member_id] = self._now_ms + command.session_timeout_ms
                self._reconciler.arm()
                raise MemberIdRequired(member_id)
        return self._reconciler.enter(member_id, instance_id)

    def _touch(self, member: AssignedMember) -> None:
        assert member.classic is not None
        member.expires_ms = self._now_ms + member.classic.session_timeout_ms

    def _known(self, command: SyncGroup | Heartbeat) -> AssignedMember:
        """Raises UnknownMember, FencedMember, IllegalGeneration."""
        member = self._reconciler.find(command.member_id, command.instance_id)
        if member.classic is None:
            raise UnknownMember(f"{member.id} speaks another protocol")
        self._touch(member)
        if command.generation != member.epoch:
            raise IllegalGeneration(f"{member.id} is at {member.epoch}, not {command.generation}")
        return member

    def sync(self, command: SyncGroup) -> Synced:
        """See `SyncGroup`. Who has to let go of something is told what is left, and joins again by itself."""
        member = self._known(command)
        assert member.classic is not None
        protocol = member.classic.protocols[0][0]
        if command.protocol not in {None, protocol}:
            raise InconsistentProtocol(f"the member chose {protocol}")
        if member.epoch != self._assigned.epoch and not member.revoking:
            raise RebalanceInProgress
        return Synced(CONSUMER, protocol, b"", self._lookup.named(member.places))

    def heartbeat(self, command: Heartbeat) -> None:
        """See `Heartbeat`."""
        member = self._known(command)
        self._reconciler.look()
        if member.epoch != self._assigned.epoch or member.revoking or self._may_have_more(member):
            raise RebalanceInProgress

    def _may_have_more(self, member: AssignedMember) -> bool:
        """Something it is to read is nobody's by now."""
        target = self._assigned.target.get(member.id, set())
        return any(place not in self._assigned.owners for place in target - member.places)
