"""Snapshots: what a leased subscription had still to do, by name, to be gone back to.

Per partition the frontier and what was open before it; the stream keeps everything from the lowest of these on until
the snapshot is deleted or its time is over. Past SNAPSHOT_RUNS_MAX runs what lies between counts as open: going back
then hands a few acknowledged messages out again, never too few.
"""

from heapq import heappush
from typing import TYPE_CHECKING

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.entities import Stream
from dragoman.kernel.records import SnapshotCreated, SnapshotDeleted

if TYPE_CHECKING:
    from dragoman.kernel.state import State


class CreateSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Remember how a leased subscription stands. Reply: `SnapshotInfo`. Raises AlreadyExists, QuotaExceeded."""

    namespace: str = DEFAULT_NAMESPACE
    snapshot: str
    name: str
    subscription: str = ""
    life_ms: int


class DeleteSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Forget it; the stream may let its entries go. Reply: `SnapshotInfo` as it was. Raises SnapshotNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    snapshot: str


class ListSnapshots(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[SnapshotInfo]`, by name."""

    namespace: str = DEFAULT_NAMESPACE


class SeekSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Make a subscription of the same stream stand as the snapshot says. Reply: `QueueInfo`.

    An ordered or filtered subscription takes what its filter takes now of that, in its order.
    Raises SnapshotNotFound, InvalidArgument (another stream), NotSupported (too much to be put in order).
    """

    namespace: str = DEFAULT_NAMESPACE
    snapshot: str
    name: str
    subscription: str = ""


class SnapshotInfo(msgspec.Struct, frozen=True):
    """A snapshot; `expires_ms` is wall time."""

    snapshot: str
    name: str
    expires_ms: int


class Snapshots:
    """All snapshots, as the records that made them."""

    __slots__ = ("by_id", "by_name", "dirty", "expiring")

    def __init__(self) -> None:
        self.by_id: dict[int, SnapshotCreated] = {}
        self.by_name: dict[tuple[str, str], SnapshotCreated] = {}
        self.expiring: list[tuple[int, int]] = []  # heap: (wall ms, id)
        self.dirty: dict[int, None] = {}


def apply_snapshot_created(state: "State", record: SnapshotCreated) -> None:
    """The snapshot is there, and holds."""
    state.id_next = max(state.id_next, record.id + 1)
    stream = state.streams.get(record.stream)
    if stream is None:
        return  # it was not a durable one
    snapshots = state.snapshots
    snapshots.by_id[record.id] = snapshots.by_name[record.namespace, record.name] = record
    heappush(snapshots.expiring, (record.expires_ms, record.id))
    snapshots.dirty[record.id] = None
    floors = [open_[0][0] if open_ else frontier for frontier, open_ in record.windows]
    stream.hold(record.id, floors)


def apply_snapshot_deleted(state: "State", record: SnapshotDeleted) -> None:
    """The snapshot and its hold are gone."""
    snapshots = state.snapshots
    known = snapshots.by_id.pop(record.id, None)
    if known is None:
        return
    del snapshots.by_name[known.namespace, known.name]
    snapshots.dirty[record.id] = None
    stream = state.streams.get(known.stream)
    if stream is not None:
        stream.holds.pop(record.id, None)
        state.dirty_floors[stream.id] = stream


def forget_stream(state: "State", stream: Stream) -> None:
    """The stream is gone: so are its snapshots."""
    for number in list(stream.holds):
        apply_snapshot_deleted(state, SnapshotDeleted(number))
