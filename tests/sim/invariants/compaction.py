"""What compaction may take: what comes again, tombstones in time, what was aborted. Never what a reader needs."""

from typing import TYPE_CHECKING

from tests.sim.invariants.retention import lowest_holds
from tests.sim.model.log import Entry, offsets_of
from tests.sim.translator import colour_of, is_tombstone, placed

from dragoman.kernel import records as r

if TYPE_CHECKING:
    from tests.sim.world import World


def compaction_takes_what_nobody_needs(world: "World", record: r.Compacted) -> None:
    stream = world.model.streams[record.stream]
    assert stream.settings.compact, f"{stream.name} is not compacted"
    entries = stream.entries[record.partition]
    kept = {
        at: body
        for remnant in record.remnants
        for at, body in zip(offsets_of(remnant), _left_in(remnant), strict=True)
    }
    assert entries[-1].offset >= record.end, "nothing is left to be at the end of"
    for entry in entries:
        if not record.start <= entry.offset < record.end:
            continue
        assert not entry.pending, f"{entry.offset} may still be aborted"
        if entry.offset in kept:
            assert kept[entry.offset] == entry.body
            assert entry.is_message()
            world.counts["a tombstone stays"] += is_tombstone(entry.body)
        else:
            _may_go(world, entries, entry)
    for reader in world.model.readers_of(stream.id):
        needed = [m for m in reader.parts[record.partition] if m.offset < record.end]
        assert not needed, f"{reader.name} needs {needed[:3]}"
    for low in lowest_holds(world, stream.id, record.partition):
        assert low >= record.end, f"something holds {low}, {record} takes it"
    world.counts["compacted"] += 1


def _left_in(remnant: r.Remnant) -> list[bytes]:
    if remnant.packed:
        return [body for _, body in placed(remnant.bodies[0])]
    return [body for body in remnant.bodies if body]


def _may_go(world: "World", entries: list[Entry], entry: Entry) -> None:
    if not entry.is_message():
        world.counts["an aborted entry goes"] += entry.aborted
        return
    same = [e for e in entries if e.is_message() and colour_of(e.body) == colour_of(entry.body)]
    if same[-1] is not entry:
        world.counts["a key that comes again goes"] += 1
        return
    assert is_tombstone(entry.body), f"{entry.body!r} is the last of its key"
    assert 0 < entry.tombstone_ms <= world.now_ms, f"{entry.body!r} goes too soon"
    assert same == [entry], f"{entry.body!r} goes before {same[0].body!r}"
    world.counts["a tombstone goes"] += 1
