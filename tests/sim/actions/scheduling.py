"""Messages for later: put off, looked at, taken back, and published at their time through the whole pipeline."""

from tests.sim.actions.publishing import confirm, send
from tests.sim.world import ALL, KEYS, QUEUES, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.schedules import (
    CancelSchedule,
    CancelSchedules,
    DescribeSchedule,
    due_in,
    unwrap,
)
from dragoman.kernel.settings import Address
from dragoman.model.errors import KernelError, ScheduleNotFound
from dragoman.model.levels import CANONICAL, SYNCED


def schedule(world: World) -> None:
    address = world.pick(
        Address(world.queue_name()),
        Address(world.queue_name()),
        Address(world.pick(*STREAMS)),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
    )
    bodies = [world.body() for _ in range(world.pick(1, 1, 2, 4))]
    command = c.Publish(ALL, address, CANONICAL, bodies)
    command.due_ms = world.clock.wall + world.pick(0, 20, 60, 200, 500, 1_500)
    if world.chance.random() < 0.2:
        command.expires_ms = [command.due_ms + world.pick(1, 100) for _ in bodies]
    if world.chance.random() < 0.3:
        command.level = SYNCED
    put_off(world, command)


def put_off(world: World, command: c.Publish) -> None:
    client = world.client()
    if command.due_ms <= world.now_ms:
        send(world, client, command, command.bodies)
        return
    world.lift_quotas()
    is_there = world.model.targets(command.address, b";red") is not None
    world.put_off = [(command, index) for index in range(len(command.bodies))]
    reply = None
    try:
        reply = client.session.publish(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
    assert (reply is not None) == is_there
    if reply is None:
        world.put_off = []
        return
    assert not world.put_off and reply.schedule is not None
    stream, first = reply.schedule
    confirm(client, reply, [(stream, 0, first + at) for at in range(len(command.bodies))])
    world.counts["schedule"] += 1


def _some_id(world: World) -> tuple[tuple[int, int], bytes] | None:
    """That somebody was told; it may have been sent or taken back since."""
    return world.chance.choice(list(world.told_ids.items())) if world.told_ids else None


def cancel_schedule(world: World) -> None:
    chosen = _some_id(world)
    if chosen is None:
        return
    (stream, offset), stored = chosen
    name = unwrap(stored).address.name
    waits = (stream, offset) in world.model.schedules.waiting
    client = world.client()
    world.cause = "cancelled"
    try:
        client.session.submit(CancelSchedule(name=name, stream=stream, offset=offset))
    except ScheduleNotFound:
        assert not waits, f"{chosen} waits"
        world.counts["cancel too late"] += 1
    else:
        assert waits, f"{chosen} does not wait"
        world.counts["CancelSchedule"] += 1
        client.wait("cancellation", client.session.position(), SYNCED, [unwrap(stored).body])
    finally:
        world.cause = ""


def cancel_schedules(world: World) -> None:
    """Several of one address, all of them or none."""
    chosen = _some_id(world)
    if chosen is None:
        return
    name = unwrap(chosen[1]).address.name
    known = [
        place for place, stored in world.told_ids.items() if unwrap(stored).address.name == name
    ]
    places = tuple(world.chance.sample(known, min(len(known), world.pick(1, 2, 3))))
    waiting = [place for place in places if place in world.model.schedules.waiting]
    client = world.client()
    world.cause = "cancelled"
    try:
        client.session.submit(CancelSchedules(name=name, places=places))
    except ScheduleNotFound:
        assert len(waiting) < len(places), places
        world.counts["cancel several too late"] += 1
    else:
        assert len(waiting) == len(places), (waiting, places)
        world.counts["cancel several"] += 1
    finally:
        world.cause = ""


def describe_schedule(world: World) -> None:
    chosen = _some_id(world)
    if chosen is None:
        return
    (stream, offset), stored = chosen
    known = unwrap(stored)
    command = DescribeSchedule(name=known.address.name, stream=stream, offset=offset)
    info = world.ask(world.client(), command)
    waits = (stream, offset) in world.model.schedules.waiting
    assert (info is not None) == waits
    assert info is None or (info.body, info.due_ms) == (known.body, due_in(stored))


def schedule_to_somewhere_full(world: World) -> None:
    """Its target refuses what it has no room for, so that it has to wait longer."""
    limited = [
        reader.name
        for reader in world.model.readers.values()
        if world.model.is_queue(reader) and reader.settings.overflow != "drop-head"
    ]
    name = world.chance.choice(limited or QUEUES)
    bodies = [world.body() for _ in range(world.pick(1, 3))]
    command = c.Publish(ALL, Address(name), CANONICAL, bodies)
    command.due_ms = world.clock.wall + world.pick(30, 100)
    put_off(world, command)


MIX: list[tuple[Action, float]] = [
    (schedule, 45),
    (cancel_schedule, 12),
    (cancel_schedules, 6),
    (describe_schedule, 5),
    (schedule_to_somewhere_full, 5),
]
MET = [
    "CancelSchedule",
    "DescribeSchedule",
    "a bucket of schedules goes",
    "a schedule is due",
    "cancel several",
    "cancel several too late",
    "cancel too late",
    "cancellation left",
    "schedule",
]
