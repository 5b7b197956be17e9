"""Who is in a group, and which generation it is in: joining, syncing, heartbeats, leaving, and what time does.

    join (all known members) -> a generation -> the leader assigns, all sync -> stable until somebody comes or goes

A joining phase ends as soon as every known member has joined and nobody who was given an id is still to come; at the
latest after the longest rebalance timeout of its members. The first one of a group waits until nobody new has come for
INITIAL_DELAY_MS: who starts fifty members wants one generation of them.
Time is an argument, in elapsed milliseconds; ids are made of bytes the caller gives.
"""

from heapq import heappush
from typing import Final

from dragoman.kernel.groups.commands import (
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    NamedParts,
    Synced,
    SyncGroup,
)
from dragoman.kernel.groups.group import MEMBERS_MAX, Group, Groups, Member
from dragoman.kernel.groups.states import ASSIGNING, EMPTY, JOINING, STABLE, GroupEvent
from dragoman.kernel.groups.terms import check_session_timeout, rebalance_timeout_ms
from dragoman.model.errors import (
    FencedMember,
    GroupFull,
    IllegalGeneration,
    InconsistentProtocol,
    KernelError,
    MemberIdRequired,
    RebalanceInProgress,
    UnknownMember,
)

INITIAL_DELAY_MS: Final = 50  # who starts together is counted together, and hardly anybody notices
INITIAL_DELAY_MAX_MS: Final = 1_000  # however many follow each other


