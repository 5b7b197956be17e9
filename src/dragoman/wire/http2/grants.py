"""The receiving half of flow control (RFC 9113, section 5.2): what the peer may still send us. Hot.

Content is granted anew as it comes, half a window at a time; whoever collects it keeps a bound of its own. `hold` stops
that, for all or for one stream: what has been granted is all that comes, a window's worth.
"""

from typing import Final

from dragoman.wire.http2.errors import FLOW_CONTROL_ERROR, ConnectionFault, StreamFault
from dragoman.wire.http2.frames import window_update
from dragoman.wire.http2.sending import Sending, Streams
from dragoman.wire.http2.settings import (
    CONNECTION_WINDOW_BYTES,
    DEFAULT_WINDOW_BYTES,
    STREAM_WINDOW_BYTES,
)
from dragoman.wire.http2.streams import LOCAL_CLOSED, OPEN, Http2Stream

_CONNECTION_STEP_BYTES: Final = CONNECTION_WINDOW_BYTES >> 1
_STREAM_STEP_BYTES: Final = STREAM_WINDOW_BYTES >> 1


class Grants:
    """What is granted on one connection."""

    __slots__ = ("_granted_bytes", "_is_held", "_owed_bytes", "_sending", "_streams")

    def __init__(self, sending: Sending, streams: Streams) -> None:
        self._sending = sending
        self._streams = streams
        self._granted_bytes = CONNECTION_WINDOW_BYTES
        self._owed_bytes = 0  # received, and not granted anew yet
        self._is_held = False
        sending.raw(window_update(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES))

    def take(self, size: int) -> None:
        """The payload of DATA came, whosever it is. Raises ConnectionFault for more than was granted."""
        if size > self._granted_bytes:
            raise ConnectionFault(FLOW_CONTROL_ERROR, "more than the connection's window")
        self._granted_bytes -= size
        self._owed_bytes += size
        if self._owed_bytes >= _CONNECTION_STEP_BYTES and not self._is_held:
            self._grant()

    def take_stream(self, stream: Http2Stream, size: int) -> None:
        """It is this stream's, and not its last. Raises StreamFault."""
        if size > stream.granted_bytes:
            raise StreamFault(stream.id, FLOW_CONTROL_ERROR)
        stream.granted_bytes -= size
        if not self._is_held:
            self._grant_stream(stream)

    def hold_stream(self, stream: Http2Stream) -> None:
        """Grant this stream nothing more."""
        stream.is_held = True

    def release_stream(self, stream: Http2Stream) -> None:
        """Grant it again, and what was held back."""
        stream.is_held = False
        if not self._is_held and stream.state in (OPEN, LOCAL_CLOSED):
            self._grant_stream(stream)

    def hold(self) -> None:
        """Grant nothing more."""
        self._is_held = True

    def release(self) -> None:
        """Grant again, and what was held back."""
        if self._is_held:
            self._is_held = False
            if self._owed_bytes >= _CONNECTION_STEP_BYTES:
                self._grant()
            for stream in self._streams.open.values():
                if stream.state in (OPEN, LOCAL_CLOSED):
                    self._grant_stream(stream)

    def _grant(self) -> None:
        self._sending.raw(window_update(0, self._owed_bytes))
        self._granted_bytes += self._owed_bytes
        self._owed_bytes = 0

    def _grant_stream(self, stream: Http2Stream) -> None:
        owed = STREAM_WINDOW_BYTES - stream.granted_bytes
        if stream.is_held:
            return
        if owed >= _STREAM_STEP_BYTES:
            stream.granted_bytes += owed
            self._sending.raw(window_update(stream.id, owed))
