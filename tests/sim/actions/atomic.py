"""Gathered transactions: publishes and settlements as one, all of them or none."""

from tests.sim.actions.publishing import appended_since, ends_of
from tests.sim.actions.unique import some_id
from tests.sim.clients import Client, Held
from tests.sim.invariants.deaths import is_spent
from tests.sim.invariants.plans import Plan, plan_deaths, plan_publish
from tests.sim.world import ALL, KEYS, QUEUES, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.atomic import Atomic
from dragoman.kernel.settings import Address
from dragoman.model.errors import KernelError, PublishRefused
from dragoman.model.levels import APPLIED, CANONICAL


def atomic(world: World) -> None:
    world.lift_quotas()
    client = world.client()
    while world.node.kernel.state.crowded:  # what comes before any command
        client.session.submit(c.ListStreams())
    publishes = [_publish(world) for _ in range(world.pick(0, 1, 1, 2, 3))]
    held = [_take(world, client) for _ in range(world.pick(0, 1, 2)) if client.held]
    settles = [_settle(world, one) for one in held]
    commands: list[c.Publish | c.Settle] = [*publishes, *settles]
    world.chance.shuffle(commands)
    world.plan = Plan()
    wrong = _settled_twice(held)
    for command in commands:
        wrong = _plan(world, command, world.plan) or wrong
    before, counts = ends_of(world), [_held(world, command) for command in settles]
    world.cause = "atomic"
    replies = None
    try:
        replies = client.session.submit(Atomic(tuple(commands)))
    except KernelError as error:
        world.counts["atomic set refused"] += 1
        world.counts["atomic set refused for want of room"] += isinstance(error, PublishRefused)
    left, world.plan, world.cause = world.plan, None, ""
    assert (replies is None) == wrong
    if replies is None:
        client.held += held
        return
    assert not left, f"never published: {left}"
    by_settle = [reply.settled for reply in replies if not hasattr(reply, "routed")]
    assert sorted(by_settle) == sorted(counts)
    level = max((reply.level for reply in replies if hasattr(reply, "routed")), default=APPLIED)
    if level > APPLIED:
        keys = appended_since(world, before)
        client.wait("confirm", client.session.position(), level, keys)
    world.counts["atomic set"] += 1
    world.counts["atomic set of both"] += bool(publishes and settles)


def _publish(world: World) -> c.Publish:
    address = world.pick(
        Address(world.queue_name()),
        Address(world.pick(*QUEUES, *STREAMS)),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
    )
    bodies = [world.body() for _ in range(world.pick(1, 1, 3))]
    command = c.Publish(ALL, address, CANONICAL, bodies)
    if len(bodies) == 1 and world.chance.random() < 0.3:
        command.dedup = [some_id(world, address, bodies[0])]
    return command


def _take(world: World, client: Client) -> Held:
    return client.held.pop(world.chance.randrange(len(client.held)))


def _settle(world: World, held: Held) -> c.Settle:
    outcome = world.pick("ack", "ack", "release", "reject")
    command = c.Settle(held.subscription, held.partition, held.holder, [held[3:]], outcome)
    command.failed = world.chance.random() < 0.5
    return command


def _settled_twice(held: list[Held]) -> bool:
    """Whether two receipts, one of them stale, are for one message."""
    return any(
        one[:2] == other[:2] and one.start < other.end and other.start < one.end
        for at, one in enumerate(held)
        for other in held[at + 1 :]
    )


def _held(world: World, command: c.Settle) -> int:
    reader = world.model.readers.get(command.subscription)
    if reader is None:
        return 0
    found = reader.between(command.partition, *command.runs[0])
    return sum(m.holder == command.holder for m in found)


def _plan(world: World, command: c.Publish | c.Settle, plan: Plan) -> bool:
    """Add what it must append; whether it must be refused."""
    if isinstance(command, c.Publish):
        missing = world.model.targets(command.address, command.bodies[0]) is None
        ids = command.dedup
        return missing or plan_publish(world, command.address, command.bodies, plan, ids=ids) >= 0
    reader = world.model.readers.get(command.subscription)
    if reader is None or command.partition >= len(reader.parts):
        return True
    held = reader.between(command.partition, *command.runs[0])
    mine = [m for m in held if m.holder == command.holder]
    if command.outcome == "reject":
        plan_deaths(world, reader, [m.body for m in mine], "rejected", plan)
    if command.outcome == "release":
        dying = [m.body for m in mine if is_spent(reader, m, failed=command.failed)]
        plan_deaths(world, reader, dying, "delivery_limit", plan)
    return False


MIX: list[tuple[Action, float]] = [(atomic, 40)]
MET = [
    "atomic set",
    "atomic set of both",
    "atomic set refused",
    "atomic set refused for want of room",
]
