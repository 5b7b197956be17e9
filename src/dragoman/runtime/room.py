"""Room on the disk: publishes are refused before it is full, and taken again soon after space has returned.

    free below FREE_BYTES_MIN, or the journal or a checkpoint was refused    -> the kernel is told that it is full
    free enough for the reserve and FREE_BYTES_MIN                           -> reserve kept again, what was refused
                                                                                written, the kernel is told

Settling, deleting and reading go on meanwhile: they need little, and the journal has its reserve for them.
"""

from collections.abc import Callable
from typing import Final, Protocol

from dragoman.kernel.state import State
from dragoman.ports.disk import DiskFailed
from dragoman.runtime.broker import Scheduler
from dragoman.runtime.commit import Commit

FREE_BYTES_MIN: Final = 64 << 20
"""A new journal file still fits: what is decided already can be written down."""
LOOK_PERIOD_MS: Final = 1_000


class Refusable(Protocol):
    """Something that waits for room after the disk refused it."""

    @property
    def is_refused(self) -> bool: ...

    def retry(self) -> None: ...


class Room:
    """Looks at the free space once per period."""

    def __init__(
        self,
        state: State,
        commit: Commit,
        checkpointer: Refusable,
        scheduler: Scheduler,
        free_bytes: Callable[[], int],
        reserve_bytes: int,
    ) -> None:
        self._state = state
        self._commit = commit
        self._waiting: tuple[Refusable, ...] = (commit, checkpointer)
        self._scheduler = scheduler
        self._free_bytes = free_bytes
        self._reserve_bytes = reserve_bytes
        self._cancel: Callable[[], object] | None = None
        self.on_change: Callable[[], None] = lambda: None  # full, or no longer

    def watch(self) -> None:
        """Look now, and from now on."""
        self.look()
        self._cancel = self._scheduler.later(LOOK_PERIOD_MS, self.watch)

    def close(self) -> None:
        """Look no more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def refused(self) -> None:
        """The disk has no room for what was to be written."""
        self._set(full=True)

    def look(self) -> None:
        """Compare free space with what is needed. A disk that cannot be asked is for the writers to fail on."""
        try:
            free = self._free_bytes()
        except DiskFailed:
            return
        if free < FREE_BYTES_MIN:
            self._set(full=True)
        if self._state.is_full:
            for waiting in self._waiting:
                waiting.retry()
            if free >= FREE_BYTES_MIN + (0 if self._commit.has_reserve else self._reserve_bytes):
                self._commit.restore(self._restored)

    def _restored(self) -> None:
        if not any(waiting.is_refused for waiting in self._waiting):
            self._set(full=False)

    def _set(self, *, full: bool) -> None:
        if self._state.is_full != full:
            self._state.is_full = full
            self.on_change()
