"""Replies that hand messages over: they wait for what they reveal, as any door makes them."""

from typing import Any

from tests.sim.clients import Client
from tests.sim.invariants.rest import ready_for
from tests.sim.model import Reader
from tests.sim.world import World

from dragoman.model.levels import APPLIED


def answer(world: World, client: Client, reader: Reader, command: Any, cause: str = "asked") -> int:
    """Ask for messages of `reader`; they reach the client when they may. Returns how many."""
    deliveries = world.ask(client, command, cause)
    if deliveries is None:
        return 0
    if not deliveries and not reader.settings.paused and cause == "asked":
        lock = next(
            (k[1] for k, lock in world.locks.items() if lock.holder == command.within), None
        )
        ready = ready_for(reader, command.within, lock)
        assert not ready, f"{reader.name} gave nothing of {ready[:3]}"
    position, level = client.session.depends_on(deliveries)
    if level == APPLIED:
        world.delivered(client, deliveries)
    else:
        client.wait("reply", position, level, deliveries)
    return len(deliveries)
