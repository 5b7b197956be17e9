"""Receivers that select from queues: they take from the middle, and what they pass over is everybody else's."""

from tests.sim.actions.consuming import release
from tests.sim.actions.publishing import send
from tests.sim.world import ALL, KEYS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import Address
from dragoman.model.levels import CANONICAL


def select(world: World) -> None:
    client = world.client()
    colour = world.chance.choice(KEYS)
    command = c.Consume(
        name=world.queue_name(),
        credit_max=world.pick(1, 2, 5),
        priority=world.pick(0, 0, 1),
        selector=f"colour = '{colour}'",
    )
    holder = world.ask(client, command)
    if holder is not None:
        client.holders.append(holder.id)
        world.wanted[holder.id] = colour
        world.counts["consume with a selector"] += 1


def publish_much(world: World) -> None:
    """To one queue, so that there is something to pass over."""
    reader = world.model.queue(world.queue_name())
    if reader is None:
        return
    bodies = [world.body() for _ in range(world.pick(4, 9, 20))]
    send(world, world.client(), c.Publish(ALL, Address(reader.name), CANONICAL, bodies), bodies)


MIX: list[tuple[Action, float]] = [(select, 26), (publish_much, 10), (release, 10)]
MET = [
    "consume with a selector",
    "passed over",
    "selected",
    "selected of what was passed over",
    "told that it would pass over too much",
]
