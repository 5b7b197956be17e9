"""What the runtime keeps its truth in: a log of frames, segments of bodies, a store of small state.

    LogStore    one shard's journal: compare-and-append of whole frames, numbered 1, 2, 3 ...
    Segments    numbered append-only byte runs, written at checkpoints, read by (segment, start, length)
    StateStore  named tables of key -> value, changed only by whole durable transactions

All calls are synchronous; the runtime decides which thread makes them. Engines: files, memory; later distributed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class StorageError(Exception):
    """Root of what a storage engine reports."""


class Fenced(StorageError):
    """Another owner has appended: `expected` is not the tail. This owner must stop."""


class Full(StorageError):
    """No room; nothing of the call was kept. The caller may go on with what it already has."""


class Ambiguous(StorageError):
    """It is not known whether the append happened; the caller must reopen and look."""


class Failed(StorageError):
    """A read, write or sync failed. The node stops; syncing again would lie."""


class Corrupt(StorageError):
    """Bytes that were durable have changed. Names the damaged range; nothing was cut."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a log ends: frames 1..position exist (those at or below `trimmed` are gone)."""

    position: int
    trimmed: int
    incarnation: int


class LogStore(Protocol):
    """The journal of one shard."""

    def open(self) -> Tail:
        """Validate the log, cut a torn tail, and return where it ends; `incarnation` is one more than the last
        opener's and is part of every frame this opener appends. Raises Corrupt, Failed."""
        ...

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        """Write one frame behind position `expected` and return its position (`expected + 1`). Written, not yet
        synced: it survives the process, not the power. Raises Fenced, Full, Ambiguous, Failed."""
        ...

    def sync(self) -> int:
        """Make every appended frame durable and return the last position that now is. Raises Failed."""
        ...

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """Frames from `position` on, in order, without gaps: (position, payload). Raises Corrupt, Failed."""
        ...

    def trim(self, position: int) -> None:
        """Frames at or below `position` are no longer needed."""
        ...

    def close(self) -> None: ...


class Segments(Protocol):
    """Bodies that outlived a checkpoint."""

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> int:
        """Append at `expected_end` (0 creates the segment) and return the new end. Raises Fenced, Full, Failed."""
        ...

    def sync(self, segment: int) -> None:
        """Raises Failed."""
        ...

    def read(self, segment: int, start: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises Corrupt (short), Failed."""
        ...

    def lengths(self) -> dict[int, int]:
        """Every segment with its length in bytes."""
        ...

    def cut(self, segment: int, length: int) -> None:
        """Drop what lies past `length` (written after the last committed checkpoint). Raises Corrupt if shorter."""
        ...

    def drop(self, segment: int) -> None: ...

    def close(self) -> None: ...


class StateStore(Protocol):
    """Small state in named tables; a person can open it and read it."""

    def scan(self, table: str, start: str = "", end: str | None = None) -> Iterator[tuple[str, bytes]]:
        """Rows with start <= key < end in key order. Raises Failed, Corrupt."""
        ...

    def get(self, table: str, key: str) -> bytes | None: ...

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """Apply (table, key, value or None to delete) as one durable transaction. Raises Full, Failed."""
        ...

    def close(self) -> None: ...
