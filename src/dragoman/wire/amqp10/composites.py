"""Described lists by a table: each struct names its descriptor and the kinds of its fields, in their order.

    @composite(0x24, "amqp:accepted:list")
    class Accepted(Composite): ...

Written are always full lists: some clients index behind the last field that says something. Read are lists as short as
they come, with descriptors as numbers or as symbols. A field of another kind than its own is refused; what a kind is
stands in its annotation (`Kind`). Knows no protocol, only how the standard's types describe themselves (part 1, section
1.3).
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from dragoman.wire.amqp10.decode import DecodeError, decode
from dragoman.wire.amqp10.encode import (
    FALSE,
    NULL,
    TRUE,
    NotEncodable,
    encode,
    encode_binary,
    encode_list,
    encode_string,
    encode_symbol,
    encode_uint,
    encode_ulong,
)
from dragoman.wire.amqp10.values import (
    Array,
    Described,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)


class Kind:
    """How one field is written, and what it must be when it is read. `required` ones may not be null."""

    __slots__ = ("check", "name", "write")

    def __init__(
        self, name: str, write: Callable[[Any], bytes], check: Callable[[Any], Any]
    ) -> None:
        self.name = name
        self.write = write
        self.check = check


class WrongKind(Exception):
    """A field holds a value of another type than its own."""


def _exact(kind: type, plain: type | None = None) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise WrongKind
        return value if plain is None else plain(value)

    return check


def _width(kind: type) -> Callable[[Any], bytes]:
    return lambda value: encode(kind(value))


def _symbols(value: Any) -> tuple[Symbol, ...]:
    """`multiple` fields: one value stands for an array of it (part 1, section 1.4)."""
    if type(value) is Symbol:
        return (value,)
    if type(value) is Array and value.kind is Symbol and value.descriptor is None:
        return tuple(value.items)
    raise WrongKind


def _write_symbols(value: Any) -> bytes:
    return encode(Array(Symbol, [Symbol(name) for name in value]))


def _fields(value: Any) -> dict[Any, Any]:
    """Names are symbols, or ulongs; strings are let pass, as some clients write them."""
    if type(value) is not dict or not all(type(name) in (Symbol, str, ULong) for name in value):
        raise WrongKind
    return value


def _write_fields(value: dict[Any, Any]) -> bytes:
    return encode({Symbol(name) if type(name) is str else name: value[name] for name in value})


def _message_id(value: Any) -> Any:
    if type(value) not in (ULong, UUID, bytes, str):
        raise WrongKind
    return value


def _any(value: Any) -> Any:
    """A value that may itself be a composite."""
    return from_described(value) if type(value) is Described else value


def _composite(value: Any) -> Any:
    found = _any(value)
    if not isinstance(found, Composite | Described):
        raise WrongKind
    return found


def _map(value: Any) -> Any:
    if type(value) is not dict:
        raise WrongKind
    return value


def write_any(value: Any) -> bytes:
    """Any value, composites too. Raises NotEncodable."""
    return to_bytes(value) if isinstance(value, Composite) else encode(value)


def _write_bool(value: Any) -> bytes:
    return TRUE if value else FALSE


Str = Annotated[str, Kind("string", encode_string, _exact(str))]
Sym = Annotated[str, Kind("symbol", encode_symbol, _exact(Symbol))]
Bool = Annotated[bool, Kind("boolean", _write_bool, _exact(bool))]
U8 = Annotated[int, Kind("ubyte", _width(UByte), _exact(UByte, int))]
U16 = Annotated[int, Kind("ushort", _width(UShort), _exact(UShort, int))]
U32 = Annotated[int, Kind("uint", encode_uint, _exact(UInt, int))]
U64 = Annotated[int, Kind("ulong", encode_ulong, _exact(ULong, int))]
Time = Annotated[int, Kind("timestamp", _width(Timestamp), _exact(Timestamp, int))]
Bin = Annotated[bytes, Kind("binary", encode_binary, _exact(bytes))]
Syms = Annotated[tuple[str, ...], Kind("symbols", _write_symbols, _symbols)]
Fields = Annotated[dict[Any, Any], Kind("fields", _write_fields, _fields)]
Map = Annotated[dict[Any, Any], Kind("map", encode, _map)]
Anything = Annotated[Any, Kind("*", write_any, _any)]
MessageId = Annotated[Any, Kind("message-id", encode, _message_id)]
Nested = Annotated[Any, Kind("composite", write_any, _composite)]
"""A composite, or a described value of a kind that nobody here knows."""


class Composite(msgspec.Struct):
    """Root of the described lists."""


class Layout:
    """A composite's descriptor, and its fields: name, kind, whether it must be there."""

    __slots__ = ("code", "fields", "head", "kind", "name")

    def __init__(self, kind: type[Composite], code: int, name: str) -> None:
        self.kind = kind
        self.code = code
        self.name = name
        self.head = b"\x00" + encode_ulong(code)
        hints = get_type_hints(kind, include_extras=True)
        required = {field.name for field in msgspec.structs.fields(kind) if field.required}
        self.fields: list[tuple[str, Kind, bool]] = [
            (field, _kind_of(hints[field]), field in required) for field in kind.__struct_fields__
        ]


