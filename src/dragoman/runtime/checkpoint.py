"""Checkpoints: what is not done moves from the journal to segments and the state store, and the journal is trimmed.

    turn thread     begin: freeze blocks and encode rows, as of position P
                    wait until the journal is synced to P (the state store must never be ahead of it)
    storage thread  append extents, sync segments, one state transaction
    turn thread     done: blocks get their places; the journal is trimmed to P; dead segments are dropped

The turn thread never waits: freezing marks blocks as unchangeable, the storage thread encodes and writes them. A file
goes only for what was done in the last committed checkpoint.

On a full disk a checkpoint stops where it is, and goes on from there when there is room again (`retry`).
"""

from collections.abc import Callable
from itertools import takewhile
from typing import Final

import msgspec

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.kernel import Kernel
from dragoman.ports.storage import Failed, Full, Segments, StateStore, StorageError
from dragoman.runtime.commit import Commit, Post
from dragoman.runtime.extents import ExtentLoader, encode_block, join, merge, row_of
from dragoman.runtime.featurerows import feature_changes
from dragoman.runtime.killpoints import reached
from dragoman.runtime.recovery import Recovered
from dragoman.runtime.snapshot import (
    Change,
    MetaRow,
    group_change,
    partition_key,
    route_changes,
    stream_changes,
    subscription_changes,
)
from dragoman.runtime.worker import Worker
from dragoman.telemetry.counters import Histogram

RESIDENT_BYTES_MAX: Final = 48 << 20  # of blocks that are nowhere else, before a checkpoint begins
JOURNAL_FRAMES_MAX: Final = 200_000  # since the last checkpoint, before one begins
PRESSURE_BYTES_MAX: Final = (
    96 << 20
)  # of blocks that are nowhere else, before publishers are held back
CHECKPOINT_PERIOD_MS: Final = 30_000
SEGMENT_BYTES_MAX: Final = 64 << 20
APPEND_BYTES_MAX: Final = 4 << 20  # of extents in one append


class Placed:
    """A group of blocks that now lies on disk as one: `block`, at `place`. Put in their stead on the turn thread."""

    __slots__ = ("block", "group", "partition", "place", "row_key", "stream")

    def __init__(
        self, stream: Stream, partition: Partition, group: list[Block], place: tuple[int, int, int]
    ) -> None:
        self.stream = stream
        self.partition = partition
        self.group = group
        self.place = place
        self.block = group[0]
        self.row_key = ""


class Frozen:
    """A checkpoint on its way: what the storage thread needs, and nothing that changes."""

    __slots__ = (
        "boot",
        "changes",
        "cluster_id",
        "dead",
        "groups",
        "id_next",
        "partitions",
        "placed",
        "position",
        "producer_end",
        "secret",
        "segments",
        "used",
    )

    def __init__(self, position: int, id_next: int) -> None:
        self.position = position
        self.id_next = id_next
        self.producer_end = 0
        self.cluster_id = b""
        self.secret = self.boot = b""
        self.changes: list[Change] = []
        self.partitions: list[tuple[Stream, Partition, list[Block]]] = []
        self.placed: list[Placed] = []
        self.segments: dict[int, int] = {}
        self.dead: list[int] = []
        # The storage thread's: what it still has to append, the last first, and where it appended.
        self.groups: list[tuple[Stream, Partition, list[Block]]] | None = None
        self.used: set[int] = set()


