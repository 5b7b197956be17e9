"""Waiting before append: a due message is published exactly once and not early, a cancelled one never."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.sim.invariants.plans import Plan, plan_publish
from tests.sim.model import bodies_of_command

from dragoman.kernel import records as r
from dragoman.kernel.schedules import due_in, due_of, key_of, publish_of, unwrap

if TYPE_CHECKING:
    from tests.sim.world import World


def sends(world: "World", records: Sequence[r.Record]) -> list[Plan] | None:
    """What schedules that are settled in this set must publish."""
    settled = [record for record in records if isinstance(record, r.ScheduleSettled)]
    if not settled:
        return None
    waiting = world.model.schedules
    ids = [
        (record.stream, offset)
        for record in settled
        for start, end in record.runs
        for offset in range(start, end)
    ]
    assert len(set(ids)) == len(ids) and set(ids) <= waiting.waiting.keys(), f"{ids} waited no more"
    if world.cause == "cancelled":
        return [Plan()]
    plan = Plan()
    for at in sorted(ids, key=lambda at: (waiting.due_ms(at), at[1])):
        assert waiting.due_ms(at) <= world.now_ms, f"{at} is sent early"
        command = waiting.command(at)
        bodies = bodies_of_command(command)
        assert not set(bodies) & world.taken_back, f"{bodies} were taken back"
        first = plan_publish(
            world, command.address, bodies, plan, packed=command.packed > 0, ids=command.dedup
        )
        assert first < 0, f"{at} is sent though its target has no room"
        world.counts["a schedule is due"] += 1
    return [plan]


def what_is_put_off_is_kept(world: "World", record: r.Published, target: r.Target) -> None:
    """Word for word; under an id that nobody was ever told for another message."""
    for offset, stored in enumerate(record.bodies, target.offset):
        command, index = world.put_off.pop(0)
        kept = publish_of(unwrap(stored))
        assert due_in(stored) == command.due_ms
        assert (kept.address, kept.bodies) == (command.address, [command.bodies[index]])
        known = world.told_ids.get((target.stream, offset), stored)
        assert known == stored, f"the id {target.stream}-{offset} is given again"
        world.kept_ids[target.stream, offset] = stored


def a_bucket_goes_when_nothing_waits_in_it(world: "World", record: r.StreamDeleted) -> None:
    left = [at for at in world.model.schedules.waiting if at[0] == record.id]
    assert not left, f"{left} still wait"


def nothing_due_is_left(world: "World") -> None:
    """But what a target had no room for, until it is asked again."""
    schedules = world.node.kernel.state.schedules
    later = [key for at_ms, key in schedules.later if at_ms > world.node.kernel.elapsed_ms]
    for at in world.model.schedules.due(world.now_ms):
        key = key_of(world.model.schedules.due_ms(at), at[1])
        assert key in later, f"{at} was due at {due_of(key)}, now it is {world.now_ms}"
