"""Faults in what is stored, carried on and kept."""

from typing import Any

from tests.sim.mutants.register import mutant, nothing, record_is_passed_over, rows_are_not_written
from tests.sim.test_mutants import Patch

from dragoman.kernel import (
    append,
    atomic,
    carrying,
    compacting,
    copies,
    dedup,
    dirtiness,
    kernel,
    publish,
    pumping,
    pumps,
    quotas,
    retention,
    scheduler,
    schedules,
    slices,
)
from dragoman.kernel import kernel as kernel_module
from dragoman.kernel import records as r
from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.groups.coordinator import Coordinator
from dragoman.kernel.groups.group import Groups
from dragoman.kernel.groups.readers import Reader, Readers
from dragoman.kernel.groups.sharer import Sharer
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases import (
    dead,
    lease,
    seek,
    settle,
)
from dragoman.kernel.leases.matching import Matching
from dragoman.kernel.leases.window import Window
from dragoman.kernel.permissions import Permissions
from dragoman.kernel.settings import StreamSettings
from dragoman.kernel.state import State
from dragoman.kernel.transactions import coordinator, transaction
from dragoman.runtime import gathering

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
        scheduler._find(kernel, command, command.stream, command.offset)

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
def a_pump_tries_what_it_is_refused_for_good(patch: Patch) -> None:
    patch.setattr(pumping, "FOR_GOOD", {})


@mutant("pumps")
def a_pump_skips_what_it_is_refused(patch: Patch) -> None:
    real = carrying.decide_carry

    def decide(*args: Any) -> Any:
        try:
            return real(*args)
        except carrying.Full:
            return [], 0

    patch.setattr(pumping, "decide_carry", decide)


# --- acting --------------------------------------------------------------------------------------------------------


@mutant("acting")
def only_the_first_rule_acts(patch: Patch) -> None:
    real = Matching.actors
    patch.setattr(Matching, "actors", lambda self, source: real(self, source)[:1])


@mutant("acting")
def copies_come_in_any_order(patch: Patch) -> None:
    real = copies.copies
    patch.setattr(slices, "copies", lambda *asked: real(*asked)[::-1])


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


# --- reading -------------------------------------------------------------------------------------------------------


@mutant("reading")
def an_owner_is_not_told_that_it_is_none_any_more(patch: Patch) -> None:
    def drop(self: Readers, reader: Reader) -> None:
        real(self, reader)
        reader.session = 0  # nobody's

    real = Readers.drop
    patch.setattr(Readers, "drop", drop)


@mutant("reading")
def readers_outlive_their_connection(patch: Patch) -> None:
    patch.setattr(kernel, "close_readers", nothing)


# --- sharing -------------------------------------------------------------------------------------------------------


@mutant("sharing")
def partitions_of_who_left_are_nobodys(patch: Patch) -> None:
    real = Sharer._look_for_changes
    patch.setattr(
        Sharer,
        "_look_for_changes",
        lambda self: None if len(self._shared.target) > len(self._shared.members) else real(self),
    )


@mutant("sharing")
def sharers_are_never_silent(patch: Patch) -> None:
    patch.setattr(Sharer, "pass_time", nothing)


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
    for module in (compacting, dirtiness):
        patch.setattr(module, "unneeded", lambda stream, partition: partition.stable())


@mutant("compacting")
def what_was_compacted_is_not_written(patch: Patch) -> None:
    patch.setattr(Partition, "rewritten", property(lambda self: [], nothing))


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


# --- guarding ------------------------------------------------------------------------------------------------------


@mutant("guarding")
def a_grant_that_was_taken_back_stays_in_force(patch: Patch) -> None:
    patch.setattr(Permissions, "drop", nothing)


@mutant("guarding")
def a_denial_is_forgotten(patch: Patch) -> None:
    patch.setattr(
        Permissions,
        "_of",
        lambda self, caller, namespace: [
            rule
            for rules in self._rules.values()
            for rule in rules.values()
            if rule.grant.allow and rule.grant.principal in (caller.principal, "*")
        ],
    )


@mutant("guarding")
def publishing_is_not_asked_about(patch: Patch) -> None:
    patch.setattr(kernel_module, "check_publish", nothing)
