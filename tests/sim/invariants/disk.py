"""Section 6: what is on the disk. Taps ask these before something happens, or right after."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from dragoman.model.levels import SYNCED
from dragoman.ports.storage import Tail
from dragoman.runtime.extents import ExtentRow
from dragoman.runtime.snapshot import MetaRow

if TYPE_CHECKING:
    from tests.sim.world import World


def a_promise_survives(world: "World", tail: Tail) -> None:
    """What left at a level is there after what that level survives; an incarnation is never used twice."""
    survivors = [SYNCED] if world.power_lost else list(world.promised)
    for level in survivors:
        assert tail.position >= world.promised[level], (tail, world.promised, world.power_lost)
    assert tail.incarnation > world.incarnation
    world.incarnation = tail.incarnation


def an_atomic_set_is_in_one_frame(world: "World") -> None:
    """Frames end where decisions end."""
    assert world.appended in world.node.kernel.boundaries, (
        "a frame ends in the middle of a decision"
    )


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
