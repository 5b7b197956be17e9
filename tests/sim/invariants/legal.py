"""One atomic set of records, judged before it is applied: who may decide it, and what it must publish.

A client's command says beforehand what it must append (`world.plan`). Whatever else publishes does so for a reason that
stands in the same set: messages given up, schedules due, a pump that moved. Each reason in `CAUSES` makes the plans
that would be right.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tests.sim.invariants import leases, seeking
from tests.sim.invariants.compaction import compaction_takes_what_nobody_needs
from tests.sim.invariants.copies import copies_follow_their_messages
from tests.sim.invariants.deaths import a_revision_is_as_told, deaths
from tests.sim.invariants.delays import what_is_shown_is_due
from tests.sim.invariants.plans import Plan, known_at
from tests.sim.invariants.pumps import a_pump_ends_when_it_is_through, carries
from tests.sim.invariants.retention import a_trim_is_due
from tests.sim.invariants.schedules import (
    a_bucket_goes_when_nothing_waits_in_it,
    sends,
    what_is_put_off_is_kept,
)
from tests.sim.invariants.transactions import a_transaction_begins, an_end_is_whole
from tests.sim.model import READY_STATES, Reader, Stream
from tests.sim.model.log import bodies_of
from tests.sim.model.readers import ALL
from tests.sim.translator import colour_of, deaths_of, name_of

from dragoman.kernel import records as r

if TYPE_CHECKING:
    from tests.sim.world import World

Cause = Callable[["World", Sequence[r.Record]], list[Plan] | None]

CAUSES: Final[list[Cause]] = [sends, carries, deaths]
"""Each answers None when a set is none of its business, else the plans that would be right."""


def legal(world: "World", records: list[r.Record]) -> None:
    """Judge an atomic set, then carry it out on the model."""
    published = published_bodies(world, records)
    if world.plan is not None:
        planned = [world.plan]
        world.plan = Plan() if published else world.plan
    else:
        planned = plans_of(world, records)
    assert not published or published in planned, f"{published} was published, not one of {planned}"
    assert published or world.plan is not None or Plan() in planned, f"not published: {planned}"
    an_end_is_whole(world, records)
    leases.followers_come_back(world, records)
    copies_follow_their_messages(world, records)
    for record in records:
        judge = JUDGES.get(type(record))
        if judge is not None:
            judge(world, record)
        world.model.apply(record)


def plans_of(world: "World", records: Sequence[r.Record]) -> list[Plan]:
    for cause in CAUSES:
        plans = cause(world, records)
        if plans is not None:
            return plans
    return [Plan()]


def published_bodies(world: "World", records: Sequence[r.Record]) -> Plan:
    """Messages appended per stream, in order; but what was put off."""
    found = Plan()
    for record in records:
        if isinstance(record, r.Published) and not record.control:
            for target in record.targets:
                if world.model.is_hidden(target.stream):
                    continue
                found.setdefault(target.stream, []).extend(bodies_of(record))
    return found


def an_append_is_right(world: "World", record: r.Published) -> None:
    """New offsets; what each filter takes, exactly; the keys that somebody orders by."""
    count = record.packed or len(record.bodies)
    for target in record.targets:
        stream = world.model.streams[target.stream]
        if world.model.is_hidden(stream.id):
            what_is_put_off_is_kept(world, record, target)
        readers = world.model.readers_of(stream.id)
        if not record.control and any(reader.is_ordered for reader in readers):
            filters_take_what_matches(world, record, target, readers)
            keys_are_known(world, record, readers)
        ids_come_once(world, record, stream)
        assert target.offset == stream.ends[target.partition], (stream.name, target)
        for offset in range(target.offset, target.offset + count):
            key = (stream.id, target.partition, offset)
            assert key not in world.used, f"offset {key} is given again"


def a_stream_goes(world: "World", record: r.StreamDeleted) -> None:
    """What nobody asked for."""
    if world.cause == "" and record.id in world.model.streams and world.model.is_hidden(record.id):
        a_bucket_goes_when_nothing_waits_in_it(world, record)
        world.counts["a bucket of schedules goes"] += 1


def ids_come_once(world: "World", record: r.Published, stream: Stream) -> None:
    """Within its window a stream takes each id once."""
    if not stream.settings.dedup_window_ms or record.dedup is None:
        return
    for identity in record.dedup:
        assert known_at(world, stream.id, identity) < 0, f"{identity} comes to {stream.name} again"
        world.counts["an id is new again"] += identity in stream.ids
    given = [identity for identity in record.dedup if identity]
    assert len(set(given)) == len(given), given


def filters_take_what_matches(
    world: "World", record: r.Published, target: r.Target, readers: list[Reader]
) -> None:
    bodies = bodies_of(record)
    found = target.matches or {}
    for reader in readers:
        if reader.settings.filter:
            taken = [at for run in found.get(reader.id, []) for at in range(*run)]
            wanted = [at for at, body in enumerate(bodies, target.offset) if reader.takes(body)]
            assert taken == wanted, f"{reader.name} takes {taken}, not {wanted}"
            world.counts["filtered in"] += len(wanted)
            world.counts["filtered out"] += len(bodies) - len(wanted)


def keys_are_known(world: "World", record: r.Published, readers: list[Reader]) -> None:
    """What the publisher said; where nobody did, or it is another message now, what the message says."""
    if not any(reader.knows_keys for reader in readers):
        return
    assert record.keys is not None, f"nobody knows the keys of {record.bodies}"
    for body, key in zip(bodies_of(record), record.keys, strict=True):
        given = world.keys.get(name_of(body))
        own = colour_of(body).encode()
        is_first = given is not None and not deaths_of(body) and not record.hops
        assert key == given if is_first else record.hops or key in {own, given}, (body, key, given)


def a_backlog_is_put_in_order(world: "World", record: r.Indexed) -> None:
    """A reader with an order finds what is there: each once, in its lane, under its key."""
    reader = world.model.readers[record.subscription]
    found = [
        (offset, reader.lane_of(priority), key if reader.knows_keys else b"")
        for start, end, priority, key in record.entries
        for offset in range(start, end)
    ]
    part = reader.parts[record.partition]
    start, end = reader.put_in_order if reader.settings.delay_ms else (0, ALL)
    wanted = [
        (m.offset, m.lane, m.key)
        for m in part
        if m.state in READY_STATES and start <= m.offset < end
    ]
    assert found == wanted, f"{reader.name} finds {found}, not {wanted}"
    world.counts["put a backlog in order"] += 1


JUDGES: Final[dict[type, Any]] = {
    r.Published: an_append_is_right,
    r.Indexed: a_backlog_is_put_in_order,
    r.Shown: what_is_shown_is_due,
    r.Leased: leases.what_is_next_is_leased,
    r.Settled: leases.a_settlement_is_of_what_is_held,
    r.Revised: a_revision_is_as_told,
    r.PumpDeleted: a_pump_ends_when_it_is_through,
    r.Trimmed: a_trim_is_due,
    r.Compacted: compaction_takes_what_nobody_needs,
    r.TransactionExtended: a_transaction_begins,
    r.StreamDeleted: a_stream_goes,
    r.Sought: seeking.a_reader_goes_where_it_was_told,
    r.SnapshotCreated: seeking.a_snapshot_is_how_a_reader_stands,
    r.SnapshotDeleted: seeking.a_snapshot_goes_in_time,
}
