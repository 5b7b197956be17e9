"""Both sides' parameters (RFC 9113, section 6.5).

Ours stand here as constants and never change; the peer's are judged as they come. What a peer may not set is an error
of the connection; parameters that nobody here knows are passed over.
"""

from struct import Struct
from typing import Final

from dragoman.wire.http2.errors import FLOW_CONTROL_ERROR, PROTOCOL_ERROR, ConnectionFault
from dragoman.wire.http2.frames import SETTINGS, frame

HEADER_TABLE_SIZE: Final = 1
ENABLE_PUSH: Final = 2
MAX_CONCURRENT_STREAMS: Final = 3
INITIAL_WINDOW_SIZE: Final = 4
MAX_FRAME_SIZE: Final = 5
MAX_HEADER_LIST_SIZE: Final = 6

STREAMS_MAX: Final = (
    1_000  # open at once: clients of Google's keep hundreds of calls on one connection
)
STREAM_WINDOW_BYTES: Final = 1 << 20
CONNECTION_WINDOW_BYTES: Final = 8 << 20
FRAME_BYTES_MAX: Final = (
    1 << 14
)  # of a payload we take: the least that is allowed, and what clients send
HEADER_LIST_BYTES_MAX: Final = 64 << 10  # as over HTTP/1.1

WINDOW_MAX: Final = (1 << 31) - 1
DEFAULT_WINDOW_BYTES: Final = 65_535
DEFAULT_FRAME_BYTES: Final = 1 << 14
DEFAULT_TABLE_BYTES: Final = 4_096
DEFAULT_HEADER_LIST_BYTES: Final = (
    8 << 10
)  # no limit, says the RFC; gRPC's clients have this one, told or not
_FRAME_BYTES_LIMIT: Final = (1 << 24) - 1
_PAIR: Final = Struct(">HI")

OURS: Final = frame(
    SETTINGS,
    0,
    0,
    b"".join(
        _PAIR.pack(name, value)
        for name, value in (
            (MAX_CONCURRENT_STREAMS, STREAMS_MAX),
            (INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES),
            (MAX_HEADER_LIST_SIZE, HEADER_LIST_BYTES_MAX),
        )
    ),
)


class PeerSettings:
    """What the peer has told so far."""

    __slots__ = ("frame_bytes_max", "header_list_bytes", "stream_window_bytes", "table_bytes")

    def __init__(self) -> None:
        self.table_bytes = DEFAULT_TABLE_BYTES
        self.stream_window_bytes = DEFAULT_WINDOW_BYTES
        self.frame_bytes_max = DEFAULT_FRAME_BYTES
        self.header_list_bytes = DEFAULT_HEADER_LIST_BYTES

    def take(self, payload: bytes) -> None:
        """Obey one SETTINGS frame, in its order. Raises ConnectionFault."""
        for name, value in _PAIR.iter_unpack(payload):
            self._set(name, value)

    def _set(self, name: int, value: int) -> None:
        if name == HEADER_TABLE_SIZE:
            self.table_bytes = value
        elif name == ENABLE_PUSH:
            if value > 1:
                raise ConnectionFault(PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH is 0 or 1")
        elif name == INITIAL_WINDOW_SIZE:
            if value > WINDOW_MAX:
                raise ConnectionFault(FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE too large")
            self.stream_window_bytes = value
        elif name == MAX_FRAME_SIZE:
            if not DEFAULT_FRAME_BYTES <= value <= _FRAME_BYTES_LIMIT:
                raise ConnectionFault(PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE out of range")
            self.frame_bytes_max = value
        elif name == MAX_HEADER_LIST_SIZE:
            self.header_list_bytes = value
