"""What the machine does: turns, jobs of workers, posts, time, checkpoints."""

from tests.sim.invariants.waits import is_early
from tests.sim.world import World

GATHER_EVERY = 3  # turns


def turn(world: World) -> None:
    world.node.broker.begin_turn()
    world.node.scheduler.turn()
    late = [
        key
        for key, expected in world.expected.items()
        if is_early(expected[0][0]) and key not in world.spared
    ]
    assert not late, f"leased and never delivered: {late}"
    world.counts["turn"] += 1
    gather(world)


def run_journal(world: World) -> None:
    world.counts["journal runs"] += world.node.journal.run_one()


def run_storage(world: World) -> None:
    world.counts["storage runs"] += world.node.storage.run_one()


def run_post(world: World) -> None:
    world.counts["post"] += world.node.run_post()


def advance(world: World) -> None:
    elapsed = world.pick(1, 10, 60, 300)
    step = world.chance.choices([0, 500, -500], [20, 1, 1])[0]
    world.counts["wall clock steps"] += step != 0
    world.node.advance(elapsed, elapsed + step)
    world.counts["time passes"] += 1


def begin_checkpoint(world: World) -> None:
    world.node.checkpointer.begin()
    world.counts["checkpoint begun"] += world.node.checkpointer.is_busy


def gather(world: World) -> None:
    """A share of the next checkpoint, while none is on its way. Not by chance: what else is played stays the same."""
    turns = world.counts["turn"]
    if turns % GATHER_EVERY == 0 and not world.node.checkpointer.is_busy:
        world.node.checkpointer.gather(1 + turns % 7)
        world.counts["gathered ahead"] += 1


def rest(world: World) -> None:
    world.node.advance(1, 1)
    world.rest()


def whole_checkpoint(world: World) -> None:
    world.rest()
    world.node.checkpointer.begin()
    world.rest()
