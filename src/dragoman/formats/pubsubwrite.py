"""Canonical messages to Pub/Sub's stored form: the other half of `pubsub`, which holds the mapping.

What an attribute can say is written as one, fields before headers, ATTRIBUTES_MAX in all; the result is read back, and
what was lost is attached as one attribute more, `dragoman-meta`. Values that are no text are written as text that
people can read. A message without a group is ordered by its key.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from dragoman.formats.lift import trace_headers
from dragoman.formats.meta import META_NAME, describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.formats.pubsub import (
    CORRELATION,
    CREATED,
    FIELDS,
    KEY,
    SPELLING,
    PubsubMessage,
    decode,
)
from dragoman.formats.values import text_of, timestamp_text
from dragoman.model.message import Delivery, Header, Message, Value

ATTRIBUTES_MAX: Final = 100
NAME_BYTES_MAX: Final = 256
VALUE_BYTES_MAX: Final = 1_024
KEY_BYTES_MAX: Final = 1_024
RESERVED: Final = b"goog"
CLIENTS_OWN: Final = b"googclient_"  # what Google's client libraries add by themselves
_UNSAID: Final = ("durable",)


def is_name(name: bytes) -> bool:
    """Whether an attribute may be called so; that it is UTF-8 is for others to say."""
    if not 0 < len(name) <= NAME_BYTES_MAX:
        return False
    return not name.startswith(RESERVED) or name.startswith(CLIENTS_OWN)


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """The stored form of each message. Raises TooLarge."""
    return [_render(message, index, options) for index, (message, _) in enumerate(messages)]


def _render(message: Message, index: int, options: RenderOptions) -> bytes:
    written = PubsubMessage()
    written.data = message.body or b""
    written.ordering_key = _ordering_key(message)
    fields = _field_attributes(message)
    headers, placed = _header_attributes(message, ATTRIBUTES_MAX - 1 - len(fields))
    written.attributes = [*fields, *headers]
    meta = describe_loss(message, decode(written.pack()), placed, _UNSAID)
    admitted = options.admit(meta, index)
    if admitted is not None:
        written.attributes.append((META_NAME.encode(), admitted.encode()))
    return written.pack()


def _ordering_key(message: Message) -> bytes:
    """The group, else the key as text, where Pub/Sub would take it."""
    text = message.group
    if text is None and message.key:
        text = _key_text(message.key)
    raw = _utf8(text or "")
    return raw if raw is not None and len(raw) <= KEY_BYTES_MAX else b""


def _key_text(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return urlsafe_b64encode(key).decode().rstrip("=")


def _utf8(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


Attributes = list[tuple[bytes, bytes]]


def _field_attributes(message: Message) -> Attributes:
    """Fields that are attributes: those that stand together are written together or not at all."""
    groups: list[Sequence[Header]] = [
        [(name, getattr(message, field))]
        for name, field in FIELDS
        if getattr(message, field) is not None
    ]
    if message.correlation is not None:
        groups.append([(CORRELATION, message.correlation)])
    if message.created_at_ms is not None:
        groups.append([(CREATED, timestamp_text(message.created_at_ms))])
    if message.key is not None:
        groups.append([(KEY, _key_text(message.key))])
    groups += [trace_headers(message), SPELLING.event_headers(message)]
    found: Attributes = []
    for group in groups:
        suited = [one for one in (_attribute(name, value) for name, value in group) if one]
        if len(suited) == len(group) and len(found) + len(group) < ATTRIBUTES_MAX:
            found += suited
    return found


def _header_attributes(message: Message, room: int) -> tuple[Attributes, list[int]]:
    """Headers as far as Pub/Sub can say them and there is room; their indices. Of duplicates the last is written."""
    last = {name: index for index, (name, _) in enumerate(message.headers)}
    found: Attributes = []
    placed: list[int] = []
    for index, (name, value) in enumerate(message.headers):
        if len(found) >= room:
            break
        if last[name] != index or SPELLING.is_reserved(name, message):
            continue
        attribute = _attribute(name, value)
        if attribute is not None:
            found.append(attribute)
            placed.append(index)
    return found, placed


def _attribute(name: str, value: Value) -> tuple[bytes, bytes] | None:
    """None where it cannot be one."""
    raw_name = _utf8(name)
    raw = text_of(value)
    if raw_name is None or raw is None or len(raw) > VALUE_BYTES_MAX or not is_name(raw_name):
        return None
    try:
        raw.decode()
    except UnicodeDecodeError:
        return None
    return raw_name, raw
