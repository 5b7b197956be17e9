"""Pumps: one step is what it publishes and how far it came, so nothing is carried twice or lost within a node."""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Final

from tests.sim.invariants.plans import Plan, plan_publish
from tests.sim.invariants.waits import position_of
from tests.sim.model import Entry
from tests.sim.model.pumps import Pump
from tests.sim.translator import (
    SEPARATOR,
    colour_of,
    deaths_of,
    died,
    goes_in_a_circle,
    with_colour,
)

from dragoman.kernel import carrying
from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s
from dragoman.kernel.settings import Address
from dragoman.model.levels import APPLIED

if TYPE_CHECKING:
    from tests.sim.world import World


HOME: Final = Address("")  # where a message died last


def carries(world: "World", records: Sequence[r.Record]) -> list[Plan] | None:
    """What a pump's step must have published."""
    moved = next((record for record in records if isinstance(record, r.PumpMoved)), None)
    if moved is None:
        return None
    pump = world.model.pumps[moved.id]
    taken = [each for each in records if isinstance(each, r.Settled) and each.event == s.TAKE]
    entries = _taken(world, pump, taken[0]) if taken else _moved_over(world, pump, moved)
    return _plans(world, pump, moved, entries)


def _taken(world: "World", pump: Pump, record: r.Settled) -> list[Entry]:
    """Messages that a leased subscription is done with."""
    reader = world.model.readers[record.subscription]
    assert pump.subscription == reader.id
    start, end = record.runs[0]
    _is_committed(world, reader.stream, record.partition, end)
    found: list[Entry] = []
    for message in reader.between(record.partition, start, end):
        entry = copy(message.entry)
        entry.body = message.body  # as its readers left it
        found.append(entry)
    return found


def _moved_over(world: "World", pump: Pump, record: r.PumpMoved) -> list[Entry]:
    """Messages between where it was and where it is; all of them committed."""
    stream = world.model.streams[pump.stream]
    start = pump.cursor(record.partition)
    assert start < record.offset <= stream.ends[record.partition], (pump.name, start, record)
    passed = [e for e in stream.entries[record.partition] if start <= e.offset < record.offset]
    assert not any(entry.pending for entry in passed), f"{pump.name} carries what is pending"
    if passed:  # gaps are anybody's
        _is_committed(world, stream.id, record.partition, passed[-1].offset + 1)
    return [entry for entry in passed if entry.is_message()]


def _is_committed(world: "World", stream: int, partition: int, end: int) -> None:
    settings = world.model.streams[stream].settings
    level = settings.level if settings.durable else APPLIED
    reached = world.truth.reached(level)
    assert position_of(world, stream, partition, end - 1) <= reached, (
        "carried before it is committed"
    )


def _plans(world: "World", pump: Pump, moved: r.PumpMoved, entries: list[Entry]) -> list[Plan]:
    hops = max((entry.hops for entry in entries), default=0)
    chosen = [entry for entry in entries if _takes(pump, entry)]
    plan, counts = Plan(), (pump.carried + len(chosen), pump.dropped)
    if hops >= vars(carrying)["PUMP_HOPS_MAX"] and not pump.settings.hops_max:
        world.counts["a pump lets go what goes in a circle"] += 1
        counts = (pump.carried, pump.dropped + len(entries))
    elif not (reason := _trouble(world, pump, hops, chosen, plan)):
        world.counts["a pump carries"] += len(chosen)
        world.counts["a pump filters out"] += len(entries) - len(chosen)
    else:
        assert len(entries) == 1, f"{pump.name} gives several up at once"
        world.counts[GIVEN_UP[reason]] += 1
        plan = _plan_given_up(world, pump, entries[0], reason)
        counts = (pump.carried, pump.dropped + 1)
    assert (moved.carried, moved.dropped) == counts, (moved, counts)
    return [plan]


def _takes(pump: Pump, entry: Entry) -> bool:
    wanted = pump.settings.filter
    return not wanted or colour_of(entry.body) == wanted["colour"]


GIVEN_UP: Final = {
    "delivery_limit": "a pump gives up",
    "no_room": "a pump finds no room",
    "max_hops": "a pump finds that it is far enough",
}


def _trouble(world: "World", pump: Pump, hops: int, entries: list[Entry], plan: Plan) -> str:
    """Add what must be appended; or why it cannot be."""
    if 0 < pump.settings.hops_max <= hops:
        return "max_hops"
    for target in pump.settings.targets or (HOME,):
        for entry in entries:
            address, body = _sent(pump, target, entry.body)
            if world.model.targets(address, body) is None:
                return "delivery_limit"
            if plan_publish(world, address, [body], plan) >= 0:
                is_right = not pump.settings.waits_for_room
                assert is_right, f"{pump.name} carried {body!r} to {address}, which has no room"
                return "no_room"
    return ""


def _sent(pump: Pump, target: Address, body: bytes) -> tuple[Address, bytes]:
    """Where a message goes, and what of it."""
    key = target.key or (colour_of(body) if target.is_route else "")
    address = Address(target.name, key, target.is_route)
    deaths = deaths_of(body)
    if target is HOME:
        assert deaths, f"{body!r} never died"
        address = Address(deaths[-1][1])
    if (pump.ends is not None or target is HOME) and deaths and deaths[-1][1] == address.name:
        body = body.split(SEPARATOR)[0]
    if pump.settings.headers_set:
        body = with_colour(body, pump.settings.headers_set[0][1])
    return address, body


def _plan_given_up(world: "World", pump: Pump, entry: Entry, reason: str) -> Plan:
    plan = Plan()
    address = pump.settings.dead_letter
    name = world.model.streams[pump.stream].name
    if address is not None and not goes_in_a_circle(entry.body, name):
        plan_publish(world, address, [died(entry.body, reason, name)], plan)
    return plan


def a_pump_ends_when_it_is_through(world: "World", record: r.PumpDeleted) -> None:
    """By itself only what had an end, and has come there."""
    pump = world.model.pumps[record.id]
    if world.cause != "":
        return
    if pump.settings.to_origin and record.outcome != "done":
        world.counts["a pump knows no way back"] += 1
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
        assert (known[pump.id].carried, known[pump.id].dropped) == (pump.carried, pump.dropped)


def nothing_is_left_to_carry(world: "World") -> None:
    """After a while: but for pumps whose step is refused."""
    for pump in world.node.kernel.state.pumps.by_id.values():
        mine = world.model.pumps[pump.id]
        reader = world.model.readers.get(mine.subscription)
        if pump.trouble or (mine.subscription and (reader is None or reader.settings.paused)):
            continue
        for partition in pump.stream.partitions if reader is None else ():
            end = partition.stable() if mine.ends is None else 0
            at = max(mine.cursor(partition.index), partition.start)  # what was trimmed is gone
            assert at >= end, (pump.name, mine.cursors, end)
        if reader is not None and mine.ends is None and not reader.is_keyed:
            assert not reader.ready(), f"{pump.name}: {reader.ready()[:3]} left in {reader.name}"
