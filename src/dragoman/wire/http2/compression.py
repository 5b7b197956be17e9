"""Header blocks (RFC 7541). Hot: a block that repeats is decoded and judged once.

    block ---> known? ---> the same Head again                          0.1 us
          '--> hpack.Decoder --> Head(fields), kept by the block's bytes     30 us

What a block says depends on the dynamic table, which only blocks with a literal to be indexed, or a change of size,
alter: those are never kept, and take all that was kept with them. Clients index what repeats, so the second call of a
method is known whole.

Our own blocks use the static table alone: they are the same on every connection, and most are constants.
"""

from collections.abc import Sequence
from typing import Final

from hpack import Decoder
from hpack.exceptions import HPACKError, OversizedHeaderListError

from dragoman.wire.http.request import RawHeader
from dragoman.wire.http2.errors import COMPRESSION_ERROR, ENHANCE_YOUR_CALM, ConnectionFault
from dragoman.wire.http2.heads import HEADERS_MAX, Head, Malformed, check_trailers
from dragoman.wire.http2.settings import DEFAULT_TABLE_BYTES, HEADER_LIST_BYTES_MAX

KEPT_MAX: Final = 256  # blocks
KEPT_BLOCK_BYTES_MAX: Final = 1_024
NUMBER_BYTES_MAX: Final = 6  # 2^31 and more, with its prefix

_STATIC: Final = {
    b":status": 8,
    b"allow": 22,
    b"cache-control": 24,
    b"content-length": 28,
    b"content-type": 31,
    b"date": 33,
    b"etag": 34,
    b"location": 46,
    b"retry-after": 53,
    b"vary": 59,
    b"www-authenticate": 61,
}
"""Appendix A: names of answers and where they stand."""
_INDEXED: Final = {b"200": 8, b"204": 9, b"304": 11, b"400": 12, b"404": 13, b"500": 14}
"""And whole fields: `:status` by its value."""
NO_TABLE: Final = b"\x20"
"""In front of the first block, for a peer that wants a smaller table than usual: we use none (section 4.2)."""


class Blocks:
    """Decodes the blocks of one connection, in the order in which they came (section 2.2)."""

    __slots__ = ("_decoder", "_kept")

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=HEADER_LIST_BYTES_MAX)
        self._decoder.max_allowed_table_size = DEFAULT_TABLE_BYTES
        self._kept: dict[bytes, Head] = {}

    def head(self, block: bytes) -> Head:
        """A request's head. Raises Malformed, with the table in order; ConnectionFault when it no longer is."""
        kept = self._kept.get(block)
        if kept is not None:
            return kept
        changes = changes_table(block)
        head = Head(self._decode(block, changes=changes))
        if len(block) <= KEPT_BLOCK_BYTES_MAX and not changes:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[block] = head
        return head

    def trailers(self, block: bytes) -> Sequence[RawHeader]:
        """What comes behind the content. Raises as `head` does."""
        fields = self._decode(block, changes=changes_table(block))
        check_trailers(fields)
        return fields

    def skip(self, block: bytes) -> None:
        """Keep the table in order for a block that nobody reads. Raises ConnectionFault."""
        if block not in self._kept:
            self._decode(block, changes=changes_table(block))

    def _decode(self, block: bytes, *, changes: bool) -> list[RawHeader]:
        try:
            fields: list[RawHeader] = [
                (bytes(field[0]), bytes(field[1]))
                for field in self._decoder.decode(block, raw=True)
            ]
        except OversizedHeaderListError:
            raise ConnectionFault(ENHANCE_YOUR_CALM, "the headers are too large") from None
        except (HPACKError, IndexError, UnicodeDecodeError, ValueError) as error:
            raise ConnectionFault(COMPRESSION_ERROR, f"no header block: {error}") from None
        if changes:
            self._kept.clear()
        if len(fields) > HEADERS_MAX:
            raise Malformed("more headers than are read")
        return fields


def changes_table(block: bytes) -> bool:
    """Whether a block adds to the dynamic table or changes its size (section 6).

    Looked through before it is decoded: raises ConnectionFault where it is cut short, or has a number with more bytes
    than anybody needs, which the decoder would add up as long as they come.
    """
    at, end = 0, len(block)
    changes = False
    try:
        while at < end:
            first = block[at]
            if first & 0x80:
                at = _past_number(block, at, 0x7F)
                continue
            if first & 0x40:
                changes, mask = True, 0x3F
            elif first & 0x20:
                changes = True
                at = _past_number(block, at, 0x1F)
                continue
            else:
                mask = 0x0F
            at = _past_number(block, at, mask)
            if not first & mask:
                at = _past_string(block, at)
            at = _past_string(block, at)
    except IndexError:
        at = end + 1
    if at > end:
        raise ConnectionFault(COMPRESSION_ERROR, "a header block is cut short")
    return changes


def _past_number(block: bytes, at: int, mask: int) -> int:
    """Section 5.1."""
    if block[at] & mask != mask:
        return at + 1
    start = at
    at += 1
    while block[at] & 0x80:
        at += 1
        if at - start > NUMBER_BYTES_MAX:
            raise ConnectionFault(COMPRESSION_ERROR, "a number in a header block is too long")
    return at + 1


def _past_string(block: bytes, at: int) -> int:
    """Section 5.2."""
    start = at
    at = _past_number(block, at, 0x7F)
    size = block[start] & 0x7F
    if size == 0x7F:
        for place, byte in enumerate(block[start + 1 : at]):
            size += (byte & 0x7F) << 7 * place
    return at + size


def encode_block(fields: Sequence[RawHeader]) -> bytes:
    """Fields as literals that are not indexed (section 6.2.2), names and statuses from the static table."""
    parts: list[bytes] = []
    for name, value in fields:
        index = _INDEXED.get(value, 0) if name == b":status" else 0
        if index:
            parts.append(bytes((0x80 | index,)))
            continue
        known = _STATIC.get(name, 0)
        parts.append(_number(known, 0x0F, 0))
        if not known:
            parts.append(_number(len(name), 0x7F, 0) + name)
        parts.append(_number(len(value), 0x7F, 0) + value)
    return b"".join(parts)


def _number(value: int, mask: int, flags: int) -> bytes:
    if value < mask:
        return bytes((flags | value,))
    out = bytearray((flags | mask,))
    value -= mask
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
