"""What happens in a life, one function each, and how often: what clients do, what the machine does, what goes wrong."""

from collections.abc import Sequence

from tests.sim.actions import consuming, faults, machine, orders, publishing, topology
from tests.sim.world import Action

MIX: list[tuple[Action, float]] = [
    (topology.declare_queue, 9),
    (topology.delete_queue, 1.2),
    (topology.create_stream, 2),
    (topology.delete_stream, 0.5),
    (topology.alter_stream, 0.6),
    (topology.declare_route, 5),
    (topology.delete_route, 0.6),
    (topology.bind, 9),
    (topology.unbind, 1.2),
    (publishing.publish, 40),
    (consuming.consume, 12),
    (consuming.cancel, 2),
    (consuming.lease, 8),
    (consuming.ack, 16),
    (consuming.release, 12),
    (consuming.reject, 8),
    (topology.purge, 1.5),
    (topology.trim, 1),
    (publishing.read, 3),
    (consuming.credit, 2),
    (consuming.pool, 2),
    (consuming.hold_back, 1),
    (consuming.close, 1.2),
    (machine.turn, 30),
    (machine.run_journal, 25),
    (machine.run_storage, 12),
    (machine.run_post, 25),
    (machine.advance, 8),
    (machine.begin_checkpoint, 4),
    (machine.whole_checkpoint, 2),
    (machine.rest, 4),
    (faults.crash, 1.5),
    (faults.lose_power_inside_a_call, 0.8),
    (faults.lose_power_around_a_commit, 0.4),
    (faults.fill_the_disk, 1.6),
    (faults.fail_the_disk, 0.4),
    (faults.fail_the_store, 0.9),
]


FAMILIES: dict[str, list[tuple[Action, float]]] = {
    "orders": orders.MIX,
}


def mix_of(families: Sequence[str]) -> tuple[list[Action], list[float]]:
    """The common mix and that of some families: actions and how often each."""
    mix = [*MIX, *(pair for name in families for pair in FAMILIES[name])]
    return [action for action, _ in mix], [weight for _, weight in mix]
