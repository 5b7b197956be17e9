"""Share groups, one beat after the other: who is in, and what each is to read. Nobody has to let go of anything first.

    something changed -> epoch + 1, a new target for all -> each is told with its next beat

What a member holds stays its own until it settles it or its lease ends, whoever reads the partition by then.
"""

from heapq import heappush

from dragoman.kernel.groups.beats import JOIN, LEAVE
from dragoman.kernel.groups.group import MEMBERS_MAX, Group, Groups
from dragoman.kernel.groups.sharebeats import ShareBeat, ShareBeaten
from dragoman.kernel.groups.shared import Shared, SharedMember, share_out
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.model.errors import FencedEpoch, GroupFull, InvalidArgument, UnknownMember


class Sharer:
    """One group's next step, at one moment."""

    def __init__(self, groups: Groups, group: Group, lookup: Lookup, now: tuple[int, int]) -> None:
        if group.shared is None:
            group.shared = Shared()
        self._groups = groups
        self._group = group
        self._shared = group.shared
        self._lookup = lookup
        self._now_ms, self._wall_ms = now

    def check(self, command: ShareBeat) -> None:
        """Whether the member may speak. Raises InvalidArgument, UnknownMember, FencedEpoch, GroupFull."""
        if not command.member_id:
            raise InvalidArgument("a member has an id")
        if command.epoch < LEAVE:
            raise InvalidArgument(f"no such epoch: {command.epoch}")
        member = self._shared.members.get(command.member_id)
        if command.epoch == JOIN:
            if not command.topics:
                raise InvalidArgument("a new member says what it wants to read")
            if member is None and len(self._shared.members) >= MEMBERS_MAX:
                raise GroupFull(f"{MEMBERS_MAX} members")
        elif member is None:
            raise UnknownMember(command.member_id)
        elif command.epoch not in {LEAVE, member.epoch, member.epoch_before}:
            raise FencedEpoch(f"{member.id} is at {member.epoch}, not {command.epoch}")

    def unread(self, command: ShareBeat) -> frozenset[int]:
        """Streams that members want to read, the one who speaks included, and that the group has not begun with."""
        names = set(command.topics or ())
        for member in self._shared.members.values():
            names.update(member.topics)
        return self._lookup.wanted(tuple(names)) - self._shared.subscriptions.keys()

    def beat(self, command: ShareBeat) -> ShareBeaten:
        """See `ShareBeat`, which was checked."""
        shared = self._shared
        if command.epoch == LEAVE:
            self._forget(shared.members[command.member_id])
            return ShareBeaten(LEAVE, None)
        member = shared.members.setdefault(command.member_id, SharedMember(command.member_id))
        member.expires_ms = self._now_ms + command.session_timeout_ms
        member.client_id = command.client_id
        member.client_host = command.client_host
        if command.rack_id is not None:
            member.rack_id = command.rack_id
        if command.topics is not None:
            member.topics = tuple(sorted(set(command.topics)))
        self._look_for_changes()
        is_news = command.epoch != shared.epoch
        if member.epoch != shared.epoch:
            member.epoch_before, member.epoch = member.epoch, shared.epoch
        self._arm()
        return ShareBeaten(member.epoch, self._spelled(member.id) if is_news else None)

    def _look_for_changes(self) -> None:
        shared = self._shared
        wants = {member.id: self._wanted(member) for member in shared.members.values()}
        streams = {
            stream: self._lookup.partitions(stream) for each in wants.values() for stream in each
        }
        if (wants, streams) == (shared.wants, shared.streams):
            return
        shared.wants, shared.streams = wants, streams
        shared.first, shared.target = share_out(wants, dict(sorted(streams.items())), shared.first)
        shared.epoch += 1

    def _wanted(self, member: SharedMember) -> frozenset[int]:
        return self._lookup.wanted(member.topics) & self._shared.subscriptions.keys()

    def _spelled(self, member_id: str) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
        named = self._lookup.named(self._shared.target.get(member_id, set()))
        return tuple((uuid, indexes) for uuid, _, indexes in named)

    def _forget(self, member: SharedMember) -> None:
        shared = self._shared
        del shared.members[member.id]
        if shared.members:
            self._look_for_changes()
            return
        shared.epoch += 1
        shared.wants, shared.streams, shared.first, shared.target = {}, {}, {}, {}
        self._group.emptied_ms = self._wall_ms

    def pass_time(self) -> None:
        """Who is silent for too long is out."""
        for member in list(self._shared.members.values()):
            if member.expires_ms <= self._now_ms:
                self._forget(member)
        self._arm()

    def _arm(self) -> None:
        at_ms = self._shared.next_ms()
        group = self._group
        if at_ms and (not group.armed_ms or at_ms < group.armed_ms):
            group.armed_ms = at_ms
            heappush(self._groups.deadlines, (at_ms, group.key))
