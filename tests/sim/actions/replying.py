"""Replies that hand messages over: they wait for what they reveal, as any door makes them."""

from typing import Any

from tests.sim.clients import Client
from tests.sim.invariants.rest import is_held_elsewhere, ready_for
from tests.sim.model import Reader
from tests.sim.world import World

from dragoman.model.levels import APPLIED


def answer(world: World, client: Client, reader: Reader, command: Any, cause: str = "asked") -> int:
    """Ask for messages of `reader`; they reach the client when they may. Returns how many."""
    deliveries = world.ask(client, command, cause)
    if deliveries is None:
        return 0
    is_open = not reader.settings.paused and not _is_anothers(world, client, reader)
    if not deliveries and is_open and cause == "asked":
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


def _is_anothers(world: World, client: Client, reader: Reader) -> bool:
    """Whether a single active consumer is somebody else."""
    subscription = world.node.kernel.state.subscriptions.get(reader.id)
    if subscription is None or not reader.settings.single_active:
        return False
    first = subscription.consumers.standing()
    session = client.session.id
    if first is not None and first.session != session:
        return True
    return is_held_elsewhere(reader, subscription, session)
