"""One stream, and the table of its states (RFC 9113, section 5.1) as a server without push sees them. Hot.

                       HEADERS                    END received               END sent
    IDLE ------------------------> OPEN ---------------------> REMOTE_CLOSED ----------> CLOSED
                                     '------------------------> LOCAL_CLOSED -----------^
                                          END sent                            END received
    and from each of the last three RESET, either side's, leads to CLOSED.

What a peer does that the table does not have is refused as `REFUSALS` says; what we would do is a fault of ours.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from dragoman.wire.http2.errors import PROTOCOL_ERROR, STREAM_CLOSED

IDLE: Final = 0
OPEN: Final = 1
REMOTE_CLOSED: Final = 2
LOCAL_CLOSED: Final = 3
CLOSED: Final = 4
STATE_NAMES: Final = ("IDLE", "OPEN", "REMOTE_CLOSED", "LOCAL_CLOSED", "CLOSED")

HEADERS_RECEIVED: Final = 0
DATA_RECEIVED: Final = 1
END_RECEIVED: Final = 2
RESET_RECEIVED: Final = 3
WINDOW_RECEIVED: Final = 4
HEADERS_SENT: Final = 5
DATA_SENT: Final = 6
END_SENT: Final = 7
RESET_SENT: Final = 8
EVENTS: Final = 9

TRANSITIONS: Final[Mapping[tuple[int, int], int]] = {
    (IDLE, HEADERS_RECEIVED): OPEN,
    (OPEN, HEADERS_RECEIVED): OPEN,  # trailers
    (OPEN, DATA_RECEIVED): OPEN,
    (OPEN, END_RECEIVED): REMOTE_CLOSED,
    (OPEN, RESET_RECEIVED): CLOSED,
    (OPEN, WINDOW_RECEIVED): OPEN,
    (OPEN, HEADERS_SENT): OPEN,
    (OPEN, DATA_SENT): OPEN,
    (OPEN, END_SENT): LOCAL_CLOSED,
    (OPEN, RESET_SENT): CLOSED,
    (REMOTE_CLOSED, RESET_RECEIVED): CLOSED,
    (REMOTE_CLOSED, WINDOW_RECEIVED): REMOTE_CLOSED,
    (REMOTE_CLOSED, HEADERS_SENT): REMOTE_CLOSED,
    (REMOTE_CLOSED, DATA_SENT): REMOTE_CLOSED,
    (REMOTE_CLOSED, END_SENT): CLOSED,
    (REMOTE_CLOSED, RESET_SENT): CLOSED,
    (LOCAL_CLOSED, HEADERS_RECEIVED): LOCAL_CLOSED,
    (LOCAL_CLOSED, DATA_RECEIVED): LOCAL_CLOSED,
    (LOCAL_CLOSED, END_RECEIVED): CLOSED,
    (LOCAL_CLOSED, RESET_RECEIVED): CLOSED,
    (LOCAL_CLOSED, WINDOW_RECEIVED): LOCAL_CLOSED,
    (LOCAL_CLOSED, RESET_SENT): CLOSED,
    (CLOSED, RESET_RECEIVED): CLOSED,  # sent before ours arrived
    (CLOSED, WINDOW_RECEIVED): CLOSED,
}

REFUSALS: Final[Mapping[tuple[int, int], tuple[bool, int]]] = {
    (IDLE, DATA_RECEIVED): (True, PROTOCOL_ERROR),
    (IDLE, RESET_RECEIVED): (True, PROTOCOL_ERROR),
    (IDLE, WINDOW_RECEIVED): (True, PROTOCOL_ERROR),
    (REMOTE_CLOSED, HEADERS_RECEIVED): (False, STREAM_CLOSED),
    (REMOTE_CLOSED, DATA_RECEIVED): (False, STREAM_CLOSED),
    (CLOSED, HEADERS_RECEIVED): (True, STREAM_CLOSED),
    (CLOSED, DATA_RECEIVED): (True, STREAM_CLOSED),
}
"""Whether the whole connection ends with it, and the code. END comes with HEADERS or DATA, and is asked about next."""

_NEXT: Final = [
    TRANSITIONS.get((state, event), -1) for state in range(5) for event in range(EVENTS)
]


def after(state: int, event: int) -> int:
    """The next state; -1 where there is none."""
    return _NEXT[state * EVENTS + event]


class Http2Stream:
    """One stream.

    room_bytes      what the peer lets us send on it (section 5.2.1); below zero after it has made its window smaller
    granted_bytes   what we let the peer send
    length_left     of the content that its head announced; -1 where it did not
    is_held         it is granted nothing more for now
    queue           what waits for room; `queued_bytes` is its size
    trailers        the block that goes behind it; None while the end is not in sight
    note            its owner's own
    """

    __slots__ = (
        "granted_bytes",
        "has_head",
        "id",
        "is_held",
        "length_left",
        "note",
        "queue",
        "queued_bytes",
        "room_bytes",
        "state",
        "trailers",
    )

    def __init__(self, id: int, room_bytes: int, granted_bytes: int) -> None:
        self.id = id
        self.state: int = OPEN
        self.has_head = False
        self.is_held = False
        self.room_bytes = room_bytes
        self.granted_bytes = granted_bytes
        self.length_left = -1
        self.queue: deque[bytes] | None = None
        self.queued_bytes = 0
        self.trailers: bytes | None = None
        self.note: Any = None
