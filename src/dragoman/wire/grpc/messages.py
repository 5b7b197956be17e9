"""Messages in content: a byte that says whether it is packed, four of length, then the message. Hot.

Bounds hold before memory is taken: a length is judged when its prefix is there, an unpacked one while it grows.
"""

import zlib
from struct import Struct
from typing import Final

from dragoman.wire.grpc.codes import INTERNAL, RESOURCE_EXHAUSTED

PREFIX_BYTES: Final = 5
IDENTITY: Final = b"identity"
GZIP: Final = b"gzip"
DEFLATE: Final = b"deflate"
ACCEPTED: Final = b"identity,gzip,deflate"
PACKED_BYTES_MIN: Final = 256  # shorter ones are not worth it

_WINDOW_BITS: Final = {GZIP: 31, DEFLATE: 15}
_PREFIX: Final = Struct(">BI").pack
_LEVEL: Final = 1  # fastest: what asks for it wants to spare a network, not to wait


class BadMessage(Exception):
    """What a client sent is no message; `code` is the status that says so."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def is_known(encoding: bytes) -> bool:
    """Whether messages packed so can be read."""
    return encoding == IDENTITY or encoding in _WINDOW_BITS


def encode_message(body: bytes, encoding: bytes = b"") -> bytes:
    """With its prefix; packed by `encoding`, unless it is empty or the message too short for it."""
    if not encoding or encoding == IDENTITY or len(body) < PACKED_BYTES_MIN:
        return _PREFIX(0, len(body)) + body
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS[encoding])
    packed = packer.compress(body) + packer.flush()
    return _PREFIX(1, len(packed)) + packed


def unpack(packed: bytes, encoding: bytes, bytes_max: int) -> bytes:
    """Raises BadMessage for what is not packed so, or is larger than `bytes_max` when unpacked."""
    unpacker = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        body = unpacker.decompress(packed, bytes_max + 1)
    except zlib.error as error:
        raise BadMessage(
            INTERNAL, f"a message is not packed by {encoding.decode()}: {error}"
        ) from None
    if len(body) > bytes_max:
        raise too_large(bytes_max)
    if not unpacker.eof or unpacker.unused_data:
        raise BadMessage(INTERNAL, "a packed message is cut short, or too long")
    return body


def too_large(bytes_max: int) -> BadMessage:
    """A message past its limit."""
    return BadMessage(RESOURCE_EXHAUSTED, f"Received message larger than max ({bytes_max} bytes)")


class MessageReader:
    """Cuts messages out of the content of one call, in whatever pieces it comes.

    held_bytes  of a message that is not whole yet
    """

    __slots__ = ("_bytes_max", "_encoding", "_needed", "_parts", "held_bytes")

    def __init__(self, encoding: bytes, bytes_max: int) -> None:
        self._encoding = encoding
        self._bytes_max = bytes_max
        self._parts: list[bytes] = []
        self._needed = PREFIX_BYTES  # with the prefix, as far as it is known
        self.held_bytes = 0

    def read(self, data: bytes) -> list[bytes]:
        """Messages that are whole now. Raises BadMessage."""
        found: list[bytes] = []
        if self.held_bytes:
            self._parts.append(data)
            self.held_bytes += len(data)
            if self.held_bytes < self._needed:
                return found
            data = b"".join(self._parts)
            self._parts = []
            self.held_bytes = 0
        at, end = 0, len(data)
        while True:
            self._needed = PREFIX_BYTES
            start = at + PREFIX_BYTES
            if end < start:
                break
            size = int.from_bytes(data[at + 1 : start], "big")
            if size > self._bytes_max:
                raise too_large(self._bytes_max)
            self._needed = PREFIX_BYTES + size
            if end < start + size:
                break
            flag = data[at]
            at = start + size
            found.append(self._message(flag, data[start:at]))
        if at < end:
            self._parts = [data[at:] if at else data]
            self.held_bytes = end - at
        return found

    def _message(self, flag: int, body: bytes) -> bytes:
        if flag == 0:
            return body
        if flag != 1:
            raise BadMessage(INTERNAL, "a message begins with neither 0 nor 1")
        if self._encoding not in _WINDOW_BITS:
            raise BadMessage(INTERNAL, "a packed message without grpc-encoding")
        return unpack(body, self._encoding, self._bytes_max)


def only_message(data: bytes, bytes_max: int) -> bytes | None:
    """The message, if the data is just one that is not packed: nearly every unary call."""
    size = len(data) - PREFIX_BYTES
    if size < 0 or size > bytes_max or data[0]:
        return None
    told = data[1] << 24 | data[2] << 16 | data[3] << 8 | data[4]
    return data[PREFIX_BYTES:] if told == size else None
