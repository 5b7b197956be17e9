r"""Frames to events, a whole receive buffer in one loop. HOT: 0.1-0.4 us a message, 0.7 pure.

    data --> [tail of the last read + data] --> runs of publish and ack, read in place --> events
                                            \-> any other frame --> contents by channel --> events

A message of three frames that lies whole in the buffer never becomes a frame object: `_publishes`
compares it with the message before, slices header and body, and goes on. Everything else (split or
large bodies, other methods, every mistake) takes the frame path, which alone knows the errors, so
that the fast path only ever has to give up.

It refuses to know: whether a channel is open, what the methods mean, which side of the connection
it is on. Bounds: frame-max for a frame, `message_bytes_max` for a body, `contents_bytes_max` for
all unfinished bodies together, `channel_max` for their number. After a connection error it is deaf.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091.bigendian import COMPILED, u16, u32, u64
from dragoman.wire.amqp091.contents import Contents, is_key, run_for
from dragoman.wire.amqp091.errors import (
    CHANNEL_ERROR,
    COMMAND_INVALID,
    AmqpError,
    frame_error,
    snippet,
    unexpected_frame,
)
from dragoman.wire.amqp091.events import AckRun, Event, Heartbeat, MethodEvent, PublishRun
from dragoman.wire.amqp091.frames import (
    FRAME_BODY,
    FRAME_BYTES_MIN,
    FRAME_BYTES_UNLIMITED,
    FRAME_END,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    FRAME_HEARTBEAT,
    FRAME_METHOD,
    FRAME_OVERHEAD_BYTES,
)
from dragoman.wire.amqp091.methodcodec import decode_method

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024  # RabbitMQ 4's default limit
CHANNEL_MAX: Final = 0xFFFF

_HEADER_FRAME_BYTES_MIN: Final = 22
_PUBLISH: Final = b"\x00\x3c\x00\x28"
_ACK: Final = b"\x00\x3c\x00\x50"
_ACK_FRAME_BYTES: Final = 21
_CONNECTION_CLASS: Final = 10
_KEY_AT: Final = 13  # past frame header, ids and the reserved short
_HEADER_IDS: Final = 0x003C_0000  # class basic, weight 0
_HEADER_PAYLOAD_BYTES_MIN: Final = 14  # class, weight, body size, flags
_BODY_START: Final = 0xCE03_0000  # a frame's end, then a body frame's type and channel

_FRAME: Final = Struct(">BHI").unpack_from
_U32: Final = Struct(">I").unpack_from
_HEADER_FRAME: Final = Struct(
    ">BHIIQ"
).unpack_from  # type, channel, size, class and weight, body size
_TWO_U32: Final = Struct(">II").unpack_from
_TAG_AND_TAIL: Final = Struct(">QH").unpack_from  # delivery tag, then bits and the frame's end


class FrameParser:
    """Feed it what was received, in any pieces; it answers with the events that became complete."""

    __slots__ = (
        "_contents",
        "_needed_bytes",
        "_tail",
        "_tail_bytes",
        "channel_max",
        "failed",
        "message_bytes_max",
        "payload_bytes_max",
    )

    def __init__(self, frame_max: int, channel_max: int, message_bytes_max: int) -> None:
        self.failed: bool = False
        self.payload_bytes_max: int = 0
        self.channel_max: int = 0
        self.message_bytes_max: int = message_bytes_max
        self._contents: Contents = Contents(message_bytes_max)
        self._tail: list[bytes] = []  # the start of a frame, in the pieces it came in
        self._tail_bytes: int = 0
        self._needed_bytes: int = 0  # no use looking at the tail before it is this long
        self.retune(frame_max, channel_max)

    def retune(self, frame_max: int, channel_max: int) -> None:
        """Obey what connection.tune-ok settled; 0 means no limit."""
        assert frame_max == 0 or frame_max >= FRAME_BYTES_MIN
        self.payload_bytes_max = (frame_max or FRAME_BYTES_UNLIMITED) - FRAME_OVERHEAD_BYTES
        self.channel_max = channel_max or CHANNEL_MAX

    def receive(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Never raises for what a peer sent.

        Any event may be an AmqpError; one that closes the connection is the last of all.
        """
        events: list[Event] = []
        if self.failed:
            return events
        if self._tail_bytes:
            data = self._join_tail(data)
        if data:
            try:
                self._keep_tail(data, self._parse(data, events))
            except AmqpError as error:
                self.failed = True
                self._contents = Contents(0)
                events.append(error)
        return events

    def forget_channel(self, channel: int) -> None:
        """Drop an unfinished content: its channel is closed."""
        self._contents.drop(channel)

    def _join_tail(self, data: bytes) -> bytes:
        """All bytes at hand in one piece once a frame can come of it, else nothing."""
        self._tail.append(data)
        self._tail_bytes += len(data)
        if self._tail_bytes < self._needed_bytes:
            return b""
        whole = b"".join(self._tail)
        self._tail = []
        self._tail_bytes = 0
        return whole

    def _keep_tail(self, data: bytes, start: int) -> None:
        rest: int = len(data) - start
        if not rest:
            return
        self._tail.append(data[start:] if start else data)
        self._tail_bytes = rest
        self._needed_bytes = FRAME_HEADER_BYTES
        if rest >= FRAME_HEADER_BYTES:
            size: int = _U32(data, start + 3)[0]
            self._needed_bytes = size + FRAME_OVERHEAD_BYTES

    def _parse(self, data: bytes, events: list[Event]) -> int:
        """Consume whole frames; returns where the first unfinished one starts."""
        pos: int = 0
        end: int = len(data)
        while end - pos >= FRAME_HEADER_BYTES:
            if COMPILED:
                kind = data[pos]
                channel = u16(data, pos + 1)
                size = u32(data, pos + 3)
            else:
                kind, channel, size = _FRAME(data, pos)
            if size > self.payload_bytes_max:
                raise _frame_too_large(kind, size, self.payload_bytes_max)
            stop: int = pos + FRAME_HEADER_BYTES + size
            if stop >= end:
                break
            if data[stop] != FRAME_END:
                raise _bad_end(kind, data[pos + FRAME_HEADER_BYTES : stop], data[stop])
            after: int = pos
            if kind == FRAME_METHOD and not self._contents.holds(channel):
                ids: bytes = data[pos + 7 : pos + 11]
                if ids == _PUBLISH:
                    after = self._publishes(data, pos, stop, channel, events)
                elif ids == _ACK and size == _ACK_FRAME_BYTES - FRAME_OVERHEAD_BYTES:
                    after = self._acks(data, pos, channel, events)
            if after == pos:
                self._frame(kind, channel, data[pos + FRAME_HEADER_BYTES : stop], events)
                after = stop + 1
            pos = after
        return pos

    def _publishes(  # noqa: PLR0915 (one loop over one buffer: a call per message would cost more)
        self, data: bytes, start: int, stop: int, channel: int, events: list[Event]
    ) -> int:
        """Consume whole publishes whose method frame equals the one at data[start:stop+1].

        Returns where it gave up: `start` when not even one lay there whole and in order.
        """
        key_at: int = start + _KEY_AT
        key_end: int = stop - 1
        if not is_key(data, key_at, key_end) or not 0 < channel <= self.channel_max:
            return start
        method: bytes = data[start : stop + 1]
        run = run_for(events, channel, data[key_at:key_end], data[key_end])
        body_start: int = _BODY_START | channel
        payload_max: int = self.payload_bytes_max
        body_max: int = min(payload_max, self.message_bytes_max)
        end: int = len(data)
        previous: bytes = b""  # header payload of the message before
        pos: int = start
        at: int = stop + 1  # of the header frame
        while at + _HEADER_FRAME_BYTES_MIN <= end:
            if COMPILED:
                kind = data[at]
                frame_channel = u16(data, at + 1)
                size = u32(data, at + 3)
                ids = u32(data, at + 7)
                body_bytes = u64(data, at + 11)
            else:
                kind, frame_channel, size, ids, body_bytes = _HEADER_FRAME(data, at)
            header_end: int = at + FRAME_HEADER_BYTES + size
            body_at: int = header_end + 8 if body_bytes else header_end
            body_end: int = body_at + body_bytes
            if (
                kind != FRAME_HEADER
                or frame_channel != channel
                or ids != _HEADER_IDS
                or not _HEADER_PAYLOAD_BYTES_MIN <= size <= payload_max
                or body_bytes > body_max
                or body_end >= end
                or data[body_end] != FRAME_END
            ):
                break
            if body_bytes and (
                not _is_body(data, header_end, body_start, body_bytes)
                if COMPILED
                else _TWO_U32(data, header_end) != (body_start, body_bytes)
            ):
                break
            header: bytes = data[at + FRAME_HEADER_BYTES : header_end]
            run.headers.append(header)
            run.bodies.append(data[body_at:body_end])
            if header == previous:
                pos = _repeats(data, pos, body_at, body_bytes, run)
            else:
                previous = header
                pos = body_end + 1
            if not data.startswith(method, pos):
                break
            at = pos + len(method)
        if pos > start and (not events or events[-1] is not run):
            events.append(run)
        return pos

    def _acks(self, data: bytes, start: int, channel: int, events: list[Event]) -> int:
        """Consume acks on one channel from `start` on; the first is known to be whole."""
        if channel > self.channel_max:
            return start
        last_event = events[-1] if events else None
        if isinstance(last_event, AckRun) and last_event.channel == channel:
            return _read_acks(data, start, last_event)
        run = AckRun(channel)
        events.append(run)
        return _read_acks(data, start, run)

    def _frame(self, kind: int, channel: int, payload: bytes, events: list[Event]) -> None:
        """One frame on its own: every kind, every error."""
        if kind == FRAME_HEARTBEAT:
            if payload:
                raise frame_error(f"type 8, {snippet(payload)}: unknown_frame")
            if channel:
                raise unexpected_frame("type 8, all octets = <<>>")
            events.append(Heartbeat())
            return
        if kind not in (FRAME_METHOD, FRAME_HEADER, FRAME_BODY):
            raise frame_error(f"type {kind}, {snippet(payload)}: unknown_frame")
        if channel > self.channel_max:
            raise AmqpError(CHANNEL_ERROR, f"channel {channel} above {self.channel_max}")
        if channel == 0 and kind != FRAME_METHOD:
            raise unexpected_frame(f"type {kind}: content on channel 0")
        if not self._contents.take(kind, channel, payload, events):
            self._method(channel, payload, events)

    def _method(self, channel: int, payload: bytes, events: list[Event]) -> None:
        """A method without content."""
        method = decode_method(payload)
        ids: int = _U32(payload, 0)[0]
        class_id: int = ids >> 16
        if channel == 0 and class_id != _CONNECTION_CLASS:
            text = "unexpected method on channel 0"
            raise AmqpError(CHANNEL_ERROR, text, class_id, ids & 0xFFFF)
        if channel and class_id == _CONNECTION_CLASS:
            raise AmqpError(COMMAND_INVALID, "unimplemented method", class_id, ids & 0xFFFF)
        events.append(MethodEvent(channel, method))


