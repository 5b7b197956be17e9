"""Retention is the union of holds: what is trimmed by time or size is past the limit, and nobody needs it."""

from typing import TYPE_CHECKING

from dragoman.kernel import records as r

if TYPE_CHECKING:
    from tests.sim.world import World


def a_trim_is_due(world: "World", record: r.Trimmed) -> None:
    if world.cause != "":
        return  # somebody asked for it
    stream = world.model.streams[record.stream]
    entries = stream.entries[record.partition]
    going = [entry for entry in entries if entry.offset < record.offset]
    settings = stream.settings
    oldest_ms = world.now_ms - settings.retention_ms if settings.retention_ms > 0 else -1
    left = sum(entry.size for entry in entries)
    is_old = False  # an extent on disk is as old as its first, which may have gone before
    partition = world.node.kernel.state.streams[record.stream].partitions[record.partition]
    for entry in going:
        left -= entry.size
        block = partition.at(entry.offset)
        first_ms = entry.stored_ms if block is None or block.place is None else block.stored_ms
        is_old = is_old or min(entry.stored_ms, first_ms) < oldest_ms
        is_much = 0 <= settings.retention_bytes <= left
        assert is_old or is_much, f"{entry.offset} of {stream.name} goes too soon"
        world.counts["trimmed for its age" if is_old else "trimmed for its size"] += 1
    for reader in world.model.readers_of(stream.id):
        if reader.settings.group:
            continue  # a share group holds nothing, as one that reads by cursors
        needed = [m for m in reader.parts[record.partition] if m.offset < record.offset]
        assert not needed, f"{reader.name} needs {needed[:3]}"
    for low in lowest_holds(world, stream.id, record.partition):
        assert low >= record.offset, f"something holds {low}, {record} takes it"


def lowest_holds(world: "World", stream: int, partition: int) -> list[int]:
    """From where on pumps and snapshots need the partition."""
    lows = [
        pump.cursor(partition)
        for pump in world.model.pumps.values()
        if pump.stream == stream and not pump.subscription
    ]
    for snapshot in world.model.snapshots.values():
        if snapshot.stream == stream:
            known = snapshot.windows[partition : partition + 1]
            lows += [open_[0][0] if open_ else frontier for frontier, open_ in known] or [0]
    return lows
