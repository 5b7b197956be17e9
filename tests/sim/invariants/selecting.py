"""Who selects from a queue gets precisely its own, first come first; what it passes over is ready for everybody else."""

from typing import TYPE_CHECKING, Final

from tests.sim.model import Message, Reader
from tests.sim.translator import colour_of

from dragoman.kernel.entities import Holder
from dragoman.kernel.leases import lease, selecting
from dragoman.kernel.leases import states as s

if TYPE_CHECKING:
    from tests.sim.world import World

PASSED_MAX: Final = 12  # in a life: less than what some queues hold
IS_PURE: Final = str(lease.__file__).endswith(".py")  # see `simulation.LIMITS`
BOUND: Final = PASSED_MAX if IS_PURE else selecting.PASSED_MAX
TOLD_WHY: Final = "told that it would pass over too much"


def wanted_of(world: "World", holder: int, messages: list[Message]) -> list[Message]:
    """What of them the holder would take."""
    colour = world.wanted.get(holder)
    return [m for m in messages if colour is None or colour_of(m.body) == colour]


def selected_in_order(
    world: "World", ready: list[Message], taken: list[Message], holder: int
) -> None:
    """The first of what it wants; nothing that is new while something before it is."""
    mine = wanted_of(world, holder, ready)
    assert mine[: len(taken)] == taken, f"{taken[:3]} is not next of {mine[:3]} for {holder}"
    frontier = taken[0].offset
    assert not any(m.state == s.READY and m.offset < frontier for m in ready), ready[:3]
    world.counts["selected"] += 1
    world.counts["selected of what was passed over"] += any(
        m.state == s.RETURNED and not m.tries for m in taken
    )


def what_is_passed_over_is_not_wanted(
    world: "World", reader: Reader, partition: int, messages: list[Message]
) -> None:
    """Somebody takes what comes next, and wants none of it."""
    assert world.node.kernel.is_dispatching
    part = reader.parts[partition]
    end = messages[-1].offset
    first = next(m for m in part if m.offset > end and m.state == s.READY)
    takers = [
        holder
        for holder in world.wanted
        if wanted_of(world, holder, [first]) and not wanted_of(world, holder, messages)
    ]
    assert takers, f"nobody passes over {messages[:3]} for {first}"
    before = sum(m.state == s.RETURNED for m in part)
    assert before + len(messages) <= BOUND, (before, messages[:3])
    world.counts["passed over"] += 1


def has_room(holder: Holder) -> bool:
    """Whether it has credit, whatever it has looked at."""
    selector = holder.selector
    if selector is None:
        return holder.room(1) > 0
    is_through, selector.is_through = selector.is_through, False
    room = holder.room(1)
    selector.is_through = is_through
    return room > 0
