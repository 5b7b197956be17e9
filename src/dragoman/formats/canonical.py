"""Format tag CANONICAL: the message itself, for those born inside or changed by a pump. MessagePack through msgspec.

    {field: value, ...}        only what was said; headers as [[name, value], ...]
    value                      as MessagePack has it; what it lacks is an extension of its typed JSON

Field names are stored: a field can be added, and an unknown one is ignored, without a new tag.
"""

import json
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from dragoman.formats.errors import FormatError
from dragoman.formats.meta import suits_field
from dragoman.formats.values import dump_json, from_json, to_json
from dragoman.model.message import CARRIED_FIELDS, Delivery, Message, Value, identical, is_value
from dragoman.ports.translator import Change

TYPED: Final = 1  # the extension's code; never renumbered, it is on disk
_I64: Final = 1 << 63
_STORED: Final = (*CARRIED_FIELDS, "user", "stored_at_us", "origin")
_NOTHING: Final = Message()
_VALUES: Final = attrgetter(*_STORED)
_UNSAID: Final[tuple[Any, ...]] = _VALUES(_NOTHING)
_FIELDS: Final = frozenset(_STORED)
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=lambda code, data: _Typed(code, bytes(data)))


class _Typed:
    """An extension as found; read where a value is expected."""

    __slots__ = ("code", "data")

    def __init__(self, code: int, data: bytes) -> None:
        self.code = code
        self.data = data


def encode(message: Message) -> bytes:
    """The message in full, `user` and origin included: these bytes never come from a client."""
    found = _said(message)
    if message.headers:
        found["headers"] = [[_pack(name), _pack(value)] for name, value in message.headers]
    return _ENCODER.encode(found)


def encode_changed(message: Message, change: Change) -> bytes:
    """The same of a message as the change has it; the message itself stays as it is. Raises AttributeError for a field
    that no message has.
    """
    found = _said(message)
    for name, value in change.fields.items():
        if value is None or identical(value, getattr(_NOTHING, name)):
            found.pop(name, None)
        else:
            found[name] = _pack(value)
    if change.has_body:
        found.pop("shape", None)
        found["body"] = change.body
    headers = [pair for pair in message.headers if pair[0] not in change.headers]
    headers += [(name, value) for name, value in change.headers.items() if value is not None]
    if headers:
        found["headers"] = [[_pack(name), _pack(value)] for name, value in headers]
    return _ENCODER.encode(found)


def _said(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value, unsaid in zip(_STORED, _VALUES(message), _UNSAID, strict=True):
        if value is not unsaid and not identical(value, unsaid):
            found[name] = _pack(value)
    return found


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """Raises FormatError."""
    try:
        found = _DECODER.decode(entry)
        return _message(found, stored_ms)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"canonical message: {error}") from error


def render(messages: Sequence[tuple[Message, Delivery | None]]) -> list[bytes]:
    """The stored form of each message."""
    return [encode(message) for message, _ in messages]


def _message(found: Any, stored_ms: int) -> Message:
    if type(found) is not dict:
        raise ValueError("not a map")
    message = Message()
    for name, said in found.items():
        if name in _FIELDS:
            value = said if type(said) is bytes or type(said) is str else _unpack(said)
            if not suits_field(name, value):
                raise ValueError(f"{name} holds {type(value).__name__}")
            setattr(message, name, tuple(value) if name in ("trace", "origin") and value else value)
    message.headers = [(_name(name), _unpack(value)) for name, value in found.get("headers", ())]
    if not message.stored_at_us:
        message.stored_at_us = stored_ms * 1000
    return message


def _name(found: Any) -> str:
    name = _unpack(found)
    if type(name) is not str:
        raise ValueError("a header's name that is no text")
    return name


def _pack(value: Value) -> Any:
    """The value itself where MessagePack has its type and room, else the extension."""
    kind = type(value)
    if value is None or kind in (bool, float, bytes):
        return value
    if kind is str:
        return value if value.isascii() or _is_utf8(value) else _extension(value)
    if kind is int:
        return value if -_I64 <= value < _I64 else _extension(value)
    if kind is list or kind is tuple:
        return [_pack(item) for item in value]
    if kind is dict and all(_is_utf8(name) for name in value):
        return {name: _pack(item) for name, item in value.items()}
    return _extension(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _extension(value: Value) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(TYPED, dump_json(to_json(value)).encode())


def _unpack(found: Any) -> Value:
    if isinstance(found, _Typed):
        if found.code != TYPED:
            raise ValueError(f"extension {found.code}")
        return from_json(json.loads(found.data))
    if isinstance(found, list):
        return [_unpack(item) for item in found]
    if isinstance(found, dict):
        return {_name(name): _unpack(item) for name, item in found.items()}
    if not is_value(found):
        raise ValueError(f"not a value: {type(found).__name__}")
    return found