class Coordinator:
    """One group's next step, at one moment. `wall_ms` only dates when the group became empty."""

    def __init__(self, groups: Groups, group: Group, elapsed_ms: int, wall_ms: int) -> None:
        self._groups = groups
        self._group = group
        self._now_ms = elapsed_ms
        self._wall_ms = wall_ms

    # --- joining ---

    def join(self, command: JoinGroup, session: int, id_suffix: str) -> Joined | int:
        """See `JoinGroup`; a new member's id ends in `id_suffix`."""
        group = self._group
        check_session_timeout(command.session_timeout_ms)
        if command.member_id:
            known = self._known(command.member_id, command.instance_id, or_pending=True)
            self._check_protocols(command, command.member_id)
            if known is None:
                return self._add(command, command.member_id, session)
            return self._rejoin(known, command, session)
        self._check_protocols(command, group.instances.get(command.instance_id or "", ""))
        if len(group.members) + len(group.pending) >= MEMBERS_MAX:
            raise GroupFull(f"{MEMBERS_MAX} members")
        if command.instance_id is not None:
            return self._join_static(command, f"{command.instance_id}-{id_suffix}", session)
        member_id = f"{command.client_id or 'member'}-{id_suffix}"
        if command.must_ask_twice:
            group.pending[member_id] = self._now_ms + command.session_timeout_ms
            self.arm()
            raise MemberIdRequired(member_id)
        return self._add(command, member_id, session)

    def _known(
        self, member_id: str, instance_id: str | None, *, or_pending: bool = False
    ) -> Member | None:
        """The member; None for one that was given its id and joins with it. Raises UnknownMember, FencedMember."""
        group = self._group
        if instance_id is not None:
            bearer = group.instances.get(instance_id)
            if bearer is not None and bearer != member_id:
                raise FencedMember(instance_id)
        member = group.members.get(member_id)
        if member is None and not (or_pending and member_id in group.pending):
            raise UnknownMember(member_id)
        return member

    def _check_protocols(self, command: JoinGroup, but: str) -> None:
        if not command.protocol_type or not command.protocols:
            raise InconsistentProtocol("no protocol at all")
        common = self._group.common_protocols(but)
        if common is None:
            return
        if self._group.protocol_type != command.protocol_type:
            raise InconsistentProtocol(f"the group's type is {self._group.protocol_type}")
        if not common.intersection(name for name, _ in command.protocols):
            raise InconsistentProtocol("no protocol is common to all members")

    def _add(self, command: JoinGroup, member_id: str, session: int) -> int:
        group = self._group
        group.pending.pop(member_id, None)
        member = Member(member_id, command.instance_id)
        if not group.members:
            group.protocol_type = command.protocol_type
        group.members[member_id] = member
        if command.instance_id is not None:
            group.instances[command.instance_id] = member_id
        return self._park_join(member, command, session)

    def _join_static(self, command: JoinGroup, member_id: str, session: int) -> Joined | int:
        """A static member comes (back): its last bearer is fenced, and a stable group stays as it is."""
        group = self._group
        assert command.instance_id is not None
        old_id = group.instances.get(command.instance_id)
        if old_id is None:
            return self._add(command, member_id, session)
        old = group.members.pop(old_id)
        self._refuse(old, FencedMember(command.instance_id))
        member = Member(member_id, command.instance_id)
        member.assignment, member.places = old.assignment, old.places
        group.members[member_id] = member
        group.instances[command.instance_id] = member_id
        was_leader = group.leader == old_id
        if was_leader:
            group.leader = member_id
        before = (old.protocols, group.protocol)
        self._take_terms(member, command)
        if group.state is STABLE and before == (member.protocols, group.choose_protocol()):
            member.touch(self._now_ms)
            return self._joined(member, skip_assignment=was_leader)
        return self._park_join(member, command, session)

    def _rejoin(self, member: Member, command: JoinGroup, session: int) -> Joined | int:
        group = self._group
        is_same = member.protocols == command.protocols
        goes_on = (group.state is ASSIGNING and is_same) or (
            group.state is STABLE and is_same and member.id != group.leader
        )
        if goes_on:  # it did not hear the answer, or hears it again
            member.touch(self._now_ms)
            return self._joined(member)
        return self._park_join(member, command, session)

    def _take_terms(self, member: Member, command: JoinGroup) -> None:
        member.client_id = command.client_id
        member.client_host = command.client_host
        member.session_timeout_ms = command.session_timeout_ms
        member.rebalance_timeout_ms = rebalance_timeout_ms(command)
        member.protocols = command.protocols
        member.topics = command.topics

    def _park_join(self, member: Member, command: JoinGroup, session: int) -> int:
        group = self._group
        self._take_terms(member, command)
        self._refuse(member, RebalanceInProgress())  # an older request of its own
        ticket = self._groups.open_ticket(session, group.key, member.id)
        member.join_ticket = ticket
        if not group.leader:
            group.leader = member.id
        if group.state is not JOINING:
            self._rebalance()
        elif group.join_starts_ms:
            latest_ms = group.join_began_ms + INITIAL_DELAY_MAX_MS
            group.join_starts_ms = min(self._now_ms + INITIAL_DELAY_MS, latest_ms)
        self._end_joining_if_all_are_in()
        self.arm()
        return ticket

    def _rebalance(self) -> None:
        """All members are to join again; who waits for an assignment is told so."""
        group = self._group
        is_first = group.state is EMPTY
        for member in group.members.values():
            if member.sync_ticket:
                self._refuse_sync(member, RebalanceInProgress())
                member.touch(self._now_ms)
        group.move(GroupEvent.REBALANCE)
        longest_ms = max(member.rebalance_timeout_ms for member in group.members.values())
        group.join_ends_ms = self._now_ms + longest_ms
        group.join_began_ms = self._now_ms
        group.join_starts_ms = self._now_ms + min(INITIAL_DELAY_MS, longest_ms) if is_first else 0

    def begin_again(self) -> None:
        """All members are to join, whatever they did before."""
        self._rebalance()
        self.arm()

    def _end_joining_if_all_are_in(self) -> None:
        group = self._group
        if (
            group.state is JOINING
            and not group.pending
            and self._now_ms >= group.join_starts_ms
            and group.waiting_count() == len(group.members)
        ):
            self._end_joining()

    def _end_joining(self) -> None:
        """The joining phase is over: who did not come is out, but for static members, who keep their place."""
        group = self._group
        for member in list(group.members.values()):
            if not member.join_ticket and member.instance_id is None:
                self._forget(member)
        group.join_starts_ms = group.join_ends_ms = 0
        if not group.members:
            self._empty()
            return
        group.generation += 1
        group.protocol = group.choose_protocol()
        if group.leader not in group.members or not group.members[group.leader].join_ticket:
            group.leader = next(
                (member.id for member in group.members.values() if member.join_ticket),
                next(iter(group.members)),
            )
        group.move(GroupEvent.GATHERED)
        for member in group.members.values():
            member.assignment = b""
            if member.join_ticket:
                member.touch(self._now_ms)
                ticket, member.join_ticket = member.join_ticket, 0
                self._groups.answer(ticket, self._joined(member))

    def _joined(self, member: Member, *, skip_assignment: bool = False) -> Joined:
        group = self._group
        members: tuple[tuple[str, str | None, bytes], ...] = ()
        if member.id == group.leader:
            members = tuple(
                (known.id, known.instance_id, known.metadata(group.protocol))
                for known in group.members.values()
            )
        return Joined(
            group.generation,
            group.protocol_type,
            group.protocol,
            group.leader,
            member.id,
            members,
            skip_assignment,
        )

    # --- syncing ---

    def sync(self, command: SyncGroup, session: int) -> Synced | int:
        """See `SyncGroup`."""
        group = self._group
        member = self._member_of(command.member_id, command.instance_id, command.generation)
        if (command.protocol_type is not None and command.protocol_type != group.protocol_type) or (
            command.protocol is not None and command.protocol != group.protocol
        ):
            raise InconsistentProtocol(f"the group chose {group.protocol_type} {group.protocol}")
        if group.state is JOINING:
            raise RebalanceInProgress
        member.touch(self._now_ms)
        if group.state is STABLE:
            return self._synced(member)
        self._refuse_sync(member, RebalanceInProgress())
        member.sync_ticket = self._groups.open_ticket(session, group.key, member.id)
        ticket = member.sync_ticket
        if member.id == group.leader:
            self._assign(dict(command.assignments), dict(command.places))
        return ticket

    def _assign(self, assignments: dict[str, bytes], places: dict[str, NamedParts]) -> None:
        group = self._group
        group.move(GroupEvent.ASSIGNED)
        for member in group.members.values():
            member.assignment = assignments.get(member.id, b"")
            member.places = places.get(member.id, ())
            if member.sync_ticket:
                ticket, member.sync_ticket = member.sync_ticket, 0
                member.touch(self._now_ms)
                self._groups.answer(ticket, self._synced(member))
        self.arm()

    def _synced(self, member: Member) -> Synced:
        return Synced(self._group.protocol_type, self._group.protocol, member.assignment)

    def _member_of(self, member_id: str, instance_id: str | None, generation: int) -> Member:
        """Raises UnknownMember, FencedMember, IllegalGeneration."""
        member = self._known(member_id, instance_id)
        assert member is not None
        if generation != self._group.generation:
            raise IllegalGeneration(f"the generation is {self._group.generation}, not {generation}")
        return member

    # --- staying and going ---

    def heartbeat(self, command: Heartbeat) -> None:
        """See `Heartbeat`."""
        if self._group.state is JOINING and command.generation <= self._group.generation:
            member = self._known(command.member_id, command.instance_id)
            assert member is not None
            member.touch(self._now_ms)
            raise RebalanceInProgress
        member = self._member_of(command.member_id, command.instance_id, command.generation)
        member.touch(self._now_ms)

    def check_commit(self, member_id: str, instance_id: str | None, generation: int) -> None:
        """Whether that member may commit now. Raises GroupError's."""
        group = self._group
        if not group.members and generation < 0:
            return
        member = self._member_of(member_id, instance_id, generation)
        member.touch(self._now_ms)
        if group.state is ASSIGNING:
            raise RebalanceInProgress

    def leave(self, command: LeaveGroup) -> str:
        """See `LeaveGroup`."""
        group = self._group
        member_id = command.member_id
        if command.instance_id is not None and not member_id:
            member_id = group.instances.get(command.instance_id, "")
        if member_id in group.pending:
            self.withdraw(member_id)
            return member_id
        member = self._known(member_id, command.instance_id)
        assert member is not None
        self._forget(member)
        self._after_loss()
        self.arm()
        return member_id

    def withdraw(self, member_id: str) -> None:
        """Who was given this id does not come with it."""
        del self._group.pending[member_id]
        self._judge_joining()
        self.arm()

    def _forget(self, member: Member) -> None:
        group = self._group
        del group.members[member.id]
        if member.instance_id is not None:
            group.instances.pop(member.instance_id, None)
        self._refuse(member, UnknownMember(member.id))
        if group.leader == member.id:
            group.leader = next(
                (known.id for known in group.members.values() if known.join_ticket), ""
            )

    def _after_loss(self) -> None:
        """Members went: the others share what they had."""
        group = self._group
        if group.state is JOINING:
            self._judge_joining()
        elif group.members:
            self._rebalance()
        elif group.state is not EMPTY:
            self._empty()

    def _judge_joining(self) -> None:
        """Fewer are waited for than before: the joining phase may be over."""
        group = self._group
        if group.members:
            self._end_joining_if_all_are_in()
        elif group.state is JOINING and not group.pending:
            self._empty()

    def _empty(self) -> None:
        group = self._group
        group.generation += 1  # nobody of the last one may commit any more
        group.protocol = group.leader = ""
        group.join_starts_ms = group.join_ends_ms = 0
        group.emptied_ms = self._wall_ms
        group.move(GroupEvent.EMPTIED)

    def _refuse(self, member: Member, error: KernelError) -> None:
        """Answer whatever the member waits for."""
        if member.join_ticket:
            ticket, member.join_ticket = member.join_ticket, 0
            self._groups.answer(ticket, error)
        self._refuse_sync(member, error)

    def _refuse_sync(self, member: Member, error: KernelError) -> None:
        if member.sync_ticket:
            ticket, member.sync_ticket = member.sync_ticket, 0
            self._groups.answer(ticket, error)

    # --- time ---

    def abandon(self, member_id: str, ticket: int) -> None:
        """Whoever waits with `ticket` is not there any more: its silence counts again."""
        member = self._group.members.get(member_id)
        if member is None or ticket not in (member.join_ticket, member.sync_ticket):
            return
        if member.join_ticket == ticket:
            member.join_ticket = 0
        else:
            member.sync_ticket = 0
        member.touch(self._now_ms)
        self.arm()

    def pass_time(self) -> None:
        """Carry out what has come due."""
        group = self._group
        now_ms = self._now_ms
        late = [member_id for member_id, ends_ms in group.pending.items() if ends_ms <= now_ms]
        for member_id in late:
            del group.pending[member_id]
        lost = [
            member
            for member in group.members.values()
            if not member.is_waiting and member.expires_ms <= now_ms
        ]
        for member in lost:
            self._forget(member)
        if lost:
            self._after_loss()
        if group.state is JOINING:
            if now_ms >= group.join_starts_ms:
                group.join_starts_ms = 0
            if now_ms >= group.join_ends_ms:
                self._end_joining()
            else:
                self._judge_joining()
        self.arm()

    def arm(self) -> None:
        """Have somebody look at the group when something may have to be done."""
        group = self._group
        at_ms = group.next_ms()
        if at_ms and (not group.armed_ms or at_ms < group.armed_ms):
            group.armed_ms = at_ms
            heappush(self._groups.deadlines, (at_ms, group.key))
