"""What the runtime keeps its truth in: a log of frames, segments of bodies, a store of small state.

    LogStore    one shard's journal: compare-and-append of whole frames, numbered 1, 2, 3 ...
    Segments    numbered append-only byte runs, written at checkpoints, read by (segment, start, length)
    StateStore  named tables of key -> value, changed only by whole durable transactions

All calls are synchronous; the runtime decides which thread makes them. Engines: files, memory;
later distributed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

CHUNK_HEADER_BYTES: Final = 8
"""What every chunk of a segment costs besides its own bytes (length and checksum). Part of the port, because readers
compute addresses with it; every engine counts it, also one that stores nothing there."""


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


class VersionUnknown(StorageError):
    """Written in a format this version does not know (a newer one, or not ours at all); nothing was changed."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a log ends: frames `trimmed + 1`..`position` can be read. After a reopening `trimmed` may be lower than
    the last trim asked for (whole files go), never higher.
    """

    position: int
    trimmed: int
    incarnation: int


class LogStore(Protocol):
    """The journal of one shard."""

    def open(self) -> Tail:
        """Validate the log, cut a torn tail, and return where it ends; `incarnation` is one more than the last
        opener's and is part of every frame this opener appends. What it finds is durable when it
        returns. Raises
        Corrupt, VersionUnknown, Full, Failed.
        """
        ...

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        """Write one frame behind position `expected` and return its position (`expected + 1`). Written, not yet
        synced: it survives the process, not the power. The payload is the join of `buffers` and may
        be empty (an idle writer appends an empty frame, so that rot in the frame before it can be
        told from a torn tail).
        Raises Fenced, Full, Ambiguous, Failed.
        """
        ...

    def sync(self) -> int:
        """Make every appended frame durable and return the last position that now is.

        Raises Failed.
        """
        ...

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """Frames from `position` up to the tail at the time of the call, in order, without gaps: (position, payload).
        Raises Corrupt (also where frames from `position` on are trimmed already), Failed.
        """
        ...

    def trim(self, position: int) -> None:
        """Frames at or below `position` are no longer needed.

        The engine frees what it can; never the tail.
        """
        ...

    def close(self) -> None: ...


class Segments(Protocol):
    """Bodies that outlived a checkpoint.

    A segment is a run of *chunks*. `append` makes one chunk of every buffer; a chunk is read back
    whole, by the address it began at and its length. Addresses count chunk headers:

        address          e                          e + 8 + len(b0)
        segment   ...    | header (8) | b0 ........ | header (8) | b1 ........ |
                         expected_end                                          new end

    so the k-th buffer of an append starts at `expected_end` plus, for each buffer before it,
    CHUNK_HEADER_BYTES and its length. `read` may be called while another thread is in any other
    method; the other methods are called one at a time.
    """

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> int:
        """Append one chunk per buffer at `expected_end` (0 creates the segment) and return the new end. Raises Fenced
        (`expected_end` is not the end), Full (nothing was kept), Failed.
        """
        ...

    def sync(self, segment: int) -> None:
        """Make every append to `segment`, and its existence, durable. Raises Failed."""
        ...

    def read(self, segment: int, start: int, length: int) -> bytes:
        """The chunk of exactly `length` bytes that begins at address `start`, in one read. Raises Corrupt (no such
        segment, no chunk of that length there, or its bytes have changed), Failed.
        """
        ...

    def lengths(self) -> dict[int, int]:
        """Every segment with its end address.

        After a power cut it may name segments never synced, and dropped ones.
        """
        ...

    def cut(self, segment: int, length: int) -> None:
        """Drop what lies past address `length` (written after the last committed checkpoint). Raises Corrupt if
        shorter.
        """
        ...

    def drop(self, segment: int) -> None:
        """Remove the segment; nothing happens when there is none."""
        ...

    def close(self) -> None: ...


class StateStore(Protocol):
    """Small state in named tables; a person can open it and read it."""

    def scan(
        self, table: str, start: str = "", end: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """Rows with start <= key < end in key order. Raises Failed, Corrupt."""
        ...

    def get(self, table: str, key: str) -> bytes | None:
        """Raises Failed, Corrupt."""
        ...

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """Apply (table, key, value or None to delete), in order, as one durable transaction. A table exists from its
        first use; its name is `[a-z][a-z0-9_]{0,62}`. Raises Full (nothing was changed), Failed.
        """
        ...

    def close(self) -> None: ...