def _kind_of(hint: Any) -> Kind:
    """The Kind in `Annotated[..., Kind]`, also where None is allowed."""
    if get_origin(hint) is not Annotated:
        hint = next(part for part in get_args(hint) if get_origin(part) is Annotated)
    found: Kind = get_args(hint)[1]
    return found


LAYOUTS: Final[dict[type, Layout]] = {}
_BY_DESCRIPTOR: Final[dict[Any, Layout]] = {}
_Made = TypeVar("_Made", bound=type[Composite])


def composite(code: int, name: str) -> Callable[[_Made], _Made]:
    """Give a struct its descriptor."""

    def register(kind: _Made) -> _Made:
        layout = Layout(kind, code, name)
        LAYOUTS[kind] = _BY_DESCRIPTOR[code] = _BY_DESCRIPTOR[name] = layout
        return kind

    return register


def to_bytes(value: Composite) -> bytes:
    """The composite, its list in full. Raises NotEncodable."""
    layout = LAYOUTS[type(value)]
    parts: list[bytes] = []
    for name, kind, _ in layout.fields:
        field = getattr(value, name)
        try:
            parts.append(NULL if field is None else kind.write(field))
        except (OverflowError, ValueError) as error:
            raise NotEncodable(f"{layout.name} {name}: {error}") from None
    return layout.head + encode_list(parts)


def from_bytes(data: bytes, start: int = 0) -> tuple[Any, int]:
    """The composite, or other value, at `start`; where it ends. Raises DecodeError."""
    value, end = decode(data, start)
    return _any(value), end


def from_described(value: Described) -> Any:
    """The composite that it is; itself when its descriptor is not known. Raises DecodeError."""
    if type(value.descriptor) not in (ULong, Symbol):
        return value  # of any type, lists too
    layout = _BY_DESCRIPTOR.get(value.descriptor)
    if layout is None:
        return value
    if type(value.value) is not list:
        raise DecodeError(f"{layout.name} is no list")
    return make(layout, value.value)


def make(layout: Layout, values: list[Any]) -> Any:
    """A composite of what stands in its list. Raises DecodeError."""
    if len(values) > len(layout.fields):
        raise DecodeError(f"{layout.name} has {len(layout.fields)} fields, not {len(values)}")
    said: dict[str, Any] = {}
    for (name, kind, _), value in zip(layout.fields, values, strict=False):
        if value is None:
            continue
        try:
            said[name] = kind.check(value)
        except WrongKind:
            raise DecodeError(f"{layout.name}: {name} is no {kind.name}") from None
    for name, _, required in layout.fields:
        if required and name not in said:
            raise DecodeError(f"{layout.name}: {name} is missing")
    return layout.kind(**said)
