"""Readers set something on messages that they give back, defer or reject: their subscription has them so."""

from tests.sim.actions.consuming import settle
from tests.sim.actions.deadlines import lease_deferred, lease_for_a_time
from tests.sim.actions.seeking import peek
from tests.sim.world import KEYS, Action, World

from dragoman.kernel import commands as c

COUNTED: dict[c.Outcome, str] = {
    "release": "give back with a colour",
    "defer": "defer with a colour",
    "reject": "reject with a colour",
}


def set_a_colour(world: World) -> None:
    client = world.client()
    if not client.held:
        return
    held = client.held.pop(world.chance.randrange(len(client.held)))
    outcome: c.Outcome = world.pick("release", "release", "defer", "reject")
    if settle(world, client, held, outcome, world.pick(*KEYS, "green")):
        world.counts[COUNTED[outcome]] += 1


def meet_it_again(world: World) -> None:
    """How often what is delivered, or was about to be, had been changed."""
    found = [m for reader in world.model.readers.values() for m in reader.messages() if m.revised]
    world.counts["changed and still there"] += bool(found)
    world.counts["changed and tried twice"] += any(m.tries > 1 for m in found)


MIX: list[tuple[Action, float]] = [
    (set_a_colour, 40),
    (lease_for_a_time, 20),
    (lease_deferred, 14),
    (peek, 8),
    (meet_it_again, 6),
]
MET = [
    "changed and still there",
    "changed and tried twice",
    "defer with a colour",
    "give back with a colour",
    "reject with a colour",
]
