"""Faults in who gets what, and for how long."""

from heapq import heappush
from typing import Any

from tests.sim.mutants.register import mutant, nothing, record_is_passed_over, rows_are_not_written
from tests.sim.test_mutants import Patch

from dragoman.kernel import durable, replay, snapshots, snapshotting
from dragoman.kernel import kernel as kernel_module
from dragoman.kernel import records as r
from dragoman.kernel.block import Block, Partition
from dragoman.kernel.leases import (
    dead,
    deadlines,
    delay,
    dispatch,
    due,
    index,
    peek,
    revising,
    seek,
    selecting,
    sessions,
    settle,
)
from dragoman.kernel.leases.chunk import Chunk
from dragoman.kernel.leases.chunks import ALL
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lanes import Lanes
from dragoman.kernel.leases.matching import Matching
from dragoman.kernel.leases.parcel import Packed, Parcels
from dragoman.kernel.leases.peek import LeaseInfo
from dragoman.kernel.leases.ranks import Ranks
from dragoman.kernel.leases.revisions import Revisions
from dragoman.kernel.leases.selector import Selector
from dragoman.kernel.leases.states import LEASED, RELEASE
from dragoman.kernel.leases.window import Window
from dragoman.kernel.state import State
from dragoman.runtime import chunkrows, snapshot

# --- orders --------------------------------------------------------------------------------------------------------


@mutant("orders")
def keys_lock_nothing(patch: Patch) -> None:
    real = Keys.__init__
    patch.setattr(Keys, "__init__", lambda self, **kinds: real(self, **{**kinds, "fair": True}))


@mutant("orders")
def the_lowest_priority_is_served_first(patch: Patch) -> None:
    for order in (Lanes, Ranks):
        patch.setattr(
            order, "first", lambda self, window, count_max, holder: self.last(window, count_max)
        )


@mutant("orders")
def a_filter_takes_everything(patch: Patch) -> None:
    patch.setattr(Matching, "takers", lambda self, source: list(self._filters))


@mutant("orders")
def a_backlog_is_taken_whatever_the_filter_says(patch: Patch) -> None:
    patch.setattr(index, "filter_of", lambda settings: None)


@mutant("orders")
def lanes_are_not_in_the_checkpoint(patch: Patch) -> None:
    patch.setattr(Lanes, "dump", lambda self: b"\x90")


@mutant("ranks")
def ranks_are_not_in_the_checkpoint(patch: Patch) -> None:
    patch.setattr(Ranks, "dump", lambda self: b"\x90")


@mutant("ranks")
def what_lies_apart_is_forgotten_when_it_is_looked_at(patch: Patch) -> None:
    patch.setattr(Packed, "unpack", lambda self: setattr(self, "parcels", None))


@mutant("ranks")
def what_lies_apart_holds_nothing_back(patch: Patch) -> None:
    patch.setattr(Parcels, "low", lambda self: ALL)


@mutant("ranks")
def what_is_settled_is_whatever_comes_first(patch: Patch) -> None:
    real = Parcels.begins_with

    def begins_with(self: Parcels, holder: int, offsets: list[int]) -> bool:
        own = [at for one in self.by_holder.get(holder, ()) for at in one.offsets[one.at :]]
        return real(self, holder, own[: len(offsets)]) if len(own) >= len(offsets) else False

    patch.setattr(Parcels, "begins_with", begins_with)


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
def what_was_put_off_is_ready_after_one_lease(patch: Patch) -> None:
    patch.setattr(Window, "split_aside", lambda self, runs: (runs, []))


@mutant("deadlines")
def a_checkpoint_forgets_what_was_put_off(patch: Patch) -> None:
    real = chunkrows.chunk_row

    def chunk_row(chunk: Chunk) -> bytes:
        kept, chunk.aside = chunk.aside, None
        row = real(chunk)
        chunk.aside = kept
        return row

    patch.setattr(snapshot, "chunk_row", chunk_row)


