"""One rule for every engine that stands on a `Disk`: after a failure it never speaks again.

A failed sync may have thrown dirty pages away and marked them clean, so a second sync that succeeds
would lie. The guard turns a disk's exceptions into the port's, and remembers the first failure.
"""

from types import TracebackType
from typing import final

from dragoman.ports.disk import DiskFailed, DiskFull
from dragoman.ports.storage import Failed, Full


@final
class Guard:
    """A reusable `with` block around calls to the disk.

    DiskFull becomes Full, DiskFailed becomes Failed for good.
    """

    __slots__ = ("_closed", "_failure", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._failure: str | None = None
        self._closed = False

    @property
    def failed(self) -> bool:
        """Whether every later use raises Failed."""
        return self._failure is not None

    def fail(self, reason: str) -> None:
        """From now on every use raises Failed."""
        self._failure = self._failure or reason

    def close(self) -> None:
        """From now on every use raises Failed, as the owner has closed it."""
        self._closed = True

    def check(self) -> None:
        """Raises Failed if it has failed or is closed."""
        if self._failure is not None:
            raise Failed(f"{self._what} has failed before: {self._failure}")
        if self._closed:
            raise Failed(f"{self._what} is closed")

    def __enter__(self) -> None:
        self.check()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, DiskFailed):
            self.fail(str(error))
            raise Failed(f"{self._what}: {error}") from error
        if isinstance(error, DiskFull):
            raise Full(f"{self._what}: {error}") from error
