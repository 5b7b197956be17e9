"""Format tag CLOUDEVENT: one CloudEvent 1.0 in its JSON form to the canonical message and back.

    attribute                  message                     attribute         message
    id, type, subject, source  of the same name            partitionkey      key, where it is text
    time                       created_at                  groupid           group
    datacontenttype            content_type                correlationid     correlation
    data, data_base64          body (`eventdata`)          replyto           reply_to
    traceparent, tracestate    trace                       contentencoding   content_encoding
    dragomanmeta               the loss rule               appid             app
    stored in a log            durable is true

All but datacontenttype, data and meta are in the message's `event` as well, as are all other extensions. What was born
elsewhere has headers instead: those with a name that CloudEvents allows (`[a-z0-9]{1,20}`) are written as extensions,
and the meta names them (`x`), so that they come back as headers.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2s
from typing import Any, Final

from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import (
    BASE64_MEMBER,
    MEMBER,
    read_data,
    read_members,
    read_time_ms,
    read_value,
    write_data,
    write_json,
)
from dragoman.formats.lift import is_utf8
from dragoman.formats.meta import apply_meta, describe_loss, read_meta
from dragoman.formats.options import RenderOptions
from dragoman.formats.values import dump_json, text_of, timestamp_text
from dragoman.model.message import Delivery, Message, Typed, Value

META: Final = "dragomanmeta"
SPEC_VERSION: Final = "1.0"
TYPE_UNSAID: Final = "Dragoman.Message"  # of what was born without one
NAME_LENGTH_MAX: Final = 20  # CloudEvents 1.0.2, section 3.1.1, and Event Grid's own limit
UNSAID: Final = ("durable",)
REQUIRED: Final = ("specversion", "id", "source", "type")
CORE: Final = frozenset((*REQUIRED, "subject", "time", "datacontenttype", "dataschema"))
FIELDS: Final = (
    ("id", "id"),
    ("type", "type"),
    ("subject", "subject"),
    ("source", "source"),
    ("groupid", "group"),
    ("correlationid", "correlation"),
    ("replyto", "reply_to"),
    ("contentencoding", "content_encoding"),
    ("appid", "app"),
)
"""(attribute, field) where both are text."""

_NAME: Final = re.compile(r"[a-z0-9]+")
_WRITTEN: Final = re.compile(r"[0-9]*[a-z][a-z0-9]*")  # azure-core refuses to read a name of digits
_KEY: Final = "partitionkey"
_TRACE: Final = ("traceparent", "tracestate")
_TAKEN: Final = CORE | {MEMBER, BASE64_MEMBER, META, _KEY, *_TRACE} | {name for name, _ in FIELDS}
_SCALARS: Final = frozenset((str, bool, int, float))
_I32: Final = 1 << 31


# Reading


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """Raises FormatError."""
    members = read_members(entry)
    attributes = {
        name: value
        for name, raw in members.items()
        if name not in {MEMBER, BASE64_MEMBER} and (value := read_value(raw)) is not None
    }
    check_attributes(attributes)
    content_type = attributes.pop("datacontenttype", None)
    meta = attributes.pop(META, None)
    message = Message(read_data(members, content_type))
    message.stored_at_us = stored_ms * 1000
    message.durable = True
    message.content_type = content_type
    if "time" in attributes:
        message.created_at_ms = read_time_ms(members["time"])
    headers = header_names(meta)
    message.headers = [(name, attributes.pop(name)) for name in headers if name in attributes]
    set_fields(message, attributes)
    if type(meta) is str:
        restore(message, meta)
    return message


def check_attributes(attributes: Mapping[str, Any]) -> None:
    """Raises FormatError for what are no context attributes (CloudEvents 1.0.2, section 3)."""
    for name in REQUIRED:
        if not attributes.get(name):
            raise FormatError(f"the attribute {name} is missing")
    if attributes["specversion"] != SPEC_VERSION:
        raise FormatError(f"specversion {attributes['specversion']!r:.40} is not {SPEC_VERSION}")
    for name, value in attributes.items():
        if name in CORE and type(value) is not str:
            raise FormatError(f"the attribute {name} is no string")
        if type(value) not in _SCALARS or _NAME.fullmatch(name) is None:
            raise FormatError(f"{name!r:.40} is no extension attribute")


def set_fields(message: Message, event: dict[str, Any]) -> None:
    """The attributes, as the message's event and in the fields that say the same."""
    message.event = dict(sorted(event.items()))
    for name, field in FIELDS:
        value = event.get(name)
        if type(value) is str:
            setattr(message, field, value)
    key = event.get(_KEY)
    if type(key) is str:
        message.key = key.encode()
    parent, state = (event.get(name) for name in _TRACE)
    if type(parent) is str:
        message.trace = (parent, state if type(state) is str else None)


def header_names(meta: Any) -> list[str]:
    """Which extensions are headers of a message born elsewhere, in their order."""
    try:
        found = json.loads(meta).get("x", ()) if type(meta) is str else ()
    except (ValueError, RecursionError, AttributeError):
        return []
    return [name for name in found if _is_header_name(name)] if type(found) is list else []


def restore(message: Message, meta: str) -> None:
    """Apply the meta, if it is one."""
    found = read_meta(meta)
    if found is not None:
        apply_meta(message, *found)


# Writing


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """One event each. Raises TooLarge."""
    return [_render(message, index, options) for index, (message, _) in enumerate(messages)]


