"""Checkpoints: what is not done moves from the journal to segments and the state store, and the journal is trimmed.

    turn thread     look: gather rows of what has changed and freeze blocks, a share per turn (see `gathering`)
                    begin: nothing is left to gather, so what was gathered is the state as of position P
                    wait until the journal is synced to P (the state store must never be ahead of it)
    storage thread  append extents, sync segments, one state transaction
    turn thread     done: blocks get their places, a share per turn; the journal is trimmed to P

The turn thread never waits, and is never busy with a checkpoint for long: freezing marks blocks as unchangeable, the
storage thread encodes and writes them. A file goes only for what was done in the last committed checkpoint.

On a full disk a checkpoint stops where it is, and goes on from there when there is room again (`retry`).
"""

from collections.abc import Callable
from typing import Final

import msgspec

from dragoman.kernel.block import Block, Partition, Share
from dragoman.kernel.entities import Stream
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.records import Bound, RouteCreated
from dragoman.ports.storage import Failed, Full, Segments, StateStore, StorageError
from dragoman.runtime.commit import Commit, Post
from dragoman.runtime.extents import ExtentLoader, encode_block, join, merge, row_of
from dragoman.runtime.gathering import EVERYTHING, Gathered, gather
from dragoman.runtime.killpoints import reached
from dragoman.runtime.recovery import Recovered
from dragoman.runtime.snapshot import Change, MetaRow, partition_key, route_changes
from dragoman.runtime.worker import Worker
from dragoman.telemetry.counters import Histogram

