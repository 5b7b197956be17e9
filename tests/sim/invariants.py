"""What must hold, one function each, written from the architecture's rules and not from the code.

WAITS, leaves            section 3: what leaves the process waits for the log
opened ... committed     section 6: frames, checkpoints, segments
legal                    section 5: one atomic set of records, judged before it is applied
equal                    the node's memory is the model's, message by message and count by count
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from tests.sim.model import READY_STATES, Message, Model, Reader
from tests.sim.translator import colour_of, died, goes_in_a_circle

from dragoman.kernel import records as r
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import Address
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.ports.storage import Tail
from dragoman.runtime.extents import ExtentRow
from dragoman.runtime.snapshot import MetaRow

if TYPE_CHECKING:
    from tests.sim.world import World

Plan = dict[int, list[bytes]]  # bodies per stream, in order

# --- section 3: what waits for what --------------------------------------------------------------------------------

WAITS: Final = {
    "confirm": "its Published record, at the level it asked for",
    "read": "the committed offset: Published, at the stream's level",
    "settlement": "its Settled record, synced",
    "delivery": "Published, at the stream's level",
    "early delivery": "nothing",
}


def leaves(world: "World", what: str, position: int, level: int) -> None:
    """Something that depends on (position, level) leaves the process."""
    assert what in WAITS
    if what == "early delivery" or level == APPLIED:
        return
    reached = world.truth.reached(level)
    assert position <= reached, f"{what} left at {position}, level {level} had reached {reached}"
    world.promised[level] = max(world.promised[level], position)


def position_of(world: "World", stream: int, partition: int, offset: int) -> int:
    """The frame that holds the message; past every position while none does."""
    if offset < world.recovered_ends.get((stream, partition), 0):
        return 0
    return world.positions.get((stream, partition, offset), 1 << 60)


# --- section 6: what is on the disk --------------------------------------------------------------------------------


def a_promise_survives(world: "World", tail: Tail) -> None:
    """What left at a level is there after what that level survives; an incarnation is never used twice."""
    survivors = [SYNCED] if world.power_lost else list(world.promised)
    for level in survivors:
        assert tail.position >= world.promised[level], (tail, world.promised, world.power_lost)
    assert tail.incarnation > world.incarnation
    world.incarnation = tail.incarnation


def the_state_is_never_ahead_of_the_journal(
    world: "World", changes: Sequence[tuple[str, str, bytes | None]]
) -> MetaRow:
    """A checkpoint's position is synced before its transaction, and positions only grow."""
    meta = next(value for table, key, value in changes if (table, key) == ("meta", "checkpoint"))
    assert meta is not None
    row = msgspec.json.decode(meta, type=MetaRow)
    assert row.position <= world.truth.synced, (row.position, world.truth.synced)
    assert row.position >= world.truth.checkpoint
    return row


def segments_are_synced_as_far_as_a_checkpoint_says(world: "World", meta: MetaRow) -> None:
    for number, length in meta.segments.items():
        assert length <= world.truth.segment_ends.get(number, 0), (number, length)


def every_extent_lies_within_recorded_lengths(world: "World", meta: MetaRow) -> None:
    """After the commit: no row points past what will survive the next opening."""
    for _, data in world.store_rows("extent"):
        row = msgspec.msgpack.decode(data, type=ExtentRow)
        assert row.start + row.length <= meta.segments.get(row.segment, 0), row


def only_what_no_row_names_goes(world: "World", segment: int) -> None:
    for _, data in world.store_rows("extent"):
        row = msgspec.msgpack.decode(data, type=ExtentRow)
        assert row.segment != segment, f"segment {segment} goes, {row} needs it"


def the_journal_keeps_what_no_checkpoint_has(world: "World", position: int) -> None:
    assert position <= world.truth.checkpoint, (position, world.truth.checkpoint)


def segments_end_where_the_checkpoint_says(world: "World") -> None:
    """Right after an opening: what was written later is cut, what is not named is gone."""
    rows = dict(world.store_rows("meta"))
    recorded = msgspec.json.decode(rows["checkpoint"], type=MetaRow).segments if rows else {}
    assert world.node.segments.lengths() == recorded


# --- section 5: one atomic set -------------------------------------------------------------------------------------


def legal(world: "World", records: list[r.Record]) -> None:
    """Judge an atomic set, then carry it out on the model."""
    published = published_bodies(records)
    planned = [world.plan] if world.plan is not None else possible_deaths(world, records) or [{}]
    assert published in planned, f"{published} was published, not one of {planned}"
    if world.plan is not None:
        world.plan = {}
    for record in records:
        judge = JUDGES.get(type(record))
        if judge is not None:
            judge(world, record)
        world.model.apply(record)


