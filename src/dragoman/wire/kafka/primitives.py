"""The few byte shapes that generated and hand-written codecs share: varints and tagged fields.

A compact length is an unsigned varint of length + 1, so that 0 is null (KIP-482). Hot: compiled,
called for values past one byte only; readers look at the first byte themselves.

Readers never test `pos` against the end of a message: positions only grow, so one test when the
message is read suffices. What would allocate by a declared count must test before.
"""

from typing import Final

from dragoman.wire.kafka.errors import KafkaCodecError

VARINT_BYTES_MAX: Final = 5  # 32 bits, 7 a byte
UNSIGNED_VARINTS: Final = tuple(bytes((value,)) for value in range(128))


def read_unsigned_varint_rest(buf: bytes, pos: int, first: int) -> tuple[int, int]:
    """Read on after a first byte above 127; `pos` is behind it. Return the value and the position."""
    value = first & 0x7F
    shift = 7
    while shift < 7 * VARINT_BYTES_MAX:
        byte = buf[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, pos
        shift += 7
    raise KafkaCodecError("a varint of more than 5 bytes")


def write_unsigned_varint(value: int) -> bytes:
    """Return `value` as an unsigned varint."""
    if value < 0x80:
        return UNSIGNED_VARINTS[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def skip_tagged_fields(buf: bytes, pos: int, first: int) -> int:
    """Step over tagged fields that nobody knows; `first` is the first byte of their count."""
    count = first
    if count > 0x7F:
        count, pos = read_unsigned_varint_rest(buf, pos, first)
    for _ in range(count):  # each takes two bytes at least, so the buffer's end bounds the loop
        _tag, _start, pos = read_tag(buf, pos)
    return pos


def read_tag(buf: bytes, pos: int) -> tuple[int, int, int]:
    """Read the head of a tagged field. Return its tag, where its value starts, where it ends."""
    tag = buf[pos]
    pos += 1
    if tag > 0x7F:
        tag, pos = read_unsigned_varint_rest(buf, pos, tag)
    size = buf[pos]
    pos += 1
    if size > 0x7F:
        size, pos = read_unsigned_varint_rest(buf, pos, size)
    if pos + size > len(buf):
        raise KafkaCodecError("a tagged field ends behind the message")
    return tag, pos, pos + size
