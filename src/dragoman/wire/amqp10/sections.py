"""The parts of a message, found and put together without looking into them. HOT: 1 us a message, pure.

    as it comes   header | delivery-annotations | message-annotations | bare message | footer
    as an entry   prefix | header | message-annotations | bare message | footer
    as it goes    new header | merged annotations | bare message, byte for byte | footer

    bare message  properties | application-properties | body: data..., sequence... or value

The bare message is immutable (part 3, section 3.2): whatever a sender wrote there, and however it spelled it, leaves as
it came. Delivery annotations are for one hop and are dropped. An entry's prefix holds where its parts begin, so that a
delivery is slices:

    version 1 | shape 1 | 4 each: message-annotations | properties | application-properties | body | footer
"""

from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Final

from dragoman.wire.amqp10.decode import DecodeError, decode, skip

HEADER: Final = 0x70
DELIVERY_ANNOTATIONS: Final = 0x71
MESSAGE_ANNOTATIONS: Final = 0x72
PROPERTIES: Final = 0x73
APPLICATION_PROPERTIES: Final = 0x74
DATA: Final = 0x75
SEQUENCE: Final = 0x76
VALUE: Final = 0x77
FOOTER: Final = 0x78
NAMES: Final[dict[object, int]] = {
    "amqp:header:list": HEADER,
    "amqp:delivery-annotations:map": DELIVERY_ANNOTATIONS,
    "amqp:message-annotations:map": MESSAGE_ANNOTATIONS,
    "amqp:properties:list": PROPERTIES,
    "amqp:application-properties:map": APPLICATION_PROPERTIES,
    "amqp:data:binary": DATA,
    "amqp:amqp-sequence:list": SEQUENCE,
    "amqp:amqp-value:*": VALUE,
    "amqp:footer:map": FOOTER,
}

REPEATED_MAX: Final = 10_000  # sections of a body beside the first; Azure's batches have as many
VERSION: Final = 1
_PREFIX: Final = Struct(">BBIIIII")
PREFIX_BYTES: Final = _PREFIX.size
_SMALL_ULONG: Final = 0x53
_pack_prefix: Final = _PREFIX.pack
_unpack_prefix: Final = _PREFIX.unpack_from
_U32: Final = Struct(">I").unpack_from
_pack_u32: Final = Struct(">I").pack
_pack_map: Final = Struct(">BII").pack

SHAPES: Final = {0: "none", DATA: "data", SEQUENCE: "sequence", VALUE: "value"}


class Sections:
    """Where each part of a message begins; it ends where the next one does, and is absent when that is the same place.
    `shape` is the kind of the body: DATA, SEQUENCE, VALUE, or 0 where there is none.
    """

    __slots__ = (
        "annotations",
        "application",
        "body",
        "data",
        "delivery",
        "footer",
        "properties",
        "shape",
        "start",
    )

    def __init__(self, data: bytes, start: int, shape: int, places: list[int]) -> None:
        self.data = data
        self.start = start  # of the header
        self.shape = shape
        self.delivery: int = places[0]
        self.annotations: int = places[1]
        self.properties: int = places[2]
        self.application: int = places[3]
        self.body: int = places[4]
        self.footer: int = places[5]


def slice_message(data: bytes) -> Sections:
    """Find the sections of an encoded message. Raises DecodeError for what is none, or has them out of order."""
    places = [0, 0, 0, 0, 0, 0, 0]  # by rank: where the section, and all before it, end
    shape: int = 0
    last: int = 0
    repeated: int = 0
    pos: int = 0
    end: int = len(data)
    try:
        while pos < end:
            code: int = _USUAL.get(data[pos : pos + 4], 0)
            if code == 0:
                code, pos = _unusual(data, pos)
            elif code & _WIDE:
                code ^= _WIDE
                pos += 8 + _U32(data, pos + 4)[0]
            else:
                pos += 5 + data[pos + 4]
            if code <= last:
                repeated = _again(code, last, repeated)
            if DATA <= code <= VALUE:
                if shape and shape != code:
                    raise DecodeError("a body of two kinds")
                shape = code
            last = code
            places[_RANKS[code - HEADER]] = pos
    except (IndexError, StructError):
        raise DecodeError("message cut short") from None
    if pos > end:
        raise DecodeError("message cut short")
    at: int = 0
    for rank, place in enumerate(places):
        if place < at:
            places[rank] = at
        else:
            at = place
    return Sections(data, 0, shape, places)


