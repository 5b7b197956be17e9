"""Canonical messages to SQS's stored form: the other half of `sqs`, which holds the mapping.

What an attribute can say is written as one, fields before headers, ATTRIBUTES_MAX in all; the result is read back, and
what was lost is attached as one attribute more, `dragoman-meta`. A body that SQS would not take as text goes as base64.
A message id is left to the door.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from dragoman.formats.lift import trace_headers
from dragoman.formats.meta import META_NAME, describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqs import (
    BASE64,
    BODY,
    BYTES,
    CORRELATION,
    CREATED,
    FIELDS,
    KEY,
    SPELLING,
    TEXT,
    X_DEATH,
    SqsMessage,
    decode,
    md5_of,
    pack_attribute,
    read_kept,
)
from dragoman.formats.sqsvalues import BINARY, STRING, Attribute, base_of, is_legal, is_name, write
from dragoman.model.message import Delivery, Header, Message, Typed, Value

ATTRIBUTES_MAX: Final = 10
NAME_BYTES_MAX: Final = 1024
"""Of a group or a deduplication id: what SQS allows is less, what other protocols' clients send is shown to it."""
_UNSAID: Final = ("durable",)


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """The stored form of each message. Raises TooLarge."""
    return [
        _render(message, delivery, index, options)
        for index, (message, delivery) in enumerate(messages)
    ]


def _render(
    message: Message, delivery: Delivery | None, index: int, options: RenderOptions
) -> bytes:
    written = _written(message, delivery)
    fields = _field_attributes(message, is_encoded=written.body is not message.body)
    headers, placed = _header_attributes(message, ATTRIBUTES_MAX - len(fields))
    meta = _describe(message, written, [*fields, *headers], placed)
    if meta is not None and len(fields) + len(headers) == ATTRIBUTES_MAX:
        if not headers:
            fields = fields[: ATTRIBUTES_MAX - 1]
        headers, placed = headers[: len(headers) - 1], placed[: len(placed) - 1]
        meta = _describe(message, written, [*fields, *headers], placed)
    admitted = options.admit(meta, index)
    added = [] if admitted is None else [(META_NAME, (STRING, admitted.encode()))]
    return _packed(written, [*fields, *headers, *added])


Attributes = list[tuple[str, Attribute]]


def _written(message: Message, delivery: Delivery | None) -> SqsMessage:
    """The message without its attributes."""
    body = message.body or b""
    written = SqsMessage(body=body if _is_text(body) else b64encode(body))
    written.sent_ms = message.stored_at_us // 1000 if message.stored_at_us > 0 else 0
    written.group = _short(message.group)
    written.dedup = _short(message.dedup)
    written.trace = _short(read_kept(message)[0] or None)
    written.source = _short(_source(message, delivery))
    written.body_md5 = md5_of(written.body)
    return written


def _is_text(body: bytes) -> bool:
    try:
        return is_legal(body.decode())
    except UnicodeDecodeError:
        return False


def _short(text: str | None) -> bytes:
    """The text where SQS can show it, else nothing."""
    if not text or not is_legal(text):
        return b""
    raw = text.encode()
    return raw if len(raw) <= NAME_BYTES_MAX else b""


def _source(message: Message, delivery: Delivery | None) -> str | None:
    """The queue whose dead letter it is."""
    if delivery is not None and delivery.dead is not None:
        return delivery.dead.source
    for name, value in message.headers:
        if name == X_DEATH and type(value) is list and value and type(value[0]) is dict:
            queue = value[0].get("queue")
            return queue if type(queue) is str else None
    return None


def _packed(written: SqsMessage, attributes: Attributes) -> bytes:
    written.attributes = b"".join(
        pack_attribute(
            name.encode(),
            data_type.encode(),
            BYTES if base_of(data_type) == BINARY else TEXT,
            value,
        )
        for name, (data_type, value) in attributes
    )
    written.attributes_md5 = b""
    return written.pack()


def _describe(
    message: Message, written: SqsMessage, attributes: Attributes, placed: list[int]
) -> str | None:
    """What was lost. Raises FormatError never: it is our own output that is read."""
    parsed = decode(_packed(written, attributes))
    return describe_loss(message, parsed, placed, _UNSAID)


def _field_attributes(message: Message, *, is_encoded: bool) -> Attributes:
    """Fields that are attributes: those that stand together are written together or not at all."""
    found: Attributes = [(BODY, (STRING, BASE64.encode()))] if is_encoded else []
    groups: list[Sequence[Header]] = [
        [(name, getattr(message, field))]
        for name, field in FIELDS
        if getattr(message, field) is not None
    ]
    if message.correlation is not None:
        groups.append([(CORRELATION, message.correlation)])
    if message.created_at_ms is not None:
        groups.append([(CREATED, Typed("timestamp", message.created_at_ms))])
    if message.key is not None:
        groups.append([(KEY, _key_value(message.key))])
    groups += [trace_headers(message), SPELLING.event_headers(message)]
    for group in groups:
        attributes = [(name, write(value)) for name, value in group]
        suited = [(name, one) for name, one in attributes if one is not None and is_name(name)]
        if len(suited) == len(group) and len(found) + len(group) <= ATTRIBUTES_MAX:
            found += suited
    return found


def _key_value(key: bytes) -> Value:
    return key.decode() if _is_text(key) else key


def _header_attributes(message: Message, room: int) -> tuple[Attributes, list[int]]:
    """Headers as far as SQS can say them and there is room; their indices. Of duplicates the last is written."""
    labels = read_kept(message)[1]
    last = {name: index for index, (name, _) in enumerate(message.headers)}
    found: Attributes = []
    placed: list[int] = []
    for index, (name, value) in enumerate(message.headers):
        if len(found) >= room:
            break
        if last[name] != index or not is_name(name) or SPELLING.is_reserved(name, message):
            continue
        attribute = _labelled(labels.get(name), value) or write(value)
        if attribute is not None:
            found.append((name, attribute))
            placed.append(index)
    return found, placed


def _labelled(label: str | None, value: Value) -> Attribute | None:
    """The value under the data type that it came with, where that still suits it."""
    if label is None or not value or not is_legal(label):
        return None
    if type(value) is bytes and base_of(label) == BINARY:
        return label, value
    if type(value) is str and base_of(label) != BINARY and is_legal(value):
        return label, value.encode()
    return None
