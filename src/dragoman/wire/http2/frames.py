"""Frames by number (RFC 9113, sections 4.1, 6 and 6.5.2)."""

from struct import Struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD_BYTES: Final = 9

DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 0x1  # of DATA and HEADERS
ACK: Final = 0x1  # of SETTINGS and PING
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
WITH_PRIORITY: Final = 0x20

STREAM_MAX: Final = (1 << 31) - 1

_HEAD: Final = Struct(">HBBBI").pack
_U32: Final = Struct(">I").pack


def frame_head(kind: int, flags: int, stream: int, length: int) -> bytes:
    """The nine bytes before a payload."""
    return _HEAD(length >> 8, length & 0xFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A whole frame."""
    return frame_head(kind, flags, stream, len(payload)) + payload


def window_update(stream: int, increment: int) -> bytes:
    """Section 6.9; stream 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream, _U32(increment))


def rst_stream(stream: int, code: int) -> bytes:
    """Section 6.4."""
    return frame(RST_STREAM, 0, stream, _U32(code))


def goaway(stream_last: int, code: int, text: str) -> bytes:
    """Section 6.8; `text` is for people."""
    return frame(GOAWAY, 0, 0, _U32(stream_last) + _U32(code) + text.encode())
