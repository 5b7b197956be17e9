"""Every state of a member of a share group, and whatever can befall it: where that leads, or how it is refused. The
member is `a`; `b` is the other.

    absent    not a member         told      knows the group's epoch       behind    there is a later one
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from tests.kernel.groups.test_sharer import beat, world

from dragoman.kernel.commands import AlterStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import KernelError

LEAVE: Final = -1
SESSION_MS: Final = 10_000


class Scene:
    """Two members, the state of the first, and what befalls it."""

    def __init__(self) -> None:
        self.world = world()
        self.epoch = 1  # as `a` was told last
        self.before = 1
        self.other = beat(self.world, "b").epoch

    def a(self, epoch: int) -> None:
        self.epoch, self.before = beat(self.world, "a", epoch).epoch, self.epoch

    def b(self) -> None:
        self.other = beat(self.world, "b", self.other).epoch

    def state(self) -> str:
        shared = self.world.group.shared
        member = None if shared is None else shared.members.get("a")
        if shared is None or member is None:
            return "absent"
        return "told" if member.epoch == shared.epoch else "behind"

    # --- how it comes to be in a state ---

    def absent(self) -> None:
        self.b()

    def told(self) -> None:
        self.a(0)
        beat(self.world, "d")
        self.a(self.epoch)
        self.b()

    def behind(self) -> None:
        self.told()
        beat(self.world, "c")

    # --- what befalls it ---

    def joins(self) -> None:
        self.a(0)

    def beats(self) -> None:
        self.a(self.epoch)

    def did_not_hear_the_last_answer(self) -> None:
        self.a(max(self.before, 1))

    def names_another_epoch(self) -> None:
        self.a(self.epoch + 7)

    def sees_the_topic_grow(self) -> None:
        self.world.submit(AlterStream(name="t", settings=StreamSettings(partitions=8)))
        self.b()

    def sees_the_other_leave(self) -> None:
        beat(self.world, "b", LEAVE)

    def leaves(self) -> None:
        self.a(LEAVE)

    def is_silent(self) -> None:
        self.world.advance(SESSION_MS + 1)


STATES: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name) for name in ("absent", "told", "behind")
}
EVENTS: Final[Mapping[str, Callable[[Scene], None]]] = {
    name: getattr(Scene, name)
    for name in (
        "joins",
        "beats",
        "did_not_hear_the_last_answer",
        "names_another_epoch",
        "sees_the_topic_grow",
        "sees_the_other_leave",
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
absent  joins                         told
absent  beats                         UnknownMember
absent  did_not_hear_the_last_answer  UnknownMember
absent  names_another_epoch           UnknownMember
absent  sees_the_topic_grow           absent
absent  sees_the_other_leave          absent
absent  leaves                        UnknownMember
absent  is_silent                     absent
told    joins                         told
told    beats                         told
told    did_not_hear_the_last_answer  told
told    names_another_epoch           FencedEpoch
told    sees_the_topic_grow           behind
told    sees_the_other_leave          behind
told    leaves                        absent
told    is_silent                     absent
behind  joins                         told
behind  beats                         told
behind  did_not_hear_the_last_answer  told
behind  names_another_epoch           FencedEpoch
behind  sees_the_topic_grow           behind
behind  sees_the_other_leave          behind
behind  leaves                        absent
behind  is_silent                     absent
"""
EXPECTED: Final = {(row[0], row[1]): row[2] for row in map(str.split, TABLE.split("\n")[1:-1])}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_pair_leads_where_the_table_says(state: str, event: str) -> None:
    assert led_to(state, event) == EXPECTED[state, event]
