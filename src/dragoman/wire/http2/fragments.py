"""A header block that goes on by CONTINUATION (RFC 9113, section 6.10): nothing else may come in between.

Bounded in bytes and in frames, judged as they come: a block without an end is a known attack.
"""

from typing import Final

from dragoman.wire.http2.errors import ENHANCE_YOUR_CALM, ConnectionFault
from dragoman.wire.http2.settings import HEADER_LIST_BYTES_MAX

BLOCK_BYTES_MAX: Final = HEADER_LIST_BYTES_MAX  # packed, it is no longer than unpacked
CONTINUATIONS_MAX: Final = 64


class Fragments:
    """The block that is being collected; `stream` is whose it is, 0 while none is. `flags` are its HEADERS'."""

    __slots__ = ("_parts", "_size_bytes", "flags", "stream")

    def __init__(self) -> None:
        self.stream = 0
        self.flags = 0
        self._parts: list[bytes] = []
        self._size_bytes = 0

    def begin(self, stream: int, flags: int, fragment: bytes) -> None:
        """HEADERS without END_HEADERS."""
        self.stream = stream
        self.flags = flags
        self._parts = [fragment]
        self._size_bytes = len(fragment)

    def add(self, fragment: bytes) -> None:
        """A CONTINUATION. Raises ConnectionFault."""
        self._parts.append(fragment)
        self._size_bytes += len(fragment)
        if self._size_bytes > BLOCK_BYTES_MAX or len(self._parts) > CONTINUATIONS_MAX:
            raise ConnectionFault(ENHANCE_YOUR_CALM, "a header block without an end")

    def end(self) -> bytes:
        """The whole block."""
        block = b"".join(self._parts)
        self.stream = 0
        self._parts = []
        return block
