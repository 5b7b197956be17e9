"""Faults planted in the kernel's features, one and more for each family: the seeds of the full run must find them all."""

from collections.abc import Callable
from heapq import heappush
from typing import Any

import pytest
from tests.sim.actions import FAMILIES
from tests.sim.simulation import families_of
from tests.sim.test_mutants import Patch, is_found
from tests.sim.test_simulation import ALL_SEEDS

from dragoman.kernel import (
    append,
    atomic,
    carrying,
    compacting,
    dedup,
    publish,
    pumping,
    pumps,
    quotas,
    replay,
    retention,
    scheduler,
    schedules,
    snapshots,
    snapshotting,
)
from dragoman.kernel import records as r
from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.groups.coordinator import Coordinator
from dragoman.kernel.groups.group import Groups
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases import (
    dead,
    deadlines,
    delay,
    due,
    index,
    lease,
    peek,
    seek,
    sessions,
    settle,
)
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lanes import Lanes
from dragoman.kernel.leases.peek import LeaseInfo
from dragoman.kernel.leases.states import LEASED, RELEASE
from dragoman.kernel.leases.window import Window
from dragoman.kernel.settings import StreamSettings
from dragoman.kernel.state import State
from dragoman.kernel.transactions import coordinator, transaction
from dragoman.runtime import featurerows, gathering

pytestmark = pytest.mark.skipif(
    not str(lease.__file__).endswith(".py"), reason="compiled modules cannot be changed"
)

MUTANTS: dict[str, tuple[str, Callable[[Patch], None]]] = {}


def mutant(family: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def note(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS[plant.__name__] = (family, plant)
        return plant

    return note


def nothing(*args: Any, **kwargs: Any) -> None:
    """What is left out."""


def record_is_passed_over(patch: Patch, kind: type) -> None:
    patch.setitem(replay.APPLY, kind, nothing)


def rows_are_not_written(patch: Patch, table: str) -> None:
    real = featurerows.feature_changes
    patch.setattr(
        gathering,
        "feature_changes",
        lambda state: (change for change in real(state) if change[0] != table),
    )


# --- orders --------------------------------------------------------------------------------------------------------


@mutant("orders")
def keys_lock_nothing(patch: Patch) -> None:
    real = Keys.__init__
    patch.setattr(Keys, "__init__", lambda self, **kinds: real(self, **{**kinds, "fair": True}))


@mutant("orders")
def the_lowest_priority_is_served_first(patch: Patch) -> None:
    patch.setattr(
        Lanes, "first", lambda self, window, count_max, holder: self.last(window, count_max)
    )


@mutant("orders")
def a_filter_takes_everything(patch: Patch) -> None:
    patch.setattr(index, "_runs", lambda filter_, fields, offset: [(offset, offset + len(fields))])


@mutant("orders")
def a_backlog_is_taken_whatever_the_filter_says(patch: Patch) -> None:
    patch.setattr(index, "filter_of", lambda settings: None)


@mutant("orders")
def lanes_are_not_in_the_checkpoint(patch: Patch) -> None:
    patch.setattr(Lanes, "dump", lambda self: b"\x90")


@mutant("orders")
def followers_stay_where_they_are(patch: Patch) -> None:
    patch.setattr(settle, "_revoked", lambda *what: [])


# --- deadlines -----------------------------------------------------------------------------------------------------


@mutant("deadlines")
def leases_end_early(patch: Patch) -> None:
    real = Window.overdue
    patch.setattr(
        Window,
        "overdue",
        lambda self, start, end, holder, now_ms: real(self, start, end, holder, now_ms + 20),
    )
    patch.setattr(
        due, "_push", lambda state, entry: heappush(state.due.heap, (entry[0] - 20, *entry[1:]))
    )


@mutant("deadlines")
def leases_never_end(patch: Patch) -> None:
    patch.setattr(due, "_push", nothing)


@mutant("deadlines")
def a_renewal_is_forgotten(patch: Patch) -> None:
    record_is_passed_over(patch, r.Renewed)


@mutant("deadlines")
def leases_with_a_deadline_end_with_the_node(patch: Patch) -> None:
    patch.setattr(Window, "bound", lambda self: list(self.runs(LEASED)))


@mutant("deadlines")
def a_holder_comes_again_in_another_life(patch: Patch) -> None:
    patch.setattr(
        State,
        "begin_life",
        lambda self, incarnation: setattr(self, "incarnation", incarnation),
    )


@mutant("deadlines")
def what_is_put_off_is_ready_again(patch: Patch) -> None:
    patch.setattr(settle, "DEFER", RELEASE)


@mutant("deadlines")
def every_receipt_is_good(patch: Patch) -> None:
    patch.setattr(settle, "still_held", lambda window, command: (command.runs, 0))


# --- sessions ------------------------------------------------------------------------------------------------------


@mutant("sessions")
def a_session_is_given_to_two(patch: Patch) -> None:
    real = sessions._named

    def named(subscription: Any, name: bytes) -> Any:
        found = real(subscription, name)
        found[2].receiver = 0
        return found

    patch.setattr(sessions, "_named", named)


@mutant("sessions")
def locks_never_end(patch: Patch) -> None:
    patch.setattr(deadlines, "expire_lock", nothing)


@mutant("sessions")
def what_was_held_in_a_session_stays_held(patch: Patch) -> None:
    patch.setattr(sessions, "decide_return", lambda subscription, holder, *, failed: [])


@mutant("sessions")
def a_sessions_state_is_forgotten(patch: Patch) -> None:
    record_is_passed_over(patch, r.SessionStateSet)


@mutant("sessions")
def anybody_is_served_from_a_session(patch: Patch) -> None:
    patch.setattr(sessions, "accepted", lambda state, number, session: state.holders[number])


# --- seeking -------------------------------------------------------------------------------------------------------


@mutant("seeking")
def a_seek_goes_one_too_far(patch: Patch) -> None:
    real = seek._sought
    patch.setattr(
        seek,
        "_sought",
        lambda subscription, partition, offset: real(subscription, partition, offset + 1),
    )


@mutant("seeking")
def a_snapshot_forgets_what_was_open(patch: Patch) -> None:
    patch.setattr(snapshotting, "_open_runs", lambda window: [])


@mutant("seeking")
def a_retry_outlives_a_seek(patch: Patch) -> None:
    patch.setattr(State, "forget_retries", nothing)


@mutant("seeking")
def snapshots_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "snapshot")


@mutant("seeking")
def a_snapshot_holds_nothing(patch: Patch) -> None:
    real = snapshots.apply_snapshot_created

    def created(state: State, record: Any) -> None:
        real(state, record)
        if record.stream in state.streams:
            state.streams[record.stream].holds.pop(record.id, None)

    patch.setitem(replay.APPLY, r.SnapshotCreated, created)


# --- scheduling ----------------------------------------------------------------------------------------------------


@mutant("scheduling")
def what_waits_is_sent_early(patch: Patch) -> None:
    patch.setattr(scheduler, "due_of", lambda key: schedules.due_of(key) - 15)


@mutant("scheduling")
def what_was_sent_is_sent_again(patch: Patch) -> None:
    record_is_passed_over(patch, r.ScheduleSettled)


@mutant("scheduling")
def the_bits_of_what_was_sent_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "schedule")


