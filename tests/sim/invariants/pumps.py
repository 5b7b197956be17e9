"""Pumps: one step is what it publishes and how far it came, so nothing is carried twice or lost within a node."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.sim.invariants.plans import Plan, plan_publish
from tests.sim.invariants.waits import position_of
from tests.sim.model import Entry
from tests.sim.model.pumps import Pump
from tests.sim.translator import colour_of, died, goes_in_a_circle, with_colour

from dragoman.kernel import pumping
from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s
from dragoman.kernel.settings import Address
from dragoman.model.levels import APPLIED

if TYPE_CHECKING:
    from tests.sim.world import World


def carries(world: "World", records: Sequence[r.Record]) -> list[Plan] | None:
    """What a pump's step must have published: one plan per way that is right."""
    for record in records:
        if isinstance(record, r.PumpMoved):
            pump = world.model.pumps[record.id]
            plans = _plans(world, pump, _moved_over(world, pump, record))
            assert plans, f"{pump.name} carried to a target that has no room"
            return plans
        if isinstance(record, r.Settled) and record.event == s.TAKE and world.is_carrying:
            reader = world.model.readers[record.subscription]
            start, end = record.runs[0]
            entries = [m.entry for m in reader.between(record.partition, start, end)]
            _is_committed(world, reader.stream, record.partition, end)
            pumps = [p for p in world.model.pumps.values() if p.subscription == reader.id]
            assert pumps, f"nobody carries from {reader.name}"
            plans = [plan for pump in pumps for plan in _plans(world, pump, entries)]
            assert plans, f"{pumps} carried to a target that has no room"
            return plans
    return None


def _moved_over(world: "World", pump: Pump, record: r.PumpMoved) -> list[Entry]:
    """Messages between where it was and where it is; all of them committed."""
    stream = world.model.streams[pump.stream]
    start = pump.cursor(record.partition)
    assert start < record.offset <= stream.ends[record.partition], (pump.name, start, record)
    passed = [e for e in stream.entries[record.partition] if start <= e.offset < record.offset]
    assert not any(entry.pending for entry in passed), f"{pump.name} carries what is pending"
    _is_committed(world, stream.id, record.partition, record.offset)
    return [entry for entry in passed if entry.is_message()]


def _is_committed(world: "World", stream: int, partition: int, end: int) -> None:
    settings = world.model.streams[stream].settings
    level = settings.level if settings.durable else APPLIED
    reached = world.truth.reached(level)
    assert position_of(world, stream, partition, end - 1) <= reached, (
        "carried before it is committed"
    )


def _plans(world: "World", pump: Pump, entries: list[Entry]) -> list[Plan]:
    hops = max((entry.hops for entry in entries), default=0)
    chosen = [e for e in entries if _takes(pump, e)]
    if hops >= pumping.PUMP_HOPS_MAX:
        world.counts["a pump lets go what goes in a circle"] += 1
        return [Plan()]
    plan = Plan()
    there = _plan_carry(world, pump, chosen, plan)
    if there is None:
        return []  # some target has no room: it must wait
    if there:
        world.counts["a pump carries"] += len(chosen)
        world.counts["a pump filters out"] += len(entries) - len(chosen)
        return [plan]
    assert len(entries) == 1, f"{pump.name} gives several up at once"
    world.counts["a pump gives up"] += 1
    return [_plan_given_up(world, pump, entries[0])]


def _takes(pump: Pump, entry: Entry) -> bool:
    wanted = pump.settings.filter
    return not wanted or colour_of(entry.body) == wanted["colour"]


def _plan_carry(world: "World", pump: Pump, entries: list[Entry], plan: Plan) -> bool | None:
    """Add what must be appended; False when some target is not there, None when one has no room."""
    for target in pump.settings.targets:
        for entry in entries:
            body = entry.body
            if pump.settings.headers_set:
                body = with_colour(body, pump.settings.headers_set[0][1])
            key = target.key or (colour_of(entry.body) if target.is_route else "")
            address = Address(target.name, key, target.is_route)
            if world.model.targets(address, body) is None:
                return False
            if plan_publish(world, address, [body], plan) >= 0:
                return None
    return True


def _plan_given_up(world: "World", pump: Pump, entry: Entry) -> Plan:
    plan = Plan()
    address = pump.settings.dead_letter
    name = world.model.streams[pump.stream].name
    if address is not None and not goes_in_a_circle(entry.body, name):
        plan_publish(world, address, [died(entry.body, "delivery_limit", name)], plan)
    return plan


def a_pump_ends_when_it_is_through(world: "World", record: r.PumpDeleted) -> None:
    """By itself only what had an end, and has come there."""
    pump = world.model.pumps[record.id]
    if world.cause != "":
        return
    assert pump.ends is not None, f"{pump.name} ends by itself"
    reader = world.model.readers.get(pump.subscription)
    for partition, end in enumerate(pump.ends):
        if reader is None:
            assert pump.cursor(partition) >= end, f"{pump.name} ends early"
        else:
            left = [m for m in reader.parts[partition] if m.offset < end and m.state == s.READY]
            assert not left or reader.is_ordered, f"{pump.name} leaves {left}"
    world.counts["a pump is through"] += 1


def pumps_equal(world: "World") -> None:
    known = world.node.kernel.state.pumps.by_id
    assert set(known) == set(world.model.pumps), (set(known), set(world.model.pumps))
    for pump in world.model.pumps.values():
        assert known[pump.id].cursors == pump.cursors, pump.name
        assert known[pump.id].subscription == pump.subscription


def nothing_is_left_to_carry(world: "World") -> None:
    """After a while: but for pumps whose step is refused."""
    for pump in world.node.kernel.state.pumps.by_id.values():
        mine = world.model.pumps[pump.id]
        reader = world.model.readers.get(mine.subscription)
        if pump.trouble or (mine.subscription and (reader is None or reader.settings.paused)):
            continue
        for partition in pump.stream.partitions if reader is None else ():
            end = partition.stable() if mine.ends is None else 0
            assert mine.cursor(partition.index) >= end, (pump.name, mine.cursors, end)
        if reader is not None and mine.ends is None and not reader.is_keyed:
            assert not reader.ready(), f"{pump.name}: {reader.ready()[:3]} left in {reader.name}"
