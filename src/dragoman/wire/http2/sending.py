"""The sending half: frames out, within both of the peer's windows (RFC 9113, section 5.2). Hot.

    head ------------------------------------------> out        HEADERS are not subject to flow control
    data --- room, and nothing waits before it ----> out
         '-- else --> the stream's queue --- room --> out       a frame of each stream in turn
    finish -- behind the queue --------------------> out        trailers, or END_STREAM on the last of the data

On a stream that is gone, which its owner may not know yet, nothing is sent. Who sends is not held up: what has no room
waits, and is counted. `finished_bytes` of it belong to streams that are finished; they, and not those of streams that
go on, are a reason to serve no more requests.
"""

from collections import deque
from typing import Final

from dragoman.wire.http2.compression import NO_TABLE
from dragoman.wire.http2.errors import NO_ERROR
from dragoman.wire.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    frame_head,
    rst_stream,
)
from dragoman.wire.http2.settings import DEFAULT_TABLE_BYTES, DEFAULT_WINDOW_BYTES, PeerSettings
from dragoman.wire.http2.streams import (
    CLOSED,
    DATA_SENT,
    END_SENT,
    HEADERS_SENT,
    LOCAL_CLOSED,
    RESET_SENT,
    Http2Stream,
    after,
)

ENDED_MAX: Final = (
    256  # streams that ended lately are known as such; of older ones frames are passed over
)
RESET_MAX: Final = (
    1_024  # as are those that we reset: some of what was on its way then may still come
)


class Streams:
    """Those that are open; which ended lately, by END_STREAM or the peer's RST_STREAM; which by ours."""

    __slots__ = ("ended", "open", "reset")

    def __init__(self) -> None:
        self.open: dict[int, Http2Stream] = {}
        self.ended: deque[int] = deque(maxlen=ENDED_MAX)
        self.reset: deque[int] = deque(maxlen=RESET_MAX)


