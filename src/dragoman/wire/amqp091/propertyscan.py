"""Reads what routing needs from raw basic properties. HOT: compiled; no object per property.

A header frame's payload (AMQP 0-9-1 section 4.2.6.1), as the parser hands it out:

    0        2        4              12      14
    +--------+--------+--------------+-------+----------------------------------------+
    | class  | weight | body size u64| flags | one value for each flag, highest first |
    +--------+--------+--------------+-------+----------------------------------------+

The scan walks all values, so what passes it can be delivered to any client: lengths fit, nothing is
left over, the headers table is well formed. Two messages with equal `payload[12:]` scan equal:
cache on that.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091.errors import syntax_error

CONTENT_TYPE: Final = 0x8000
CONTENT_ENCODING: Final = 0x4000
HEADERS: Final = 0x2000
DELIVERY_MODE: Final = 0x1000
PRIORITY: Final = 0x0800
CORRELATION_ID: Final = 0x0400
REPLY_TO: Final = 0x0200
EXPIRATION: Final = 0x0100
MESSAGE_ID: Final = 0x0080
TIMESTAMP: Final = 0x0040
TYPE: Final = 0x0020
USER_ID: Final = 0x0010
APP_ID: Final = 0x0008
CLUSTER_ID: Final = 0x0004
UNDEFINED_FLAGS: Final = 0x0003  # a second flag word, and a bit that no property owns

PROPERTIES_AT: Final = 14
SCAN_DEPTH_MAX: Final = 32

_FLAGS: Final = Struct(">H")
_U32: Final = Struct(">I")

# Bytes of a table value by its type letter; -1: a u32 length comes first; -2: no such letter.
_VALUE_BYTES: Final[list[int]] = [
    {
        **dict.fromkeys(b"tbB", 1),
        **dict.fromkeys(b"su", 2),
        **dict.fromkeys(b"Iif", 4),
        **dict.fromkeys(b"LldT", 8),
        **dict.fromkeys(b"D", 5),
        **dict.fromkeys(b"V", 0),
        **dict.fromkeys(b"SxAF", -1),
    }.get(letter, -2)
    for letter in range(256)
]
_ARRAY: Final = ord("A")
_TABLE: Final = ord("F")


class PropertyScan:
    """What a publish must know of its properties.

    `delivery_mode` and `priority` are 0 when absent; `expiration` and `user_id` are raw bytes,
    empty when absent; the headers table's values (after its length) lie in
    payload[headers_start:headers_end], equal when there are none.
    """

    __slots__ = (
        "delivery_mode",
        "expiration",
        "flags",
        "headers_end",
        "headers_start",
        "priority",
        "user_id",
    )

    def __init__(self, flags: int) -> None:
        self.flags: int = flags
        self.delivery_mode: int = 0
        self.priority: int = 0
        self.expiration: bytes = b""
        self.user_id: bytes = b""
        self.headers_start: int = 0
        self.headers_end: int = 0


def scan_properties(payload: bytes) -> PropertyScan:
    """Scan the payload of a header frame of class basic.

    Raises:
        AmqpError: 502 when the values do not fill the payload exactly or the headers are no table.
    """
    end: int = len(payload)
    if end < PROPERTIES_AT:
        raise syntax_error("content header cut short")
    flags: int = _FLAGS.unpack_from(payload, 12)[0]
    if flags & UNDEFINED_FLAGS:
        raise syntax_error("undefined property flags")
    scan = PropertyScan(flags)
    pos: int = PROPERTIES_AT
    rest: int = flags
    try:
        while rest:
            bit: int = 1 << (rest.bit_length() - 1)
            pos = _scan_value(payload, pos, end, bit, scan)
            rest ^= bit
    except IndexError:
        pos = -1
    if pos != end:
        raise syntax_error("properties do not fill the content header")
    return scan


def reply_to_span(payload: bytes) -> tuple[int, int]:
    """Where the value of reply-to lies, its length octet included, in a payload that was scanned and has one."""
    flags: int = _FLAGS.unpack_from(payload, 12)[0]
    assert flags & REPLY_TO, "no reply-to"
    pos: int = PROPERTIES_AT
    for bit in (CONTENT_TYPE, CONTENT_ENCODING):
        if flags & bit:
            pos += 1 + payload[pos]
    if flags & HEADERS:
        pos += 4 + _U32.unpack_from(payload, pos)[0]
    for bit in (DELIVERY_MODE, PRIORITY):
        if flags & bit:
            pos += 1
    if flags & CORRELATION_ID:
        pos += 1 + payload[pos]
    return pos, pos + 1 + payload[pos]


def _scan_value(payload: bytes, pos: int, end: int, bit: int, scan: PropertyScan) -> int:
    """Note the property `bit`, whose value starts at `pos`; returns where it stops."""
    if bit == DELIVERY_MODE:
        scan.delivery_mode = payload[pos]
        return pos + 1
    if bit == PRIORITY:
        scan.priority = payload[pos]
        return pos + 1
    if bit == TIMESTAMP:
        return pos + 8
    if bit == HEADERS:
        stop = _length_end(payload, pos, end)
        check_table(payload, pos + 4, stop)
        scan.headers_start = pos + 4
        scan.headers_end = stop
        return stop
    stop = pos + 1 + payload[pos]
    if bit == EXPIRATION:
        scan.expiration = payload[pos + 1 : stop]
    elif bit == USER_ID:
        scan.user_id = payload[pos + 1 : stop]
    return stop


def check_table(data: bytes, start: int, end: int) -> None:
    """Check that data[start:end] holds well-formed name and value pairs; makes no values.

    Raises:
        AmqpError: 502, as decoding it would.
    """
    _check_values(data, start, end, True, 1)


def _check_values(data: bytes, start: int, end: int, named: bool, depth: int) -> None:
    if depth > SCAN_DEPTH_MAX:
        raise syntax_error("table nested too deep")
    pos: int = start
    while pos < end:
        if named:
            pos += 1 + data[pos]
            if pos >= end:
                raise syntax_error("table cut short")
        letter: int = data[pos]
        pos += 1
        size: int = _VALUE_BYTES[letter]
        if size >= 0:
            pos += size
        elif size == -1:
            stop: int = _length_end(data, pos, end)
            if letter in (_ARRAY, _TABLE):
                _check_values(data, pos + 4, stop, letter == _TABLE, depth + 1)
            pos = stop
        else:
            raise syntax_error(f"unknown field type {chr(letter)!a}")
    if pos != end:
        raise syntax_error("table cut short")


def _length_end(data: bytes, pos: int, end: int) -> int:
    """Where the bytes counted by the u32 at `pos` stop; never past `end`."""
    if pos + 4 > end:
        raise syntax_error("table cut short")
    length: int = _U32.unpack_from(data, pos)[0]
    if pos + 4 + length > end:
        raise syntax_error("table cut short")
    return pos + 4 + length