def published_bodies(records: Sequence[r.Record]) -> Plan:
    found: Plan = {}
    for record in records:
        if isinstance(record, r.Published):
            bodies = record.bodies[0].split(b"\n") if record.packed else record.bodies
            for target in record.targets:
                found.setdefault(target.stream, []).extend(bodies)
    return found


def plan_publish(
    model: Model, address: Address, bodies: list[bytes], plan: Plan, *, packed: bool = False
) -> int:
    """Add to `plan` what publishing `bodies` must append where; returns the first refused index or -1."""
    refused: list[tuple[Reader, bytes]] = []
    first = -1
    for index, body in enumerate(bodies):
        for stream in model.targets(address, body) or []:
            reader = None if packed else _refusing(model, stream)
            if reader is not None and (
                any(known is reader for known, _ in refused)
                or not _has_room(reader, plan.get(stream, []), body)
            ):
                refused.append((reader, body))
                first = index if first < 0 else first
            else:
                plan.setdefault(stream, []).append(body)
    for reader, body in refused:
        if reader.settings.overflow == "reject-publish-dead-letter":
            plan_deaths(model, reader, [body], "maxlen", plan)
    return first


def _refusing(model: Model, stream: int) -> Reader | None:
    for reader in model.readers_of(stream):
        limited = reader.settings.length_max >= 0 or reader.settings.bytes_max >= 0
        is_queue = reader.name == model.streams[stream].name
        if is_queue and limited and reader.settings.overflow != "drop-head":
            return reader
    return None


def _has_room(reader: Reader, pending: list[bytes], body: bytes) -> bool:
    settings = reader.settings
    if 0 <= settings.length_max <= len(reader.ready()) + len(pending):
        return False
    size = reader.ready_bytes() + sum(map(len, pending)) + len(body)
    return settings.bytes_max < 0 or size <= settings.bytes_max


def plan_deaths(model: Model, reader: Reader, bodies: list[bytes], reason: str, plan: Plan) -> None:
    """Add to `plan` where messages that died in `reader` for `reason` must go."""
    address = reader.settings.dead_letter
    for body in bodies if address is not None else []:
        assert address is not None
        if reason == "rejected" or not goes_in_a_circle(body, reader.name):
            key = address.key or colour_of(body)
            onward = Address(address.name or key, key, address.is_route)
            plan_publish(model, onward, [died(body, reason, reader.name)], plan)


def possible_deaths(world: "World", records: Sequence[r.Record]) -> list[Plan]:
    """What the drops of an atomic set may have published: one plan per reason that is true."""
    plans: list[Plan] = []
    for record in records:
        reader = (
            world.model.readers.get(record.subscription) if isinstance(record, r.Settled) else None
        )
        if reader is None or record.event != s.DROP:  # type: ignore[attr-defined]
            continue
        assert isinstance(record, r.Settled)
        dying = [m for run in record.runs for m in reader.between(record.partition, *run)]
        reasons = reasons_of(world, reader, record, dying)
        assert reasons, f"{dying[:3]} dropped from {reader.name} without a reason at {world.now_ms}"
        for reason in reasons:
            plan: Plan = {}
            if reason != "purged":
                plan_deaths(world.model, reader, [m.body for m in dying], reason, plan)
            plans.append(plan)
    return plans


def reasons_of(
    world: "World", reader: Reader, record: r.Settled, dying: list[Message]
) -> list[str]:
    """Why these may go now."""
    if record.source == s.LEASED:
        return [world.cause] if world.cause in {"rejected", "delivery_limit"} else []
    reasons = ["purged"] if world.cause == "purged" else []
    if all(0 < message.expires_ms <= world.now_ms for message in dying):
        reasons.append("expired")
    settings = reader.settings
    drops = settings.overflow == "drop-head"
    if drops and 0 <= settings.length_max <= len(reader.ready()) - len(dying):
        reasons.append("maxlen")
    counts = (
        settings.owns_stream
    )  # of what was there before it, a reader with a limit knows shares only
    over = not counts or settings.bytes_max < reader.ready_bytes()
    if drops and settings.bytes_max >= 0 and over and len(dying) == 1:
        reasons.append("maxlen")
    return reasons


