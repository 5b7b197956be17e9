"""A group with members goes from the classic protocol to one that the broker assigns, and back (KIP-848).

    classic --a member of the new protocol joins--> assigned, the others classic members of it (`mixed`)
    assigned --the last member of the new protocol goes, classic ones are left--> classic, all of them to join again

Nobody stops reading for it: members keep what they read until the group tells them otherwise, in the words of their own
protocol. It takes members whose subscriptions and assignments can be read: consumers'.
"""

from heapq import heappush

from dragoman.kernel.groups.assigned import Assigned, AssignedMember, ClassicTerms
from dragoman.kernel.groups.coordinator import Coordinator
from dragoman.kernel.groups.group import Group, Groups, Member
from dragoman.kernel.groups.mixed import CONSUMER
from dragoman.kernel.groups.states import EMPTY, GroupEvent
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.model.errors import InconsistentProtocol, RebalanceInProgress

Now = tuple[int, int]  # elapsed, wall


def to_assigned(groups: Groups, group: Group, lookup: Lookup) -> None:
    """The broker assigns from now on. Raises InconsistentProtocol, and nothing has changed."""
    members = list(group.members.values())
    if members and group.protocol_type != CONSUMER:
        raise InconsistentProtocol(
            f"the members of this group are no consumers: {group.protocol_type}"
        )
    if any(member.topics is None for member in members):
        raise InconsistentProtocol("what the members of this group want cannot be read")
    assigned = group.assigned = Assigned()
    assigned.epoch = group.generation
    assigned.instances = group.instances
    for member in members:
        _admit(assigned, member, group, lookup)
        for ticket in (member.join_ticket, member.sync_ticket):
            groups.answer(ticket, RebalanceInProgress())
    group.members, group.instances = {}, {}
    group.protocol = group.protocol_type = group.leader = ""
    group.join_starts_ms = group.join_ends_ms = 0
    if group.state is not EMPTY:
        group.move(GroupEvent.EMPTIED)
    group.armed_ms = assigned.next_ms()
    if group.armed_ms:
        heappush(groups.deadlines, (group.armed_ms, group.key))


def _admit(assigned: Assigned, old: Member, group: Group, lookup: Lookup) -> None:
    """A classic member as one of an assigned group, reading what it read."""
    member = AssignedMember(old.id, old.instance_id)
    member.classic = ClassicTerms(old.protocols, old.session_timeout_ms)
    member.client_id, member.client_host = old.client_id, old.client_host
    member.topics = tuple(sorted(set(old.topics or ())))
    member.rebalance_timeout_ms = old.rebalance_timeout_ms
    member.epoch = member.epoch_before = group.generation
    member.expires_ms = old.expires_ms
    member.places = lookup.places(old.places) - assigned.owners.keys()
    assigned.owners.update(dict.fromkeys(member.places, member.id))
    assigned.members[member.id] = member
    assigned.target[member.id] = set(member.places)


def to_classic(groups: Groups, group: Group, lookup: Lookup, now: Now) -> bool:
    """The members assign among themselves from now on, if all that are left are classic ones; whether that is so."""
    assigned = group.assigned
    if assigned is None or not assigned.members:
        return False
    if any(member.classic is None for member in assigned.members.values()):
        return False
    group.assigned = None
    group.generation = assigned.epoch
    group.protocol_type = CONSUMER
    group.instances = assigned.instances
    for known in assigned.members.values():
        assert known.classic is not None
        member = Member(known.id, known.instance_id)
        member.client_id, member.client_host = known.client_id, known.client_host
        member.protocols = known.classic.protocols
        member.session_timeout_ms = known.classic.session_timeout_ms
        member.rebalance_timeout_ms = known.rebalance_timeout_ms
        member.expires_ms = known.expires_ms
        member.topics = known.topics
        member.places = tuple((name, at) for _, name, at in lookup.named(known.places))
        group.members[member.id] = member
    Coordinator(groups, group, *now).begin_again()
    return True
