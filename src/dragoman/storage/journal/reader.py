"""Frames of one file, each valid in itself, read through a window. Hot at recovery.

Knows nothing of the chain: a valid frame may be a stale one, left by the file's earlier life.
`walk.py` judges that.
"""

from collections.abc import Iterator
from typing import Final, final

from dragoman.ports.disk import File
from dragoman.storage.journal.frame import (
    HEADER_BYTES,
    MAGIC,
    Frame,
    Header,
    decode_header,
    verify,
)

READ_AHEAD_BYTES: Final = 1 << 20
"""One read of the file; a larger frame is read by itself."""


@final
class FrameReader:
    """Random access to the frames of `file`, cheap when offsets grow."""

    __slots__ = ("_file", "_log_id", "_size", "_window", "_window_at")

    def __init__(self, file: File, log_id: int) -> None:
        self._file = file
        self._log_id = log_id
        self._size = file.size()
        self._window = b""
        self._window_at = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def frame_at(self, offset: int) -> Frame | None:
        """The frame that begins at `offset`, or None where none does. Raises DiskFailed."""
        header = self._header_at(offset)
        return None if header is None else self._verified(header, offset)

    def frames_from(self, offset: int, position_min: int) -> Iterator[Frame]:
        """Every valid frame past `offset` with position >= `position_min`, wherever it begins.

        This is the search behind a bad frame. A header's claims are looked at before its checksum,
        so that a recycled file full of older frames costs a header each.
        """
        while offset + HEADER_BYTES <= self._size:
            found = self._find_magic(offset)
            if found < 0:
                return
            header = self._header_at(found)
            frame = None
            if header is not None and header.position >= position_min:
                frame = self._verified(header, found)
            if frame is None:
                offset = found + 1
                continue
            yield frame
            offset = found + frame.size_bytes

    def _header_at(self, offset: int) -> Header | None:
        if offset + HEADER_BYTES > self._size:
            return None
        header = decode_header(self._bytes(offset, HEADER_BYTES), self._log_id)
        if header is None or offset + HEADER_BYTES + header.length > self._size:
            return None  # the declared length is checked against the file before anything is read
        return header

    def _verified(self, header: Header, offset: int) -> Frame | None:
        return verify(header, self._bytes(offset + HEADER_BYTES, header.length), offset)

    def _find_magic(self, offset: int) -> int:
        while offset + HEADER_BYTES <= self._size:
            self._fill(offset, HEADER_BYTES)
            found: int = self._window.find(MAGIC, offset - self._window_at)
            if found >= 0:
                return self._window_at + found
            window_end: int = self._window_at + len(self._window)
            offset = max(offset + 1, window_end - len(MAGIC) + 1)
        return -1

    def _bytes(self, offset: int, length: int) -> bytes:
        self._fill(offset, length)
        start: int = offset - self._window_at
        return self._window[start : start + length]

    def _fill(self, offset: int, length: int) -> None:
        """Make the window cover [offset, offset + length), as far as the file goes."""
        window_end: int = self._window_at + len(self._window)
        if self._window_at <= offset and offset + length <= window_end:
            return
        self._window = self._file.read(offset, max(length, READ_AHEAD_BYTES))
        self._window_at = offset