def offsets_are_new(world: "World", record: r.Published) -> None:
    count = record.packed or len(record.bodies)
    for target in record.targets:
        stream = world.model.streams[target.stream]
        assert target.offset == stream.ends[target.partition], (stream.name, target)
        for offset in range(target.offset, target.offset + count):
            key = (stream.id, target.partition, offset)
            assert key not in world.used, f"offset {key} is given again"


def the_lowest_ready_is_leased(world: "World", record: r.Leased) -> None:
    """Returned ones first, then never delivered ones, each in offset order; none that has expired; one holder each."""
    reader = world.model.readers[record.subscription]
    part = reader.parts[record.partition]
    ready = [message for message in part if message.state in READY_STATES]
    count = record.end - record.start
    taken = ready[:count]
    assert [m.offset for m in taken] == list(range(record.start, record.end)), (taken[:3], record)
    assert not any(0 < m.expires_ms < world.now_ms for m in taken), (taken, world.now_ms)
    _check_credit(world, record.subscription, record.holder, count)
    world.expect(reader, record.partition, taken, record.holder)


def _check_credit(world: "World", subscription: int, number: int, count: int) -> None:
    holder = world.node.kernel.state.holders[number]
    assert holder.subscription.id == subscription
    if holder.active and holder.credit_max:
        held = [m for m in world.model.readers[subscription].messages() if m.holder == number]
        assert len(held) + count <= holder.credit_max, (len(held), count, holder.credit_max)
    if holder.active and holder.pool is not None and holder.pool.credit_max:
        held_in_pool = count + len(
            [
                m
                for known in world.node.kernel.state.holders.values()
                if known.pool is holder.pool
                for m in world.model.readers[known.subscription.id].messages()
                if m.holder == known.id
            ]
        )
        assert held_in_pool <= holder.pool.credit_max


def a_settlement_is_of_what_is_held(world: "World", record: r.Settled) -> None:
    reader = world.model.readers[record.subscription]
    assert (record.source, record.event) in s.TRANSITIONS
    for start, end in record.runs:
        messages = reader.between(record.partition, start, end)
        assert len(messages) == end - start, f"{record} names messages that are gone"
        for message in messages:
            sources = {message.state}
            assert record.source in sources, (message, record)
            if record.source == s.LEASED:
                assert message.holder == record.holder, (message.holder, record)
            if record.event == s.TIME:
                assert message.due_ms <= world.node.kernel.elapsed_ms
        if record.event == s.TAKE:
            ready = [m for m in reader.parts[record.partition] if m.state in READY_STATES]
            assert ready[: end - start] == messages, "taken out of order"
            world.expect(reader, record.partition, messages, -1)
    if record.source == s.LEASED:
        assert world.cause != "", f"nobody asked for {record}"


JUDGES: Final[dict[type, Any]] = {
    r.Published: offsets_are_new,
    r.Leased: the_lowest_ready_is_leased,
    r.Settled: a_settlement_is_of_what_is_held,
}


def a_delivery_is_what_was_leased(world: "World", delivery: Delivery, expected: "Any") -> None:
    """Bytes equal, the redelivered flag is truthful, and nothing that was durably settled comes again."""
    reader, partition, messages, holder, tries = expected
    assert delivery.holder.subscription.id == reader.id
    assert holder in {-1, delivery.holder.id}
    first = messages[0].offset
    assert (delivery.partition, delivery.start, delivery.end) == (
        partition,
        first,
        first + len(messages),
    )
    bodies = delivery.bodies
    if delivery.block.packed:
        at = delivery.start - delivery.block.offset
        bodies = bodies[0].split(b"\n")[at : at + len(messages)]
    assert bodies == [message.body for message in messages]
    assert (delivery.tries or [0] * len(messages)) == tries, (delivery.tries, tries)
    stream = world.model.streams.get(reader.stream)
    level = stream.settings.level if stream is not None and stream.settings.durable else APPLIED
    for message in messages:
        assert (reader.id, partition, message.offset) not in world.done_for_good
        position = position_of(world, reader.stream, partition, message.offset)
        leaves(world, "early delivery" if reader.settings.early else "delivery", position, level)


# --- the node's memory is the model's ------------------------------------------------------------------------------


def equal(world: "World", *, wholly: bool = False) -> None:
    """Counts always; `wholly` every message's state, tries and bytes."""
    state, model = world.node.kernel.state, world.model
    assert set(state.streams) == set(model.streams)
    assert set(state.subscriptions) == set(model.readers)
    for stream in state.streams.values():
        assert [p.end for p in stream.partitions] == model.streams[stream.id].ends, stream.name
    for subscription in state.subscriptions.values():
        counts_equal(world, subscription)
        if wholly:
            messages_equal(world, subscription)
    held_is_counted(world)
    if wholly:
        routes_equal(world)
        resident_is_counted(world)


