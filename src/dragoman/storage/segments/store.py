"""`Segments` over a `Disk`: one file per segment, chunks as `chunk.py` draws them.

`_ends` is the truth about where each segment ends; a file may be longer (a refused append) until
its next opener cuts it. Files with unsynced bytes stay open: an error of writing back is told only
to a descriptor that was open when it happened. Other descriptors are kept for reading,
FILES_OPEN_MAX at most. A file let go of closes itself when the last reader lets go too, so `read`
may run beside every other method.
"""

import re
from collections.abc import Sequence
from typing import Final, final

from dragoman.ports.disk import Disk, DiskFull, File
from dragoman.ports.storage import CHUNK_HEADER_BYTES, Corrupt, Fenced
from dragoman.storage.guard import Guard
from dragoman.storage.segments.chunk import (
    FILE_HEADER_BYTES,
    check_file_header,
    decode_chunk,
    encode_chunk,
    file_header,
)

FILES_OPEN_MAX: Final = 64
"""Descriptors kept for reading; nodes have a thousand or more, connections need most of them."""

SEGMENT_MAX: Final = (1 << 63) - 1

_NAME = re.compile(r"segment-([0-9]{20})")


def segment_name(segment: int) -> str:
    """The file of `segment`."""
    return f"segment-{segment:020d}"


@final
class SegmentStore:
    """The `Segments` port on files."""

    def __init__(self, disk: Disk) -> None:
        """Looks at names and sizes only; damage shows when it is read. Raises Failed."""
        self._disk = disk
        self._guard = Guard("the segment store")
        self._ends: dict[int, int] = {}
        self._unsynced: dict[int, File] = {}
        self._readers: dict[int, File] = {}
        self._created: set[int] = set()  # their names are not durable yet
        with self._guard:
            for match in filter(None, map(_NAME.fullmatch, disk.names())):
                self._ends[int(match[1])] = self._end_on_disk(int(match[1]))
            disk.sync_names()  # what a killed process created may not be durable yet

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> int:
        """See `Segments.append`. One write call."""
        self._guard.check()
        assert 0 <= segment <= SEGMENT_MAX
        end = self._ends.get(segment, 0)
        if expected_end != end:
            raise Fenced(f"segment {segment} ends at {end}, not {expected_end}")
        pieces: list[bytes] = []
        for body in buffers:
            pieces += (encode_chunk(segment, end, body), body)
            end += CHUNK_HEADER_BYTES + len(body)
        with self._guard:
            self._write(segment, expected_end, pieces)
        self._ends[segment] = end
        return end

    def sync(self, segment: int) -> None:
        """See `Segments.sync`."""
        with self._guard:
            file = self._unsynced.get(segment)
            if file is not None:
                file.sync()
                self._readers[segment] = self._unsynced.pop(segment)
                self._close_some()
            if segment in self._created:
                self._disk.sync_names()
                self._created.clear()  # one directory: every name is durable now

    def read(self, segment: int, start: int, length: int) -> bytes:
        """See `Segments.read`. One pread."""
        with self._guard:
            file = self._unsynced.get(segment) or self._reader(segment)
            stored = file.read(FILE_HEADER_BYTES + start, CHUNK_HEADER_BYTES + length)
            if len(stored) < CHUNK_HEADER_BYTES:
                raise Corrupt(f"segment {segment} ends before address {start}")
            return decode_chunk(segment, start, length, stored)

    def lengths(self) -> dict[int, int]:
        """See `Segments.lengths`."""
        self._guard.check()
        return dict(self._ends)

    def cut(self, segment: int, length: int) -> None:
        """See `Segments.cut`."""
        self._guard.check()
        end = self._ends.get(segment, 0)
        if end < length:
            raise Corrupt(f"segment {segment} ends at {end}, {length} bytes were durable")
        if segment not in self._ends:
            return
        with self._guard:
            file = self._writer(segment)
            if file.size() > FILE_HEADER_BYTES + length:
                file.truncate(FILE_HEADER_BYTES + length)
        self._ends[segment] = length

    def drop(self, segment: int) -> None:
        """See `Segments.drop`.

        The name need not be synced: whoever meets it again drops it again.
        """
        with self._guard:
            if self._ends.pop(segment, None) is None:
                return
            self._unsynced.pop(segment, None)
            self._readers.pop(segment, None)
            self._disk.remove(segment_name(segment))

    def close(self) -> None:
        """Let go of every file; what was not synced is not made durable."""
        self._unsynced.clear()
        self._readers.clear()
        self._guard.close()

    def _write(self, segment: int, end: int, pieces: list[bytes]) -> None:
        file = self._writer(segment)
        at = FILE_HEADER_BYTES + end
        if end == 0:
            at, pieces = 0, [file_header(segment), *pieces]
        try:
            file.write(at, pieces)
        except DiskFull:
            # Give back what the refused write took. The bytes past the end are never read either
            # way.
            file.truncate(FILE_HEADER_BYTES + end if end else 0)
            raise

    def _writer(self, segment: int) -> File:
        """The file of `segment`, open until it is synced."""
        file = self._unsynced.get(segment)
        if file is None:
            file = self._readers.pop(segment, None)
            if file is None:
                file = self._disk.open(segment_name(segment), create=segment not in self._ends)
            self._unsynced[segment] = file
        if segment not in self._ends:
            self._created.add(segment)
            self._ends[segment] = 0
        return file

    def _reader(self, segment: int) -> File:
        """The file of `segment`, its header checked when it was opened. Raises Corrupt."""
        file = self._readers.pop(segment, None)
        if file is None:
            try:
                file = self._disk.open(segment_name(segment))
            except FileNotFoundError:
                raise Corrupt(f"there is no segment {segment}") from None
            check_file_header(segment, file.read(0, FILE_HEADER_BYTES))
        self._readers[segment] = file  # newest last
        self._close_some()
        return file

    def _close_some(self) -> None:
        while len(self._readers) > FILES_OPEN_MAX:
            self._readers.pop(next(iter(self._readers)), None)

    def _end_on_disk(self, segment: int) -> int:
        file = self._disk.open(segment_name(segment))
        size_bytes = file.size()
        file.close()
        return max(size_bytes - FILE_HEADER_BYTES, 0)
