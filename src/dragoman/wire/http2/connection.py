"""One server connection: bytes in, events out, in the order in which they came. Hot.

    receive(data, now_ms) -> events              `sending` takes what is answered
              |
           failure                               once set nothing more is read, and GOAWAY has been queued

A frame is judged by its stream's state (`streams`), a head by `heads`. What breaks a rule ends its stream or the
connection, as the RFC says; nothing raises.

What costs a peer nothing has a budget (`budgets`).
"""

from typing import Final

from dragoman.wire.http2.budgets import Patience
from dragoman.wire.http2.compression import Blocks
from dragoman.wire.http2.errors import (
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    ConnectionFault,
    StreamFault,
)
from dragoman.wire.http2.events import (
    BEGUN,
    CONTENT,
    PINGED,
    PONGED,
    RESET,
    ROOM,
    TRAILERS,
    Event,
    Failure,
)
from dragoman.wire.http2.fragments import Fragments
from dragoman.wire.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEAD_BYTES,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    STREAM_MAX,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    frame,
    goaway,
    rst_stream,
)
from dragoman.wire.http2.grants import Grants
from dragoman.wire.http2.heads import Malformed
from dragoman.wire.http2.sending import Sending, Streams
from dragoman.wire.http2.settings import (
    FRAME_BYTES_MAX,
    OURS,
    STREAM_WINDOW_BYTES,
    STREAMS_MAX,
)
from dragoman.wire.http2.streams import (
    CLOSED,
    DATA_RECEIVED,
    END_RECEIVED,
    HEADERS_RECEIVED,
    IDLE,
    REFUSALS,
    RESET_RECEIVED,
    WINDOW_RECEIVED,
    Http2Stream,
    after,
)

TINY_BYTES: Final = 64  # a window that grows by less brings nothing
_ON_ITSELF: Final = 0x100  # of HEADERS, among its flags: it depends on its own stream