@mutant("scheduling")
def what_was_taken_back_is_not(patch: Patch) -> None:
    def cancel(kernel: Any, command: Any, session: int) -> None:
        scheduler._find(kernel, command)

    patch.setattr(scheduler, "cancel_schedule", cancel)
    real = Kernel.__init__

    def init(self: Any, *parts: Any) -> None:
        real(self, *parts)
        self._handlers = {**self._handlers, schedules.CancelSchedule: cancel}

    patch.setattr(Kernel, "__init__", init)


@mutant("scheduling")
def an_id_is_told_before_it_is_safe(patch: Patch) -> None:
    patch.setattr(scheduler, "SYNCED", 0)
    patch.setattr(scheduler, "BUCKET_SETTINGS", StreamSettings(retention_ms=-1, level=0))


# --- unique --------------------------------------------------------------------------------------------------------


@mutant("unique")
def a_window_is_half_as_long(patch: Patch) -> None:
    real = dedup.Window.find
    patch.setattr(
        dedup.Window,
        "find",
        lambda self, identity, now_ms: real(self, identity, now_ms + self.window_ms // 2),
    )


@mutant("unique")
def a_window_never_ends(patch: Patch) -> None:
    real = dedup.Window.find
    patch.setattr(dedup.Window, "find", lambda self, identity, now_ms: real(self, identity, 0))


@mutant("unique")
def ids_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "dedup")


# --- atomic --------------------------------------------------------------------------------------------------------


