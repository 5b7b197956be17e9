"""Groups that the broker assigns, one beat after the other: who is in, what each is to read, who must first let go.

    something changed -> epoch + 1, a new target for all
    a member beats    -> what it is not to read any more is taken from it and it must say that it has let go (revoking)
                      -> then it is at the new epoch, and is given what nobody holds any more, beat by beat

A partition is never told to two members: it has one owner until that one has said that it let go, left, or was silent
for its session's timeout, or slower to let go than its own rebalance timeout.
"""

from heapq import heappush
from typing import Final

from dragoman.kernel.groups.assigned import LEFT_FOR_NOW, Assigned, AssignedMember
from dragoman.kernel.groups.assignors import ASSIGNORS, UNIFORM, Place
from dragoman.kernel.groups.beats import JOIN, LEAVE, LEAVE_FOR_NOW, Beat, Beaten, Places
from dragoman.kernel.groups.group import MEMBERS_MAX, Group, Groups
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.model.errors import (
    FencedEpoch,
    FencedMember,
    GroupFull,
    IllegalGeneration,
    InvalidArgument,
    StaleEpoch,
    UnknownAssignor,
    UnknownMember,
    UnreleasedInstance,
)

INTERVAL_MIN_MS: Final = 250
INTERVAL_MAX_MS: Final = 5_000
INTERVAL_PER_MEMBER_MS: Final = 20  # a group as a whole speaks 50 times a second at most
MOVING_PER_MEMBER_MS: Final = 5  # and 200 times while partitions change hands