@mutant("deadlines")
def what_is_put_off_never_expires(patch: Patch) -> None:
    patch.setattr(deadlines, "_expired", lambda *asked: [])


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


# --- looking -------------------------------------------------------------------------------------------------------


@mutant("looking")
def a_receipt_is_good_for_ever(patch: Patch) -> None:
    patch.setattr(peek, "LeaseInfo", lambda state, is_held, tries: LeaseInfo(state, True, tries))


@mutant("looking")
def a_stream_shows_what_is_pending(patch: Patch) -> None:
    patch.setattr(Partition, "messages", lambda self, start, end: [(start, end)])


# --- revising ------------------------------------------------------------------------------------------------------


@mutant("revising")
def what_readers_set_is_forgotten_by_a_crash(patch: Patch) -> None:
    real = durable.is_durable
    patch.setattr(
        kernel_module,
        "is_durable",
        lambda state, record: not isinstance(record, r.Revised) and real(state, record),
    )


@mutant("revising")
def a_checkpoint_writes_no_revisions(patch: Patch) -> None:
    patch.setattr(snapshot, "_revision_changes", lambda known, prefix, lasts: ())


@mutant("revising")
def rows_of_revisions_stay(patch: Patch) -> None:
    real = snapshot._revision_changes
    patch.setattr(
        snapshot,
        "_revision_changes",
        lambda known, prefix, lasts: (
            change for change in real(known, prefix, lasts=lasts) if change[2] is not None
        ),
    )


@mutant("revising")
def dead_letters_are_as_they_were_sent(patch: Patch) -> None:
    real = revising.stored_messages

    def stored(state: State, partition: Any, window: Any, runs: Any) -> Any:
        revisions, window.revisions = window.revisions, None
        try:
            yield from list(real(state, partition, window, runs))
        finally:
            window.revisions = revisions

    patch.setattr(dead, "stored_messages", stored)


@mutant("revising")
def a_run_goes_on_over_a_revision(patch: Patch) -> None:
    patch.setattr(Revisions, "first_in", lambda self, start, end: end)


@mutant("revising")
def revisions_outlive_their_messages(patch: Patch) -> None:
    patch.setattr(Revisions, "forget", nothing)


# --- selecting -----------------------------------------------------------------------------------------------------


@mutant("selecting")
def what_is_passed_over_is_lost(patch: Patch) -> None:
    patch.setattr(selecting, "pass_over", lambda kernel, holder, run: True)


@mutant("selecting")
def nobody_looks_again(patch: Patch) -> None:
    def come_back(self: Window, start: int) -> None:
        self.returned_low = min(self.returned_low, start)

    patch.setattr(Window, "come_back", come_back)


@mutant("selecting")
def who_has_looked_at_everything_is_not_woken(patch: Patch) -> None:
    patch.setattr(dispatch, "rouse", nothing)


@mutant("selecting")
def a_selector_takes_everything(patch: Patch) -> None:
    patch.setattr(Selector, "wants", lambda self, block, offset: True)


@mutant("selecting")
def what_follows_a_wanted_one_is_taken_with_it(patch: Patch) -> None:
    real = Selector.find

    def find(self: Selector, block: Block, start: int, end: int, count_max: int) -> Any:
        found, seen = real(self, block, start, end, count_max)
        if found is not None and found[1] < end and found[1] - found[0] < count_max:
            found = (found[0], found[1] + 1)
        return found, seen

    patch.setattr(Selector, "find", find)


@mutant("selecting")
def nothing_bounds_what_is_passed_over(patch: Patch) -> None:
    real = selecting.pass_over

    def pass_over(kernel: Any, holder: Any, run: Any) -> bool:
        with patch.context() as within:
            within.setattr(selecting, "PASSED_MAX", 1 << 30)
            return real(kernel, holder, run)

    patch.setattr(selecting, "pass_over", pass_over)
