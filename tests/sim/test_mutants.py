"""Faults planted in the node, each of which the simulation must find: what it cannot find it does not check."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from tests.sim.simulation import live
from tests.sim.test_simulation import Played, played

from dragoman.kernel import draft, durable, publish, replay, slices, topology
from dragoman.kernel import kernel as kernel_module
from dragoman.kernel.block import Block, Partition
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases import dead, dispatch, lease, settle, sweep
from dragoman.kernel.leases.states import DONE, LEASED, RETURNED
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Settled, Started
from dragoman.kernel.routing import Routing
from dragoman.kernel.state import State
from dragoman.ports.storage import Segments, StorageError
from dragoman.runtime import gathering, recovery, snapshot
from dragoman.runtime.broker import Broker
from dragoman.runtime.checkpoint import Checkpointer
from dragoman.runtime.commit import Commit
from dragoman.runtime.gathering import Gathered
from dragoman.runtime.outbox import Outbox

SEEDS = 150  # within these each is found; most within the first few

pytestmark = pytest.mark.skipif(
    not str(lease.__file__).endswith(".py"), reason="compiled modules cannot be changed"
)

Patch = pytest.MonkeyPatch
MUTANTS: dict[str, Callable[[Patch], None]] = {}


def mutant(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    MUTANTS[plant.__name__] = plant
    return plant


@mutant
def a_confirm_does_not_wait(patch: Patch) -> None:
    patch.setattr(Commit, "reached", lambda self, level: self.position())


@mutant
def a_write_passes_for_a_sync(patch: Patch) -> None:
    patch.setattr(Commit, "reached", lambda self, level: self.written)


@mutant
def the_sync_is_left_out(patch: Patch) -> None:
    def finish(self: Any, position: int, sync: bool, trim: int) -> None:
        self._post(self._on_done, position, sync)

    patch.setattr(Commit, "_finish", finish)


@mutant
def a_confirm_names_the_frame_before(patch: Patch) -> None:
    patch.setattr(Broker, "position", lambda self: self.commit.handed)


@mutant
def the_state_does_not_wait_for_the_journal(patch: Patch) -> None:
    real = Checkpointer.look

    def look(self: Any) -> None:
        if self._waiting is not None:
            self._waiting, frozen = None, self._waiting
            self._worker.submit(lambda: self._work(frozen))
        else:
            real(self)

    patch.setattr(Checkpointer, "look", look)


@mutant
def a_checkpoint_begins_in_the_middle_of_a_turn(patch: Patch) -> None:
    real = Checkpointer.begin

    def begin(self: Any) -> None:
        patch.setattr(Kernel, "has_records", lambda _: False)
        real(self)
        patch.undo()
        begin_in_the_middle(patch)

    def begin_in_the_middle(patch: Patch) -> None:
        patch.setattr(Checkpointer, "begin", begin)

    begin_in_the_middle(patch)


@mutant
def what_gathers_after_a_freeze_joins_its_frame(patch: Patch) -> None:
    patch.setattr(Commit, "seal", lambda self: self.position())


@mutant
def the_segment_is_not_synced(patch: Patch) -> None:
    class Unsynced:
        def __init__(self, segments: Segments) -> None:
            self._segments = segments

        def __getattr__(self, name: str) -> Any:
            return getattr(self._segments, name)

        def sync(self, segment: int) -> None: ...

    real = Checkpointer.__init__

    def init(self: Any, kernel: Any, commit: Any, segments: Any, *rest: Any) -> None:
        real(self, kernel, commit, Unsynced(segments), *rest)

    patch.setattr(Checkpointer, "__init__", init)


@mutant
def segments_are_not_cut(patch: Patch) -> None:
    patch.setattr(recovery, "_cut_segments", lambda segments, lengths: None)


@mutant
def the_journal_is_trimmed_when_a_checkpoint_begins(patch: Patch) -> None:
    real = Checkpointer.begin

    def begin(self: Any) -> None:
        real(self)
        self._commit.trim(self._commit.written)

    patch.setattr(Checkpointer, "begin", begin)


@mutant
def a_segment_goes_while_rows_name_it(patch: Patch) -> None:
    real = Checkpointer._gather_gone

    def gather_gone(self: Any, left: int) -> int:
        for number in self._live:
            self._live[number] = min(self._live[number], 0)
        return real(self, left)

    patch.setattr(Checkpointer, "_gather_gone", gather_gone)


@mutant
def a_row_gathered_once_is_not_made_again(patch: Patch) -> None:
    real = Gathered.put

    def put(self: Any, change: Any) -> int:
        cost = real(self, change) if change[:2] not in self.rows else 1
        return int(cost)

    patch.setattr(Gathered, "put", put)


@mutant
def what_changes_while_a_checkpoint_is_gathered_is_clean(patch: Patch) -> None:
    real = Checkpointer.begin

    def begin(self: Any) -> None:
        if self._gathered.rows:
            self._kernel.state.dirty_subscriptions.clear()
        real(self)

    patch.setattr(Checkpointer, "begin", begin)


@mutant
def blocks_gathered_before_are_not_in_the_checkpoint(patch: Patch) -> None:
    real = Checkpointer.begin

    def begin(self: Any) -> None:
        if not self.is_busy and not self._kernel.has_records():
            self._gathered.blocks.clear()
        real(self)

    patch.setattr(Checkpointer, "begin", begin)


@mutant
def who_is_not_finished_in_a_turn_is_forgotten(patch: Patch) -> None:
    real = Checkpointer.gather

    def gather(self: Any, rows_max: int) -> bool:
        is_whole = real(self, rows_max)
        if not is_whole:
            self._kernel.state.dirty_streams.clear()
        return is_whole

    patch.setattr(Checkpointer, "gather", gather)


@mutant
def a_frozen_block_takes_more(patch: Patch) -> None:
    real = Block.takes

    def takes(self: Any, other: Block) -> bool:
        frozen, self.frozen = self.frozen, False
        try:
            return bool(real(self, other))
        finally:
            self.frozen = frozen

    patch.setattr(Block, "takes", takes)


@mutant
def rows_of_the_gone_stay(patch: Patch) -> None:
    def forget(self: Any, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self.resident -= block.freed() if block.place is None else 0

    patch.setattr(State, "forget", forget)


def start_passes_over(patch: Patch, passed: int) -> None:
    real, runs = replay.APPLY[Started], Window.runs

    def started(state: State, record: Any) -> None:
        with patch.context() as within:
            within.setattr(
                Window,
                "runs",
                lambda self, code, holder=0: () if code == passed else runs(self, code, holder),
            )
            real(state, record)

    patch.setitem(replay.APPLY, Started, started)


@mutant
def a_start_returns_no_leases(patch: Patch) -> None:
    start_passes_over(patch, LEASED)


@mutant
def a_start_ends_every_wait(patch: Patch) -> None:
    patch.setattr(Window, "waits_until", lambda self: [])


@mutant
def leases_of_a_closed_connection_stay(patch: Patch) -> None:
    patch.setattr(kernel_module, "close_consumers", lambda kernel, session: None)


@mutant
def anybody_settles_anything(patch: Patch) -> None:
    patch.setattr(settle, "still_held", lambda window, command: (command.runs, 0))


@mutant
def returned_messages_come_last(patch: Patch) -> None:
    real = lease._next_of

    def next_of(partition: Any, window: Window, count_max: int) -> Any:
        count = window.counts[RETURNED]
        if window.ready > count:
            window.counts[RETURNED] = 0
        try:
            return real(partition, window, count_max)
        finally:
            window.counts[RETURNED] = count

    patch.setattr(lease, "_next_of", next_of)


@mutant
def the_floor_is_one_too_high(patch: Patch) -> None:
    real = Window.floor
    patch.setattr(Window, "floor", lambda self: min(real(self) + 1, self.frontier))


@mutant
def half_done_is_done(patch: Patch) -> None:
    real = Window.is_done
    patch.setattr(
        Window, "is_done", lambda self, start, end: real(self, start, (start + end + 1) // 2)
    )


@mutant
def dead_letters_are_dropped(patch: Patch) -> None:
    for module in (settle, sweep):
        patch.setattr(module, "dead_letters", lambda *args, **kwargs: [])


@mutant
def dead_letters_go_twice(patch: Patch) -> None:
    real = publish.decide_death
    patch.setattr(dead, "decide_death", lambda *args: real(*args) + real(*args))


@mutant
def what_was_delivered_again_looks_new(patch: Patch) -> None:
    patch.setattr(dispatch, "tries_of", lambda subscription, run: None)


@mutant
def expired_messages_are_delivered(patch: Patch) -> None:
    patch.setattr(lease, "_judge", lambda subscription, run, now_ms: None)


@mutant
def nothing_expires_by_itself(patch: Patch) -> None:
    patch.setattr(State, "arm", lambda self, subscription, wall_ms: None)


@mutant
def a_new_head_is_not_looked_at(patch: Patch) -> None:
    patch.setattr(State, "look", lambda self, subscription: None)


@mutant
def a_limit_is_not_looked_at(patch: Patch) -> None:
    patch.setattr(State, "crowd", lambda self, subscription: None)


@mutant
def one_too_many_fits(patch: Patch) -> None:
    real = sweep.decide_overflow

    def overflow(state: State, subscription: Any, now_ms: int) -> Any:
        if subscription.ready() == subscription.settings.length_max + 1:
            return []
        return real(state, subscription, now_ms)

    patch.setattr(kernel_module, "decide_overflow", overflow)


@mutant
def no_queue_refuses(patch: Patch) -> None:
    for module in (draft, slices):
        patch.setattr(module, "may_refuse", lambda subscription, command: False)


@mutant
def a_queue_is_forgotten_while_another_is_served(patch: Patch) -> None:
    real = dispatch.dispatch_one

    def one(kernel: Kernel, subscription: Any, budget: int) -> int:
        left = real(kernel, subscription, budget)
        if kernel.state.active:
            kernel.state.active.popleft()
        return left

    patch.setattr(kernel_module, "dispatch_one", one)


@mutant
def credit_is_one_more(patch: Patch) -> None:
    real = lease.next_run

    def next_run(subscription: Any, count: int, now_ms: int, holder: Any = None) -> Any:
        return real(subscription, count + 1, now_ms, holder)

    patch.setattr(dispatch, "next_run", next_run)


@mutant
def a_bodys_list_is_shared_with_its_block(patch: Patch) -> None:
    def part(self: Any, start: int, end: int) -> list[bytes]:
        if start == self.offset and end == self.end:
            return list.__iadd__(self.bodies, [])
        return list(self.bodies[start - self.offset : end - self.offset])

    patch.setattr(Block, "slice", part)


@mutant
def deliveries_do_not_wait(patch: Patch) -> None:
    patch.setattr(Outbox, "sift", lambda self, session, deliveries, position: deliveries)


@mutant
def cursors_see_what_is_not_committed(patch: Patch) -> None:
    real = Partition.append

    def append(self: Any, block: Block) -> bool:
        merged = real(self, block)
        self.committed = self.end
        return bool(merged)

    patch.setattr(Partition, "append", append)


@mutant
def fleeting_bindings_are_kept(patch: Patch) -> None:
    real = Routing.snapshot

    def snapshot(self: Any, streams: Any) -> Any:
        for route in self._routes.values():
            route.settings.durable  # noqa: B018 - as it is
        yield from (r for r in real(self, streams) if not hasattr(r, "target"))
        for route in self._routes.values():
            if route.settings.durable:
                yield from route.bound

    patch.setattr(Routing, "snapshot", snapshot)


@mutant
def a_trim_forgets_who_held(patch: Patch) -> None:
    def finish(state: State, subscription: Any, index: int, offset: int) -> None:
        window = subscription.windows[index]
        if window.frontier < offset:
            window.ready -= subscription.stream.partitions[index].count(window.frontier, offset)
            window.advance(offset, offset, DONE, 0)

    patch.setattr(topology, "finish_below", finish)


@mutant
def offsets_start_again_after_a_checkpoint(patch: Patch) -> None:
    real = recovery._load_stream

    def load(kernel: Kernel, number: int, row: Any) -> None:
        real(kernel, number, row)
        for partition in kernel.state.streams[number].partitions:
            partition.end = partition.start

    patch.setattr(recovery, "_load_stream", load)


@mutant
def a_failed_try_is_not_counted(patch: Patch) -> None:
    real = Window.count_try
    patch.setattr(
        Window, "count_try", lambda self, start, end, failed: real(self, start, end, failed=False)
    )


@mutant
def a_settlement_is_not_written(patch: Patch) -> None:
    real = durable.is_durable
    patch.setattr(
        kernel_module,
        "is_durable",
        lambda state, record: not isinstance(record, Settled) and real(state, record),
    )


@mutant
def a_checkpoint_writes_no_chunks(patch: Patch) -> None:
    real = snapshot.subscription_changes
    patch.setattr(
        gathering,
        "subscription_changes",
        lambda subscription, exists: (
            change for change in real(subscription, exists=exists) if change[0] != "chunk"
        ),
    )


def is_found(lives: Iterable[Played]) -> bool:
    for seed, families in lives:
        try:
            live(seed, families)
        except (
            AssertionError,
            StorageError,
        ):  # judged, or refused at the start; no mishap of the mutant
            return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_simulation_finds(name: str, monkeypatch: Patch) -> None:
    MUTANTS[name](monkeypatch)
    assert is_found(played(range(SEEDS))), f"{name}: nobody noticed"


def test_the_simulation_finds_a_confirm_that_does_not_wait(monkeypatch: Patch) -> None:
    a_confirm_does_not_wait(monkeypatch)
    assert is_found(played(range(20)))