def counts_equal(world: "World", subscription: Subscription) -> None:
    reader = world.model.readers[subscription.id]
    assert subscription.settings == reader.settings
    for window, part in zip(subscription.windows, reader.parts, strict=True):
        counts = [0] * 8
        for message in part:
            counts[message.state] += 1
        ready = counts[s.READY] + counts[s.RETURNED]
        assert window.ready == ready, (subscription.name, window.ready, ready, part[:3])
        got = [window.counts[code] for code in range(1, s.READY)]
        assert got == counts[1 : s.READY], (subscription.name, got, counts)
    if subscription.settings.bytes_max >= 0:
        if subscription.settings.owns_stream:
            assert subscription.ready_bytes() == reader.ready_bytes(), subscription.name
        else:  # of what was there before it, a reader with a limit knows shares only
            assert subscription.ready_bytes() == 0 or reader.ready()


def messages_equal(world: "World", subscription: Subscription) -> None:
    reader = world.model.readers[subscription.id]
    loader = world.node.checkpointer.loader
    for window, part, partition in zip(
        subscription.windows, reader.parts, subscription.stream.partitions, strict=True
    ):
        assert partition.start <= min((m.offset for m in part), default=partition.end)
        for message in part:
            offset = message.offset
            assert window.state(offset) == message.state, (message, window.state(offset))
            assert window.tried(offset) == message.tries
            assert window.failed(offset) == message.fails
            block = partition.at(offset)
            assert block is not None and block.offset <= offset, f"{message} is nowhere"
            loader.load([block])
            body = block.body(offset)
            if block.packed:
                body = body.split(b"\n")[offset - block.offset]
            assert body == message.body, (body, message)


def held_is_counted(world: "World") -> None:
    """Holders and pools count what the model says they hold."""
    state = world.node.kernel.state
    held: dict[int, int] = {}
    for reader in world.model.readers.values():
        for message in reader.messages():
            if message.state == s.LEASED:
                held[message.holder] = held.get(message.holder, 0) + 1
    for holder in state.holders.values():
        assert holder.leased == held.pop(holder.id, 0), holder.id
    assert not held, f"held by nobody: {held}"
    for pool in state.pools.values():
        mine = [holder.leased for holder in state.holders.values() if holder.pool is pool]
        assert pool.leased == sum(mine), (pool.leased, mine)


def routes_equal(world: "World") -> None:
    routing, model = world.node.kernel.state.routing, world.model
    routes = {route.id: route for route in routing.routes("default")}
    assert set(routes) == set(model.routes)

    def told(records: Sequence[r.Bound]) -> list[tuple[Any, ...]]:
        return sorted(
            (b.route, b.target, b.to_route, b.binding.key, str(b.binding.arguments))
            for b in records
        )

    assert told([b for route in routes.values() for b in route.bound]) == told(model.bindings)


def resident_is_counted(world: "World") -> None:
    """Bytes of blocks that are nowhere on disk: what holds publishers back."""
    state = world.node.kernel.state
    here = [
        block.cost()
        for stream in state.streams.values()
        for partition in stream.partitions
        for block in partition.blocks[partition.first :]
        if block.place is None
    ]
    assert state.resident == sum(here), (state.resident, sum(here))


def nobody_waits_in_vain(world: "World") -> None:
    """At rest: no reader with room while its messages are ready; no limit exceeded; no expired head."""
    for subscription in world.node.kernel.state.subscriptions.values():
        reader = world.model.readers[subscription.id]
        ready = reader.ready()
        room = [holder for holder in subscription.holders.values() if holder.room(1)]
        settings = subscription.settings
        if settings.single_active:
            first = subscription.consumers.first()
            room = [first] if first is not None else []
        assert not (ready and room), (
            f"{subscription.name}: {len(ready)} ready, {len(room)} with room"
        )
        if settings.overflow == "drop-head" and settings.length_max >= 0:
            assert len(ready) <= settings.length_max, (subscription.name, len(ready))
        if settings.overflow == "drop-head" and settings.bytes_max >= 0:
            assert subscription.ready_bytes() <= settings.bytes_max
        for part in reader.parts:
            head = next((m for m in part if m.state in READY_STATES), None)
            assert head is None or not 0 < head.expires_ms < world.now_ms, (head, world.now_ms)