class Checkpointer:
    """Decides when, freezes, and takes over what the storage thread did."""

    def __init__(
        self,
        kernel: Kernel,
        commit: Commit,
        segments: Segments,
        state: StateStore,
        recovered: Recovered,
        cluster_id: bytes,
        worker: Worker,
        post: Post,
    ) -> None:
        self._kernel = kernel
        self._commit = commit
        self._segments = segments
        self._state = state
        self._worker = worker
        self._post = post
        self._cluster_id = cluster_id
        self._live = dict(recovered.live)  # bytes of extents still wanted, per segment
        self._current = max(segments.lengths(), default=0) + 1
        self._routes = recovered.routes
        self._waiting: Frozen | None = None
        self._begun_ms = kernel.elapsed_ms
        self._last_position = recovered.position
        self.is_busy = False
        self._refused: Frozen | None = None  # stopped by a full disk
        self.on_failure: Callable[[StorageError], None] = lambda _: None
        self.on_full: Callable[[], None] = lambda: None
        self.count = 0
        self.times = Histogram()
        self.loader = ExtentLoader(segments)

    # --- turn thread ---

    def look(self) -> None:
        """At the end of a turn, and when the journal moved: is a checkpoint due, or ready to be written?"""
        if self._waiting is not None:
            if self._commit.synced >= self._waiting.position:
                frozen, self._waiting = self._waiting, None
                self._worker.submit(lambda: self._work(frozen))
        elif not self.is_busy and self._is_due():
            self.begin()

    def _is_due(self) -> bool:
        state = self._kernel.state
        if (
            state.resident > RESIDENT_BYTES_MAX
            or self._commit.handed - self._last_position > JOURNAL_FRAMES_MAX
        ):
            return True
        old = self._kernel.elapsed_ms - self._begun_ms > CHECKPOINT_PERIOD_MS
        return old and self._commit.handed > self._last_position

    def begin(self) -> None:
        """Freeze what is there now; written once the journal is synced that far."""
        if self.is_busy or self._kernel.has_records():
            return  # the state must be that of a position: not in the middle of a turn
        self.is_busy = True
        self._begun_ms = self._kernel.elapsed_ms
        self._commit.seal()
        state = self._kernel.state
        frozen = Frozen(self._commit.seal(), state.id_next)
        frozen.cluster_id = self._cluster_id
        frozen.secret = state.secret
        frozen.boot = state.boot
        frozen.producer_end = state.producer_reserved
        self._freeze_entities(frozen)
        self._freeze_gone(frozen)
        frozen.segments = {number: 0 for number, size in self._live.items() if size > 0}
        frozen.dead = [
            number for number, size in self._live.items() if size <= 0 and number != self._current
        ]
        self._commit.want_sync(frozen.position)
        self._commit.pump()
        self._waiting = frozen
        self.look()

    def _freeze_entities(self, frozen: Frozen) -> None:
        state = self._kernel.state
        streams, state.dirty_streams = state.dirty_streams, {}
        subscriptions, state.dirty_subscriptions = state.dirty_subscriptions, {}
        for stream in streams.values():
            exists = stream.id in state.streams
            frozen.changes += stream_changes(stream, exists=exists)
            if exists:
                for reader in stream.subscriptions:
                    subscriptions[reader.id] = reader  # what is ready for it has changed
                for partition in stream.partitions:
                    blocks, done = freeze(stream, partition)
                    if done:
                        state.forget(partition.drop(done))
                    if blocks:
                        frozen.partitions.append((stream, partition, blocks))
        for subscription in subscriptions.values():
            exists = subscription.id in state.subscriptions
            frozen.changes += subscription_changes(subscription, exists=exists)
        frozen.changes += route_changes(state.routing, state.streams, self._routes)
        groups, state.groups.dirty = state.groups.dirty, {}
        for key, group in groups.items():
            exists = state.groups.by_key.get(key) is group
            frozen.changes.append(group_change(group, exists=exists))
        frozen.changes += feature_changes(state)

    def _freeze_gone(self, frozen: Frozen) -> None:
        """Rows of extents that nobody can ask for any more; the segments they were in have that much less to keep."""
        state = self._kernel.state
        gone, state.gone = state.gone, []
        for block in gone:
            assert block.place is not None
            segment, _, length = block.place
            self._live[segment] = self._live.get(segment, 0) - length
            self.loader.forget(block)
            if block.row_key:
                frozen.changes.append(("extent", block.row_key, None))

    def _done(self, frozen: Frozen) -> None:
        for number in frozen.dead:
            del self._live[number]
        for placed in frozen.placed:
            self._live[placed.place[0]] = self._live.get(placed.place[0], 0) + placed.place[2]
            self._take_place(placed)
        self.loader.trim()
        self._last_position = frozen.position
        self._commit.trim(frozen.position)
        self.is_busy = False
        self.times.record((self._kernel.elapsed_ms - self._begun_ms) * 1000)
        self.count += 1
        self.look()

    def _take_place(self, placed: Placed) -> None:
        """Put the written block where its group stands, as far as that is still wanted."""
        state = self._kernel.state
        block, group = placed.block, placed.group
        before = placed.partition.size
        present = placed.partition.replace(group, block)
        state.usage.stored_bytes += (
            placed.partition.size - before
        )  # those of the group that are gone
        state.resident -= sum(known.cost() for known in group[len(group) - present :])
        block.place = placed.place
        block.row_key = placed.row_key
        if present == 0 or placed.stream.id not in state.streams:
            state.gone.append(block)
        else:
            self.loader.keep(block)

    def _failed(self, error: StorageError) -> None:
        self.on_failure(error)

    # --- a full disk ---

    @property
    def is_refused(self) -> bool:
        """A checkpoint waits for room."""
        return self._refused is not None

    def _on_full(self, frozen: Frozen) -> None:
        self._refused = frozen
        self.on_full()

    def retry(self) -> None:
        """Go on with the checkpoint that the disk refused."""
        frozen, self._refused = self._refused, None
        if frozen is not None:
            self._worker.submit(lambda: self._work(frozen))

    def close(self) -> None:
        """End the storage thread once it has written what it was given."""
        self._worker.close()

    # --- storage thread ---

    def _work(self, frozen: Frozen) -> None:
        try:
            self._write(frozen)
        except Full:
            self._post(self._on_full, frozen)
        except StorageError as error:
            self._post(self._failed, error)
        else:
            self._post(self._done, frozen)

    def _write(self, frozen: Frozen) -> None:
        """Raises StorageError; the checkpoint before is then still whole. After Full it can be called again."""
        self._write_blocks(frozen)
        self._sync(frozen.used)
        reached("checkpoint")
        lengths = self._segments.lengths()
        kept = {
            number: lengths[number]
            for number in frozen.segments.keys() | frozen.used
            if number in lengths
        }
        meta = MetaRow(
            frozen.position,
            frozen.id_next,
            frozen.cluster_id.hex(),
            kept,
            frozen.producer_end,
            frozen.secret.hex(),
            frozen.boot.hex(),
        )
        row: Change = ("meta", "checkpoint", msgspec.json.encode(meta))
        self._state.commit([*frozen.changes, row])
        for number in frozen.dead:
            if number in lengths:
                self._segments.drop(number)

    def _write_blocks(self, frozen: Frozen) -> None:
        """Append every group that is not appended yet."""
        if frozen.groups is None:
            frozen.groups = [
                (stream, partition, group)
                for stream, partition, blocks in frozen.partitions
                for group in merge(blocks)
            ]
            frozen.groups.reverse()
        while frozen.groups:
            stream, partition, group = frozen.groups[-1]
            block = join(group)
            placed = Placed(stream, partition, group, self._append(encode_block(block)))
            frozen.groups.pop()
            reached("segment")
            placed.block = block
            frozen.used.add(placed.place[0])
            frozen.placed.append(placed)
            if stream.durable:
                placed.row_key = f"{partition_key(stream.id, partition.index)}/{block.offset:016x}"
                frozen.changes.append(("extent", placed.row_key, row_of(block, placed.place)))

    def _sync(self, numbers: set[int]) -> None:
        """Raises Failed: a sync without room may have thrown away what it was to write."""
        try:
            for number in numbers:
                self._segments.sync(number)
        except Full as error:
            raise Failed(str(error)) from error

    def _append(self, data: bytes) -> tuple[int, int, int]:
        start = self._segments.lengths().get(self._current, 0)
        if start > SEGMENT_BYTES_MAX:
            self._current += 1
            start = 0
        self._segments.append(self._current, start, [data])
        return self._current, start, len(data)


def freeze(stream: Stream, partition: Partition) -> tuple[list[Block], set[Block]]:
    """Blocks of `partition` that are nowhere on disk: those to be written, and those done for every holder."""
    blocks: list[Block] = []
    done: set[Block] = set()
    keeps_all = stream.settings.retention_ms != 0 or not stream.subscriptions
    fresh = list(takewhile(_is_nowhere, reversed(partition.blocks[partition.first :])))
    rewritten, partition.rewritten = partition.rewritten, []
    fresh += reversed([block for block in rewritten if _is_left(partition, block, set(fresh))])
    for block in fresh:
        block.frozen = True
        kept = stream.held(partition.index, block.end) < block.end
        if (
            keeps_all
            or kept
            or not all(
                known.windows[partition.index].is_done(block.offset, block.end)
                for known in stream.subscriptions
            )
        ):
            blocks.append(block)
        else:
            done.add(block)
    blocks.reverse()
    return blocks, done


def _is_nowhere(block: Block) -> bool:
    return block.place is None


def _is_left(partition: Partition, block: Block, fresh: set[Block]) -> bool:
    """Whether a rewritten block is still there, and not met at the end of the partition already."""
    return block not in fresh and block.place is None and partition.at(block.offset) is block
