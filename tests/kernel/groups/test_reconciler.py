"""Groups that the broker assigns: who reads what, who must let go first, who is fenced, who is gone."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import AlterStream, DeleteStream
from dragoman.kernel.groups.beats import Beat, Beaten, CheckEpoch, DescribeAssigned, Places
from dragoman.kernel.groups.commands import (
    CommitCursors,
    DeleteGroup,
    GroupKind,
    LeaveGroup,
    ListGroups,
)
from dragoman.kernel.groups.reconciler import INTERVAL_MIN_MS
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import (
    FencedEpoch,
    GroupNotEmpty,
    InconsistentProtocol,
    InvalidArgument,
    InvalidPattern,
    StaleEpoch,
    UnknownAssignor,
    UnknownMember,
    UnreleasedInstance,
)

Spots = set[tuple[bytes, int]]


class Member:
    """A client as KIP-848 wants it: it reads what it is told, and says so with its next beat."""

    def __init__(self, world: GroupWorld, id: str, **terms: Any) -> None:
        self.world = world
        self.id = id
        self.terms = {"topics": ("t",), "rebalance_timeout_ms": 10_000, **terms}
        self.epoch = 0
        self.reads: Spots = set()

    def beat(self, **more: Any) -> Beaten:
        owned = None if self.epoch == 0 else spelled(self.reads)
        terms = self.terms if self.epoch == 0 else {}
        instance = self.terms.get("instance_id")
        command = Beat(
            group=GROUP,
            member_id=self.id,
            **{"epoch": self.epoch, "owned": owned, "instance_id": instance, **terms, **more},
        )
        beaten: Beaten = self.world.submit(command)
        self.epoch = beaten.epoch
        if beaten.places is not None:
            self.reads = {(uuid, at) for uuid, indexes in beaten.places for at in indexes}
        return beaten


def spelled(places: Spots) -> Places:
    return tuple((uuid, (at,)) for uuid, at in sorted(places))


def world(partitions: int = 4) -> GroupWorld:
    made = GroupWorld()
    made.stream("t", partitions)
    return made


def settle(*members: Member) -> None:
    for _ in range(4):
        for member in members:
            member.beat()


def state(made: GroupWorld) -> str:
    found: str = made.submit(DescribeAssigned(group=GROUP)).state
    return found


def test_the_first_member_is_given_all_at_once() -> None:
    one = Member(world(), "a")
    beaten = one.beat()
    assert len(one.reads) == 4
    assert beaten.interval_ms == INTERVAL_MIN_MS
    assert state(one.world) == "stable"


def test_a_second_member_is_given_nothing_that_the_first_has_not_let_go() -> None:
    made = world()
    one, two = Member(made, "a"), Member(made, "b")
    one.beat()
    two.beat()
    assert two.reads == set()
    had, epoch = set(one.reads), one.epoch
    one.beat()
    assert len(one.reads) == 2
    assert one.epoch == epoch, "it has not let go yet"
    two.beat()
    assert two.reads == set()
    assert state(made) == "reconciling"
    one.beat()
    assert one.epoch > epoch
    two.beat()
    assert two.reads == had - one.reads
    two.beat()
    assert state(made) == "stable"


def test_an_answer_without_news_has_no_assignment() -> None:
    one = Member(world(), "a")
    one.beat()
    assert one.beat(owned=None).places is None


def test_an_answer_that_was_lost_may_be_asked_for_again() -> None:
    made = world()
    one, two = Member(made, "a"), Member(made, "b")
    one.beat()
    epoch = one.epoch
    two.beat()
    one.beat()
    one.beat()
    assert one.epoch != epoch
    one.epoch = epoch
    assert one.beat().epoch > epoch


def test_who_is_at_another_epoch_is_fenced_and_joins_again() -> None:
    one = Member(world(), "a")
    one.beat()
    one.epoch += 5
    with pytest.raises(FencedEpoch):
        one.beat()
    one.epoch, one.reads = 0, set()
    one.beat()
    assert len(one.reads) == 4


def test_who_leaves_gives_back_at_once() -> None:
    made = world()
    one, two = Member(made, "a"), Member(made, "b")
    one.beat()
    settle(one, two)
    one.beat(epoch=-1, owned=None)
    two.beat()
    assert len(two.reads) == 4
    with pytest.raises(UnknownMember):
        one.beat(epoch=3)


def test_silence_ends_a_member() -> None:
    made = world()
    one, two = Member(made, "a"), Member(made, "b")
    settle(one, two)
    made.advance(45_000 - 1)
    two.beat()
    made.advance(1)
    two.beat()
    assert len(two.reads) == 4


def test_who_does_not_let_go_in_time_is_out() -> None:
    made = world()
    one, two = Member(made, "a"), Member(made, "b")
    one.beat()
    had = set(one.reads)
    two.beat()
    one.beat()
    for _ in range(11):
        made.advance(1_000)
        one.reads = had  # it goes on reading
        try:
            one.beat()
        except UnknownMember:
            break
    else:
        raise AssertionError("it is still in")
    two.beat()
    assert len(two.reads) == 4


def test_a_static_member_that_leaves_for_now_keeps_its_partitions_for_the_next_bearer() -> None:
    made = world()
    one, two = Member(made, "a", instance_id="i"), Member(made, "b")
    settle(one, two)
    had = set(one.reads)
    with pytest.raises(UnreleasedInstance):
        Member(made, "c", instance_id="i").beat()
    one.beat(epoch=-2, owned=None)
    two.beat()
    assert len(two.reads) == 2
    again = Member(made, "c", instance_id="i")
    again.beat()
    assert again.reads == had


def test_only_static_members_leave_for_now() -> None:
    one = Member(world(), "a")
    one.beat()
    with pytest.raises(InvalidArgument):
        one.beat(epoch=-2)


def test_more_partitions_and_topics_that_go_are_noticed_with_the_next_beat() -> None:
    made = world()
    one = Member(made, "a")
    one.beat()
    wanted = StreamSettings(partitions=6)
    made.submit(AlterStream(name="t", settings=wanted))
    one.beat()
    assert len(one.reads) == 6
    made.submit(DeleteStream(name="t"))
    one.beat()
    one.beat()
    assert one.reads == set()


def test_a_pattern_takes_what_comes_later() -> None:
    made = world()
    one = Member(made, "a", topics=None, pattern="t.*")
    one.beat()
    made.stream("t2", 3)
    made.stream("u", 3)
    one.beat()
    assert len(one.reads) == 7


def test_most_members_choose_the_assignor() -> None:
    made = world()
    made.stream("u", 3)
    one = Member(made, "a", topics=("t", "u"), assignor="range")
    one.beat()
    assert made.submit(DescribeAssigned(group=GROUP)).assignor == "range"


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"rebalance_timeout_ms": -1}, InvalidArgument),
        ({"topics": None}, InvalidArgument),
        ({"pattern": "("}, InvalidPattern),
        ({"assignor": "sticky"}, UnknownAssignor),
        ({"owned": ((bytes(16), (0,)),)}, InvalidArgument),
        ({"member_id": ""}, InvalidArgument),
    ],
)
def test_what_a_new_member_must_say(terms: dict[str, Any], error: type[Exception]) -> None:
    made = world()
    wanted = {"member_id": "a", "topics": ("t",), "rebalance_timeout_ms": 9, **terms}
    with pytest.raises(error):
        made.submit(Beat(group=GROUP, epoch=0, **wanted))


def test_members_commit_at_their_epoch_and_nobody_else_does() -> None:
    made = world()
    one = Member(made, "a")
    one.beat()
    cursors = (("t", 0, 5, -1, ""),)
    good = CommitCursors(group=GROUP, member_id="a", generation=one.epoch, cursors=cursors)
    assert made.submit(good) == [True]
    made.submit(CheckEpoch(group=GROUP, member_id="a", epoch=one.epoch))
    for member_id, epoch, error in (("a", 9, StaleEpoch), ("b", 1, UnknownMember)):
        with pytest.raises(error):
            made.submit(CheckEpoch(group=GROUP, member_id=member_id, epoch=epoch))
    with pytest.raises(UnknownMember):
        made.submit(CommitCursors(group=GROUP, cursors=cursors))
    with pytest.raises(GroupNotEmpty):
        made.submit(DeleteGroup(group=GROUP))
    made.submit(LeaveGroup(group=GROUP, member_id="a"))
    assert made.submit(CommitCursors(group=GROUP, cursors=cursors)) == [True]
    made.submit(DeleteGroup(group=GROUP))


def test_a_group_is_of_one_kind_while_it_has_members() -> None:
    made = world()
    one = Member(made, "a")
    one.beat()
    with pytest.raises(InconsistentProtocol):
        made.join()
    one.beat(epoch=-1, owned=None)
    ticket = made.join()
    made.advance(60)
    made.joined(ticket)
    assert made.submit(ListGroups())[0].kind is GroupKind.CLASSIC
    with pytest.raises(InconsistentProtocol):
        Member(made, "b").beat()


def test_an_invalid_beat_changes_nothing() -> None:
    made = world()
    one = Member(made, "a")
    one.beat()
    before = made.submit(DescribeAssigned(group=GROUP))
    with pytest.raises(InvalidPattern):
        one.beat(topics=("u",), pattern="(")
    assert made.submit(DescribeAssigned(group=GROUP)) == before
    with pytest.raises(UnknownAssignor):
        Member(made, "b", assignor="x").beat()
    assert made.submit(DescribeAssigned(group=GROUP)) == before


class Reconciliation(RuleBasedStateMachine):
    """Members come, beat, fall silent, and go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world(6)
        self.members: dict[str, Member] = {}

    @rule(id=st.sampled_from("abcde"), assignor=st.sampled_from(["", "range", "uniform"]))
    def beat(self, id: str, assignor: str) -> None:
        member = self.members.setdefault(id, Member(self.world, id, assignor=assignor))
        try:
            member.beat()
        except (UnknownMember, FencedEpoch):
            member.epoch, member.reads = 0, set()

    @rule(id=st.sampled_from("abcde"))
    def leave(self, id: str) -> None:
        member = self.members.pop(id, None)
        if member is not None and member.epoch:
            member.beat(epoch=-1, owned=None)

    @rule(by_ms=st.sampled_from([500, 9_000, 44_000]))
    def wait(self, by_ms: int) -> None:
        self.world.advance(by_ms)
        for member in self.members.values():  # who finds out that it is out stops reading
            try:
                self.world.submit(CheckEpoch(group=GROUP, member_id=member.id, epoch=member.epoch))
            except (UnknownMember, StaleEpoch):
                member.epoch, member.reads = 0, set()

    @invariant()
    def nobody_reads_what_another_reads(self) -> None:
        read = [place for member in self.members.values() for place in member.reads]
        assert len(read) == len(set(read)), read

    def teardown(self) -> None:
        if self.members:
            for _ in range(4):
                for name in list(self.members):
                    self.beat(name, "")
            read = [place for member in self.members.values() for place in member.reads]
            assert len(read) == 6


TestReconciliation = Reconciliation.TestCase
TestReconciliation.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
