"""A slow, obvious reading of a stream of frames, to hold the fast parser against.

It takes one frame at a time, makes one tuple per thing said, and knows nothing of runs.
"""

import struct
from itertools import pairwise

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import AckRun, Content, Event, Heartbeat, MethodEvent, PublishRun
from dragoman.wire.amqp091.methodcodec import decode_method
from dragoman.wire.amqp091.methods import BasicAck, BasicPublish, Method

Said = tuple[object, ...]
CONTENT_METHODS = {40, 50, 60, 71}


def said_in(stream: bytes) -> list[Said]:
    """What a stream of whole, correct frames says."""
    found: list[Said] = []
    waiting: dict[int, tuple[bytes, bytes, bytes]] = {}  # channel: method, header, body so far
    pos = 0
    while pos < len(stream):
        kind, channel, size = struct.unpack_from(">BHI", stream, pos)
        payload = stream[pos + 7 : pos + 7 + size]
        assert stream[pos + 7 + size] == 0xCE
        pos += 8 + size
        if kind == 8:
            found.append(("heartbeat",))
            continue
        if kind == 1:
            class_id, method_id = struct.unpack_from(">HH", payload)
            if class_id != 60 or method_id not in CONTENT_METHODS:
                found.append(_say_method(channel, decode_method(payload)))
                continue
            waiting[channel] = (payload, b"", b"")
        elif kind == 2:
            waiting[channel] = (waiting[channel][0], payload, b"")
        else:
            method, header, body = waiting[channel]
            waiting[channel] = (method, header, body + payload)
        method, header, body = waiting[channel]
        if header and len(body) == struct.unpack_from(">Q", header, 4)[0]:
            found.append(_say_content(channel, method, header, body))
            del waiting[channel]
    return found


def said_by(events: list[Event]) -> list[Said]:
    """What the events say, with their runs taken apart."""
    found: list[Said] = []
    for event in events:
        match event:
            case PublishRun():
                assert len(event.headers) == len(event.bodies) > 0
                bits = (event.mandatory, event.immediate)
                found += [
                    ("publish", event.channel, event.key_raw, bits, header, body)
                    for header, body in zip(event.headers, event.bodies, strict=True)
                ]
            case AckRun():
                assert event.spans
                for first, last, multiple in event.spans:
                    assert first <= last
                    assert first == last or not multiple
                    found += [("ack", event.channel, n, multiple) for n in range(first, last + 1)]
            case MethodEvent():
                found.append(("method", event.channel, type(event.method), event.method))
            case Content():
                method = type(event.method), event.method
                found.append(("content", event.channel, *method, event.header, event.body))
            case Heartbeat():
                found.append(("heartbeat",))
            case AmqpError():
                found.append(("error", event.code, event.class_id, event.method_id))
            case _:
                raise AssertionError(event)
    return found


def assert_grouped(events: list[Event]) -> None:
    """No two neighbours could have been one run."""
    for left, right in pairwise(events):
        if isinstance(left, PublishRun) and isinstance(right, PublishRun):
            assert _run_key(left) != _run_key(right)
        if isinstance(left, AckRun) and isinstance(right, AckRun):
            assert left.channel != right.channel


def _run_key(run: PublishRun) -> Said:
    return run.channel, run.key_raw, run.mandatory, run.immediate


def _say_method(channel: int, method: Method) -> Said:
    if isinstance(method, BasicAck):
        return ("ack", channel, method.delivery_tag, method.multiple)
    return ("method", channel, type(method), method)


def _say_content(channel: int, payload: bytes, header: bytes, body: bytes) -> Said:
    method = decode_method(payload)
    if isinstance(method, BasicPublish):
        key_raw = payload[6:-1]
        return ("publish", channel, key_raw, (method.mandatory, method.immediate), header, body)
    return ("content", channel, type(method), method, header, body)
