"""The few things a storage engine asks of a file system, so that the same engine runs on a disk that lies.

A write is durable only after `File.sync` of that file; a created, renamed or removed name only after
`Disk.sync_names`. Anything not synced may be lost, torn at 512-byte sectors, or kept out of order when the power goes.
"""

from collections.abc import Sequence
from typing import Protocol


class DiskFull(Exception):
    """No space for a write or an allocation; what the file held before is untouched up to its old size."""


class DiskFailed(Exception):
    """A read, write or sync failed. The file's content is unknown: the owner must stop, never retry a sync."""


class File(Protocol):
    """One open file, addressed by offset."""

    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only at the end of the file. Raises DiskFailed."""
        ...

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        """Write `buffers` one behind the other from `offset`. Raises DiskFull or DiskFailed."""
        ...

    def allocate(self, size: int) -> None:
        """Reserve space up to `size` and make the file at least that long (zeros). Raises DiskFull or DiskFailed."""
        ...

    def truncate(self, size: int) -> None: ...

    def sync(self) -> None:
        """Make every earlier write and size change of this file durable (fdatasync). Raises DiskFailed."""
        ...

    def close(self) -> None: ...


class Disk(Protocol):
    """One directory of files; names are plain (`journal-00000001`), never from a client."""

    def open(self, name: str, *, create: bool = False) -> File:
        """Raises FileNotFoundError unless `create`."""
        ...

    def names(self) -> list[str]: ...

    def rename(self, source: str, target: str) -> None: ...

    def remove(self, name: str) -> None: ...

    def sync_names(self) -> None:
        """Make every earlier creation, rename and removal durable."""
        ...

    def free_bytes(self) -> int: ...
