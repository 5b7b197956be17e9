"""Messages to bytes: stored entries, deliveries, confirms. HOT: compiled; 0.5 us pure each.

A stored entry (its layout belongs to `formats`) is what a publish said, verbatim and in this order,
so that a delivery is three slices of it between constants:

    | exchange shortstr | routing key shortstr | u32 header length | header payload | body |
    `------------- key_raw -------------------'                    `class..properties'

    method frame: ids | consumer tag | delivery tag | redelivered | key_raw
    header frame: header payload          body frames: body, split at frame-max

Neighbours with the same key and header, the usual case, share everything but tag and body.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091.frames import FRAME_BYTES_UNLIMITED, FRAME_OVERHEAD_BYTES

_END: Final = b"\xce"
_DELIVER_IDS: Final = 0x003C_003C
_GET_OK_IDS: Final = 0x003C_0047
_RETURN_IDS: Final = 0x003C_0032
_PUBLISH_IDS: Final = 0x003C_0028
_ACK_IDS: Final = 0x003C_0050
_NACK_IDS: Final = 0x003C_0078

_U32: Final = Struct(">I")
_unpack_u32: Final = _U32.unpack_from
_pack_u32: Final = _U32.pack
_pack_frame: Final = Struct(">BHI").pack
_pack_method: Final = Struct(">BHII").pack  # type, channel, size, ids
_pack_tag: Final = Struct(">Q?").pack  # delivery tag, redelivered
_pack_next: Final = Struct(">BBHI").pack  # a frame's end, then the start of the next
_pack_settle: Final = Struct(">BHIIQBB").pack
_pack_get_ok: Final = Struct(">Q?").pack
_pack_u16: Final = Struct(">H").pack


def pack_entries(key_raw: bytes, headers: list[bytes], bodies: list[bytes]) -> list[bytes]:
    """The stored form of each message of a run, in order."""
    assert len(headers) == len(bodies)
    entries: list[bytes] = []
    header: bytes = b""
    head: bytes = b""
    heads: dict[bytes, bytes] = {}  # what comes again comes soon
    for index, body in enumerate(bodies):
        again: bytes = headers[index]
        if again is not header and again != header:
            known = heads.get(again)
            head = key_raw + _pack_u32(len(again)) + again if known is None else known
            heads[again] = head
            header = again
        entries.append(head + body)
    return entries


def split_entry(entry: bytes) -> tuple[bytes, bytes, bytes]:
    """A stored entry's raw key, header payload and body."""
    key_end: int = _key_end(entry)
    header_end: int = key_end + 4
    header_end += _unpack_u32(entry, key_end)[0]
    return entry[:key_end], entry[key_end + 4 : header_end], entry[header_end:]


def split_key(key_raw: bytes) -> tuple[bytes, bytes]:
    """The exchange's name and the routing key in a raw key."""
    second: int = 1 + key_raw[0]
    return key_raw[1:second], key_raw[second + 1 :]


def deliver_run(
    channel: int,
    consumer_tag: bytes,
    tag_first: int,
    redelivered: list[bool],
    entries: list[bytes],
    frame_max: int,
) -> bytes:
    """The frames that deliver `entries` to one consumer, tagged from `tag_first` upwards.

    `consumer_tag` is the tag's bytes without length octet (at most 255), `frame_max` as tuned, 0
    for no limit.
    """
    assert len(redelivered) == len(entries)
    tag_raw: bytes = bytes([len(consumer_tag)]) + consumer_tag
    payload_max: int = (frame_max or FRAME_BYTES_UNLIMITED) - FRAME_OVERHEAD_BYTES
    parts: list[bytes] = []
    tag: int = tag_first
    # What neighbours share: the entry up to its header, and the frames' bytes around what differs.
    head: bytes = b""
    opening: bytes = b""  # up to the delivery tag
    to_header: bytes = b""  # key, end of the method frame, start of the header frame
    to_body: bytes = b""  # end of the header frame, start of the first body frame
    header_at: int = 0
    body_at: int = 0
    body_bytes: int = -1
    for index, entry in enumerate(entries):
        if not head or not entry.startswith(head):
            key_end: int = _key_end(entry)
            header_bytes: int = _unpack_u32(entry, key_end)[0]
            header_at = key_end + 4
            body_at = header_at + header_bytes
            head = entry[:header_at]
            opening = _pack_method(1, channel, 13 + len(tag_raw) + key_end, _DELIVER_IDS) + tag_raw
            to_header = entry[:key_end] + _pack_next(0xCE, 2, channel, header_bytes)
        size: int = len(entry) - body_at
        if size != body_bytes:
            body_bytes = size
            to_body = _to_body(channel, size, payload_max)
        tag_and_bit: bytes = _pack_tag(tag, redelivered[index])
        parts += (opening, tag_and_bit, to_header, entry[header_at:body_at], to_body)
        if size <= payload_max:
            parts += (entry[body_at:], _END)
        else:
            _append_split(parts, channel, entry, body_at, payload_max)
            parts.append(_END)
        tag += 1
    return b"".join(parts)


