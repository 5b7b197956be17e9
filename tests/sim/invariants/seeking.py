"""Moving in a stream: a reader begins anew exactly where it was told to, a snapshot is exactly how a reader stood."""

from typing import TYPE_CHECKING

from tests.sim.model import Reader

from dragoman.kernel import records as r

if TYPE_CHECKING:
    from tests.sim.world import World


def a_reader_goes_where_it_was_told(world: "World", record: r.Sought) -> None:
    assert world.cause == "seek"
    reader = world.model.readers[record.subscription]
    if world.snapshot is None:
        assert record.frontier in world.seeking[record.partition], (record, world.seeking)
        assert not record.open
    else:
        _as_the_snapshot_says(world, reader, record, world.snapshot)
    _comes_again(world, reader.id, record.partition)


def _comes_again(world: "World", reader: int, partition: int) -> None:
    """What was settled for good, or is about to be told so, may come again because somebody went back."""
    world.done_for_good = {key for key in world.done_for_good if key[:2] != (reader, partition)}
    for client in world.clients:
        for waiting in client.waiting:
            if waiting.what == "settlement":
                waiting.keys[:] = [key for key in waiting.keys if key[:2] != (reader, partition)]


def _as_the_snapshot_says(
    world: "World", reader: Reader, record: r.Sought, snapshot: r.SnapshotCreated
) -> None:
    stream = world.model.streams[reader.stream]
    known = snapshot.windows[record.partition : record.partition + 1]
    frontier, open_ = known[0] if known else (0, [])
    assert record.frontier == max(frontier, stream.starts[record.partition])
    found = _offsets(record.open)
    opened = set(_offsets(open_))
    entries = stream.entries[record.partition]
    wanted = [entry.offset for entry in entries if entry.offset in opened and entry.is_message()]
    assert found == wanted, f"{reader.name} goes back to {found}, not {wanted}"


def a_snapshot_is_how_a_reader_stands(world: "World", record: r.SnapshotCreated) -> None:
    """Everything open is in it, what waits for a transaction's end too."""
    for reader in world.model.readers_of(record.stream):
        if all(
            _stands_so(reader, partition, frontier, open_)
            for partition, (frontier, open_) in enumerate(record.windows)
        ):
            return
    raise AssertionError(f"no reader stands as {record} says")


def _stands_so(reader: Reader, partition: int, frontier: int, open_: r.Runs) -> bool:
    below = [m.offset for m in reader.parts[partition] if m.offset < frontier]
    return reader.frontiers[partition] == frontier and _offsets(open_) == below


def _offsets(runs: r.Runs) -> list[int]:
    return [offset for start, end in runs for offset in range(start, end)]


def a_snapshot_goes_in_time(world: "World", record: r.SnapshotDeleted) -> None:
    known = world.model.snapshots[record.id]
    if world.cause == "":
        assert known.expires_ms <= world.now_ms, f"{known} goes early"
        world.counts["a snapshot's time is over"] += 1
