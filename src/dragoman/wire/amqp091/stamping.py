"""The header `x-stream-offset` put on stored entries, without reading what else they say. HOT: compiled.

    entry   key_raw | u32 header length | class weight size flags | values before | headers table | values after | body
    stamp                                                                          | x-stream-offset l offset |

It comes first in the table; a message without a table gets one, at its place among the values. Neighbours with the same
header, the usual case, share everything but the offset.
"""

from struct import Struct
from typing import Final

from dragoman.wire.amqp091 import propertyscan as flag
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries, split_entry
from dragoman.wire.amqp091.properties import Properties, encode_header
from dragoman.wire.amqp091.propertyscan import scan_properties

STREAM_OFFSET: Final = "x-stream-offset"
_NAME_RAW: Final = b"\x0fx-stream-offset"
_STAMP: Final = _NAME_RAW + b"l"
_STAMP_BYTES: Final = len(_STAMP) + 8
_pack_offset: Final = Struct(">q").pack
_pack_u32: Final = Struct(">I").pack
_pack_u16: Final = Struct(">H").pack


def stamped(entries: list[bytes], offsets: list[int]) -> list[bytes]:
    """Each entry with its offset on it, in place of one that a publisher may have written."""
    assert len(entries) == len(offsets)
    found: list[bytes] = []
    header: bytes = b""
    before: bytes = b""  # the new header's length and what stands in front of the stamp
    after: bytes = b""
    is_stamped: bool = False
    for index, entry in enumerate(entries):
        key_raw, again, body = split_entry(entry)
        if again != header:
            header = again
            before, after, is_stamped = _split(header)
        if is_stamped:
            found.append(_restamped(key_raw, header, body, offsets[index]))
        else:
            found.append(key_raw + before + _STAMP + _pack_offset(offsets[index]) + after + body)
    return found


def _split(header: bytes) -> tuple[bytes, bytes, bool]:
    """What stands before and behind a stamp, its length in front; whether there is one already."""
    scan = scan_properties(header)
    start: int = scan.headers_start
    if scan.flags & flag.HEADERS:
        is_stamped = header.find(_NAME_RAW, start, scan.headers_end) >= 0
        size = len(header) + _STAMP_BYTES
        table = _pack_u32(scan.headers_end - start + _STAMP_BYTES)
        return _pack_u32(size) + header[: start - 4] + table, header[start:], is_stamped
    pos: int = flag.PROPERTIES_AT
    for bit in (flag.CONTENT_TYPE, flag.CONTENT_ENCODING):
        if scan.flags & bit:
            pos += 1 + header[pos]
    size = len(header) + 4 + _STAMP_BYTES
    flags = _pack_u16(scan.flags | flag.HEADERS)
    middle = header[:12] + flags + header[flag.PROPERTIES_AT : pos]
    return _pack_u32(size) + middle + _pack_u32(_STAMP_BYTES), header[pos:], False


def _restamped(key_raw: bytes, header: bytes, body: bytes, offset: int) -> bytes:
    values = Properties(header).as_dict()
    values["headers"] = {**values["headers"], STREAM_OFFSET: Field("l", offset)}
    return pack_entries(key_raw, [encode_header(len(body), values)], [body])[0]
