"""Committed cursors: who may commit, what is kept, what goes with what."""

import pytest
from tests.fakes.kernel import make_kernel
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import CreateStream, DeleteStream
from dragoman.kernel.framing import decode, encode
from dragoman.kernel.groups.commands import DeleteCursors, DeleteGroup, DescribeGroup, ListGroups
from dragoman.kernel.kernel import Kernel
from dragoman.model.errors import (
    GroupNotEmpty,
    GroupNotFound,
    IllegalGeneration,
    RebalanceInProgress,
    UnknownMember,
)


def test_anybody_may_commit_to_a_group_without_members() -> None:
    world = GroupWorld()
    world.stream("s", 2)
    assert world.commit(("s", 0, 5), ("s", 1, 7)) == [True, True]
    assert world.commit(("s", 0, 6)) == [True]
    assert world.cursors() == {("s", 0): 6, ("s", 1): 7}


def test_cursors_of_what_is_not_there_are_not_taken() -> None:
    world = GroupWorld()
    world.stream("s")
    assert world.commit(("s", 0, 1), ("s", 1, 1), ("t", 0, 1)) == [True, False, False]


def test_only_members_of_the_present_generation_commit_to_a_group_with_members() -> None:
    world = GroupWorld()
    world.stream("s")
    one = world.alone()
    with pytest.raises(UnknownMember):
        world.commit(("s", 0, 1))
    assert world.commit(("s", 0, 1), joined=one) == [True]
    ticket = world.join(session=2)
    assert world.commit(("s", 0, 2), joined=one) == [True]  # before it joins again
    again = world.join(one.member_id)
    with pytest.raises(IllegalGeneration):
        world.commit(("s", 0, 3), joined=one)
    with pytest.raises(RebalanceInProgress):
        world.commit(("s", 0, 3), joined=world.joined(again))
    assert world.cursors() == {("s", 0): 2}
    assert world.joined(ticket).generation == 2


def test_a_member_of_a_group_that_is_not_there_is_told_so() -> None:
    world = GroupWorld()
    world.stream("s")
    one = world.alone()
    world.leave(one.member_id)
    world.submit(DeleteGroup(group=GROUP))
    with pytest.raises(IllegalGeneration):
        world.commit(("s", 0, 1), joined=one)


def test_cursors_go_with_their_stream_and_not_to_its_namesake() -> None:
    world = GroupWorld()
    world.stream("s")
    world.commit(("s", 0, 5))
    world.submit(DeleteStream(name="s"))
    world.submit(CreateStream(name="s"))
    assert world.cursors() == {}


def test_a_group_with_members_is_not_deleted() -> None:
    world = GroupWorld()
    one = world.alone()
    with pytest.raises(GroupNotEmpty):
        world.submit(DeleteGroup(group=GROUP))
    world.leave(one.member_id)
    world.submit(DeleteGroup(group=GROUP))
    with pytest.raises(GroupNotFound):
        world.submit(DescribeGroup(group=GROUP))
    assert world.submit(ListGroups()) == []


def test_single_cursors_can_be_forgotten() -> None:
    world = GroupWorld()
    world.stream("s", 2)
    world.commit(("s", 0, 5), ("s", 1, 7))
    world.submit(DeleteCursors(group=GROUP, cursors=(("s", 0), ("t", 0))))
    assert world.cursors() == {("s", 1): 7}


def replayed(world: GroupWorld) -> Kernel:
    """Another kernel that has read what the first one wrote."""
    other = make_kernel()
    for record in decode(encode(world.kernel.drain_records())):
        other.apply(record)
    return other


def test_cursors_survive_through_their_records_and_members_do_not() -> None:
    world = GroupWorld()
    world.stream("s")
    one = world.alone()
    world.commit(("s", 0, 5), joined=one)
    other = replayed(world)
    group = other.state.groups.by_key["default", GROUP]
    assert [cursor.offset for cursor in group.cursors.values()] == [5]
    assert not group.members


def test_a_deleted_group_stays_deleted() -> None:
    world = GroupWorld()
    world.stream("s")
    world.commit(("s", 0, 5))
    world.submit(DeleteGroup(group=GROUP))
    assert not replayed(world).state.groups.by_key
