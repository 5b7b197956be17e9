"""`Segments` in memory: per segment a map from address to chunk, and the end address."""

from collections.abc import Sequence
from typing import final

from dragoman.ports.storage import CHUNK_HEADER_BYTES, Corrupt, Fenced


@final
class MemorySegments:
    """Segments as durable as the process."""

    def __init__(self) -> None:
        self._chunks: dict[int, dict[int, bytes]] = {}
        self._ends: dict[int, int] = {}

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> int:
        """See `Segments.append`."""
        end = self._ends.get(segment, 0)
        if expected_end != end:
            raise Fenced(f"segment {segment} ends at {end}, not {expected_end}")
        chunks = self._chunks.setdefault(segment, {})
        for body in buffers:
            chunks[end] = bytes(body)
            end += CHUNK_HEADER_BYTES + len(body)
        self._ends[segment] = end
        return end

    def sync(self, segment: int) -> None:
        """Nothing to do."""

    def read(self, segment: int, start: int, length: int) -> bytes:
        """See `Segments.read`."""
        body = self._chunks.get(segment, {}).get(start)
        if body is None or len(body) != length:
            raise Corrupt(f"segment {segment}: no sound chunk of {length} bytes at address {start}")
        return body

    def lengths(self) -> dict[int, int]:
        """See `Segments.lengths`."""
        return dict(self._ends)

    def cut(self, segment: int, length: int) -> None:
        """See `Segments.cut`."""
        end = self._ends.get(segment, 0)
        if end < length:
            raise Corrupt(f"segment {segment} ends at {end}, {length} bytes were durable")
        if segment in self._ends:
            chunks = self._chunks[segment]
            self._chunks[segment] = {at: body for at, body in chunks.items() if at < length}
            self._ends[segment] = length

    def drop(self, segment: int) -> None:
        """See `Segments.drop`."""
        self._chunks.pop(segment, None)
        self._ends.pop(segment, None)

    def close(self) -> None:
        """Nothing to do."""