@mutant("atomic")
def a_frame_ends_in_the_middle_of_a_set(patch: Patch) -> None:
    def drain(self: Any) -> list[Any]:
        half = (len(self._records) + 1) // 2
        records: list[Any] = self._records[:half]
        self._records = self._records[half:]
        return records

    patch.setattr(Kernel, "drain_records", drain)


@mutant("atomic")
def the_rest_of_a_set_goes_through(patch: Patch) -> None:
    patch.setattr(atomic, "PublishRefused", type("Never", (BaseException,), {}))

    def decide_one(kernel: Any, command: Any, pending: Any) -> Any:
        return publish.decide_publish(kernel.state, command, kernel.now_ms, pending)

    patch.setattr(atomic, "decide_one", decide_one)


@mutant("atomic")
def publishes_of_a_set_do_not_know_each_other(patch: Patch) -> None:
    real = publish.decide_publish
    patch.setattr(
        atomic,
        "decide_publish",
        lambda state, command, now_ms, pending: real(state, command, now_ms, None),
    )


# --- transactions --------------------------------------------------------------------------------------------------


@mutant("transactions")
def what_is_pending_is_seen(patch: Patch) -> None:
    patch.setattr(append, "pend", lambda state, stream, partition, block, producer: False)


@mutant("transactions")
def leased_readers_forget_what_they_stepped_over(patch: Patch) -> None:
    for module in (transaction, lease, settle, seek):
        patch.setattr(module, "hide_pending", nothing)


@mutant("transactions")
def the_aborted_are_not_in_the_index(patch: Patch) -> None:
    patch.setattr(transaction, "_index_aborted", nothing)


@mutant("transactions")
def the_aborted_index_is_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "aborted")


@mutant("transactions")
def transactions_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "transaction")


@mutant("transactions")
def nobody_is_fenced(patch: Patch) -> None:
    real = coordinator._mine

    def mine(kernel: Any, command: Any) -> Any:
        key = (command.namespace, command.transactional_id)
        return kernel.state.transactions.by_key.get(key) or real(kernel, command)

    patch.setattr(coordinator, "_mine", mine)


@mutant("transactions")
def cursors_move_with_an_abort(patch: Patch) -> None:
    real = coordinator.decide_end

    def decide_end(kernel: Any, known: Any, marker: bytes, *, commit: bool, **more: Any) -> Any:
        moved = [
            r.CursorsCommitted(each[0], each[1], each[2], kernel.now_ms) for each in known.cursors
        ]
        return ([] if commit else moved) + real(kernel, known, marker, commit=commit, **more)

    patch.setattr(coordinator, "decide_end", decide_end)


@mutant("transactions")
def an_end_leaves_the_epoch_where_it_is(patch: Patch) -> None:
    real = coordinator.decide_end

    def decide_end(kernel: Any, known: Any, marker: bytes, *, commit: bool, **_: Any) -> Any:
        return real(kernel, known, marker, commit=commit)

    patch.setattr(coordinator, "decide_end", decide_end)


@mutant("transactions")
def transactions_stay_open(patch: Patch) -> None:
    patch.setattr(coordinator, "_time_out", nothing)


# --- pumps ---------------------------------------------------------------------------------------------------------


@mutant("pumps")
def what_was_carried_is_carried_again(patch: Patch) -> None:
    record_is_passed_over(patch, r.PumpMoved)


@mutant("pumps")
def a_pump_carries_what_it_is_not_to(patch: Patch) -> None:
    patch.setattr(pumps, "compiled", lambda settings: None)


@mutant("pumps")
def a_pump_carries_what_is_not_committed(patch: Patch) -> None:
    patch.setattr(Partition, "stable", lambda self: self.end)


@mutant("pumps")
def pumps_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "pump")


@mutant("pumps")
def a_pump_skips_what_it_is_refused(patch: Patch) -> None:
    real = carrying.decide_carry

    def decide(*args: Any) -> Any:
        try:
            return real(*args)
        except carrying.Full:
            return [], 0

    patch.setattr(pumping, "decide_carry", decide)


# --- groups --------------------------------------------------------------------------------------------------------


@mutant("groups")
def a_stale_member_may_commit(patch: Patch) -> None:
    patch.setattr(
        Coordinator,
        "_member_of",
        lambda self, member_id, instance_id, generation: self._known(member_id, instance_id),
    )


@mutant("groups")
def everybody_is_assigned_the_same(patch: Patch) -> None:
    real = Coordinator._assign
    patch.setattr(
        Coordinator,
        "_assign",
        lambda self, given, places: real(self, dict.fromkeys(self._group.members, b"all"), places),
    )