RESIDENT_BYTES_MAX: Final = 48 << 20  # of blocks that are nowhere else, before a checkpoint begins
JOURNAL_FRAMES_MAX: Final = 200_000  # since the last checkpoint, before one begins
PRESSURE_BYTES_MAX: Final = (
    96 << 20
)  # of blocks that are nowhere else, before publishers are held back
CHECKPOINT_PERIOD_MS: Final = 30_000
SEGMENT_BYTES_MAX: Final = 64 << 20
ROWS_MAX: Final = 128  # gathered in one turn, about: a millisecond or two
AGAIN_MAX: Final = (
    3  # times that a row is made, on average: then what is left is gathered in one turn
)
PLACES_MAX: Final = 256  # blocks that are given their places in one turn


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
        "gathered",
        "groups",
        "id_next",
        "incarnation",
        "placed",
        "position",
        "producer_end",
        "routes",
        "secret",
        "segments",
        "shared",
        "used",
    )

    def __init__(self, position: int, id_next: int, gathered: Gathered) -> None:
        self.position = position
        self.id_next = id_next
        self.gathered = gathered
        self.producer_end = 0
        self.cluster_id = b""
        self.secret = self.boot = b""
        self.incarnation = 1
        self.routes: list[RouteCreated | Bound] | None = None  # all, if any has changed
        self.changes: list[Change] = []  # beside what was gathered
        self.placed: list[Placed] = []
        self.segments: dict[int, int] = {}
        self.dead: list[int] = []
        # The storage thread's: what it still has to append, the last first, and where it appended.
        self.groups: list[tuple[Stream, Partition, list[Block]]] | None = None
        self.used: set[int] = set()
        self.shared: dict[Share, tuple[int, int, int]] = {}  # where bodies of several streams lie


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
        # Bytes of extents still wanted, per segment; of one that several streams share, as often.
        self._live = dict(recovered.live)
        self._current = max(segments.lengths(), default=0) + 1
        self._routes = recovered.routes  # the storage thread's
        self._routes_version = -1
        self._gathered = Gathered()
        self._is_gathering = False
        self.places_max = PLACES_MAX
        self.wake: Callable[[], None] = lambda: None  # asks for another turn soon
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
        elif not self.is_busy and (self._is_gathering or self._is_due()):
            self._is_gathering = True
            if self.gather(ROWS_MAX) or self._is_enough():
                self.begin()
            if not self.is_busy:
                self.wake()

    def want(self) -> None:
        """Begin one soon, though none is due."""
        self._is_gathering = True
        self.wake()

    def _is_enough(self) -> bool:
        """What has changed changes again so often that this could go on for long."""
        gathered = self._gathered
        return gathered.count > AGAIN_MAX * len(gathered.rows) + ROWS_MAX

    def gather(self, rows_max: int) -> bool:
        """A turn's share of what the next checkpoint will have; True when nothing is left."""
        left = self._gather_gone(rows_max)
        return gather(self._kernel.state, self._gathered, left) > 0

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
        self.gather(EVERYTHING)
        self.is_busy = True
        self._is_gathering = False
        self._begun_ms = self._kernel.elapsed_ms
        state = self._kernel.state
        gathered, self._gathered = self._gathered, Gathered()
        gathered.cut()
        frozen = Frozen(self._commit.seal(), state.id_next, gathered)
        frozen.cluster_id = self._cluster_id
        frozen.secret = state.secret
        frozen.boot = state.boot
        frozen.incarnation = state.incarnation
        frozen.producer_end = state.producer_reserved
        if state.routing.version != self._routes_version:
            self._routes_version = state.routing.version
            frozen.routes = list(state.routing.snapshot(state.streams))
        frozen.segments = {number: 0 for number, size in self._live.items() if size > 0}
        frozen.dead = [
            number for number, size in self._live.items() if size <= 0 and number != self._current
        ]
        self._commit.want_sync(frozen.position)
        self._commit.pump()
        self._waiting = frozen
        self.look()

    def _gather_gone(self, left: int) -> int:
        """Rows of extents that nobody can ask for any more; the segments they were in have that much less to keep."""
        gone = self._kernel.state.gone
        while gone and left > 0:
            block = gone.pop()
            assert block.place is not None
            segment, _, length = block.place
            self._live[segment] = self._live.get(segment, 0) - length
            self.loader.forget(block)
            if block.row_key:
                left -= self._gathered.put(("extent", block.row_key, None))
        return left

    def _done(self, frozen: Frozen) -> None:
        for placed in frozen.placed[-self.places_max :]:
            self._live[placed.place[0]] = self._live.get(placed.place[0], 0) + placed.place[2]
            self._take_place(placed)
        del frozen.placed[-self.places_max :]
        self.loader.trim()
        if frozen.placed:
            self._post(self._done, frozen)
            return
        for number in frozen.dead:
            del self._live[number]
        self._last_position = frozen.position
        self._commit.trim(frozen.position)
        self.is_busy = False
        self.times.record((self._kernel.elapsed_ms - self._begun_ms) * 1000)
        self.count += 1
        self.wake()  # publishers that were held back go on, though nothing else happens
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
        state.resident -= sum(known.freed() for known in group[len(group) - present :])
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
            frozen.incarnation,
        )
        row: Change = ("meta", "checkpoint", msgspec.json.encode(meta))
        if frozen.routes is not None:
            frozen.changes += route_changes(frozen.routes, self._routes)
            frozen.routes = None
        rows = [(*place, data) for place, data in frozen.gathered.rows.items()]
        self._state.commit([*rows, *frozen.changes, row])
        for number in frozen.dead:
            if number in lengths:
                self._segments.drop(number)

    def _write_blocks(self, frozen: Frozen) -> None:
        """Append every group that is not appended yet."""
        if frozen.groups is None:
            frozen.groups = [
                (stream, partition, group)
                for partition, (stream, blocks) in frozen.gathered.blocks.items()
                for group in merge(blocks)
            ]
            frozen.groups.reverse()
        while frozen.groups:
            stream, partition, group = frozen.groups[-1]
            block = join(group)
            share = block.share
            place = None if share is None else frozen.shared.get(share)
            if place is None:
                place = self._append(encode_block(block))
                reached("segment")
                if share is not None:
                    frozen.shared[share] = place
            placed = Placed(stream, partition, group, place)
            frozen.groups.pop()
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
