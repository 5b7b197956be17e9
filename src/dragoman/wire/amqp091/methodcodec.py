"""Methods to bytes and back, driven by the annotations of the method classes.

    payload of a method frame:  class id u16 | method id u16 | arguments in order

The plans are made once, at import: for each class the kinds of its arguments. This is the readable
path for everything that is not sent per message; the parser and `outgoing` spell publish, deliver
and ack themselves.
"""

import struct
from collections.abc import Callable, Mapping
from struct import Struct
from types import MappingProxyType
from typing import Any, Final

from dragoman.wire.amqp091.errors import COMMAND_INVALID, AmqpError, cannot_decode, frame_error
from dragoman.wire.amqp091.fieldtable import decode_table, encode_table
from dragoman.wire.amqp091.methods import METHODS, Method

SHORTSTR_BYTES_MAX: Final = 255

_NUMBERS: Final[Mapping[str, Struct]] = MappingProxyType(
    {
        "octet": Struct(">B"),
        "short": Struct(">H"),
        "long": Struct(">I"),
        "longlong": Struct(">Q"),
    }
)
_IDS: Final = Struct(">HH")


def _kinds_of(cls: type[Method]) -> tuple[str, ...]:
    return tuple(note.__metadata__[0] for note in getattr(cls, "__annotations__", {}).values())


KINDS: Final[Mapping[type[Method], tuple[str, ...]]] = MappingProxyType(
    {cls: _kinds_of(cls) for cls in METHODS.values()}
)
IDS: Final[Mapping[type[Method], tuple[int, int]]] = MappingProxyType(
    {cls: ids for ids, cls in METHODS.items()}
)


def decode_method(payload: bytes) -> Method:
    """The method in the payload of a method frame.

    Raises:
        AmqpError: 503 for a method that does not exist, 501 when the arguments do not fill the
        payload
            exactly or a shortstr is not UTF-8, 502 for a bad field table.
    """
    if len(payload) < _IDS.size:
        raise frame_error("method frame without a method")
    class_id, method_id = _IDS.unpack_from(payload)
    cls = METHODS.get((class_id, method_id))
    make: Any = cls
    if cls is None:
        raise AmqpError(COMMAND_INVALID, "unimplemented method", class_id, method_id)
    try:
        values, end = _decode_arguments(payload, KINDS[cls])
    except (IndexError, struct.error):
        end = -1
        values = []
    if end != len(payload):
        raise cannot_decode(payload, class_id, method_id)
    made: Method = make(*values)
    return made


def encode_method(method: Method) -> bytes:
    """The payload of the method's frame. ValueError when an argument does not fit its kind."""
    out = bytearray(_IDS.pack(*IDS[type(method)]))
    bit_mask = 0  # the next bit's place in the last octet; 0 when that octet takes no more
    for kind, value in zip(KINDS[type(method)], method, strict=True):
        if kind != "bit":
            out += _encode_argument(kind, value)
            bit_mask = 0
            continue
        if bit_mask in (0, 256):
            out.append(0)
            bit_mask = 1
        if value:
            out[-1] |= bit_mask
        bit_mask <<= 1
    return bytes(out)


def _decode_arguments(payload: bytes, kinds: tuple[str, ...]) -> tuple[list[object], int]:
    values: list[object] = []
    pos = _IDS.size
    bit_mask = 0
    for kind in kinds:
        if kind != "bit":
            value, pos = _DECODERS[kind](payload, pos)
            values.append(value)
            bit_mask = 0
            continue
        if bit_mask in (0, 256):
            bit_mask = 1
            pos += 1
        values.append(bool(payload[pos - 1] & bit_mask))
        bit_mask <<= 1
    return values, pos


def _encode_argument(kind: str, value: Any) -> bytes:
    number = _NUMBERS.get(kind)
    if number is not None:
        try:
            return number.pack(value)
        except struct.error as error:
            msg = f"{value!r} is no {kind}"
            raise ValueError(msg) from error
    if kind == "shortstr":
        return encode_shortstr(value.encode())
    if kind == "longstr":
        return struct.pack(">I", len(value)) + bytes(value)
    return encode_table(value)


def encode_shortstr(raw: bytes) -> bytes:
    """Length octet and bytes; ValueError past 255 bytes."""
    if len(raw) > SHORTSTR_BYTES_MAX:
        msg = f"shortstr of {len(raw)} bytes"
        raise ValueError(msg)
    return bytes([len(raw)]) + raw


def _decode_shortstr(payload: bytes, pos: int) -> tuple[str, int]:
    stop = pos + 1 + payload[pos]
    if stop > len(payload):
        raise IndexError
    try:
        return payload[pos + 1 : stop].decode(), stop
    except UnicodeDecodeError:
        raise frame_error("Malformed UTF-8 in shortstr") from None


def _decode_longstr(payload: bytes, pos: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">I", payload, pos)
    stop = pos + 4 + length
    if stop > len(payload):
        raise IndexError
    return payload[pos + 4 : stop], stop


def _number_decoder(form: Struct) -> Callable[[bytes, int], tuple[object, int]]:
    def decode(payload: bytes, pos: int) -> tuple[object, int]:
        return form.unpack_from(payload, pos)[0], pos + form.size

    return decode


_DECODERS: Final[Mapping[str, Callable[[bytes, int], tuple[object, int]]]] = MappingProxyType(
    {
        **{kind: _number_decoder(form) for kind, form in _NUMBERS.items()},
        "shortstr": _decode_shortstr,
        "longstr": _decode_longstr,
        "table": decode_table,
    }
)
