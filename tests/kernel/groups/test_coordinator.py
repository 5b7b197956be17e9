"""Who is in a group, and when its generations begin and end."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.groups.commands import Joined, SyncGroup
from dragoman.kernel.groups.coordinator import INITIAL_DELAY_MS
from dragoman.kernel.groups.states import ASSIGNING, EMPTY, JOINING, STABLE
from dragoman.model.errors import (
    FencedMember,
    IllegalGeneration,
    InconsistentProtocol,
    InvalidSessionTimeout,
    KernelError,
    MemberIdRequired,
    RebalanceInProgress,
    UnknownMember,
)


def test_nobody_waits_for_whom_was_given_an_id_over_a_connection_that_is_gone() -> None:
    world = GroupWorld()
    one = world.alone()
    with pytest.raises(MemberIdRequired):
        world.join(session=2, must_ask_twice=True)
    ticket = world.join(one.member_id)
    assert world.result(ticket) is None  # the other may come yet
    world.kernel.close_session(2)
    world.collect()
    assert world.joined(ticket).generation == one.generation + 1


def test_the_first_member_waits_a_moment_for_company_and_leads() -> None:
    world = GroupWorld()
    ticket = world.join()
    assert world.result(ticket) is None
    world.advance(INITIAL_DELAY_MS)
    joined = world.joined(ticket)
    assert joined.generation == 1
    assert joined.leader == joined.member_id
    assert joined.members == ((joined.member_id, None, b"r"),)


def test_members_that_start_together_share_the_first_generation() -> None:
    world = GroupWorld()
    one, two = world.pair()
    assert one.generation == two.generation == 1
    assert len(one.members) == 2
    assert two.members == ()
    assert world.group.state is STABLE


def test_a_new_dynamic_member_is_asked_to_come_again_with_its_id() -> None:
    world = GroupWorld()
    with pytest.raises(MemberIdRequired) as refusal:
        world.join(must_ask_twice=True)
    ticket = world.join(refusal.value.member_id, must_ask_twice=True)
    world.advance(INITIAL_DELAY_MS)
    assert world.joined(ticket).member_id == refusal.value.member_id


def test_a_joining_phase_waits_for_who_was_given_an_id() -> None:
    world = GroupWorld()
    with pytest.raises(MemberIdRequired) as refusal:
        world.join(must_ask_twice=True)
    ticket = world.join()
    world.advance(INITIAL_DELAY_MS)
    assert world.result(ticket) is None
    other = world.join(refusal.value.member_id)
    assert world.joined(ticket).generation == world.joined(other).generation


def test_an_id_that_was_never_given_out_is_unknown() -> None:
    world = GroupWorld()
    with pytest.raises(UnknownMember):
        world.join("stranger")
    world.alone()
    with pytest.raises(UnknownMember):
        world.join("stranger")


@pytest.mark.parametrize("timeout_ms", [0, 999, 1_800_001])
def test_a_session_timeout_out_of_bounds_is_refused(timeout_ms: int) -> None:
    with pytest.raises(InvalidSessionTimeout):
        GroupWorld().join(session_timeout_ms=timeout_ms)


def test_a_member_without_a_common_protocol_is_refused() -> None:
    world = GroupWorld()
    world.alone()
    with pytest.raises(InconsistentProtocol):
        world.join(protocols=(("sticky", b""),))
    with pytest.raises(InconsistentProtocol):
        world.join(protocol_type="connect")
    with pytest.raises(InconsistentProtocol):
        world.join(protocols=())


def test_the_protocol_that_most_prefer_among_those_all_offer_is_chosen() -> None:
    world = GroupWorld()
    world.join(protocols=(("a", b""), ("b", b""), ("c", b"")))
    world.join(protocols=(("b", b""), ("c", b"")))
    ticket = world.join(protocols=(("c", b""), ("b", b"")))
    world.advance(INITIAL_DELAY_MS)
    assert world.joined(ticket).protocol == "b"


def test_everybody_waits_for_the_leaders_assignment() -> None:
    world = GroupWorld()
    first, second = world.join(), world.join(session=2)
    world.advance(INITIAL_DELAY_MS)
    one, two = world.joined(first), world.joined(second)
    waiting = world.sync(two, 2)
    assert world.result(waiting) is None
    world.sync(one)
    assert world.synced(waiting).assignment == two.member_id.encode()
    again = world.sync(two, 2)
    assert world.synced(again).assignment == two.member_id.encode()


def test_a_newcomer_makes_everybody_join_again_and_the_phase_ends_with_the_last() -> None:
    world = GroupWorld()
    one = world.alone()
    ticket = world.join(session=2)
    assert world.group.state is JOINING
    with pytest.raises(RebalanceInProgress):
        world.beat(one)
    assert world.result(ticket) is None
    again = world.join(one.member_id)
    assert world.joined(ticket).generation == 2
    assert world.joined(again).leader == one.member_id
    assert len(world.joined(again).members) == 2


def test_who_does_not_join_again_in_time_is_out() -> None:
    world = GroupWorld()
    one = world.alone(session_timeout_ms=1_000_000, rebalance_timeout_ms=5_000)
    ticket = world.join(session=2, rebalance_timeout_ms=5_000)
    world.advance(4_999)
    assert world.result(ticket) is None
    world.advance(1)
    assert world.joined(ticket).leader == world.joined(ticket).member_id
    with pytest.raises(UnknownMember):
        world.beat(one)


def test_a_silent_member_expires_and_the_others_share_what_it_had() -> None:
    world = GroupWorld()
    one, two = world.pair()
    for _ in range(3):
        world.advance(4_000)
        if world.group.state is STABLE:
            world.beat(one)
    assert world.group.state is JOINING
    assert two.member_id not in world.group.members
    ticket = world.join(one.member_id)
    assert world.joined(ticket).generation == 2


def test_a_member_that_waits_for_an_answer_never_expires() -> None:
    world = GroupWorld()
    one = world.alone(session_timeout_ms=1_000_000)
    ticket = world.join(session=2, session_timeout_ms=1_000)
    world.advance(5_000)
    assert world.result(ticket) is None
    world.join(one.member_id, session_timeout_ms=1_000_000)
    assert world.joined(ticket).generation == 2


def test_a_follower_that_joins_again_unchanged_is_told_what_it_missed() -> None:
    world = GroupWorld()
    _, two = world.pair()
    assert world.join(two.member_id) == two
    assert world.group.state is STABLE


def test_a_leader_that_joins_again_wants_a_new_assignment() -> None:
    world = GroupWorld()
    one, two = world.pair()
    ticket = world.join(one.member_id)
    assert world.result(ticket) is None
    world.join(two.member_id, session=2)
    assert world.joined(ticket).generation == 2


def test_a_follower_with_changed_metadata_begins_a_new_generation() -> None:
    world = GroupWorld()
    one, two = world.pair()
    ticket = world.join(two.member_id, session=2, protocols=(("range", b"other"),))
    again = world.join(one.member_id)
    assert world.joined(ticket).generation == 2
    assert (two.member_id, None, b"other") in world.joined(again).members


def test_who_waits_for_an_assignment_is_told_of_a_rebalance() -> None:
    world = GroupWorld()
    first, second = world.join(), world.join(session=2)
    world.advance(INITIAL_DELAY_MS)
    world.joined(first)
    waiting = world.sync(world.joined(second), 2)
    world.join(session=3)
    assert isinstance(world.result(waiting), RebalanceInProgress)


def test_leaving_ends_the_generation_at_once() -> None:
    world = GroupWorld()
    one, two = world.pair()
    world.leave(two.member_id)
    assert world.group.state is JOINING
    ticket = world.join(one.member_id)
    assert world.joined(ticket).generation == 2


def test_the_last_to_leave_leaves_an_empty_group_whose_generation_is_over() -> None:
    world = GroupWorld()
    one = world.alone()
    world.leave(one.member_id)
    assert world.group.state is EMPTY
    with pytest.raises(UnknownMember):
        world.beat(one)
    assert world.alone().generation > one.generation


def test_an_old_generation_is_refused() -> None:
    world = GroupWorld()
    one = world.alone()
    world.join(session=2)
    world.join(one.member_id)
    with pytest.raises(IllegalGeneration):
        world.beat(one)
    with pytest.raises(IllegalGeneration):
        world.sync(one)


def test_a_sync_for_another_protocol_is_refused() -> None:
    world = GroupWorld()
    one = world.alone()
    with pytest.raises(InconsistentProtocol):
        world.submit(
            SyncGroup(group=GROUP, member_id=one.member_id, generation=1, protocol="sticky")
        )


def test_a_static_member_comes_back_without_a_rebalance_and_fences_its_past() -> None:
    world = GroupWorld()
    before = world.alone(instance_id="i")
    back = world.join(instance_id="i")
    assert isinstance(back, Joined)
    assert back.generation == before.generation
    assert back.skip_assignment
    assert world.group.state is STABLE
    assert world.synced(world.sync(back)).assignment == before.member_id.encode()
    with pytest.raises(FencedMember):
        world.join(before.member_id, instance_id="i")
    with pytest.raises(UnknownMember):
        world.beat(before)


def test_a_static_member_keeps_its_place_when_it_misses_a_rebalance() -> None:
    world = GroupWorld()
    world.alone(instance_id="i", session_timeout_ms=1_000_000, rebalance_timeout_ms=2_000)
    ticket = world.join(session=2, rebalance_timeout_ms=2_000)
    world.advance(2_000)
    assert len(world.group.members) == 2
    assert world.joined(ticket).generation == 2


def test_a_static_member_can_be_removed_by_its_instance() -> None:
    world = GroupWorld()
    world.alone(instance_id="i")
    world.leave("", instance_id="i")
    assert world.group.state is EMPTY


def test_a_connection_that_ends_while_joining_counts_as_silence() -> None:
    world = GroupWorld()
    one = world.alone(session_timeout_ms=100_000)
    ticket = world.join(session=2, session_timeout_ms=1_000)
    world.kernel.close_session(2)
    world.advance(1_000)
    again = world.join(one.member_id, session_timeout_ms=100_000)
    assert len(world.joined(again).members) == 1
    assert world.result(ticket) is None


def test_a_dead_join_does_not_hold_back_the_living() -> None:
    world = GroupWorld()
    world.join(session=2, session_timeout_ms=1_000)
    world.kernel.close_session(2)
    ticket = world.join(session=1)
    world.advance(INITIAL_DELAY_MS)
    assert world.result(ticket) is None
    world.advance(1_000)
    assert len(world.joined(ticket).members) == 1


class AnyOrder(RuleBasedStateMachine):
    """Members come, go, sync and fall silent in any order: the group's own invariants hold after each step."""

    @initialize()
    def begin(self) -> None:
        self.world = GroupWorld()
        self.session = 1
        self.tickets: dict[int, str] = {}
        self.known: list[Joined] = []

    def _try(self, ask: Any) -> Any:
        try:
            reply = ask()
        except MemberIdRequired as refusal:
            member_id = refusal.member_id
            return self._try(lambda: self.world.join(member_id))
        except KernelError:
            return None
        self._note()
        return reply

    def _note(self) -> None:
        for result in self.world.results.values():
            if isinstance(result, Joined) and result not in self.known:
                self.known.append(result)

    @rule(protocols=st.sampled_from([(("a", b""),), (("a", b""), ("b", b""))]), twice=st.booleans())
    def join(self, protocols: Any, twice: bool) -> None:
        self.session += 1
        self._try(
            lambda: self.world.join(session=self.session, protocols=protocols, must_ask_twice=twice)
        )

    @rule(instance=st.sampled_from(["x", "y"]))
    def join_static(self, instance: str) -> None:
        self._try(lambda: self.world.join(protocols=(("a", b""),), instance_id=instance))

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        if not self.known:
            return
        joined = data.draw(st.sampled_from(self.known))
        what = data.draw(st.sampled_from(["sync", "beat", "rejoin", "leave"]))
        actions: dict[str, Any] = {
            "sync": lambda: self.world.sync(joined),
            "beat": lambda: self.world.beat(joined),
            "rejoin": lambda: self.world.join(joined.member_id, protocols=(("a", b""),)),
            "leave": lambda: self.world.leave(joined.member_id),
        }
        self._try(actions[what])

    @rule(by_ms=st.sampled_from([1, 60, 3_000, 11_000, 61_000]))
    def pass_time(self, by_ms: int) -> None:
        self.world.advance(by_ms)
        self._note()

    @rule()
    def lose_connection(self) -> None:
        self.world.kernel.close_session(self.session)

    @invariant()
    def the_group_makes_sense(self) -> None:
        groups = self.world.kernel.state.groups
        group = groups.by_key.get(("default", GROUP))
        if group is None:
            return
        assert not (group.pending.keys() & group.members.keys())
        assert (group.state is EMPTY) <= (not group.members)
        assert bool(group.members) or group.state in (EMPTY, JOINING)
        assert not group.leader or group.leader in group.members
        for instance, member_id in group.instances.items():
            assert group.members[member_id].instance_id == instance
        for member in group.members.values():
            assert not (member.join_ticket and member.sync_ticket)
            assert not member.join_ticket or group.state is JOINING
            assert not member.sync_ticket or group.state is ASSIGNING
            for ticket in (member.join_ticket, member.sync_ticket):
                assert not ticket or ticket in groups.tickets
        if group.state is JOINING:
            assert group.armed_ms, "somebody looks at a joining group"
            assert group.armed_ms <= group.join_ends_ms

    def teardown(self) -> None:
        """Left alone, every promise is kept and everybody is out."""
        self.world.advance(200_000)
        self.world.advance(200_000)
        self.world.advance(2_000_000)
        groups = self.world.kernel.state.groups
        for group in groups.by_key.values():
            assert group.state in (EMPTY, ASSIGNING)


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
