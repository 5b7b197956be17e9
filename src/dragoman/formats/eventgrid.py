"""Format tag EVENTGRID: one event in Event Grid's own schema to the canonical message and back.

    property         message                              property          message
    id, eventType,   id, type,                            dataVersion       event's extension `dataversion`
      subject, topic   subject, source                    metadataVersion   always "1"
    eventTime        created_at                           dragomanbody      how a body that is no JSON stands in data
    data             body, of type application/json       dragomanmeta      the loss rule

The properties are in the message's `event`, too, by their names in CloudEvents: the conversion that Event Grid does
itself when a subscription wants the other schema. The schema has no place for extensions or headers.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw

from dragoman.formats.cloudevent import (
    SPEC_VERSION,
    UNSAID,
    event_attributes,
    event_time,
    restore,
    set_fields,
)
from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import (
    MEMBER,
    JsonMembers,
    is_json,
    is_text,
    read_base64,
    read_members,
    read_text,
    read_time_ms,
    write_json,
)
from dragoman.formats.meta import describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.formats.values import timestamp_text
from dragoman.model.message import Delivery, Message

META: Final = "dragomanmeta"
BODY: Final = "dragomanbody"
TEXT: Final = "text"
BASE64: Final = "base64"
JSON_TYPE: Final = "application/json"
METADATA_VERSION: Final = "1"
ATTRIBUTES: Final = (
    ("id", "id"),
    ("topic", "source"),
    ("eventType", "type"),
    ("subject", "subject"),
    ("eventTime", "time"),
    ("dataVersion", "dataversion"),
)
"""(property, its name in CloudEvents)."""


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """Raises FormatError."""
    members = read_members(entry)
    event: dict[str, Any] = {"specversion": SPEC_VERSION}
    for name, attribute in ATTRIBUTES:
        raw = members.get(name)
        text = "" if raw is None else read_text(raw)
        if text:
            event[attribute] = text
    message = Message(_read_body(members))
    message.stored_at_us = stored_ms * 1000
    message.durable = True
    message.content_type = JSON_TYPE if MEMBER in members and BODY not in members else None
    if "time" in event:
        message.created_at_ms = read_time_ms(members["eventTime"])
    set_fields(message, event)
    if META in members:
        restore(message, read_text(members[META]))
    return message


def _read_body(members: JsonMembers) -> bytes | None:
    raw = members.get(MEMBER)
    if raw is None:
        return None
    if BODY not in members:
        return bytes(raw)
    kind = read_text(members[BODY])
    if kind == TEXT:
        return read_text(raw).encode()
    if kind == BASE64:
        return read_base64(raw)
    raise FormatError(f"{BODY} is {kind:.40}")


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """One event each. Raises TooLarge."""
    return [_render(message, index, options) for index, (message, _) in enumerate(messages)]


def _render(message: Message, index: int, options: RenderOptions) -> bytes:
    """Write what can be said, read it back, attach what was lost."""
    said = event_attributes(message, index, options)
    version = said.get("dataversion")
    stored_ms = message.stored_at_us // 1000
    properties = {
        "id": said["id"],
        "subject": said.get("subject") or options.address or "/",
        "eventType": said["type"],
        "eventTime": event_time(message) or timestamp_text(stored_ms),
        "topic": said["source"],
        "dataVersion": version if type(version) is str else "",
        "metadataVersion": METADATA_VERSION,
        **_write_body(message.body),
    }
    loss = describe_loss(message, decode(write_json(properties)), (), UNSAID)
    meta = options.admit(loss, index)
    return write_json(properties if meta is None else {**properties, META: meta})


def _write_body(body: bytes | None) -> dict[str, Any]:
    if body is None:
        return {}
    if is_json(body):
        return {MEMBER: Raw(body)}
    if is_text(body):
        return {MEMBER: body.decode(), BODY: TEXT}
    return {MEMBER: b64encode(body).decode(), BODY: BASE64}
