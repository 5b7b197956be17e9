"""Values as readable text, as typed JSON, and as a digest.

    text_of     what a protocol without types shows: 149.9, true, 2024-05-01T12:00:00.250Z, {"a":[1,2]}; null has none
    to_json     [type, value], exact; from_json reads it back and refuses whatever is not of the closed set
    digest_of   4 bytes of BLAKE2s over the text, in hex: whether an app has changed what we wrote

The text of a value is for people and for apps that parse it; nothing here parses it back.
"""

import binascii
import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2s
from typing import Any, Final
from uuid import UUID

from dragoman.model.message import INTEGER_RANGES, VALUE_DEPTH_MAX, Typed, Value, is_value

DIGEST_BYTES: Final = 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_MS_MAX: Final = 253_402_300_800_000  # the year 10000, which ISO 8601 and Python do not spell
_F64: Final = struct.Struct(">d")
_F32: Final = struct.Struct(">f")
_INTEGER_KINDS: Final = frozenset(INTEGER_RANGES)


def text_of(value: Value) -> bytes | None:
    """The value as bytes that a person can read; None for null. Surrogate escapes become the bytes they stand for."""
    kind = type(value)
    if kind is str:
        return encode_text(value)
    if kind is bytes:
        return bytes(value)
    if value is None:
        return None
    if kind in (list, tuple, dict):
        return dump_json(_plain(value)).encode()
    return encode_text(_scalar_text(value))


def encode_text(text: str) -> bytes:
    """UTF-8; surrogate escapes as the bytes they stand for, any other lone surrogate as `?`."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")


def digest_of(value: Value) -> str:
    """Tells whether a native value is still the one we wrote."""
    text = text_of(value)
    return blake2s(b"\0" if text is None else text, digest_size=DIGEST_BYTES).hexdigest()


def dump_json(value: Any) -> str:
    """Compact ASCII JSON; lone surrogates as escapes, so that they come back."""
    return json.dumps(value, separators=(",", ":"))


def timestamp_text(ms: int) -> str:
    """ISO 8601 in UTC with milliseconds; plain milliseconds outside the years 1 to 9999."""
    if not -62_135_596_800_000 <= ms < _ISO_MS_MAX:
        return str(ms)
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def f32_text(value: float) -> str:
    """The shortest text that reads back as the same 32 bits."""
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if _pack_f32(float(text)) == _pack_f32(value):
            return repr(float(text))
    return repr(value)


def _pack_f32(value: float) -> bytes:
    try:
        return _F32.pack(value)
    except OverflowError:
        return _F64.pack(value)


def _scalar_text(value: Value) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if not isinstance(value, Typed):
        return repr(value) if isinstance(value, float) else str(value)
    if value.kind == "timestamp":
        return timestamp_text(value.value)
    if value.kind == "f32":
        return f32_text(value.value)
    return str(value.value)


def _plain(value: Value) -> Any:
    """For JSON that people read: types that JSON lacks become text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value - value == 0:  # finite
        return value
    if isinstance(value, Typed) and value.kind in _INTEGER_KINDS:
        return value.value
    return _scalar_text(value)


# Typed JSON


def to_json(value: Value) -> list[Any]:
    """`[type, value]`: exact for every value of the closed set. A tuple counts as a list."""
    if isinstance(value, Typed):
        return [value.kind, float_json(value.value) if value.kind == "f32" else value.value]
    if isinstance(value, dict):
        return ["map", [[name, to_json(item)] for name, item in value.items()]]
    if isinstance(value, list | tuple):
        return ["list", [to_json(item) for item in value]]
    name, write = _WRITERS[type(value)]
    return [name, write(value)]


def from_json(found: Any, depth: int = 0) -> Value:
    """The value of `[type, value]`. Raises ValueError for anything that is none."""
    match found:
        case [str(kind), given] if depth <= VALUE_DEPTH_MAX:
            return _from_json(kind, given, depth)
        case _:
            raise ValueError("not a typed value")


def float_json(value: float) -> float | str:
    """A finite number as itself, the others by their bits (JSON has no NaN)."""
    return value if value - value == 0 else _F64.pack(value).hex()


def _from_json(kind: str, given: Any, depth: int) -> Value:
    value: Value
    if kind == "list" and isinstance(given, list):
        return [from_json(item, depth + 1) for item in given]
    if kind == "map" and isinstance(given, list):
        return dict(_pair(pair, depth) for pair in given)
    if kind in _READERS:
        try:
            value = _READERS[kind](given)
        except (TypeError, AttributeError, InvalidOperation, binascii.Error, struct.error) as error:
            raise ValueError(f"not a {kind}") from error
    elif kind == "f32":
        value = Typed(kind, _read_float(given))
    else:
        value = Typed(kind, given)
    if not is_value(value):
        raise ValueError(f"not a {kind}")
    return value


def _pair(pair: Any, depth: int) -> tuple[str, Value]:
    match pair:
        case [str(name), item]:
            return name, from_json(item, depth + 1)
        case _:
            raise ValueError("not a map's item")


def _read_null(given: Any) -> None:
    if given is not None:
        raise ValueError("null with a value")


def _read_float(given: Any) -> float:
    if isinstance(given, str):
        return float(_F64.unpack(bytes.fromhex(given))[0])
    return float(_exactly(float, float(given) if type(given) is int else given))


def _exactly(kind: type, given: Any) -> Any:
    if type(given) is not kind:
        raise ValueError(f"not a {kind.__name__}")
    return given


_WRITERS: Final[Mapping[type, tuple[str, Callable[[Any], Any]]]] = {
    type(None): ("null", lambda _: None),
    bool: ("bool", bool),
    int: ("i64", int),
    float: ("f64", float_json),
    str: ("str", str),
    bytes: ("bytes", lambda value: b64encode(value).decode()),
    Decimal: ("decimal", str),
    UUID: ("uuid", str),
}
_READERS: Final[Mapping[str, Callable[[Any], Value]]] = {
    "null": _read_null,
    "bool": lambda given: _exactly(bool, given),
    "i64": lambda given: _exactly(int, given),
    "f64": _read_float,
    "str": lambda given: _exactly(str, given),
    "bytes": lambda given: b64decode(_exactly(str, given), validate=True),
    "decimal": lambda given: Decimal(_exactly(str, given)),
    "uuid": lambda given: UUID(_exactly(str, given)),
}
