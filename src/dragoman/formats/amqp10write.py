"""Canonical messages to AMQP 1.0's stored form: the other half of `amqp10`, which holds the mapping.

What its sections can say is written there, the result is read back, and what was lost is attached as one application-
property more, `dragoman-meta`. A header that is a list or a map goes there whole: application-properties are scalars.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from dragoman.formats.amqp10 import (
    IDS,
    PARTITION_KEY,
    SCHEDULED,
    SPELLING,
    Kept,
    body_of,
    decode,
    id_text,
    read_kept,
)
from dragoman.formats.amqp10values import Untranslatable, from_value
from dragoman.formats.errors import FormatError
from dragoman.formats.lift import is_utf8, trace_headers
from dragoman.formats.meta import META_NAME, describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.model.message import Delivery, Message
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.encode import encode, encode_list
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import (
    APPLICATION_PROPERTIES,
    DATA,
    FOOTER,
    MESSAGE_ANNOTATIONS,
    SEQUENCE,
    SHAPES,
    VALUE,
    pack_entry,
    slice_message,
)
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp, UByte, UInt, ULong

_U32_MAX: Final = 0xFFFF_FFFF
_I64_MAX: Final = (1 << 63) - 1
_CODES: Final = {name: code for code, name in SHAPES.items()}
_HEADER: Final = b"\x00\x53\x70"


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """The stored form of each message. Raises TooLarge."""
    return [_render(message, index, options) for index, (message, _) in enumerate(messages)]


def _render(message: Message, index: int, options: RenderOptions) -> bytes:
    kept = read_kept(message)
    application, placed = _application(message, kept)
    before = _before(message, kept, options.now_ms)
    behind = _body(message, kept) + section_bytes(FOOTER, kept.get("footer"))
    entry = _packed(before, application, behind)
    meta = options.admit(describe_loss(message, decode(entry, options.now_ms), placed), index)
    if meta is None:
        return entry
    return _packed(before, {**application, META_NAME: meta}, behind)


def _packed(before: bytes, application: dict[str, Any], behind: bytes) -> bytes:
    data = before + section_bytes(APPLICATION_PROPERTIES, application) + behind
    return pack_entry(slice_message(data))


def section_bytes(code: int, value: Any) -> bytes:
    """A section that is a map or a value; nothing for an empty map."""
    return b"" if value is None or value == {} else encode(Described(ULong(code), value))


def _before(message: Message, kept: Kept, now_ms: int) -> bytes:
    """Header, message annotations, properties."""
    ttl = _ttl(message, now_ms)
    said = (
        message.durable,
        None if message.priority is None else UByte(message.priority),
        None if ttl is None else UInt(ttl),
    )
    header = b""
    if any(value is not None for value in said):
        header = _HEADER + encode_list([encode(value) for value in said])
    annotations = section_bytes(MESSAGE_ANNOTATIONS, _annotations(message, kept))
    properties = _properties(message, kept, has_ttl=ttl is not None)
    return header + annotations + (b"" if properties == Properties() else to_bytes(properties))


def _ttl(message: Message, now_ms: int) -> int | None:
    """What remains of the life, where a ttl can say it."""
    if message.expires_at_ms is None:
        return None
    left = max(0, message.expires_at_ms - now_ms)
    return left if left <= _U32_MAX else None


def _annotations(message: Message, kept: Kept) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    if message.key is not None:
        with suppress(UnicodeDecodeError):
            found[Symbol(PARTITION_KEY)] = message.key.decode()
    if message.deliver_at_ms is not None and abs(message.deliver_at_ms) <= _I64_MAX:
        found[Symbol(SCHEDULED)] = Timestamp(message.deliver_at_ms)
    others = kept.get("annotations", {})
    return {**others, **found}


def _properties(message: Message, kept: Kept, *, has_ttl: bool) -> Properties:
    expires = kept.get("absolute-expiry-time") if has_ttl else message.expires_at_ms
    return Properties(
        message_id=_id(message.id, kept.get("message-id")),
        user_id=kept.get("user-id"),
        to=_id(message.to, kept.get("to")),
        subject=_text(message.type),
        reply_to=_id(message.reply_to, kept.get("reply-to")),
        correlation_id=_correlation(message.correlation),
        content_type=_symbol(message.content_type),
        content_encoding=_symbol(message.content_encoding),
        absolute_expiry_time=_time(expires),
        creation_time=_time(message.created_at_ms),
        group_id=_text(message.group),
        group_sequence=kept.get("group-sequence"),
        reply_to_group_id=_text(message.reply_group),
    )


def _text(text: str | None) -> str | None:
    return text if text is not None and is_utf8(text) else None


def _symbol(text: str | None) -> str | None:
    return text if text is not None and text.isascii() else None


def _time(at_ms: int | None) -> int | None:
    return at_ms if at_ms is not None and abs(at_ms) <= _I64_MAX else None


def _id(text: str | None, typed: Any) -> Any:
    """The text, or the value of another type that it is the text of."""
    return typed if typed is not None and id_text(typed) == text else _text(text)


def _correlation(value: Any) -> Any:
    """Text, or one of the types that an id may have."""
    try:
        found = from_value(value)
    except Untranslatable:
        return None
    return found if type(found) is str or type(found) in IDS else None


def _application(message: Message, kept: Kept) -> tuple[dict[str, Any], list[int]]:
    """Headers that are scalars, fields that are headers, what was kept; and the indices of the first."""
    last = {name: index for index, (name, _) in enumerate(message.headers)}
    others = kept.get("app", {})
    found: dict[str, Any] = {}
    placed: list[int] = []
    for index, (name, value) in enumerate(message.headers):
        is_free = last[name] == index and name not in others
        if not is_free or SPELLING.is_reserved(name, message) or not is_utf8(name):
            continue
        try:
            found[name] = from_value(value)
        except Untranslatable:
            continue
        placed.append(index)
    for name, value in (*trace_headers(message), *SPELLING.event_headers(message)):
        try:
            found[name] = from_value(value)
        except Untranslatable:
            continue
    return {**found, **others}, placed


def _body(message: Message, kept: Kept) -> bytes:
    body = message.body
    raw = kept.get("body")
    if raw is not None and _is_body(raw, message):
        return bytes(raw)
    if body is None:
        return section_bytes_of(VALUE, None)
    if message.shape == "value":
        return section_bytes_of(VALUE, _as_value(body))
    if message.shape == "sequence":
        return section_bytes_of(SEQUENCE, [_as_value(body)])
    return b"" if message.shape == "none" and not body else section_bytes_of(DATA, body)


def section_bytes_of(code: int, value: Any) -> bytes:
    """A section of the body."""
    return encode(Described(ULong(code), value))


def _as_value(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _is_body(raw: bytes, message: Message) -> bool:
    """Whether the sections that were kept are still those of the body."""
    try:
        found = slice_message(raw)
        is_body = found.body == 0 and found.footer == len(raw)
        return (
            is_body
            and found.shape == _CODES[message.shape]
            and body_of(raw, found.shape)[0] == message.body
        )
    except (DecodeError, FormatError):
        return False
