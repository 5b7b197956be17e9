r"""Contents still coming in: method, then header, then bodies, one at a time on each channel.

    IDLE --method with content--> HEADER --header--> BODY --bodies--> IDLE, with an event
                                                  \--size 0--> IDLE, with an event

The slow half of the parser: it sees messages that were split over reads or frames. A body larger
than allowed is refused on its channel and its frames skipped, never stored. Texts and codes are
RabbitMQ's.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091.errors import (
    PRECONDITION_FAILED,
    RESOURCE_ERROR,
    AmqpError,
    cannot_decode,
    frame_error,
    unexpected_frame,
)
from dragoman.wire.amqp091.events import Content, Event, PublishRun
from dragoman.wire.amqp091.frames import FRAME_BODY, FRAME_HEADER, FRAME_METHOD
from dragoman.wire.amqp091.methodcodec import decode_method

PUBLISH_IDS: Final = 0x003C_0028
_CONTENT_IDS: Final = frozenset(
    (PUBLISH_IDS, 0x003C_0032, 0x003C_003C, 0x003C_0047)  # publish, return, deliver, get-ok
)
_BASIC_CLASS: Final = 60
_KEY_AT: Final = 6  # past ids and the reserved short
_HEADER_BYTES_MIN: Final = 14

UNFINISHED_MESSAGES_MAX: Final = 8  # of the largest size; a client writes one content at a time

_U32: Final = Struct(">I")
_HEADER: Final = Struct(">HHQ")


class Unfinished:
    """One content on its way. `missing_bytes` is -1 until its header came."""

    __slots__ = ("chunks", "header", "missing_bytes", "payload", "skipped")

    def __init__(self, payload: bytes) -> None:
        self.payload: bytes = payload  # of the method frame
        self.header: bytes = b""
        self.missing_bytes: int = -1
        self.skipped: bool = False
        self.chunks: list[bytes] = []


class Contents:
    """The unfinished content of each channel that has one."""

    __slots__ = ("_bytes", "_bytes_max", "_message_bytes_max", "_unfinished")

    def __init__(self, message_bytes_max: int) -> None:
        self._unfinished: dict[int, Unfinished] = {}
        self._message_bytes_max: int = message_bytes_max
        self._bytes_max: int = message_bytes_max * UNFINISHED_MESSAGES_MAX
        self._bytes: int = 0  # in all chunks; at most _bytes_max

    def holds(self, channel: int) -> bool:
        """Whether the next frame of this channel belongs to a content."""
        return channel in self._unfinished

    def drop(self, channel: int) -> None:
        """Forget the channel's unfinished content, if any."""
        gone = self._unfinished.pop(channel, None)
        if gone is not None:
            for chunk in gone.chunks:
                self._bytes -= len(chunk)

    def take(self, kind: int, channel: int, payload: bytes, events: list[Event]) -> bool:
        """Take a frame that is part of a content. False: it is a method without content.

        Raises:
            AmqpError: 505 for a frame out of order, 501 for bytes that make no header or too much
            body,
                506 when unfinished contents together pass their bound.
        """
        unfinished = self._unfinished.get(channel)
        if unfinished is not None and unfinished.skipped and kind == FRAME_METHOD:
            self.drop(channel)
            unfinished = None
        if unfinished is None:
            if kind != FRAME_METHOD:
                text = "expected method frame, got non method frame instead"
                raise unexpected_frame(text)
            return self._begin(channel, payload)
        if unfinished.missing_bytes < 0:
            self._header(kind, channel, payload, unfinished, events)
        else:
            self._body(kind, channel, payload, unfinished, events)
        return True

    def _begin(self, channel: int, payload: bytes) -> bool:
        if len(payload) < 4:
            raise frame_error("method frame without a method")
        ids: int = _U32.unpack_from(payload)[0]
        if channel == 0 or ids not in _CONTENT_IDS:
            return False
        if ids == PUBLISH_IDS:
            _check_publish(payload)
        self._unfinished[channel] = Unfinished(payload)
        return True

    def _header(
        self, kind: int, channel: int, payload: bytes, unfinished: Unfinished, events: list[Event]
    ) -> None:
        class_id: int = _BASIC_CLASS
        method_id: int = _method_id(unfinished)
        expected = f"expected content header for class {_BASIC_CLASS}, got"
        if kind != FRAME_HEADER:
            text = f"{expected} non content header frame instead"
            raise unexpected_frame(text, class_id, method_id)
        if len(payload) < _HEADER_BYTES_MIN:
            raise frame_error("type 2: content header cut short")
        header_class: int
        weight: int
        body_bytes: int
        header_class, weight, body_bytes = _HEADER.unpack_from(payload)
        if header_class != class_id:
            text = f"{expected} one for class {header_class} instead"
            raise unexpected_frame(text, class_id, method_id)
        if weight:
            text = f"{expected} non content header frame instead"
            raise unexpected_frame(text, class_id, method_id)
        unfinished.header = payload
        unfinished.missing_bytes = body_bytes
        if body_bytes > self._message_bytes_max:
            unfinished.skipped = True
            events.append(_too_large(body_bytes, self._message_bytes_max, method_id, channel))
        elif not body_bytes:
            self._finish(channel, unfinished, events)

    def _body(
        self, kind: int, channel: int, payload: bytes, unfinished: Unfinished, events: list[Event]
    ) -> None:
        if kind != FRAME_BODY:
            text = "expected content body, got non content body frame instead"
            raise unexpected_frame(text, _BASIC_CLASS, _method_id(unfinished))
        size: int = len(payload)
        if size > unfinished.missing_bytes:
            text = "content body frame exceeds remaining content size"
            raise frame_error(text, _BASIC_CLASS, _method_id(unfinished))
        unfinished.missing_bytes -= size
        if size and not unfinished.skipped:
            self._bytes += size
            if self._bytes > self._bytes_max:
                raise AmqpError(RESOURCE_ERROR, "too many octets of unfinished contents")
            unfinished.chunks.append(payload)
        if not unfinished.missing_bytes:
            self._finish(channel, unfinished, events)

    def _finish(self, channel: int, unfinished: Unfinished, events: list[Event]) -> None:
        self.drop(channel)
        if unfinished.skipped:
            return
        chunks = unfinished.chunks
        body: bytes = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        payload = unfinished.payload
        ids: int = _U32.unpack_from(payload)[0]
        if ids != PUBLISH_IDS:
            events.append(Content(channel, decode_method(payload), unfinished.header, body))
            return
        run = run_for(events, channel, payload[_KEY_AT:-1], payload[-1])
        run.headers.append(unfinished.header)
        run.bodies.append(body)
        if not events or events[-1] is not run:
            events.append(run)