def _read_acks(data: bytes, start: int, run: AckRun) -> int:
    """Add the acks that begin like the one at `start`; returns where they end."""
    opening: bytes = data[start : start + 11]
    last_start: int = len(data) - _ACK_FRAME_BYTES
    spans: list[tuple[int, int, bool]] = run.spans
    first: int = 0  # of the span of single acks being gathered; 0: none
    last: int = 0
    pos: int = start
    while pos <= last_start and data.startswith(opening, pos):
        if COMPILED:
            tag = u64(data, pos + 11)
            tail = u16(data, pos + 19)
        else:
            tag, tail = _TAG_AND_TAIL(data, pos + 11)
        if tail == 0x00CE and first and tag == last + 1:
            last = tag
        elif tail & 0xFF != FRAME_END:
            break
        else:
            if first:
                spans.append((first, last, False))
            multiple: bool = tail & 0x0100 != 0
            if multiple or not tag:
                spans.append((tag, tag, multiple))
                first = 0
            else:
                first = last = tag
        pos += _ACK_FRAME_BYTES
    if first:
        spans.append((first, last, False))
    return pos


def _is_body(data: bytes, at: int, body_start: int, body_bytes: int) -> bool:
    """Whether a frame ends at `at` and a body frame of that channel and size begins."""
    return u32(data, at) == body_start and u32(data, at + 4) == body_bytes


def _repeats(data: bytes, start: int, body_at: int, body_bytes: int, run: PublishRun) -> int:
    """Consume messages that differ from the one at `start` in nothing but their bodies.

    Returns where the last of them ends, which is the end of the one at `start` when none follows.
    """
    preamble: bytes = data[start:body_at]
    preamble_bytes: int = body_at - start
    header: bytes = run.headers[-1]
    headers: list[bytes] = run.headers
    bodies: list[bytes] = run.bodies
    end: int = len(data)
    pos: int = body_at + body_bytes + 1
    while data.startswith(preamble, pos):
        body_at = pos + preamble_bytes
        body_end: int = body_at + body_bytes
        if body_end >= end or data[body_end] != FRAME_END:
            break
        headers.append(header)
        bodies.append(data[body_at:body_end])
        pos = body_end + 1
    return pos


def _bad_end(kind: int, payload: bytes, marker: int) -> AmqpError:
    text = f"type {kind}, {snippet(payload)}: {{invalid_frame_end_marker,{marker}}}"
    return frame_error(text)


def _frame_too_large(kind: int, size: int, payload_bytes_max: int) -> AmqpError:
    return frame_error(f"type {kind}: frame too large: {size} octets, {payload_bytes_max} allowed")
