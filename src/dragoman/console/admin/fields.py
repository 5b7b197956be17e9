"""A message as JSON, both ways: the envelope's fields by their own names, only those that were said.

    body          text; what is no UTF-8 stands in `body_base64` instead; without either there is none (a tombstone)
    headers       [[name, value], ...], in their order
    value         as JSON has it; what JSON lacks is {"$": [type, value]}: bytes, timestamps, decimals, narrow integers

What one reader shows another can publish, bit for bit.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.formats.values import from_json, to_json
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import VALUE_DEPTH_MAX, Message, Value, is_value

TYPED: Final = "$"
PLAIN: Final = (
    "content_type",
    "content_encoding",
    "group",
    "dedup",
    "id",
    "type",
    "subject",
    "source",
    "reply_to",
    "reply_group",
    "to",
    "app",
    "created_at_ms",
    "deliver_at_ms",
    "expires_at_ms",
    "priority",
    "durable",
)
"""Fields that JSON has types for."""


class MessageFields(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a sender says of a message. Times are wall times in ms; `key` places it, `group` orders it."""

    body: str | None = None
    body_base64: str | None = None
    key: str | None = None
    key_base64: str | None = None
    headers: list[tuple[str, Any]] = []
    content_type: str | None = None
    content_encoding: str | None = None
    group: str | None = None
    dedup: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None
    source: str | None = None
    reply_to: str | None = None
    reply_group: str | None = None
    correlation: Any = None
    to: str | None = None
    app: str | None = None
    created_at_ms: int | None = None
    deliver_at_ms: int | None = None
    expires_at_ms: int | None = None
    priority: int | None = None
    durable: bool | None = None
    event: dict[str, Any] | None = None
    trace: tuple[str, str | None] | None = None


def to_fields(message: Message) -> MessageFields:
    """What is shown of a message. `rest`, for readers of its own protocol only, is not."""
    fields = MessageFields(
        headers=[(_text(name), plain(value)) for name, value in message.headers],
        correlation=plain(message.correlation),
        event=None if message.event is None else plain(message.event),
        trace=message.trace,
    )
    for name in PLAIN:
        value = getattr(message, name)
        setattr(fields, name, _text(value) if isinstance(value, str) else value)
    fields.body, fields.body_base64 = _bytes(message.body)
    fields.key, fields.key_base64 = _bytes(message.key)
    return fields


def to_message(fields: MessageFields) -> Message:
    """Raises InvalidArgument."""
    message = Message(_read_bytes(fields, "body"))
    message.key = _read_bytes(fields, "key")
    message.headers = [(name, value_of(value)) for name, value in fields.headers]
    message.correlation = value_of(fields.correlation)
    if isinstance(message.correlation, list | dict):
        raise InvalidArgument("correlation: a single value")
    if fields.event is not None:
        message.event = {name: value_of(value) for name, value in sorted(fields.event.items())}
    message.trace = fields.trace
    for name in PLAIN:
        setattr(message, name, getattr(fields, name))
    for name in ("priority", "created_at_ms", "deliver_at_ms", "expires_at_ms"):
        if not 0 <= (getattr(message, name) or 0) < 1 << 63:
            raise InvalidArgument(f"{name}: not below 0")
    return message


def _text(text: str) -> str:
    """Bytes that were no UTF-8 are shown as the replacement character."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _bytes(data: bytes | None) -> tuple[str | None, str | None]:
    if data is None:
        return None, None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, b64encode(data).decode()


def _read_bytes(fields: MessageFields, name: str) -> bytes | None:
    text: str | None = getattr(fields, name)
    encoded: str | None = getattr(fields, f"{name}_base64")
    if text is not None and encoded is not None:
        raise InvalidArgument(f"{name} and {name}_base64: one of them")
    if encoded is None:
        return None if text is None else text.encode()
    try:
        return b64decode(encoded, validate=True)
    except (Error, ValueError) as error:
        raise InvalidArgument(f"{name}_base64: {error}") from error


def plain(value: Value) -> Any:
    """A value as JSON."""
    kind = type(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is str:
        return value if _is_text(value) else {TYPED: to_json(value)}
    if kind is float and value - value == 0:
        return value
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    if kind is dict and TYPED not in value and all(map(_is_text, value)):
        return {name: plain(item) for name, item in value.items()}
    return {TYPED: to_json(value)}


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def value_of(given: Any) -> Value:
    """A value from JSON. Raises InvalidArgument."""
    try:
        value = _value_of(given, 0)
    except ValueError as error:
        raise InvalidArgument(f"value: {error}") from error
    if not is_value(value):
        raise InvalidArgument("value: an integer past 64 bits")
    return value


def _value_of(given: Any, depth: int) -> Value:
    if depth > VALUE_DEPTH_MAX:
        raise ValueError("too deep")
    if isinstance(given, list):
        return [_value_of(item, depth + 1) for item in given]
    if isinstance(given, Mapping):
        if set(given) == {TYPED}:
            return from_json(given[TYPED])
        return {name: _value_of(item, depth + 1) for name, item in given.items()}
    return given
