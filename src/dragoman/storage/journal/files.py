"""The journal's files: their names, how one begins, where it goes when it is no longer needed.

    journal-00000000000000000104          frames from position 104 on, size fixed when it began
    journal-spare-00000000000000000001    an old one kept to be used again: rewriting a file in
                                          place syncs 40 % faster than growing one (measured)
    journal-reserve                       nothing; given back when the disk is full

A file is renamed or made, and its name synced, before the first frame goes into it.
"""

import re
from typing import Final, final

from dragoman.ports.disk import Disk, DiskFull, File

FILE_BYTES_DEFAULT: Final = 64 * 1024 * 1024
SPARES_MAX_DEFAULT: Final = 2
RESERVE_NAME: Final = "journal-reserve"

_FILE = re.compile(r"journal-([0-9]{20})")
_SPARE = re.compile(r"journal-spare-([0-9]{20})")


def file_name(first: int) -> str:
    """The file whose first frame has position `first`."""
    return f"journal-{first:020d}"


def spare_name(first: int) -> str:
    """What `file_name(first)` is called while it waits to be used again."""
    return f"journal-spare-{first:020d}"


@final
class Files:
    """The files of one log. `firsts` is ascending; the last one is being appended to."""

    def __init__(self, disk: Disk, *, file_bytes: int, spares_max: int) -> None:
        self._disk = disk
        self._file_bytes = file_bytes
        self._spares_max = spares_max
        names = disk.names()
        self.firsts = sorted(int(m[1]) for m in map(_FILE.fullmatch, names) if m)
        self._spares = sorted(name for name in names if _SPARE.fullmatch(name))

    def tidy_spares(self) -> None:
        """Keep only spares that can be used again. Raises DiskFailed."""
        spares, self._spares = self._spares, []
        for name in spares:
            self._keep_or_remove(name)

    def begin(self, first: int, frame_bytes: int) -> File:
        """A file for frames from `first` on, long enough for `frame_bytes`; its name is durable.

        Raises DiskFull (nothing is left behind), DiskFailed.
        """
        file = self._from_spare(first, frame_bytes) or self._made(first, frame_bytes)
        self._disk.sync_names()
        self.firsts.append(first)
        return file

    def drop_through(self, trimmed: int) -> None:
        """Let go of files that hold nothing past `trimmed`; never of the last. Raises DiskFailed.

        The names need not be synced: a file that comes back is dropped again by the next opener.
        """
        while len(self.firsts) > 1 and self.firsts[1] - 1 <= trimmed:
            first = self.firsts.pop(0)
            name = file_name(first)
            if len(self._spares) >= self._spares_max:
                self._disk.remove(name)
                continue
            self._disk.rename(name, spare_name(first))
            self._keep_or_remove(spare_name(first))

    def needed_past(self, trimmed: int) -> list[int]:
        """`firsts` without those that `drop_through` would let go."""
        whole = sum(first - 1 <= trimmed for first in self.firsts)
        return self.firsts[max(whole - 1, 0) :]

    def whole_files_through(self, position: int) -> int:
        """The largest position <= `position` with only whole files at or below it (0: none)."""
        return max((first - 1 for first in self.firsts if first - 1 <= position), default=0)

    def _from_spare(self, first: int, frame_bytes: int) -> File | None:
        if not self._spares or frame_bytes > self._file_bytes:
            return None
        self._disk.rename(self._spares.pop(), file_name(first))
        return self._disk.open(file_name(first))

    def _made(self, first: int, frame_bytes: int) -> File:
        name = file_name(first)
        file = self._disk.open(name, create=True)
        try:
            file.allocate(max(self._file_bytes, frame_bytes))
        except DiskFull:
            # The name must be gone for good: smaller frames may still go into the file before it,
            # and then an empty file of this name would look like a gap.
            file.close()
            self._disk.remove(name)
            self._disk.sync_names()
            raise
        return file

    def _keep_or_remove(self, name: str) -> None:
        """A spare has the usual size; one grown for a large frame would only hold the disk."""
        file = self._disk.open(name)
        size_bytes = file.size()
        file.close()
        if size_bytes == self._file_bytes and len(self._spares) < self._spares_max:
            self._spares.append(name)
        else:
            self._disk.remove(name)


@final
class Reserve:
    """A preallocated file, worth its size when the disk is full: settlements go on from it."""

    def __init__(self, disk: Disk, size_bytes: int) -> None:
        self._disk = disk
        self._size_bytes = size_bytes

    @property
    def held(self) -> bool:
        return RESERVE_NAME in self._disk.names()

    def release(self) -> None:
        """Give the space back. Raises DiskFailed."""
        if self.held:
            self._disk.remove(RESERVE_NAME)
            self._disk.sync_names()

    def restore(self) -> None:
        """Take the space again, if a size was asked for.

        Raises DiskFull (nothing is taken), DiskFailed.
        """
        if not self._size_bytes:
            return
        file = self._disk.open(RESERVE_NAME, create=True)
        try:
            file.allocate(self._size_bytes)
            file.sync()
        except DiskFull:
            self.release()
            raise
        finally:
            file.close()
        self._disk.sync_names()