class Reconciler:
    """One group's next step, at one moment."""

    def __init__(self, groups: Groups, group: Group, lookup: Lookup, now: tuple[int, int]) -> None:
        if group.assigned is None:
            group.assigned = Assigned()
        self._groups = groups
        self._group = group
        self._assigned = group.assigned
        self._lookup = lookup
        self._now_ms, self._wall_ms = now

    # --- beats ---

    def beat(self, command: Beat) -> Beaten:
        """See `Beat`."""
        if command.epoch in {LEAVE, LEAVE_FOR_NOW}:
            return self._leave(command)
        check_beat(command)
        if command.pattern:
            self._lookup.check(command.pattern)
        member = self._join(command) if command.epoch == JOIN else self._known(command)
        member.expires_ms = self._now_ms + command.session_timeout_ms
        self._take_terms(member, command)
        self.look()
        told = set(member.places)
        if command.owned is not None:
            self._hear(member, self._places_of(command.owned))
        self._reconcile(member)
        self.arm()
        is_news = command.epoch == JOIN or command.owned is not None or member.places != told
        return Beaten(
            member.id,
            member.epoch,
            self._interval_ms(),
            self._spelled(member.places) if is_news else None,
        )

    def _interval_ms(self) -> int:
        is_stable = self._assigned.is_stable()
        each_ms = INTERVAL_PER_MEMBER_MS if is_stable else MOVING_PER_MEMBER_MS
        wanted_ms = len(self._assigned.members) * each_ms
        return min(max(wanted_ms, INTERVAL_MIN_MS), INTERVAL_MAX_MS)

    def _join(self, command: Beat) -> AssignedMember:
        assigned = self._assigned
        known = assigned.members.get(command.member_id)
        if known is not None:
            known.classic = None
            return known
        return self.enter(command.member_id, command.instance_id)

    def enter(self, member_id: str, instance_id: str | None) -> AssignedMember:
        """A new member, or a static one that comes back. Raises GroupFull, UnreleasedInstance."""
        assigned = self._assigned
        if len(assigned.members) + len(self._group.pending) >= MEMBERS_MAX:
            raise GroupFull(f"{MEMBERS_MAX} members")
        member = AssignedMember(member_id, instance_id)
        if instance_id is not None:
            self._replace(member, instance_id)
        assigned.members[member.id] = member
        return member

    def rejoined(self, member: AssignedMember, owned: set[Place]) -> None:
        """A member of the classic protocol has joined again, and reads this much still."""
        self.look()
        self._reconcile(member)
        self._hear(member, owned)
        self._reconcile(member)
        self.arm()

    def _replace(self, member: AssignedMember, instance_id: str) -> None:
        """A static member comes back for what it had; not while its last bearer is still there, but for a classic one,
        who does not say that it goes.
        """
        assigned = self._assigned
        old_id = assigned.instances.get(instance_id)
        if old_id is not None:
            old = assigned.members[old_id]
            if old.epoch != LEFT_FOR_NOW and old.classic is None:
                raise UnreleasedInstance(instance_id)
            member.topics, member.pattern = old.topics, old.pattern
            member.places = old.places
            self._release(old, old.revoking)
            assigned.target[member.id] = assigned.target.pop(old_id, set())
            for place in member.places:
                assigned.owners[place] = member.id
            del assigned.members[old_id]
        assigned.instances[instance_id] = member.id

    def _known(self, command: Beat) -> AssignedMember:
        """Raises UnknownMember, FencedEpoch, FencedMember, UnreleasedInstance."""
        member = self.find(command.member_id, command.instance_id)
        if command.epoch == member.epoch:
            return member
        owned = None if command.owned is None else self._places_of(command.owned)
        heard_nothing = (
            member.epoch != LEFT_FOR_NOW
            and command.epoch == member.epoch_before
            and owned is not None
            and owned <= member.places | member.revoking
        )
        if not heard_nothing:
            raise FencedEpoch(f"{member.id} is at {member.epoch}, not {command.epoch}")
        return member

    def find(self, member_id: str, instance_id: str | None) -> AssignedMember:
        """Raises UnknownMember, FencedMember."""
        assigned = self._assigned
        if instance_id is not None:
            bearer = assigned.instances.get(instance_id)
            if bearer is None:
                raise UnknownMember(instance_id)
            if bearer != member_id:
                raise FencedMember(instance_id)
        member = assigned.members.get(member_id)
        if member is None:
            raise UnknownMember(member_id)
        return member

    def _take_terms(self, member: AssignedMember, command: Beat) -> None:
        """What it wants; something else than before changes the group."""
        member.client_id = command.client_id
        member.client_host = command.client_host
        member.legal = command.legal
        if command.rack_id is not None:
            member.rack_id = command.rack_id
        if command.rebalance_timeout_ms > 0:
            member.rebalance_timeout_ms = command.rebalance_timeout_ms
        if command.assignor is not None:
            member.assignor = command.assignor
        if command.topics is not None:
            member.topics = tuple(sorted(set(command.topics)))
        if command.pattern is not None:
            member.pattern = command.pattern

    # --- targets ---

    def look(self) -> None:
        """A new target, if members, what they want, or what there is has changed."""
        assigned = self._assigned
        wants = {member.id: self._wanted(member) for member in assigned.members.values()}
        streams = {
            stream: self._lookup.partitions(stream) for each in wants.values() for stream in each
        }
        assignor = self._assignor()
        now = (wants, streams, assignor)
        if now == self._last():
            return
        assigned.wants, assigned.streams, assigned.assignor = now
        assigned.epoch += 1
        keys = {member.id: member.key for member in assigned.members.values()}
        before = {keys[at]: places for at, places in assigned.target.items() if at in keys}
        shares = ASSIGNORS[assignor](
            {keys[at]: each for at, each in wants.items()}, dict(sorted(streams.items())), before
        )
        assigned.target = {at: shares[key] for at, key in keys.items()}

    def _wanted(self, member: AssignedMember) -> frozenset[int]:
        assigned = self._assigned
        found = self._lookup.wanted(member.topics)
        if not member.pattern:
            return found
        if assigned.seen != self._lookup.signature():
            assigned.seen = self._lookup.signature()
            assigned.matched.clear()
        key = (member.pattern, member.legal)
        if key not in assigned.matched:
            assigned.matched[key] = self._lookup.matching(*key)
        return found | assigned.matched[key]

    def _last(self) -> tuple[object, ...]:
        return (self._assigned.wants, self._assigned.streams, self._assigned.assignor)

    def _assignor(self) -> str:
        """The one most members ask for."""
        votes = [m.assignor for m in self._assigned.members.values() if m.assignor]
        return max(sorted(set(votes)), key=votes.count) if votes else UNIFORM

    # --- letting go, and being given ---

    def _hear(self, member: AssignedMember, owned: set[Place]) -> None:
        """It says what it reads: whatever it was to give back and does not read is free."""
        if member.revoking and not member.revoking & owned:
            self._release(member, member.revoking)
            member.revoking = set()
            member.revoke_ms = 0

    def _release(self, member: AssignedMember, places: set[Place]) -> None:
        for place in places:
            if self._assigned.owners.get(place) == member.id:
                del self._assigned.owners[place]

    def _reconcile(self, member: AssignedMember) -> None:
        assigned = self._assigned
        target = assigned.target.get(member.id, set())
        extra = member.places - target
        if extra:
            member.revoking |= extra
            member.places = member.places & target
            member.revoke_ms = member.revoke_ms or self._now_ms + member.rebalance_timeout_ms
        if member.revoking:
            return
        if member.epoch != assigned.epoch:
            member.epoch_before, member.epoch = member.epoch, assigned.epoch
        for place in target - member.places:
            if place not in assigned.owners:
                assigned.owners[place] = member.id
                member.places.add(place)

    # --- going ---

    def _leave(self, command: Beat) -> Beaten:
        member = self.find(command.member_id, command.instance_id)
        if command.epoch == LEAVE_FOR_NOW:
            if member.instance_id is None:
                raise InvalidArgument("only a static member comes back")
            self._release(member, member.revoking)
            member.revoking, member.revoke_ms, member.epoch = set(), 0, LEFT_FOR_NOW
        else:
            self._forget(member)
        return Beaten(member.id, command.epoch, 0, None)

    def _forget(self, member: AssignedMember) -> None:
        assigned = self._assigned
        del assigned.members[member.id]
        assigned.target.pop(member.id, None)
        if member.instance_id is not None:
            assigned.instances.pop(member.instance_id, None)
        self._release(member, member.places | member.revoking)
        if assigned.members:
            self.look()
        else:
            assigned.epoch += 1
            assigned.wants, assigned.streams = {}, {}
            self._group.emptied_ms = self._wall_ms

    def expel(self, member_id: str, instance_id: str | None) -> str:
        """Somebody who administers the group removes a member. Raises UnknownMember."""
        if instance_id is not None and not member_id:
            member_id = self._assigned.instances.get(instance_id, "")
        member = self.find(member_id, instance_id)
        self._forget(member)
        return member.id

    def pass_time(self) -> None:
        """Who is silent for too long, or does not let go in time, is out."""
        pending = self._group.pending
        for member_id in [known for known, ends_ms in pending.items() if ends_ms <= self._now_ms]:
            del pending[member_id]
        for member in list(self._assigned.members.values()):
            if member.expires_ms <= self._now_ms or 0 < member.revoke_ms <= self._now_ms:
                self._forget(member)
        self.arm()

    def arm(self) -> None:
        """Have somebody look at the group when something may have to be done."""
        group = self._group
        times = [self._assigned.next_ms(), *group.pending.values()]
        at_ms = min((at for at in times if at), default=0)
        if at_ms and (not group.armed_ms or at_ms < group.armed_ms):
            group.armed_ms = at_ms
            heappush(self._groups.deadlines, (at_ms, group.key))

    # --- cursors ---

    def check_epoch(self, member_id: str, epoch: int) -> None:
        """Whether that member may commit or ask now. Raises UnknownMember, StaleEpoch, IllegalGeneration."""
        if not self._assigned.members and epoch < 0:
            return
        member = self.find(member_id, None)
        if epoch != member.epoch:
            error = StaleEpoch if member.classic is None else IllegalGeneration
            raise error(f"{member_id} is at {member.epoch}, not {epoch}")

    # --- names ---

    def _places_of(self, named: Places) -> set[Place]:
        """What is not there any more is read by nobody."""
        places: set[Place] = set()
        for uuid, partitions in named:
            stream = self._lookup.by_uuid(uuid)
            if stream:
                places |= {(stream, index) for index in partitions}
        return places

    def _spelled(self, places: set[Place]) -> Places:
        return tuple((uuid, indexes) for uuid, _, indexes in self._lookup.named(places))


def check_beat(command: Beat) -> None:
    """Whether it makes sense. Raises InvalidArgument, UnknownAssignor."""
    if not command.member_id:
        raise InvalidArgument("a member has an id")
    if command.epoch < 0:
        raise InvalidArgument(f"no such epoch: {command.epoch}")
    if command.assignor and command.assignor not in ASSIGNORS:
        raise UnknownAssignor(f"{command.assignor}: not one of {', '.join(ASSIGNORS)}")
    if command.epoch != JOIN:
        return
    if command.rebalance_timeout_ms <= 0:
        raise InvalidArgument("a new member says how long a rebalance may take")
    if not command.topics and not command.pattern:
        raise InvalidArgument("a new member says what it wants to read")
    if command.owned:
        raise InvalidArgument("a new member reads nothing yet")