class Sending:
    """See the module.

    taken_bytes  of content have left so far: what does not grow is stalled
    moves        counts heads, contents and ends
    """

    __slots__ = (
        "_out",
        "_streams",
        "_waiting",
        "finished_bytes",
        "moves",
        "needs_table_update",
        "peer",
        "room_bytes",
        "taken_bytes",
        "unsent_bytes",
    )

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._out: list[bytes] = []
        self._waiting: dict[int, Http2Stream] = {}  # with a queue, in the order of their turns
        self.peer = PeerSettings()
        self.room_bytes = DEFAULT_WINDOW_BYTES  # of the connection's window
        self.needs_table_update = False
        self.unsent_bytes = 0  # of content: in queues, and in `_out`
        self.finished_bytes = 0  # of those
        self.taken_bytes = 0
        self.moves = 0

    # --- what leaves ---

    def raw(self, frames: bytes) -> None:
        """Frames as they are, in front of whatever waits for room."""
        self._out.append(frames)

    def head(self, stream: Http2Stream, block: bytes, *, ends: bool = False) -> None:
        """The answer's head; with `ends` it is all of it."""
        if stream.state == CLOSED:
            return
        self._move(stream, HEADERS_SENT)
        stream.has_head = True
        if self.needs_table_update:
            self.needs_table_update = False
            block = NO_TABLE + block
        flags = END_HEADERS | END_STREAM if ends else END_HEADERS
        self._headers(stream, block, flags)
        if ends:
            self._end(stream)

    def data(self, stream: Http2Stream, data: bytes) -> None:
        """Some of the content."""
        if stream.state == CLOSED:
            return
        self._move(stream, DATA_SENT)
        size = len(data)
        self.unsent_bytes += size
        if stream.queued_bytes or not self._fits(stream, size):
            self._queue(stream, data)
        else:
            self._out.append(frame_head(DATA, 0, stream.id, size) + data)
            self._take(stream, size)

    def finish(self, stream: Http2Stream, trailers: bytes = b"") -> None:
        """End the stream behind its content; without trailers the last of it says so."""
        if stream.state == CLOSED:
            return
        assert stream.trailers is None, "finished twice"
        stream.trailers = trailers
        if stream.queued_bytes:
            self.finished_bytes += stream.queued_bytes
        else:
            self._finish(stream)

    def answer(self, stream: Http2Stream, block: bytes, data: bytes, trailers: bytes) -> None:
        """Head, content and end in one: what a unary call is answered with."""
        if stream.state == CLOSED:
            return
        size = len(data)
        if stream.queued_bytes or self.needs_table_update or not self._fits(stream, size):
            self.head(stream, block)
            self.data(stream, data)
            self.finish(stream, trailers)
            return
        number = stream.id
        self._out.append(
            b"".join(
                (
                    frame_head(HEADERS, END_HEADERS, number, len(block)),
                    block,
                    frame_head(DATA, 0, number, size),
                    data,
                    frame_head(HEADERS, END_HEADERS | END_STREAM, number, len(trailers)),
                    trailers,
                )
            )
        )
        self.unsent_bytes += size
        self.finished_bytes += size
        self._take(stream, size)
        self._end(stream)

    def reset(self, stream: Http2Stream, code: int) -> None:
        """End the stream at once; what waits is dropped."""
        if stream.state == CLOSED:
            return
        self._out.append(rst_stream(stream.id, code))
        self.drop(stream)
        self._move(stream, RESET_SENT)
        del self._streams.open[stream.id]
        self._streams.reset.append(stream.id)

    def drop(self, stream: Http2Stream) -> None:
        """What waits of a stream that is gone."""
        if self._waiting.pop(stream.id, None) is not None:
            self.unsent_bytes -= stream.queued_bytes
            if stream.trailers is not None:
                self.finished_bytes -= stream.queued_bytes
            stream.queued_bytes = 0
            stream.queue = None

    # --- room ---

    def grant(self, increment: int) -> bool:
        """The peer takes more on the connection; False past 2^31-1."""
        self.room_bytes += increment
        return self.room_bytes < 1 << 31

    def resettle(self, stream_window_before: int) -> bool:
        """The peer's settings have changed (section 6.9.2); False where a window is too large now."""
        difference = self.peer.stream_window_bytes - stream_window_before
        if difference:
            for stream in self._streams.open.values():
                stream.room_bytes += difference
                if stream.room_bytes >= 1 << 31:
                    return False
        if self.peer.table_bytes < DEFAULT_TABLE_BYTES:
            self.needs_table_update = True
        return True

    def data_to_send(self) -> list[bytes]:
        """Everything that there is room for."""
        if self._waiting:
            self._pump()
        out, self._out = self._out, []
        if self.unsent_bytes:
            queued = sum(stream.queued_bytes for stream in self._waiting.values())
            self.unsent_bytes = queued
            self.finished_bytes = sum(
                stream.queued_bytes
                for stream in self._waiting.values()
                if stream.trailers is not None
            )
        return out

    def _pump(self) -> None:
        """A frame of each stream in turn while there is room. A round in which nobody had any is the last."""
        waiting = self._waiting
        moved = True
        while moved and waiting and self.room_bytes > 0:
            moved = False
            for stream in list(waiting.values()):
                room = min(self.room_bytes, stream.room_bytes, self.peer.frame_bytes_max)
                if room > 0:
                    moved = True
                    self._send_queued(stream, room)

    def _send_queued(self, stream: Http2Stream, room: int) -> None:
        queue = stream.queue
        assert queue
        chunk = queue.popleft()
        if len(chunk) > room:
            queue.appendleft(chunk[room:])
            chunk = chunk[:room]
        size = len(chunk)
        stream.queued_bytes -= size
        is_last = not queue and stream.trailers == b""
        flags = END_STREAM if is_last else 0
        self._out.append(frame_head(DATA, flags, stream.id, size) + chunk)
        self._take(stream, size)
        if not queue:
            del self._waiting[stream.id]
            stream.queue = None
            if is_last:
                self._end(stream)
            elif stream.trailers is not None:
                self._finish(stream)

    # --- small steps ---

    def _fits(self, stream: Http2Stream, size: int) -> bool:
        return (
            size <= self.room_bytes
            and size <= stream.room_bytes
            and size <= self.peer.frame_bytes_max
        )

    def _queue(self, stream: Http2Stream, data: bytes) -> None:
        """Cut to frames at once, so that no rest of a large message is copied again and again."""
        if stream.queue is None:
            stream.queue = deque()
            self._waiting[stream.id] = stream
        step = self.peer.frame_bytes_max
        if len(data) <= step:
            if data:
                stream.queue.append(data)
        else:
            stream.queue.extend(data[at : at + step] for at in range(0, len(data), step))
        stream.queued_bytes += len(data)

    def _take(self, stream: Http2Stream, size: int) -> None:
        stream.room_bytes -= size
        self.room_bytes -= size
        self.taken_bytes += size

    def _headers(self, stream: Http2Stream, block: bytes, flags: int) -> None:
        """Blocks of ours are short, but for what services put into trailers: those go in several frames."""
        step = self.peer.frame_bytes_max
        if len(block) <= step:
            self._out.append(frame_head(HEADERS, flags, stream.id, len(block)) + block)
        else:
            self._out.append(continued(stream.id, block, flags, step))

    def _finish(self, stream: Http2Stream) -> None:
        """Nothing waits before the end."""
        trailers = stream.trailers
        if trailers:
            self._headers(stream, trailers, END_HEADERS | END_STREAM)
        else:
            self._out.append(frame_head(DATA, END_STREAM, stream.id, 0))
        self._end(stream)

    def _end(self, stream: Http2Stream) -> None:
        """Our half is over. A client that still sends is told to stop, without an error (section 8.1)."""
        self._move(stream, END_SENT)
        if stream.state == LOCAL_CLOSED:
            self.reset(stream, NO_ERROR)
        else:
            assert stream.state == CLOSED
            del self._streams.open[stream.id]
            self._streams.ended.append(stream.id)

    def _move(self, stream: Http2Stream, event: int) -> None:
        self.moves += 1
        state = after(stream.state, event)
        assert state >= 0, "sent what its stream's state does not allow"
        stream.state = state


def continued(stream: int, block: bytes, flags: int, step: int) -> bytes:
    """HEADERS and as many CONTINUATIONs as it takes (section 6.10)."""
    from_headers = flags & ~END_HEADERS
    parts = [frame_head(HEADERS, from_headers, stream, step), block[:step]]
    for at in range(step, len(block), step):
        piece = block[at : at + step]
        is_last = at + step >= len(block)
        parts.append(frame_head(CONTINUATION, END_HEADERS if is_last else 0, stream, len(piece)))
        parts.append(piece)
    return b"".join(parts)
