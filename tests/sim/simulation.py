"""A life of a node from a seed: random clients, faults and crashes, judged at every step.

world.py        the disk, the truth about it, the model, the node alive now, its clients
actions.py      one random thing: a client's command, a turn, a job of a worker, a post, time, a fault, a crash
invariants.py   what must hold
model.py        what a broker of queues owes, as plain lists
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.sim.actions import ACTIONS, WEIGHTS
from tests.sim.world import World

from dragoman.kernel import kernel as kernel_module
from dragoman.kernel.leases import lease as lease_module
from dragoman.runtime import checkpoint, extents

STEPS = 600
LIMITS: dict[tuple[Any, str], int] = {  # small ones, so that a short life meets them
    (checkpoint, "SEGMENT_BYTES_MAX"): 1_500,
    (extents, "EXTENT_BYTES_MAX"): 400,
}
if str(lease_module.__file__).endswith(".py"):  # compiled modules have their limits built in
    LIMITS |= {
        (extents, "CACHE_BYTES_MAX"): 1_000,
        (lease_module, "LOAD_AHEAD_BYTES_MAX"): 300,
        (kernel_module, "COLD_BYTES_MAX"): 300,
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


def live(seed: int, steps: int = STEPS) -> World:
    """One seed from its first start to its last crash."""
    with small_limits():
        world = World(seed)
        for _ in range(steps):
            world.step(ACTIONS, WEIGHTS)
        world.disk.faults.budget_bytes = None
        world.crash()
    return world
