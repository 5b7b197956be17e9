"""Producer ids, names and limits of groups."""

import pytest
from tests.fakes.kernel import make_kernel
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.framing import decode, encode
from dragoman.kernel.groups.beats import CheckEpoch
from dragoman.kernel.groups.commands import (
    AllocateProducer,
    DeleteGroup,
    DescribeGroup,
    JoinGroup,
)
from dragoman.kernel.groups.handlers import PRODUCERS_RESERVED
from dragoman.kernel.records import ProducersReserved
from dragoman.model.errors import GroupNotEmpty, GroupNotFound, InvalidArgument, MemberIdRequired
from dragoman.model.limits import GROUP_NAME_BYTES_MAX


def test_producer_ids_are_never_given_out_twice_even_after_a_restart() -> None:
    world = GroupWorld()
    given = {world.submit(AllocateProducer()) for _ in range(PRODUCERS_RESERVED + 5)}
    assert len(given) == PRODUCERS_RESERVED + 5
    records = world.kernel.drain_records()
    assert sum(isinstance(record, ProducersReserved) for record in records) == 2
    other = make_kernel()
    for record in decode(encode(records)):
        other.apply(record)
    other.begin(2)
    assert other.submit(AllocateProducer(), 1) not in given


@pytest.mark.parametrize("name", ["", "x" * (GROUP_NAME_BYTES_MAX + 1)])
def test_a_groups_name_has_bounds(name: str) -> None:
    with pytest.raises(InvalidArgument):
        GroupWorld().submit(
            JoinGroup(group=name, protocol_type="consumer", protocols=(("a", b""),))
        )


def test_a_described_group_shows_its_members_and_what_they_read() -> None:
    world = GroupWorld()
    one, _ = world.pair(client_host="/10.0.0.1")
    info = world.submit(DescribeGroup(group=GROUP))
    assert info.state == "stable"
    assert info.protocol == "range"
    member = info.members[0]
    assert (member.id, member.client_id, member.client_host) == (one.member_id, "c", "/10.0.0.1")
    assert (member.metadata, member.assignment) == (b"r", one.member_id.encode())


def test_members_that_assign_themselves_may_ask_for_cursors_whatever_epoch_they_name() -> None:
    world = GroupWorld()
    member = world.alone().member_id
    for group in (GROUP, "nobody-has-seen-it"):
        for member_id in (member, "a stranger"):
            world.submit(CheckEpoch(group=group, member_id=member_id, epoch=7))


def test_a_group_that_somebody_is_still_to_join_is_not_deleted_when_the_others_have_left() -> None:
    world = GroupWorld()
    one = world.alone()
    with pytest.raises(MemberIdRequired):
        world.join(must_ask_twice=True)
    world.join(one.member_id)  # waits for the other
    world.leave(one.member_id)
    with pytest.raises(GroupNotEmpty):
        world.submit(DeleteGroup(group=GROUP))
    world.advance(10_000)
    world.submit(DeleteGroup(group=GROUP))
    with pytest.raises(GroupNotFound):
        world.submit(DescribeGroup(group=GROUP))