@mutant("groups")
def answers_are_lost(patch: Patch) -> None:
    patch.setattr(Groups, "answer", lambda self, ticket, result: self.tickets.pop(ticket, None))


@mutant("groups")
def cursors_are_not_in_the_checkpoint(patch: Patch) -> None:
    patch.setattr(
        gathering,
        "group_change",
        lambda group, *, exists: ("cursors", "/".join(group.key), None),
    )


# --- delays --------------------------------------------------------------------------------------------------------


@mutant("delays")
def what_is_delayed_is_shown_early(patch: Patch) -> None:
    real = delay._decide
    patch.setattr(
        delay,
        "_decide",
        lambda state, subscription, now_ms: real(state, subscription, now_ms + 200),
    )


@mutant("delays")
def what_is_shown_is_forgotten(patch: Patch) -> None:
    record_is_passed_over(patch, r.Shown)


# --- keeping -------------------------------------------------------------------------------------------------------


@mutant("keeping")
def a_document_is_not_kept(patch: Patch) -> None:
    record_is_passed_over(patch, r.DocumentPut)


@mutant("keeping")
def documents_are_not_in_the_checkpoint(patch: Patch) -> None:
    rows_are_not_written(patch, "document")


# --- compacting ----------------------------------------------------------------------------------------------------


@mutant("compacting")
def keys_that_are_alike_are_one(patch: Patch) -> None:
    real = compacting._keys_of

    def keys_of(translator: Any, block: Any) -> list[tuple[int, bytes | None, int]]:
        return [(at, key and key[:1], said) for at, key, said in real(translator, block)]

    patch.setattr(compacting, "_keys_of", keys_of)


@mutant("compacting")
def tombstones_go_at_once(patch: Patch) -> None:
    real = compacting._keys_of

    def keys_of(translator: Any, block: Any) -> list[tuple[int, bytes | None, int]]:
        return [(at, key, 1 if said >= 0 else said) for at, key, said in real(translator, block)]

    patch.setattr(compacting, "_keys_of", keys_of)


@mutant("compacting")
def what_readers_need_is_compacted(patch: Patch) -> None:
    patch.setattr(compacting, "unneeded", lambda stream, partition: partition.stable())


@mutant("compacting")
def what_was_compacted_is_not_written(patch: Patch) -> None:
    patch.setattr(Partition, "rewritten", property(lambda self: [], nothing))


# --- looking -------------------------------------------------------------------------------------------------------


@mutant("looking")
def a_receipt_is_good_for_ever(patch: Patch) -> None:
    patch.setattr(peek, "LeaseInfo", lambda state, is_held, tries: LeaseInfo(state, True, tries))


@mutant("looking")
def a_stream_shows_what_is_pending(patch: Patch) -> None:
    patch.setattr(Partition, "messages", lambda self, start, end: [(start, end)])


# --- limits --------------------------------------------------------------------------------------------------------


@mutant("limits")
def nobody_minds_how_much_is_stored(patch: Patch) -> None:
    patch.setattr(quotas, "check_stored", nothing)


@mutant("limits")
def nobody_counts_streams(patch: Patch) -> None:
    patch.setattr(quotas.Usage, "count_stream", nothing)


@mutant("limits")
def nothing_is_held(patch: Patch) -> None:
    patch.setattr(Window, "floor", lambda self: 1 << 40)
    patch.setattr(Stream, "held", lambda self, partition, floor: floor)


@mutant("limits")
def entries_go_too_soon(patch: Patch) -> None:
    patch.setattr(retention, "_last_ms", lambda block: 0)


@mutant("limits")
def dead_letters_are_lost_to_a_full_disk(patch: Patch) -> None:
    real = publish.decide_death

    def decide_death(state: State, *rest: Any) -> Any:
        return [] if state.is_full else real(state, *rest)

    patch.setattr(dead, "decide_death", decide_death)


def seeds_of(family: str) -> list[int]:
    """Those of the full run that play it."""
    return [seed for seed in ALL_SEEDS if family in families_of(seed)]


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_full_run_finds(name: str, monkeypatch: Patch) -> None:
    family, plant = MUTANTS[name]
    plant(monkeypatch)
    assert is_found(seeds_of(family)), f"{name}: nobody noticed"


def test_every_family_has_a_mutant() -> None:
    assert {family for family, _ in MUTANTS.values()} == set(FAMILIES)
