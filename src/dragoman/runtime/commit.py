"""Group commit: records become frames, frames become positions that replies may wait for.

    turn thread    pending records --(writer idle)--> one frame --> writer thread: append, then sync if wanted
    positions      synced <= written <= handed < (sealed <) gathering

A frame that somebody waits for is handed over as soon as the writer is idle: whatever piled up while it was busy with
the one before. One that nobody waits for is put off a moment, as the writer's thread takes the interpreter from turns
that somebody does wait for. What is handed over is one immutable bytes object. The first failure ends it: a sync that
failed is never tried again.

A small frame that needs no sync is written by the turn itself, while the writer is idle: to hand it over and be woken
again costs several times what the write does.

A full disk is no failure: the frame that was refused is kept and written before any other, at once from the journal's
reserve, otherwise when there is room again (`retry`). Until then frames behind it gather.
"""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Final, Protocol

from dragoman.kernel.framing import encode_frame
from dragoman.kernel.records import Record
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.ports.storage import Failed, Full, LogStore, StorageError
from dragoman.runtime.killpoints import handed, reached
from dragoman.runtime.worker import Job, Worker
from dragoman.telemetry.counters import Histogram

FRAME_BYTES_MAX: Final = 32 << 20  # of bodies gathered into one frame, about
UNSYNCED_FRAMES_MAX: Final = 256  # written frames after which one is synced though nobody asked
PUT_OFF_BYTES_MAX: Final = 256 << 10  # of bodies in a frame that nobody waits for
PUT_OFF_RECORDS_MAX: Final = 1_000
HERE_BYTES_MAX: Final = 64 << 10  # of bodies in a frame that the turn writes itself
HERE_RECORDS_MAX: Final = 256  # the same


class Post(Protocol):
    """How the writer's thread reaches the turn thread (`loop.call_soon_threadsafe`)."""

    def __call__(self, callback: Callable[..., object], /, *args: object) -> object: ...


class Reserve(Protocol):
    """Space that the journal keeps for a full disk. Called on the writer's thread."""

    @property
    def reserve_held(self) -> bool: ...

    def release_reserve(self) -> None:
        """Raises Failed."""
        ...

    def restore_reserve(self) -> None:
        """Raises Full, Failed."""
        ...


