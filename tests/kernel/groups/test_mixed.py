"""Classic members of a group that the broker assigns: joined, synced, told to join again, fenced."""

from typing import Any

import pytest
from tests.kernel.groups.mixed import Classic, settle, shares, turn
from tests.kernel.groups.test_reconciler import Member, world
from tests.kernel.groups.world import GROUP

from dragoman.kernel.groups.beats import DescribeAssigned
from dragoman.kernel.groups.commands import CommitCursors, Heartbeat, LeaveGroup, SyncGroup
from dragoman.model.errors import (
    FencedMember,
    IllegalGeneration,
    InconsistentProtocol,
    InvalidSessionTimeout,
    UnknownMember,
    UnreleasedInstance,
)


@pytest.mark.parametrize("eager", [True, False])
def test_a_classic_member_joins_a_group_that_the_broker_assigns(eager: bool) -> None:
    made = world()
    one, two = Member(made, "a"), Classic(made, "b", eager=eager)
    settle(one, two)
    assert sorted(map(len, shares(one, two))) == [2, 2]
    info = made.submit(DescribeAssigned(group=GROUP))
    assert [member.is_classic for member in info.members] == [False, True]
    assert info.state == "stable"


@pytest.mark.parametrize("eager", [True, False])
def test_members_come_and_go_and_nobody_reads_twice(eager: bool) -> None:
    made = world()
    one = Member(made, "a")
    more = [Classic(made, name, eager=eager) for name in "bcd"]
    for count in range(1, 4):
        settle(one, *more[:count])
    assert sorted(map(len, shares(one, *more))) == [1, 1, 1, 1]
    made.submit(LeaveGroup(group=GROUP, member_id=more[0].id))
    settle(one, *more[1:])
    assert set().union(*shares(one, *more[1:])) == {0, 1, 2, 3}


def test_what_a_member_says_of_an_old_generation_is_refused() -> None:
    made = world()
    one, two = Member(made, "a"), Classic(made, "b")
    settle(one, two)
    epoch = two.generation
    who: dict[str, Any] = {"group": GROUP, "member_id": two.id}
    for command in (
        Heartbeat(**who, generation=epoch + 1),
        SyncGroup(**who, generation=epoch + 1),
        CommitCursors(**who, generation=epoch + 1, cursors=(("t", 0, 1, -1, ""),)),
    ):
        with pytest.raises(IllegalGeneration):
            made.submit(command)
    made.submit(CommitCursors(**who, generation=epoch, cursors=(("t", 0, 1, -1, ""),)))
    with pytest.raises(InconsistentProtocol):
        made.submit(SyncGroup(**who, generation=epoch, protocol="roundrobin"))
    with pytest.raises(UnknownMember):
        made.submit(Heartbeat(group=GROUP, member_id="a", generation=one.epoch))


def test_who_cannot_be_understood_cannot_join() -> None:
    made = world()
    Member(made, "a").beat()
    for terms in ({"topics": None}, {"topics": ("t",), "protocol_type": "connect"}):
        with pytest.raises(InconsistentProtocol):
            made.join(**terms)
    with pytest.raises(InvalidSessionTimeout):
        made.join(topics=("t",), session_timeout_ms=1)
    with pytest.raises(UnknownMember):
        made.join("made-up", topics=("t",))


def test_a_silent_classic_member_is_out_after_its_own_timeout() -> None:
    made = world()
    one, two = Member(made, "a"), Classic(made, "b")
    settle(one, two)
    made.advance(9_000)
    settle(one, turns=2)
    made.advance(1_000)
    settle(one)
    assert shares(one) == [{0, 1, 2, 3}]
    turn(two)
    assert two.id == ""


def test_a_static_member_moves_from_the_classic_protocol_to_the_new_one() -> None:
    made = world()
    one, old = Member(made, "a"), Classic(made, "b", instance="i")
    settle(one, old)
    new = Member(made, "n", instance_id="i")
    settle(one, new)
    assert sorted(map(len, shares(one, new))) == [2, 2]
    with pytest.raises(FencedMember):
        made.submit(
            Heartbeat(group=GROUP, member_id=old.id, instance_id="i", generation=old.generation)
        )
    with pytest.raises(UnreleasedInstance):
        made.join(instance_id="i", topics=("t",))


def test_an_id_that_was_given_out_is_waited_for_only_so_long() -> None:
    made = world()
    one, two = Member(made, "a"), Classic(made, "b")
    one.beat()
    two.step()
    assert made.group.pending
    for _ in range(3):
        made.advance(5_000)
        one.beat()
    assert not made.group.pending
