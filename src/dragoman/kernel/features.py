"""Where the kernel's further features are joined to it: commands, records, and what time does, each in one table.

Each feature is a module of its own: commands, what it remembers, what it decides, what its records do. The kernel calls
them through the tables here and knows none by name.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel import (
    aliases,
    atomic,
    catalogue,
    compacting,
    dedup,
    documents,
    granting,
    listing,
    pumping,
    pumps,
    registry,
    scheduled,
    scheduler,
    schedules,
    schemas,
    sharing,
    snapshots,
    snapshotting,
    tracing,
    unused,
)
from dragoman.kernel.groups import readers
from dragoman.kernel.leases import deadlines, delay, peek, revising, seek, sessions, subscribe
from dragoman.kernel.records import (
    Compacted,
    CursorsPended,
    DocumentDeleted,
    DocumentPut,
    ProducerInitialised,
    PumpCreated,
    PumpDeleted,
    PumpMoved,
    Revised,
    ScheduleSettled,
    Shown,
    SnapshotCreated,
    SnapshotDeleted,
    Sought,
    SubscriptionAltered,
    TransactionEnded,
    TransactionExtended,
    TransactionForgotten,
)
from dragoman.kernel.rules import commands as rules
from dragoman.kernel.transactions import coordinator, transaction

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

Handler = Callable[["Decisions", Any, int], Any]

HANDLERS: Final[Mapping[type, Handler]] = {
    **atomic.HANDLERS,
    **coordinator.HANDLERS,
    **scheduler.HANDLERS,
    **scheduled.HANDLERS,
    **pumping.HANDLERS,
    **seek.HANDLERS,
    **peek.HANDLERS,
    **snapshotting.HANDLERS,
    **deadlines.HANDLERS,
    **sessions.HANDLERS,
    **subscribe.HANDLERS,
    **documents.HANDLERS,
    **granting.HANDLERS,
    **registry.HANDLERS,
    **schemas.HANDLERS,
    **rules.HANDLERS,
    **tracing.HANDLERS,
    **aliases.HANDLERS,
    **catalogue.HANDLERS,
    **readers.HANDLERS,
    **sharing.HANDLERS,
    **listing.HANDLERS,
}

APPLY: Final[Mapping[type, Callable[["State", Any], None]]] = {
    ProducerInitialised: transaction.apply_initialised,
    TransactionExtended: transaction.apply_extended,
    CursorsPended: transaction.apply_cursors_pended,
    TransactionEnded: transaction.apply_ended,
    TransactionForgotten: transaction.apply_forgotten,
    ScheduleSettled: schedules.apply_schedule_settled,
    SubscriptionAltered: seek.apply_altered,
    Sought: seek.apply_sought,
    SnapshotCreated: snapshots.apply_snapshot_created,
    SnapshotDeleted: snapshots.apply_snapshot_deleted,
    PumpCreated: pumps.apply_pump_created,
    PumpMoved: pumps.apply_pump_moved,
    PumpDeleted: pumps.apply_pump_deleted,
    Shown: delay.apply_shown,
    Compacted: compacting.apply_compacted,
    Revised: revising.apply_revised,
    DocumentPut: documents.apply_document_put,
    DocumentDeleted: documents.apply_document_deleted,
}

SWEEPS: Final[tuple[Callable[["Decisions"], bool], ...]] = (
    coordinator.sweep_transactions,
    unused.sweep_idle,
    scheduler.sweep_schedules,
    dedup.sweep_dedup,
    delay.sweep_delays,  # before pumps, which carry what is shown
    pumping.sweep_pumps,
    snapshotting.sweep_snapshots,
    compacting.sweep_compaction,
)
"""One bounded step each; True when some work is left for now."""

ELAPSED: Final[tuple[Callable[["State"], int | None], ...]] = (
    coordinator.next_deadline_ms,
    unused.next_look_ms,
    scheduler.next_retry_ms,
    dedup.next_round_ms,
    pumping.next_pump_ms,
    compacting.next_compaction_ms,
)
"""When each has something to do next, elapsed time; None nothing to wait for."""

WALL: Final[tuple[Callable[["State"], int | None], ...]] = (
    scheduler.next_due_ms,
    snapshotting.next_expiry_ms,
    delay.next_showing_ms,
)


def sweep_features(kernel: "Decisions") -> bool:
    """One step of every feature; True when some work is left for now. Raises Needs, with what came before done."""
    more = False
    for sweep in SWEEPS:
        more = sweep(kernel) or more
    return more


def next_elapsed_ms(state: "State") -> list[int]:
    """When features want a sweep, elapsed time."""
    return [at_ms for ask in ELAPSED if (at_ms := ask(state)) is not None]


def next_wall_ms(state: "State") -> list[int]:
    """When features want a sweep, wall time."""
    return [at_ms for ask in WALL if (at_ms := ask(state)) is not None]
