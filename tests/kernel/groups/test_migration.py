"""Groups with members change their protocol while they read, both ways; what cannot be understood stays as it is."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.kernel.groups.mixed import Classic, settle, shares, turn
from tests.kernel.groups.test_reconciler import Member, world
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.groups.commands import GroupKind, LeaveGroup, ListGroups
from dragoman.model.errors import InconsistentProtocol


def kind(made: GroupWorld) -> GroupKind:
    found: GroupKind = made.submit(ListGroups())[0].kind
    return found


@pytest.mark.parametrize("eager", [True, False])
def test_a_group_is_rolled_from_the_classic_protocol_to_the_new_one_and_back(eager: bool) -> None:
    made = world()
    old: list[Classic | Member] = [Classic(made, name, eager=eager) for name in "ab"]
    settle(*old)
    assert (sorted(map(len, shares(*old))), kind(made)) == ([2, 2], GroupKind.CLASSIC)
    first = Member(made, "m")
    settle(first, *old)
    assert kind(made) is GroupKind.ASSIGNED
    assert sorted(map(len, shares(first, *old))) == [1, 1, 2]
    for each in old:
        assert isinstance(each, Classic)
        made.submit(LeaveGroup(group=GROUP, member_id=each.id))
    settle(first)
    assert shares(first) == [{0, 1, 2, 3}]
    back: list[Classic | Member] = [Classic(made, name, eager=eager) for name in "cd"]
    settle(first, *back)
    first.beat(epoch=-1)
    assert kind(made) is GroupKind.CLASSIC
    settle(*back)
    assert sorted(map(len, shares(*back))) == [2, 2]


def test_members_keep_what_they_read_until_they_are_told_otherwise() -> None:
    made = world()
    one = Classic(made, "a", eager=False)
    settle(one)
    two = Member(made, "m")
    two.beat()
    assert shares(one, two) == [{0, 1, 2, 3}, set()]
    settle(one, two)
    assert sorted(map(len, shares(one, two))) == [2, 2]


def test_a_group_that_is_joining_is_told_to_begin_again() -> None:
    made = world()
    one = Classic(made, "a")
    settle(one)
    two = Classic(made, "b")
    for _ in range(2):
        two.step()
    assert two.ticket is not None
    three = Member(made, "m")
    settle(one, two, three)
    assert sorted(map(len, shares(one, two, three))) == [1, 1, 2]


def test_a_group_whose_members_cannot_be_understood_stays_theirs() -> None:
    made = world()
    for terms in ({"topics": None}, {"topics": ("t",), "protocol_type": "connect"}):
        joined = made.alone(**terms)
        with pytest.raises(InconsistentProtocol):
            Member(made, "m").beat()
        made.beat(joined)
        made.leave(joined.member_id)


def test_the_last_member_of_the_new_protocol_is_silent_and_the_others_assign_themselves() -> None:
    made = world()
    one, two = Member(made, "m"), Classic(made, "a")
    settle(one, two)
    for _ in range(10):
        made.advance(5_000)
        settle(two, turns=4)
    assert kind(made) is GroupKind.CLASSIC
    assert shares(two) == [{0, 1, 2, 3}]


class Rolling(RuleBasedStateMachine):
    """Members of both protocols come, go and speak in any order: no partition is ever read twice, and all in the end."""

    @initialize()
    def begin(self) -> None:
        self.made = world()
        self.members: list[Classic | Member] = []
        self.count = 0

    @precondition(lambda self: len(self.members) < 5)
    @rule(classic=st.booleans(), eager=st.booleans())
    def come(self, classic: bool, eager: bool) -> None:
        self.count += 1
        name = f"m{self.count}"
        self.members.append(
            Classic(self.made, name, eager=eager) if classic else Member(self.made, name)
        )

    @precondition(lambda self: self.members)
    @rule(data=st.data(), turns=st.integers(1, 4))
    def speak(self, data: st.DataObject, turns: int) -> None:
        one = data.draw(st.sampled_from(self.members))
        others = [each for each in self.members if each is not one]
        for _ in range(turns):
            turn(one)
            read = [at for share in shares(one, *others) for at in share]
            assert len(read) == len(set(read)), shares(one, *others)

    @precondition(lambda self: self.members)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.members))
        self.members.remove(one)
        if isinstance(one, Member):
            if one.epoch:
                one.beat(epoch=-1)
        elif one.id:
            self.made.submit(LeaveGroup(group=GROUP, member_id=one.id))

    def teardown(self) -> None:
        if getattr(self, "members", None):
            settle(*self.members, turns=40)
            assert set().union(*shares(*self.members)) == {0, 1, 2, 3}, shares(*self.members)


TestRolling = Rolling.TestCase
TestRolling.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
