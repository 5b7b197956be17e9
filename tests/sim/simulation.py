"""A life of a node from a seed: random clients, faults and crashes, judged at every step.

world.py        the disk, the truth about it, the model, the node alive now, its clients
actions/        one random thing: a client's command, a turn, a job of a worker, a post, time, a fault, a crash
invariants/     what must hold
model/          what a broker owes, as plain lists
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.sim.actions import FAMILIES, mix_of
from tests.sim.invariants.selecting import PASSED_MAX
from tests.sim.world import World

from dragoman.kernel import (
    carrying,
    compacting,
    dirtiness,
    pumping,
    retention,
    scheduler,
    schedules,
)
from dragoman.kernel import kernel as kernel_module
from dragoman.kernel.leases import lease as lease_module
from dragoman.kernel.leases import selecting
from dragoman.runtime import checkpoint, extents

STEPS = 600
FAMILIES_AT_ONCE = (2, 3, 3, 4)
LIMITS: dict[tuple[Any, str], int] = {  # small ones, so that a short life meets them
    (checkpoint, "SEGMENT_BYTES_MAX"): 1_500,
    (extents, "EXTENT_BYTES_MAX"): 400,
}
if str(lease_module.__file__).endswith(".py"):  # compiled modules have their limits built in
    LIMITS |= {
        (extents, "CACHE_BYTES_MAX"): 1_000,
        (lease_module, "LOAD_AHEAD_BYTES_MAX"): 300,
        (kernel_module, "COLD_BYTES_MAX"): 300,
        (selecting, "PASSED_MAX"): PASSED_MAX,
        (selecting, "LOOKED_MAX"): 4,
        (schedules, "SCHEDULE_BUCKET_MS"): 400,
        (schedules, "SCHEDULE_OPEN_AHEAD_MS"): 100,
        (scheduler, "SCHEDULE_BUCKET_MS"): 400,
        (scheduler, "SCHEDULE_OPEN_BLOCKS_MAX"): 2,
        (scheduler, "SCHEDULE_SEND_MAX"): 3,
        (scheduler, "SCHEDULE_RETRY_MS"): 50,
        (carrying, "PUMP_HOPS_MAX"): 3,
        (retention, "PERIOD_MS"): 100,
        (compacting, "PERIOD_MS"): 100,
        (compacting, "PAUSE_MS"): 1,
        (compacting, "LEARN_BYTES_MAX"): 300,
        (compacting, "REWRITE_BYTES_MAX"): 300,
        (compacting, "LOOK_BLOCKS_MAX"): 3,
        (dirtiness, "LOOK_BLOCKS_MIN"): 1,
        (pumping, "PUMP_STEP_MAX"): 4,
        (pumping, "PUMP_ROUND_MS"): 300,
    }


@contextmanager
def small_limits() -> Iterator[None]:
    before = {place: getattr(*place) for place in LIMITS}
    for (module, name), value in LIMITS.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def families_of(seed: int) -> tuple[str, ...]:
    """What a seed plays beside the common mix, so that a short life meets a few things often."""
    chance = random.Random(f"families of {seed}")
    return tuple(sorted(chance.sample(sorted(FAMILIES), chance.choice(FAMILIES_AT_ONCE))))


def live(seed: int, families: Sequence[str] | None = None, steps: int = STEPS) -> World:
    """One seed from its first start to its last crash."""
    families = families_of(seed) if families is None else families
    actions, weights = mix_of(families)
    with small_limits():
        world = World(seed, families)
        for _ in range(steps):
            world.step(actions, weights)
        world.disk.faults.budget_bytes = None
        world.crash()
    return world