def run_for(events: list[Event], channel: int, key_raw: bytes, bits: int) -> PublishRun:
    """The last event when it is a run that a message with this key continues, else a new run."""
    mandatory: bool = bits & 1 == 1
    immediate: bool = bits & 2 == 2
    if events:
        last = events[-1]
        if (
            isinstance(last, PublishRun)
            and last.channel == channel
            and last.key_raw == key_raw
            and last.mandatory == mandatory
            and last.immediate == immediate
        ):
            return last
    return PublishRun(channel, key_raw, mandatory, immediate)


def is_key(data: bytes, start: int, end: int) -> bool:
    """Whether two shortstrs fill data[start:end] exactly."""
    if start >= end:
        return False
    second: int = start + 1 + data[start]
    return second < end and second + 1 + data[second] == end


def _check_publish(payload: bytes) -> None:
    """Ids, reserved short, exchange, routing key, one octet of bits: exactly."""
    if not is_key(payload, _KEY_AT, len(payload) - 1):
        raise cannot_decode(payload, _BASIC_CLASS, PUBLISH_IDS & 0xFFFF)


def _method_id(unfinished: Unfinished) -> int:
    ids: int = _U32.unpack_from(unfinished.payload)[0]
    return ids & 0xFFFF


def _too_large(size: int, size_max: int, method_id: int, channel: int) -> AmqpError:
    return AmqpError(
        PRECONDITION_FAILED,
        f"message size {size} is larger than configured max size {size_max}",
        _BASIC_CLASS,
        method_id,
        is_connection_error=False,
        channel=channel,
    )