_RANKS: Final = (0, 1, 2, 3, 4, 5, 5, 5, 6)
_REPEATED: Final = (DATA, SEQUENCE)
_WIDE: Final = 0x100
_CONSTRUCTORS: Final = {
    HEADER: (0xC0, 0xD0),
    DELIVERY_ANNOTATIONS: (0xC1, 0xD1),
    MESSAGE_ANNOTATIONS: (0xC1, 0xD1),
    PROPERTIES: (0xC0, 0xD0),
    APPLICATION_PROPERTIES: (0xC1, 0xD1),
    DATA: (0xA0, 0xB0),
    SEQUENCE: (0xC0, 0xD0),
    FOOTER: (0xC1, 0xD1),
}
_USUAL: Final = {
    bytes((0, _SMALL_ULONG, code, constructor)): code | (_WIDE if constructor & 0x10 else 0)
    for code, both in _CONSTRUCTORS.items()
    for constructor in both
}
"""How nearly every section begins. A value may be of any type."""


def _again(code: int, last: int, repeated: int) -> int:
    """How many sections have followed one of their kind. Raises DecodeError."""
    if code < last or code not in _REPEATED or repeated == REPEATED_MAX:
        raise DecodeError(f"section 0x{code:x} behind 0x{last:x}")
    return repeated + 1


def _unusual(data: bytes, pos: int) -> tuple[int, int]:
    """A section's code, and where it ends. Raises DecodeError when it is none, or its value of the wrong type."""
    if data[pos]:
        raise DecodeError("no section where one should begin")
    descriptor, at = decode(data, pos + 1)
    code = NAMES.get(descriptor) if isinstance(descriptor, str) else descriptor
    if type(code) is bool or not isinstance(code, int) or not HEADER <= code <= FOOTER:
        raise DecodeError(f"{descriptor!r:.40} is no section")
    constructor: int = data[at]
    is_empty_list: bool = constructor == 0x45 and code in (HEADER, PROPERTIES, SEQUENCE)
    if code != VALUE and not is_empty_list and constructor not in _CONSTRUCTORS[code]:
        raise DecodeError(f"section 0x{code:x} with constructor 0x{constructor:02x}")
    return int(code), skip(data, at)


# --- entries ---


def pack_entry(found: Sections) -> bytes:
    """The stored form of a message."""
    data = found.data
    gone: int = found.annotations - found.delivery  # delivery annotations
    shift: int = PREFIX_BYTES - gone
    prefix = _pack_prefix(
        VERSION,
        found.shape,
        PREFIX_BYTES + found.delivery,
        found.properties + shift,
        found.application + shift,
        found.body + shift,
        found.footer + shift,
    )
    if gone == 0:
        return prefix + data
    return prefix + data[: found.delivery] + data[found.annotations :]


def split_entry(entry: bytes) -> Sections:
    """An entry's parts; places count from the entry's first byte. Raises DecodeError."""
    try:
        version, shape, annotations, properties, application, body, footer = _unpack_prefix(entry)
    except StructError:
        raise DecodeError("entry cut short") from None
    if version != VERSION or not (
        PREFIX_BYTES <= annotations <= properties <= application <= body <= footer <= len(entry)
    ):
        raise DecodeError("no entry of AMQP 1.0")
    return Sections(
        entry,
        PREFIX_BYTES,
        shape,
        [annotations, annotations, properties, application, body, footer],
    )


def show_entry(entry: bytes, header: bytes, annotations: bytes) -> bytes:
    """A message to be delivered: these two sections, and the rest of the entry as it is."""
    return header + annotations + entry[properties_at(entry) :]


def properties_at(entry: bytes) -> int:
    """Where properties begin, and all that no broker changes. Raises struct.error for what is no entry."""
    found: int = _U32(entry, 6)[0]
    return found


# --- maps ---


def merge_map(descriptor: int, pairs: bytes, count: int, stored: bytes) -> bytes:
    """A section that is a map: `count` names and values that are encoded already, and behind them those of `stored`, a
    section of the same kind or nothing. Which names both have is for the caller to see to.
    """
    if stored:
        at: int = 4 if stored[1] == _SMALL_ULONG else skip(stored, 1) + 1
        if stored[at - 1] == 0xC1:
            more: int = stored[at + 1]
            rest = stored[at + 2 :]
        else:
            more = _U32(stored, at + 4)[0]
            rest = stored[at + 8 :]
        pairs += rest
        count += more
    if not count:
        return b""
    return bytes((0, _SMALL_ULONG, descriptor)) + _pack_map(0xD1, len(pairs) + 4, count) + pairs
