"""Making, going back to and ending snapshots: the commands' handlers, and time."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from heapq import heappop
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.describe import queue_info
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.states import DEAD, DEFERRED, LEASED, PENDING, RETURNED, WAITING
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Indexed, Record, Runs, SnapshotCreated, SnapshotDeleted, Sought
from dragoman.kernel.replies import QueueInfo
from dragoman.kernel.snapshots import (
    CreateSnapshot,
    DeleteSnapshot,
    ListSnapshots,
    SeekSnapshot,
    SnapshotInfo,
)
from dragoman.kernel.topology import check_owner, indexed
from dragoman.model.errors import AlreadyExists, InvalidArgument, QuotaExceeded, SnapshotNotFound
from dragoman.model.limits import (
    SNAPSHOT_LIFE_MS_MAX,
    SNAPSHOT_RUNS_MAX,
    SNAPSHOTS_MAX,
    SWEEP_SNAPSHOTS_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

END: Final = 1 << 62  # an offset past all others
OPEN: Final = (LEASED, RETURNED, WAITING, DEFERRED, PENDING, DEAD)


def create_snapshot(kernel: "Decisions", command: CreateSnapshot, session: int) -> SnapshotInfo:
    """Reply: the snapshot."""
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    if not command.snapshot or not 0 < command.life_ms <= SNAPSHOT_LIFE_MS_MAX:
        raise InvalidArgument(f"a snapshot has a name, and 1 to {SNAPSHOT_LIFE_MS_MAX} ms to live")
    if (command.namespace, command.snapshot) in state.snapshots.by_name:
        raise AlreadyExists(command.snapshot)
    if len(state.snapshots.by_id) >= SNAPSHOTS_MAX:
        raise QuotaExceeded(f"{SNAPSHOTS_MAX} snapshots")
    stream = subscription.stream
    windows = tuple((window.frontier, _open_runs(window)) for window in subscription.windows)
    made = SnapshotCreated(
        state.id_next,
        command.namespace,
        command.snapshot,
        stream.id,
        kernel.now_ms + command.life_ms,
        windows,
    )
    kernel.commit([made])
    return _info(kernel, made)


def _open_runs(window: Window) -> Runs:
    """What is below the frontier and not done; what waits for a transaction's end, too. With an order that is
    everything: nothing waits at the frontier.
    """
    found = [run for state in OPEN for run in window.runs(state)]
    if window.order is not None:
        found += window.order.fresh(window)
    runs: Runs = []
    for start, end in sorted(found):
        if runs and (runs[-1][1] == start or len(runs) == SNAPSHOT_RUNS_MAX):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def delete_snapshot(kernel: "Decisions", command: DeleteSnapshot, session: int) -> SnapshotInfo:
    """Reply: the snapshot as it was."""
    known = _find(kernel, command.namespace, command.snapshot)
    info = _info(kernel, known)
    kernel.commit([SnapshotDeleted(known.id)])
    return info


def seek_snapshot(kernel: "Decisions", command: SeekSnapshot, session: int) -> QueueInfo:
    """Reply: the subscription."""
    state = kernel.state
    known = _find(kernel, command.namespace, command.snapshot)
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    if subscription.stream.id != known.stream:
        raise InvalidArgument("the snapshot is of another stream")
    sought: list[Sought] = []
    for partition in subscription.stream.partitions:
        at = partition.index
        frontier, open_ = known.windows[at] if at < len(known.windows) else (0, [])
        low = partition.start
        runs = [(max(start, low), end) for start, end in open_ if end > low]
        if not subscription.is_ordered:
            runs = [each for start, end in runs for each in partition.messages(start, end)]
        sought.append(Sought(subscription.id, at, max(frontier, low), runs))
    records: list[Record] = [*sought]
    if subscription.is_ordered and not subscription.settings.delay_ms:
        records += _in_order(kernel, subscription, sought)
    kernel.commit(records)
    kernel.trim_crowded()
    return queue_info(subscription)


def _in_order(
    kernel: "Decisions", subscription: Subscription, sought: list[Sought]
) -> list[Indexed]:
    """What is ready again of what an ordered or filtered subscription takes. Raises Needs, NotSupported."""
    starts = [
        (record.partition, record.open[0][0] if record.open else record.frontier)
        for record in sought
    ]
    settings = subscription.settings
    found = indexed(kernel.state, subscription.stream, subscription.id, settings, starts)
    spans = {record.partition: [*record.open, (record.frontier, END)] for record in sought}
    for record in found:
        wanted = spans[record.partition]
        record.entries[:] = [
            (max(start, low), min(end, high), priority, key)
            for start, end, priority, key in record.entries
            for low, high in _meeting(wanted, start, end)
        ]
    return found


def _meeting(runs: Runs, start: int, end: int) -> Runs:
    """Those of ascending runs that have anything of [start, end)."""
    at = bisect_right(runs, start, key=lambda run: run[1])
    stop = bisect_left(runs, end, at, key=lambda run: run[0])
    return runs[at:stop]


def list_snapshots(kernel: "Decisions", command: ListSnapshots, session: int) -> list[SnapshotInfo]:
    """Reply: the namespace's snapshots, by name."""
    found = sorted(kernel.state.snapshots.by_name.items())
    return [_info(kernel, known) for key, known in found if key[0] == command.namespace]


def _find(kernel: "Decisions", namespace: str, name: str) -> SnapshotCreated:
    known = kernel.state.snapshots.by_name.get((namespace, name))
    if known is None:
        raise SnapshotNotFound(name)
    return known


def _info(kernel: "Decisions", known: SnapshotCreated) -> SnapshotInfo:
    return SnapshotInfo(known.name, kernel.state.streams[known.stream].name, known.expires_ms)


# --- time ---


def sweep_snapshots(kernel: "Decisions") -> bool:
    """Delete snapshots whose time is over; True when some are left."""
    snapshots = kernel.state.snapshots
    for _ in range(SWEEP_SNAPSHOTS_MAX):
        if not snapshots.expiring or snapshots.expiring[0][0] > kernel.now_ms:
            return False
        _, number = heappop(snapshots.expiring)
        if number in snapshots.by_id:
            kernel.commit([SnapshotDeleted(number)])
    return True


def next_expiry_ms(state: "State") -> int | None:
    """When a snapshot's time is over, wall time."""
    return state.snapshots.expiring[0][0] if state.snapshots.expiring else None


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    CreateSnapshot: create_snapshot,
    DeleteSnapshot: delete_snapshot,
    ListSnapshots: list_snapshots,
    SeekSnapshot: seek_snapshot,
}
