"""Every state of a member of a group that the broker assigns, and whatever can befall it: where that leads, or how it is
refused. The member is `a`, a static one; `b` is the other.

    absent     not a member                       waiting    what it is to read is another's still
    settled    reads what it is to read           behind     there is a new target; it has not heard of it
    revoking   has to let go of something         away       left for now, and will come back
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from tests.kernel.groups.test_reconciler import Member, settle, spelled, world
from tests.kernel.groups.world import GroupWorld

from dragoman.kernel.commands import AlterStream
from dragoman.kernel.groups.assigned import LEFT_FOR_NOW
from dragoman.kernel.groups.beats import LEAVE, LEAVE_FOR_NOW
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import KernelError

SESSION_MS: Final = 45_000
REBALANCE_MS: Final = 10_000


class Scene:
    """Two clients, the state of the first, and what befalls it."""

    def __init__(self) -> None:
        self.world: GroupWorld = world(4)
        self.a = Member(self.world, "a", instance_id="one")
        self.b = Member(self.world, "b")

    def state(self) -> str:
        assigned = self.world.group.assigned
        member = None if assigned is None else assigned.members.get("a")
        if assigned is None or member is None:
            return "absent"
        if member.epoch == LEFT_FOR_NOW:
            return "away"
        if member.revoking:
            return "revoking"
        if member.epoch != assigned.epoch:
            return "behind"
        return "settled" if member.is_settled(assigned.target["a"]) else "waiting"

    # --- how it comes to be in a state ---

    def absent(self) -> None:
        settle(self.b)

    def settled(self) -> None:
        settle(self.a, self.b)

    def behind(self) -> None:
        self.settled()
        self.b.beat(epoch=LEAVE)

    def revoking(self) -> None:
        settle(self.a)
        self.b.beat()
        self.a.beat(owned=None)

    def waiting(self) -> None:
        settle(self.b)
        self.a.beat()

    def away(self) -> None:
        self.settled()
        self.epoch = self.a.epoch
        self.a.beat(epoch=LEAVE_FOR_NOW, owned=None)
        self.a.epoch = self.epoch

    # --- what befalls it ---

    def joins(self) -> None:
        self.a.beat(epoch=0, owned=None, **self.a.terms)

    def beats(self) -> None:
        self.a.beat(epoch=max(self.a.epoch, 1), owned=None)

    def says_what_it_reads(self) -> None:
        self.a.beat(epoch=max(self.a.epoch, 1))

    def did_not_hear_the_last_answer(self) -> None:
        self.a.beat(epoch=max(self.a.epoch - 1, 1), owned=spelled(self.a.reads))

    def names_another_epoch(self) -> None:
        self.a.beat(epoch=self.a.epoch + 7, owned=None)

    def sees_the_other_let_go(self) -> None:
        self.b.epoch = max(self.b.epoch, 0)
        for _ in range(2):
            self.b.beat()

    def sees_the_topic_grow(self) -> None:
        self.world.submit(AlterStream(name="t", settings=StreamSettings(partitions=8)))
        self.sees_the_other_let_go()

    def leaves(self) -> None:
        self.a.beat(epoch=LEAVE, owned=None)

    def leaves_for_now(self) -> None:
        self.a.beat(epoch=LEAVE_FOR_NOW, owned=None)

    def is_silent(self) -> None:
        self.world.advance(SESSION_MS + 1)

    def is_slow(self) -> None:
        for _ in range(2):
            self.world.advance(REBALANCE_MS // 2)
            self.beats()


STATES: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name)
    for name in ("absent", "settled", "behind", "revoking", "waiting", "away")
}
EVENTS: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name)
    for name in (
        "joins",
        "beats",
        "says_what_it_reads",
        "did_not_hear_the_last_answer",
        "names_another_epoch",
        "sees_the_other_let_go",
        "sees_the_topic_grow",
        "leaves",
        "leaves_for_now",
        "is_silent",
        "is_slow",
    )
}
TABLE: Final = """
absent    joins                         waiting
absent    beats                         UnknownMember
absent    says_what_it_reads            UnknownMember
absent    did_not_hear_the_last_answer  UnknownMember
absent    names_another_epoch           UnknownMember
absent    sees_the_other_let_go         absent
absent    sees_the_topic_grow           absent
absent    leaves                        UnknownMember
absent    leaves_for_now                UnknownMember
absent    is_silent                     absent
absent    is_slow                       UnknownMember
settled   joins                         settled
settled   beats                         settled
settled   says_what_it_reads            settled
settled   did_not_hear_the_last_answer  settled
settled   names_another_epoch           FencedEpoch
settled   sees_the_other_let_go         settled
settled   sees_the_topic_grow           behind
settled   leaves                        absent
settled   leaves_for_now                away
settled   is_silent                     absent
settled   is_slow                       settled
behind    joins                         settled
behind    beats                         settled
behind    says_what_it_reads            settled
behind    did_not_hear_the_last_answer  settled
behind    names_another_epoch           FencedEpoch
behind    sees_the_other_let_go         behind
behind    sees_the_topic_grow           behind
behind    leaves                        absent
behind    leaves_for_now                away
behind    is_silent                     absent
behind    is_slow                       settled
revoking  joins                         revoking
revoking  beats                         revoking
revoking  says_what_it_reads            settled
revoking  did_not_hear_the_last_answer  settled
revoking  names_another_epoch           FencedEpoch
revoking  sees_the_other_let_go         revoking
revoking  sees_the_topic_grow           revoking
revoking  leaves                        absent
revoking  leaves_for_now                away
revoking  is_silent                     absent
revoking  is_slow                       UnknownMember
waiting   joins                         waiting
waiting   beats                         waiting
waiting   says_what_it_reads            waiting
waiting   did_not_hear_the_last_answer  FencedEpoch
waiting   names_another_epoch           FencedEpoch
waiting   sees_the_other_let_go         waiting
waiting   sees_the_topic_grow           behind
waiting   leaves                        absent
waiting   leaves_for_now                away
waiting   is_silent                     absent
waiting   is_slow                       waiting
away      joins                         settled
away      beats                         FencedEpoch
away      says_what_it_reads            FencedEpoch
away      did_not_hear_the_last_answer  FencedEpoch
away      names_another_epoch           FencedEpoch
away      sees_the_other_let_go         away
away      sees_the_topic_grow           away
away      leaves                        absent
away      leaves_for_now                away
away      is_silent                     absent
away      is_slow                       FencedEpoch
"""
EXPECTED: Final = {(row[0], row[1]): row[2] for row in map(str.split, TABLE.split("\n")[1:-1])}


def led_to(state: str, event: str) -> str:
    scene = Scene()
    STATES[state](scene)
    assert scene.state() == state
    try:
        EVENTS[event](scene)
    except KernelError as error:
        return type(error).__name__
    return scene.state()


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_pair_leads_where_the_table_says(state: str, event: str) -> None:
    assert led_to(state, event) == EXPECTED[state, event]