class Http2Connection:
    """See the module.

    is_draining  GOAWAY is on its way: no stream is opened any more (section 6.8)
    is_ready     the peer has sent its preface
    """

    __slots__ = (
        "_blocks",
        "_events",
        "_fragments",
        "_patience",
        "_rest",
        "_stream_last",
        "_streams",
        "failure",
        "grants",
        "is_draining",
        "is_ready",
        "sending",
        "streams",
    )

    def __init__(self) -> None:
        self._streams = Streams()
        self.streams = self._streams.open
        self.sending = Sending(self._streams)
        self.sending.raw(OURS)
        self.grants = Grants(self.sending, self._streams)
        self.failure: Failure | None = None
        self.is_draining = False
        self.is_ready = False
        self._blocks = Blocks()
        self._patience = Patience()
        self._events: list[Event] = []
        self._rest = b""
        self._stream_last = 0
        self._fragments = Fragments()

    @property
    def is_amid(self) -> bool:
        """Whether the bytes end within the preface, a frame or a header block."""
        return bool(self._rest or self._fragments.stream or not self.is_ready)

    # --- bytes in ---

    def receive(self, data: bytes, now_ms: int) -> list[Event]:
        """What has come with these bytes. After a failure they are dropped unread."""
        if self.failure is not None:
            return []
        self._patience.look(now_ms, self.sending.moves)
        if self._rest:
            data = self._rest + data
            self._rest = b""
        try:
            at = 0 if self.is_ready else self._preface(data)
            if at >= 0:
                self._frames(data, at)
        except ConnectionFault as fault:
            self.fail(fault.code, fault.text)
        events, self._events = self._events, []
        return events

    def _preface(self, data: bytes) -> int:
        """Section 3.4. Where the frames begin; -1 while it is not all there."""
        size = len(PREFACE)
        if data[:size] != PREFACE[: len(data)]:
            raise ConnectionFault(PROTOCOL_ERROR, "no preface of HTTP/2")
        head = data[size : size + FRAME_HEAD_BYTES]
        if len(head) < FRAME_HEAD_BYTES:
            self._rest = data
            return -1
        if head[3] != SETTINGS or head[4] & ACK:
            raise ConnectionFault(PROTOCOL_ERROR, "SETTINGS come first")
        self.is_ready = True
        return size

    def _frames(self, data: bytes, at: int) -> None:
        """Every whole frame; the rest is kept, less than one."""
        end = len(data)
        while end - at >= FRAME_HEAD_BYTES:
            size = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if size > FRAME_BYTES_MAX:
                raise ConnectionFault(
                    FRAME_SIZE_ERROR, "a frame larger than SETTINGS_MAX_FRAME_SIZE"
                )
            start = at + FRAME_HEAD_BYTES
            if end - start < size:
                break
            stream = (
                (data[at + 5] & 0x7F) << 24 | data[at + 6] << 16 | data[at + 7] << 8 | data[at + 8]
            )
            kind = data[at + 3]
            flags = data[at + 4]
            at = start + size
            try:
                self._frame(kind, flags, stream, data[start:at])
            except StreamFault as fault:
                self._break(fault.stream, fault.code)
        if at < end:
            self._rest = data[at:] if at else data

    def _frame(self, kind: int, flags: int, id: int, payload: bytes) -> None:
        amid = self._fragments.stream
        if amid and (kind != CONTINUATION or id != amid):
            raise ConnectionFault(PROTOCOL_ERROR, "a header block goes on by CONTINUATION alone")
        if kind == DATA:
            self._data(flags, id, payload)
        elif kind == HEADERS:
            self._headers(flags, id, payload)
        elif kind == WINDOW_UPDATE:
            self._window_update(id, payload)
        else:
            self._rare_frame(kind, flags, id, payload)

    def _rare_frame(self, kind: int, flags: int, id: int, payload: bytes) -> None:
        if kind == CONTINUATION:
            self._continuation(flags, id, payload)
        elif kind == SETTINGS:
            self._settings(flags, id, payload)
        elif kind == PING:
            self._ping(flags, id, payload)
        elif kind == RST_STREAM:
            self._rst_stream(id, payload)
        elif kind == PRIORITY:
            self._priority(id, payload)
        elif kind == GOAWAY:
            self._goaway(id, payload)
        elif kind == PUSH_PROMISE:
            raise ConnectionFault(PROTOCOL_ERROR, "clients do not push")
        else:
            self._patience.idle()  # section 4.1: unknown types are ignored

    # --- requests ---

    def _data(self, flags: int, id: int, payload: bytes) -> None:
        """Section 6.1. All of the payload is subject to flow control, whatever becomes of it."""
        size = len(payload)
        self.grants.take(size)
        stream = self.streams.get(id)
        if stream is None:
            self._unknown(id, DATA_RECEIVED)
            return
        self._move(stream, DATA_RECEIVED)
        self.grants.take_stream(stream, size)
        data = _unpadded(payload) if flags & PADDED else payload
        ended = flags & END_STREAM != 0
        if not (data or ended):
            self._patience.idle()
        if stream.length_left >= 0:
            stream.length_left -= len(data)
            if stream.length_left < 0 or (ended and stream.length_left):
                raise StreamFault(id, PROTOCOL_ERROR)  # section 8.1.1
        if ended:
            self._move(stream, END_RECEIVED)
        event = Event(CONTENT, stream)
        event.data = data
        event.ended = ended
        self._events.append(event)

    def _headers(self, flags: int, id: int, payload: bytes) -> None:
        """Section 6.2. Priorities are read and forgotten (section 5.3.2)."""
        if not id & 1:
            raise ConnectionFault(PROTOCOL_ERROR, "HEADERS of a stream that no client opens")
        if flags & PADDED:
            payload = _unpadded(payload)
        if flags & WITH_PRIORITY:
            if len(payload) < 5:
                raise ConnectionFault(FRAME_SIZE_ERROR, "HEADERS shorter than its priority")
            depends_on = int.from_bytes(payload[:4], "big") & STREAM_MAX
            payload = payload[5:]
            if depends_on == id:
                flags |= _ON_ITSELF  # a fault of the stream, once its block is read
        if flags & END_HEADERS:
            self._block(flags, id, payload)
            return
        self._fragments.begin(id, flags, payload)
        if not payload:
            self._patience.idle()

    def _continuation(self, flags: int, id: int, payload: bytes) -> None:
        """Section 6.10."""
        fragments = self._fragments
        if not fragments.stream:
            raise ConnectionFault(PROTOCOL_ERROR, "CONTINUATION of nothing")
        fragments.add(payload)
        if not payload:
            self._patience.idle()
        if flags & END_HEADERS:
            self._block(fragments.flags, id, fragments.end())

    def _block(self, flags: int, id: int, block: bytes) -> None:
        """A whole header block: a request's, or trailers."""
        stream = self.streams.get(id)
        if stream is not None:
            self._trailers(stream, flags, block)
        elif id <= self._stream_last:
            self._blocks.skip(block)
            if id not in self._streams.ended and id not in self._streams.reset:
                raise ConnectionFault(PROTOCOL_ERROR, "streams are opened in their order")
            self._unknown(id, HEADERS_RECEIVED)
        else:
            self._open(flags, id, block)

    def _open(self, flags: int, id: int, block: bytes) -> None:
        """A new stream, with the head of a request."""
        if self.is_draining:
            self._blocks.skip(block)
            self._patience.idle()  # section 6.8: they know that it was not looked at
            return
        self._stream_last = id
        try:
            head = self._blocks.head(block)
        except Malformed:
            raise StreamFault(id, PROTOCOL_ERROR) from None
        if flags & _ON_ITSELF:
            raise StreamFault(id, PROTOCOL_ERROR)
        if len(self.streams) >= STREAMS_MAX:
            raise StreamFault(id, REFUSED_STREAM)
        stream = Http2Stream(id, self.sending.peer.stream_window_bytes, STREAM_WINDOW_BYTES)
        self.streams[id] = stream
        ended = flags & END_STREAM != 0
        stream.length_left = head.length
        if ended:
            self._move(stream, END_RECEIVED)
            if head.length > 0:
                raise StreamFault(id, PROTOCOL_ERROR)
        event = Event(BEGUN, stream)
        event.head = head
        event.ended = ended
        self._events.append(event)

    def _trailers(self, stream: Http2Stream, flags: int, block: bytes) -> None:
        """Section 8.1: they end their stream. Nobody reads them."""
        is_malformed = flags & _ON_ITSELF != 0
        try:
            self._blocks.trailers(block)
        except Malformed:
            is_malformed = True
        self._move(stream, HEADERS_RECEIVED)
        if is_malformed or not flags & END_STREAM or stream.length_left > 0:
            raise StreamFault(stream.id, PROTOCOL_ERROR)
        self._move(stream, END_RECEIVED)
        event = Event(TRAILERS, stream)
        event.ended = True
        self._events.append(event)

    # --- the rest ---

    def _window_update(self, id: int, payload: bytes) -> None:
        """Section 6.9."""
        if len(payload) != 4:
            raise ConnectionFault(FRAME_SIZE_ERROR, "WINDOW_UPDATE has four bytes")
        increment = int.from_bytes(payload, "big") & STREAM_MAX
        if increment < TINY_BYTES:
            self._patience.idle()
        if id == 0:
            if increment == 0:
                raise ConnectionFault(PROTOCOL_ERROR, "a window grows by nothing")
            if not self.sending.grant(increment):
                raise ConnectionFault(FLOW_CONTROL_ERROR, "a window larger than 2^31-1")
            self._events.append(Event(ROOM, None))
            return
        stream = self.streams.get(id)
        if stream is None:
            self._unknown(id, WINDOW_RECEIVED)
            return
        self._move(stream, WINDOW_RECEIVED)
        if increment == 0:
            raise StreamFault(id, PROTOCOL_ERROR)
        stream.room_bytes += increment
        if stream.room_bytes > STREAM_MAX:
            raise StreamFault(id, FLOW_CONTROL_ERROR)
        self._events.append(Event(ROOM, stream))

    def _settings(self, flags: int, id: int, payload: bytes) -> None:
        """Section 6.5."""
        if id:
            raise ConnectionFault(PROTOCOL_ERROR, "SETTINGS of a stream")
        if flags & ACK:
            if payload:
                raise ConnectionFault(FRAME_SIZE_ERROR, "SETTINGS with ACK are empty")
            self._patience.idle()
            return
        if len(payload) % 6:
            raise ConnectionFault(FRAME_SIZE_ERROR, "SETTINGS are pairs of six bytes")
        self._patience.echo()
        sending = self.sending
        before = sending.peer.stream_window_bytes
        sending.peer.take(payload)
        if not sending.resettle(before):
            raise ConnectionFault(FLOW_CONTROL_ERROR, "a window larger than 2^31-1")
        sending.raw(frame(SETTINGS, ACK, 0, b""))
        if sending.peer.stream_window_bytes > before:
            self._events.append(Event(ROOM, None))

    def _ping(self, flags: int, id: int, payload: bytes) -> None:
        """Section 6.7."""
        if id:
            raise ConnectionFault(PROTOCOL_ERROR, "PING of a stream")
        if len(payload) != 8:
            raise ConnectionFault(FRAME_SIZE_ERROR, "PING has eight bytes")
        if flags & ACK:
            self._patience.idle()
            self._events.append(Event(PONGED, None))
            return
        self._patience.echo()
        self.sending.raw(frame(PING, ACK, 0, payload))
        self._events.append(Event(PINGED, None))

    def _rst_stream(self, id: int, payload: bytes) -> None:
        """Section 6.4."""
        if len(payload) != 4:
            raise ConnectionFault(FRAME_SIZE_ERROR, "RST_STREAM has four bytes")
        stream = self.streams.get(id)
        if stream is None:
            self._unknown(id, RESET_RECEIVED)
            return
        self._move(stream, RESET_RECEIVED)
        self._patience.reset()
        self._close(stream, int.from_bytes(payload, "big"))

    def _priority(self, id: int, payload: bytes) -> None:
        """Section 6.3: in whatever state, and to no effect."""
        if id == 0:
            raise ConnectionFault(PROTOCOL_ERROR, "PRIORITY of no stream")
        self._patience.idle()
        if len(payload) != 5:
            raise StreamFault(id, FRAME_SIZE_ERROR)
        if int.from_bytes(payload[:4], "big") & STREAM_MAX == id:
            raise StreamFault(id, PROTOCOL_ERROR)

    def _goaway(self, id: int, payload: bytes) -> None:
        """Section 6.8. Its sender opens no more streams; those that are open end in peace."""
        if id:
            raise ConnectionFault(PROTOCOL_ERROR, "GOAWAY of a stream")
        if len(payload) < 8:
            raise ConnectionFault(FRAME_SIZE_ERROR, "GOAWAY has eight bytes at least")
        self._patience.idle()

    # --- endings ---

    def fail(self, code: int, text: str) -> None:
        """Read nothing more, and say why (section 5.4.1)."""
        if self.failure is None:
            self.failure = Failure(code, text)
            self.sending.raw(goaway(self._stream_last, code, text))

    def go_away(self, text: str) -> None:
        """Open no more streams: the client goes elsewhere with what it asks next (section 6.8)."""
        if not (self.is_draining or self.failure is not None):
            self.is_draining = True
            self.sending.raw(goaway(self._stream_last, NO_ERROR, text))

    def ping(self) -> None:
        """Ask whether the peer is there; PONGED is its answer."""
        self.sending.raw(frame(PING, 0, 0, bytes(8)))

    def _move(self, stream: Http2Stream, event: int) -> None:
        """Obey the table of states. Raises ConnectionFault and StreamFault."""
        state = after(stream.state, event)
        if state < 0:
            self._refuse(stream.id, stream.state, event)
        stream.state = state
        if state == CLOSED and event == END_RECEIVED:
            del self.streams[stream.id]
            self._streams.ended.append(stream.id)

    def _refuse(self, id: int, state: int, event: int) -> None:
        is_connections, code = REFUSALS[state, event]
        if is_connections:
            raise ConnectionFault(code, f"a frame that stream {id} does not take any more, or yet")
        raise StreamFault(id, code)

    def _unknown(self, id: int, event: int) -> None:
        """A frame of a stream that is not open: idle, ended, or reset lately, when it may have crossed ours."""
        if id > self._stream_last or not id & 1:
            self._refuse(id, IDLE, event)
        if id in self._streams.ended and after(CLOSED, event) < 0:
            self._refuse(id, CLOSED, event)
        self._patience.idle()

    def _break(self, id: int, code: int) -> None:
        """The peer broke a rule on one stream."""
        self._patience.reset()
        stream = self.streams.get(id)
        if stream is None:
            self.sending.raw(rst_stream(id, code))
            return
        self.sending.reset(stream, code)
        self._tell_reset(stream, code)

    def _close(self, stream: Http2Stream, code: int) -> None:
        self.sending.drop(stream)
        del self.streams[stream.id]
        self._streams.ended.append(stream.id)
        self._tell_reset(stream, code)

    def _tell_reset(self, stream: Http2Stream, code: int) -> None:
        event = Event(RESET, stream)
        event.code = code
        event.ended = True
        self._events.append(event)


def _unpadded(payload: bytes) -> bytes:
    """Without its padding (section 6.1). Raises ConnectionFault."""
    if not payload:
        raise ConnectionFault(FRAME_SIZE_ERROR, "padding without a length")
    end = len(payload) - payload[0]
    if end < 1:
        raise ConnectionFault(PROTOCOL_ERROR, "more padding than payload")
    return payload[1:end]
