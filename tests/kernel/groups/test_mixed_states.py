"""Every state of a member that speaks the classic protocol in a group that the broker assigns, and whatever can befall
it: where that leads, or how it is refused. The member is `a`; `b` speaks the new protocol, and so the group is assigned.

    absent    not a member                        letting    has to let go of something
    told      its id was given out                waiting    what it is to read is another's still
    settled   reads what it is to read            behind     there is a new target; it has not joined again
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from tests.kernel.groups.test_reconciler import Member, settle, world
from tests.kernel.groups.world import GROUP, GroupWorld

from dragoman.kernel.commands import AlterStream
from dragoman.kernel.groups.beats import LEAVE
from dragoman.kernel.groups.commands import Heartbeat, JoinGroup, LeaveGroup, SyncGroup
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import KernelError, MemberIdRequired

SESSION_MS: Final = 10_000
REBALANCE_MS: Final = 30_000


class Scene:
    """A classic member and one of the new protocol; what befalls the first."""

    def __init__(self) -> None:
        self.world: GroupWorld = world(4)
        self.b = Member(self.world, "b", rebalance_timeout_ms=REBALANCE_MS)
        self.id = ""
        self.generation = -1
        self.reads: tuple[int, ...] = ()

    def state(self) -> str:
        group = self.world.group
        member = None if group.assigned is None else group.assigned.members.get(self.id)
        if group.assigned is None:
            return "classic" if self.id in group.members else "gone"
        if member is None:
            return "told" if self.id in group.pending else "absent"
        if member.revoking:
            return "letting"
        if member.epoch != group.assigned.epoch:
            return "behind"
        return "settled" if member.is_settled(group.assigned.target[self.id]) else "waiting"

    def join(self, *, owned: tuple[int, ...] = ()) -> None:
        command = JoinGroup(
            group=GROUP,
            member_id=self.id,
            client_id="a",
            session_timeout_ms=SESSION_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            protocol_type="consumer",
            protocols=(("cooperative-sticky", b"t"),),
            must_ask_twice=True,
            topics=("t",),
            owned=(("t", owned),) if owned else (),
        )
        try:
            self.generation = self.world.submit(command).generation
        except MemberIdRequired as error:
            self.id = error.member_id

    def sync(self, **more: Any) -> None:
        terms = {"generation": self.generation, **more}
        synced = self.world.submit(SyncGroup(group=GROUP, member_id=self.id, **terms))
        self.reads = tuple(at for _, _, indexes in synced.places for at in indexes)

    # --- how it comes to be in a state ---

    def absent(self) -> None:
        settle(self.b)

    def told(self) -> None:
        self.absent()
        self.join()

    def waiting(self) -> None:
        self.told()
        self.join()
        self.sync()

    def settled(self) -> None:
        self.waiting()
        settle(self.b)
        self.join()
        self.sync()

    def letting(self) -> None:
        self.settled()
        settle(self.b)
        settle(Member(self.world, "c"), self.b)
        self.join(owned=self.reads)

    def behind(self) -> None:
        self.settled()
        Member(self.world, "c").beat()

    # --- what befalls it ---

    def joins(self) -> None:
        self.join()

    def joins_reading_on(self) -> None:
        self.join(owned=self.reads)

    def syncs(self) -> None:
        self.sync()

    def syncs_another_generation(self) -> None:
        self.sync(generation=self.generation + 7)

    def beats(self) -> None:
        self.world.submit(
            Heartbeat(group=GROUP, member_id=self.id or "x", generation=self.generation)
        )

    def beats_in_another_generation(self) -> None:
        self.world.submit(
            Heartbeat(group=GROUP, member_id=self.id or "x", generation=self.generation + 7)
        )

    def sees_the_other_let_go(self) -> None:
        settle(self.b)

    def sees_the_topic_grow(self) -> None:
        self.world.submit(AlterStream(name="t", settings=StreamSettings(partitions=8)))
        settle(self.b)

    def sees_the_others_leave(self) -> None:
        self.b.beat(epoch=LEAVE)
        assigned = self.world.group.assigned
        if assigned is not None and "c" in assigned.members:
            self.world.submit(LeaveGroup(group=GROUP, member_id="c"))

    def leaves(self) -> None:
        self.world.submit(LeaveGroup(group=GROUP, member_id=self.id or "x"))

    def is_silent(self) -> None:
        self.world.advance(SESSION_MS + 1)


STATES: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name)
    for name in ("absent", "told", "waiting", "settled", "letting", "behind")
}
EVENTS: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name)
    for name in (
        "joins",
        "joins_reading_on",
        "syncs",
        "syncs_another_generation",
        "beats",
        "beats_in_another_generation",
        "sees_the_other_let_go",
        "sees_the_topic_grow",
        "sees_the_others_leave",
        "leaves",
        "is_silent",
    )
}


def led_to(state: str, event: str) -> str:
    scene = Scene()
    STATES[state](scene)
    assert scene.state() == state
    try:
        EVENTS[event](scene)
    except KernelError as error:
        return type(error).__name__
    return scene.state()


TABLE: Final = """
absent   joins                        told
absent   joins_reading_on             told
absent   syncs                        UnknownMember
absent   syncs_another_generation     UnknownMember
absent   beats                        UnknownMember
absent   beats_in_another_generation  UnknownMember
absent   sees_the_other_let_go        absent
absent   sees_the_topic_grow          absent
absent   sees_the_others_leave        absent
absent   leaves                       UnknownMember
absent   is_silent                    absent
told     joins                        waiting
told     joins_reading_on             waiting
told     syncs                        UnknownMember
told     syncs_another_generation     UnknownMember
told     beats                        UnknownMember
told     beats_in_another_generation  UnknownMember
told     sees_the_other_let_go        told
told     sees_the_topic_grow          told
told     sees_the_others_leave        told
told     leaves                       absent
told     is_silent                    absent
waiting  joins                        waiting
waiting  joins_reading_on             waiting
waiting  syncs                        waiting
waiting  syncs_another_generation     IllegalGeneration
waiting  beats                        waiting
waiting  beats_in_another_generation  IllegalGeneration
waiting  sees_the_other_let_go        waiting
waiting  sees_the_topic_grow          behind
waiting  sees_the_others_leave        classic
waiting  leaves                       absent
waiting  is_silent                    absent
settled  joins                        settled
settled  joins_reading_on             settled
settled  syncs                        settled
settled  syncs_another_generation     IllegalGeneration
settled  beats                        settled
settled  beats_in_another_generation  IllegalGeneration
settled  sees_the_other_let_go        settled
settled  sees_the_topic_grow          behind
settled  sees_the_others_leave        classic
settled  leaves                       absent
settled  is_silent                    absent
letting  joins                        settled
letting  joins_reading_on             letting
letting  syncs                        letting
letting  syncs_another_generation     IllegalGeneration
letting  beats                        RebalanceInProgress
letting  beats_in_another_generation  IllegalGeneration
letting  sees_the_other_let_go        letting
letting  sees_the_topic_grow          letting
letting  sees_the_others_leave        classic
letting  leaves                       absent
letting  is_silent                    absent
behind   joins                        settled
behind   joins_reading_on             letting
behind   syncs                        RebalanceInProgress
behind   syncs_another_generation     IllegalGeneration
behind   beats                        RebalanceInProgress
behind   beats_in_another_generation  IllegalGeneration
behind   sees_the_other_let_go        behind
behind   sees_the_topic_grow          behind
behind   sees_the_others_leave        classic
behind   leaves                       absent
behind   is_silent                    absent
"""
EXPECTED: Final = {(row[0], row[1]): row[2] for row in map(str.split, TABLE.split("\n")[1:-1])}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_pair_leads_where_the_table_says(state: str, event: str) -> None:
    assert led_to(state, event) == EXPECTED[state, event]