class Commit:
    """The journal as the turn thread sees it. `on_progress` is called there after positions moved."""

    def __init__(
        self,
        log: LogStore,
        position: int,
        worker: Worker,
        post: Post,
        on_progress: Callable[[], None],
        on_failure: Callable[[StorageError], None],
        reserve: Reserve | None = None,
        *,
        writes_here: bool = True,
    ) -> None:
        self._log = log
        self._writes_here = writes_here  # False in tests of a slow disk
        self._reserve = reserve
        # Adds what was decided and not added yet.
        self.collect: Callable[[], object] = lambda: None
        self.on_full: Callable[[], None] = lambda: None  # the log has refused a frame
        # Asked when a frame is gathering that nobody waits for: `pump_all` is to be called in a moment.
        self.put_off: Callable[[], None] = self.pump_all
        self._refused: Job | None = None  # writes the refused frame again
        self._worker = worker
        self._post = post
        self._on_progress = on_progress
        self._on_failure = on_failure
        self.handed = position
        self.written = position
        self.synced = position
        self.frame_count = 0
        self._pending: list[Record] = []
        self._sealed: list[Record] | None = None  # a frame that gathers no more, not handed yet
        self.pending_bytes = 0  # of bodies in frames not handed yet
        self.sync_times = Histogram()  # the worker writes, whoever asks reads
        self._busy = False
        self._written_wanted = 0  # the highest position somebody waits to see written
        self._sync_wanted = 0  # the highest position somebody waits to see synced
        self.failed: StorageError | None = None
        self._trim_to = 0

    def gathering(self) -> int:
        """The frame that the next records go to."""
        return self.handed + 1 if self._sealed is None else self.handed + 2

    def position(self) -> int:
        """Everything decided so far is in frames at or below this."""
        return self.gathering() if self._pending else self.gathering() - 1

    def seal(self) -> int:
        """Let the frame now gathering gather no more; its position. What is decided from here on is behind it."""
        if self._pending:
            assert self._sealed is None, "one checkpoint at a time"
            self._sealed, self._pending = self._pending, []
        return self.position()

    def reached(self, level: int) -> int:
        """The highest position that has reached `level`."""
        if level == APPLIED:
            return self.position()
        return self.synced if level == SYNCED else self.written

    def want_sync(self, position: int) -> None:
        """Somebody waits for `position` to be synced."""
        self._sync_wanted = max(self._sync_wanted, position)

    def want_written(self, position: int) -> None:
        """Somebody waits for `position` to be written: say so before its sync, too."""
        self._written_wanted = max(self._written_wanted, position)

    def trim(self, position: int) -> None:
        """Frames at or below `position` are in a checkpoint; the writer lets them go with its next frame."""
        self._trim_to = position

    def add(self, records: list[Record], size_bytes: int) -> None:
        """Records of this turn with `size_bytes` of bodies, for the frame now gathering."""
        self._pending += records
        self.pending_bytes += size_bytes

    def pump(self) -> None:
        """Hand the gathered frame over if the writer is idle and somebody waits for it; else it goes on gathering.

        The writer may become idle in the middle of a turn. What that turn has decided was promised the frame now
        gathering, so it is collected first.
        """
        if self._busy or self.failed is not None:
            return
        self.collect()
        if self._pending and self._sealed is None and not self._is_wanted():
            self.put_off()
        else:
            self._hand_next()

    def pump_here(self) -> bool:
        """As `pump`, but a small frame is written by the caller, at the end of its turn. Whether `written` has moved.

        Whom that concerns is told by the caller, not by `on_progress`.
        """
        if self._is_for_here():
            return self._write_here()
        self.pump()
        return False

    def _is_for_here(self) -> bool:
        return (
            self._writes_here
            and not self._busy
            and self.failed is None
            and self._sealed is None
            and self._written_wanted > self.handed
            and self._sync_wanted <= self.synced
            and self.handed + 1 - self.synced < UNSYNCED_FRAMES_MAX
            and self._trim_to == 0
            and self.pending_bytes <= HERE_BYTES_MAX
            and 0 < len(self._pending) <= HERE_RECORDS_MAX
        )

    def _write_here(self) -> bool:
        records, self._pending = self._pending, []
        self.pending_bytes = 0
        payload = encode_frame(records)
        handed()
        expected = self.handed
        self.handed += 1
        self.frame_count += 1
        if not self._append(expected, payload, sync=False, trim=0, tell=False):
            self._busy = True  # until what was posted has been heard
            return False
        self.written = self.handed
        return True

    def _is_wanted(self) -> bool:
        return (
            self._written_wanted > self.handed
            or self._sync_wanted > self.synced
            or self.pending_bytes > PUT_OFF_BYTES_MAX
            or len(self._pending) > PUT_OFF_RECORDS_MAX
        )

    def pump_all(self) -> None:
        """As `pump`, whoever waits for it."""
        if self._busy or self.failed is not None:
            return
        self.collect()
        self._hand_next()

    def _hand_next(self) -> None:
        if self._sealed is not None:
            records, self._sealed = self._sealed, None
            self._hand_records(records)
        elif self._pending:
            records, self._pending = self._pending, []
            self.pending_bytes = 0
            self._hand_records(records)
        elif self._sync_wanted > self.synced:
            self._hand([])

    def _hand_records(self, records: list[Record]) -> None:
        payload = encode_frame(records)
        handed()
        self.handed += 1
        self.frame_count += 1
        self._hand(payload)

    def _hand(self, payload: list[bytes]) -> None:
        self._busy = True
        wants = self._sync_wanted > self.synced or self.handed - self.synced >= UNSYNCED_FRAMES_MAX
        expected, trim, self._trim_to = self.handed - bool(payload), self._trim_to, 0
        tell = wants and self._written_wanted >= self.handed
        self._worker.submit(lambda: self._write(expected, payload, wants, trim, tell))

    def _write(
        self, expected: int, payload: list[bytes], sync: bool, trim: int, tell: bool
    ) -> None:
        """On the worker: one frame, and its sync if somebody waits for one."""
        if not payload or self._append(expected, payload, sync, trim, tell):
            self._finish(expected + bool(payload), sync, trim)

    def _append(
        self, expected: int, payload: list[bytes], sync: bool, trim: int, tell: bool
    ) -> bool:
        """Whether the frame is written; what else happened was posted."""
        try:
            position = self._log.append(expected, payload)
            reached("append")
            if tell:
                self._post(self._on_written, position)
        except Full:
            self._post(self._on_full, lambda: self._write(expected, payload, sync, trim, tell))
            return False
        except StorageError as error:
            self._post(self._on_failed, error)
            return False
        return True

    def _finish(self, position: int, sync: bool, trim: int) -> None:
        """On the worker: what comes behind the append. A sync without room has failed: it is never tried again."""
        try:
            if sync:
                began_ns = perf_counter_ns()
                self._log.sync()
                self.sync_times.record((perf_counter_ns() - began_ns) // 1000)
                reached("sync")
        except StorageError as error:
            self._post(self._on_failed, error)
            return
        try:
            if trim:
                self._log.trim(trim)
        except Full:
            pass  # nothing was trimmed: the next checkpoint's trim takes it along
        except StorageError as error:
            self._post(self._on_failed, error)
            return
        self._post(self._on_done, position, sync)

    # --- a full disk ---

    @property
    def is_refused(self) -> bool:
        """A frame waits for room."""
        return self._refused is not None

    @property
    def has_reserve(self) -> bool:
        """Whether space is kept for a full disk: what would be needed to keep it again, or not."""
        return self._reserve is None or self._reserve.reserve_held

    def _on_full(self, again: Job) -> None:
        self._refused = again
        self.on_full()
        if self._reserve is not None and self._reserve.reserve_held:
            self.retry()

    def retry(self) -> None:
        """Write the refused frame again, from the reserve if that is still there."""
        again, self._refused = self._refused, None
        if again is not None:
            self._worker.submit(lambda: self._retry(again))

    def _retry(self, again: Job) -> None:
        try:
            if self._reserve is not None:
                self._reserve.release_reserve()
        except StorageError as error:
            self._post(self._on_failed, error)
            return
        again()

    def restore(self, on_restored: Callable[[], None]) -> None:
        """Keep the reserve again; `on_restored` is called once it is there, not at all if there is no room."""
        self._worker.submit(lambda: self._restore(on_restored))

    def _restore(self, on_restored: Callable[[], None]) -> None:
        try:
            if self._reserve is not None and not self._reserve.reserve_held:
                self._reserve.restore_reserve()
        except Full:
            return
        except Failed as error:
            self._post(self._on_failed, error)
            return
        self._post(on_restored)

    def _on_written(self, position: int) -> None:
        self.written = position
        self._on_progress()

    def _on_done(self, position: int, synced: bool) -> None:
        self._busy = False
        self.written = position
        if synced:
            self.synced = position
        self.pump()
        self._on_progress()

    def _on_failed(self, error: StorageError) -> None:
        self.stop(error)
        self._on_failure(error)

    def stop(self, error: StorageError) -> None:
        """Write nothing more: what is gathering may be only half of something."""
        self.failed = self.failed or error

    def close(self) -> None:
        """Let the writer finish what it has, then end it; what is still gathering is handed first by the caller."""
        self._worker.close()

    @property
    def is_idle(self) -> bool:
        """Nothing gathering, nothing being written."""
        return not self._busy and not self._pending and self._sealed is None
