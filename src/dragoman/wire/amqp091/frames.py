"""Frames: what every byte after the first eight belongs to (AMQP 0-9-1 section 2.3.5).

    0      1         3            7                7+size
    +------+---------+------------+----------------+------+
    | type | channel | size (u32) | payload        | 0xCE |
    +------+---------+------------+----------------+------+

frame-max counts all of it, so a payload may hold frame-max minus eight bytes.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091.methodcodec import encode_method
from dragoman.wire.amqp091.methods import Method

FRAME_METHOD: Final = 1
FRAME_HEADER: Final = 2
FRAME_BODY: Final = 3
FRAME_HEARTBEAT: Final = 8
FRAME_END: Final = 0xCE
FRAME_HEADER_BYTES: Final = 7
FRAME_OVERHEAD_BYTES: Final = 8  # header and end octet

FRAME_BYTES_MIN: Final = 4096  # section 1.2, frame-min-size: what a peer may always send
FRAME_BYTES_UNLIMITED: Final = 0xFFFF_FFFF  # what frame-max 0 stands for

PROTOCOL_HEADER: Final = b"AMQP\x00\x00\x09\x01"
HEARTBEAT_FRAME: Final = b"\x08\x00\x00\x00\x00\x00\x00\xce"

_HEADER: Final = Struct(">BHI")


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    """One frame. The caller keeps the payload within the tuned frame-max."""
    return _HEADER.pack(kind, channel, len(payload)) + payload + b"\xce"


def method_frame(channel: int, method: Method) -> bytes:
    """The frame of a method. ValueError when an argument does not fit its kind."""
    return frame(FRAME_METHOD, channel, encode_method(method))