def get_ok(
    channel: int, tag: int, redelivered: bool, message_count: int, entry: bytes, frame_max: int
) -> bytes:
    """basic.get-ok with its content: one entry, and how many messages are left in the queue."""
    key_raw, header, body = split_entry(entry)
    arguments = _pack_get_ok(tag, redelivered) + key_raw + _pack_u32(message_count)
    return _content(channel, _GET_OK_IDS, arguments, header, body, frame_max)


def return_message(
    channel: int,
    reply_code: int,
    reply_text: bytes,
    key_raw: bytes,
    header: bytes,
    body: bytes,
    frame_max: int,
) -> bytes:
    """basic.return with its content: a mandatory message that no queue takes."""
    arguments = _pack_u16(reply_code) + bytes([len(reply_text)]) + reply_text + key_raw
    return _content(channel, _RETURN_IDS, arguments, header, body, frame_max)


def publish_run(
    channel: int,
    key_raw: bytes,
    mandatory: bool,
    headers: list[bytes],
    bodies: list[bytes],
    frame_max: int,
) -> bytes:
    """basic.publish of each message: what a client sends."""
    arguments = b"\x00\x00" + key_raw + (b"\x01" if mandatory else b"\x00")
    parts: list[bytes] = []
    for index, body in enumerate(bodies):
        parts.append(_content(channel, _PUBLISH_IDS, arguments, headers[index], body, frame_max))
    return b"".join(parts)


def ack(channel: int, tag: int, multiple: bool) -> bytes:
    """basic.ack: a confirm from the broker, a settlement from a client."""
    return _pack_settle(1, channel, 13, _ACK_IDS, tag, 1 if multiple else 0, 0xCE)


def nack(channel: int, tag: int, multiple: bool, requeue: bool) -> bytes:
    """basic.nack: a refused publish (requeue means nothing there), or a client's refusal."""
    bits: int = (1 if multiple else 0) | (2 if requeue else 0)
    return _pack_settle(1, channel, 13, _NACK_IDS, tag, bits, 0xCE)


def _key_end(entry: bytes) -> int:
    second: int = 1 + entry[0]
    return second + 1 + entry[second]


def _to_body(channel: int, body_bytes: int, payload_max: int) -> bytes:
    """End of the header frame and start of the first body frame; nothing when there is no body."""
    if not body_bytes:
        return b""
    return _pack_next(0xCE, 3, channel, min(body_bytes, payload_max))


def _append_split(
    parts: list[bytes], channel: int, entry: bytes, body_at: int, payload_max: int
) -> None:
    """A body of several frames, from its first byte to its last."""
    end: int = len(entry)
    pos: int = body_at + payload_max
    parts.append(entry[body_at:pos])
    while pos < end:
        size: int = min(payload_max, end - pos)
        parts.append(_pack_next(0xCE, 3, channel, size))
        parts.append(entry[pos : pos + size])
        pos += size


def _content(
    channel: int, ids: int, arguments: bytes, header: bytes, body: bytes, frame_max: int
) -> bytes:
    """One method with content: method frame, header frame, body frames."""
    payload_max: int = (frame_max or FRAME_BYTES_UNLIMITED) - FRAME_OVERHEAD_BYTES
    parts: list[bytes] = [
        _pack_method(1, channel, 4 + len(arguments), ids),
        arguments,
        _pack_next(0xCE, 2, channel, len(header)),
        header,
    ]
    if body:
        parts.append(_pack_next(0xCE, 3, channel, min(len(body), payload_max)))
        _append_split(parts, channel, body, 0, payload_max)
    parts.append(_END)
    return b"".join(parts)