def _render(message: Message, index: int, options: RenderOptions) -> bytes:
    """Write what can be said, read it back, attach what was lost."""
    attributes = event_attributes(message, index, options)
    placed = _place_headers(message, attributes)
    names = [message.headers[at][0] for at in placed]
    if names:
        attributes[META] = dump_json({"x": names})
    body = write_data(message.body, attributes.get("datacontenttype"))
    parsed = decode(write_json({**attributes, **body}))
    meta = options.admit(meta_of(message, parsed, placed, names), index)
    if meta is not None:
        attributes[META] = meta
    else:
        attributes.pop(META, None)
    return write_json({**attributes, **body})


def with_extensions(entry: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """The event with these attributes set; names that CloudEvents does not allow are left out. Raises FormatError."""
    members: dict[str, Any] = dict(read_members(entry))
    data = {name: members.pop(name) for name in (MEMBER, BASE64_MEMBER) if name in members}
    allowed = {
        name: value
        for name, value in headers
        if _NAME.fullmatch(name) and name not in {*REQUIRED, MEMBER, META}
    }
    return write_json({**members, **allowed, **data})


def meta_of(
    message: Message, parsed: Message, placed: Sequence[int], names: Sequence[str]
) -> str | None:
    """The loss, and which extensions are headers."""
    loss = describe_loss(message, parsed, placed, UNSAID)
    if not names:
        return loss
    own = dump_json({"x": names})
    return own if loss is None else f"{own[:-1]},{loss[1:]}"


def event_attributes(message: Message, index: int, options: RenderOptions) -> dict[str, Any]:
    """The context attributes, the required ones always."""
    event = message.event or {}
    found: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": _first(event.get("id"), message.id) or message_id(message, index, options),
        "source": _first(event.get("source"), message.source) or options.address or "/",
        "type": _first(event.get("type"), message.type) or TYPE_UNSAID,
    }
    subject = _first(event.get("subject"), message.subject)
    if subject is not None:
        found["subject"] = subject
    time = event_time(message)
    if time is not None:
        found["time"] = time
    if message.content_type is not None and is_utf8(message.content_type):
        found["datacontenttype"] = message.content_type
    for name, value in event.items():
        if name not in found and _is_extension(name, value):
            found[name] = value
    return {**found, **{n: v for n, v in _field_extensions(message).items() if n not in found}}


def _field_extensions(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in FIELDS:
        value = getattr(message, field)
        if name not in CORE and type(value) is str and value and is_utf8(value):
            found[name] = value
    if message.key:
        with suppress(UnicodeDecodeError):
            found[_KEY] = message.key.decode()
    if message.trace is not None:
        found.update(
            (name, text)
            for name, text in zip(_TRACE, message.trace, strict=True)
            if text and is_utf8(text)
        )
    return found


def message_id(message: Message, index: int, options: RenderOptions) -> str:
    """What a message without an id is called: where it stands, or a digest of what it is."""
    if options.ids is not None:
        return options.ids[index]
    seed = b"%d\0%b" % (message.stored_at_us, message.body or b"")
    return blake2s(seed, digest_size=16).hexdigest()


def event_time(message: Message) -> str | None:
    """As the event says it, else the sender's clock."""
    said = (message.event or {}).get("time")
    if type(said) is str and is_time(said):
        return said
    if message.created_at_ms is None:
        return None
    text = timestamp_text(message.created_at_ms)
    return text if is_time(text) else None


def is_time(text: str) -> bool:
    """Whether the text is a time that can be read again."""
    try:
        read_time_ms(write_json(text))
    except FormatError:
        return False
    return True


def _first(*texts: Value) -> str | None:
    """The first that is text, and can be written."""
    return next((text for text in texts if type(text) is str and is_utf8(text)), None)


def _is_extension(name: str, value: Value) -> bool:
    if name in {*REQUIRED, "subject", "time", "datacontenttype", MEMBER, BASE64_MEMBER, META}:
        return False
    if _WRITTEN.fullmatch(name) is None or (name in CORE and type(value) is not str):
        return False
    if type(value) is str:
        return is_utf8(value)
    return type(value) in {bool, int} or (type(value) is float and value - value == 0)


def _place_headers(message: Message, attributes: dict[str, Any]) -> list[int]:
    """Add the headers that can be extensions; their indices."""
    last = {name: index for index, (name, _) in enumerate(message.headers)}
    placed: list[int] = []
    for index, (name, value) in enumerate(message.headers):
        if last[name] != index or not _is_header_name(name) or name in attributes:
            continue
        native = native_value(value)
        if native is not None:
            attributes[name] = native
            placed.append(index)
    return placed


def _is_header_name(name: Any) -> bool:
    if type(name) is not str or len(name) > NAME_LENGTH_MAX or name in _TAKEN:
        return False
    return _WRITTEN.fullmatch(name) is not None


def native_value(value: Value) -> str | int | bool | None:
    """A header's value as an attribute can say it; None where it cannot."""
    if type(value) is bool or (type(value) is int and -_I32 <= value < _I32):
        return value
    if isinstance(value, Typed) and type(value.value) is int and value.kind != "timestamp":
        return native_value(value.value) if -_I32 <= value.value < _I32 else str(value.value)
    raw = text_of(value)
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return b64encode(raw).decode()  # CloudEvents 1.0.2, section 3: Binary
