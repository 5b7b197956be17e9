"""Format tag SQS: one message as Amazon SQS has it, and its way to the canonical message. Hot: taking apart, packing.

    flags u16 | message id 16 | sent_ms u64 | MD5 of the body 16 | MD5 of all attributes 16, if there are any
    | texts, each u16 size and UTF-8, in the order of their flags | u32 size and attributes, if any | body, UTF-8
    attribute: u32 size and name | u32 size and data type | 1 (text) or 2 (bytes) | u32 size and value

An attribute is stored as SQS digests it, so that the MD5 is of the stored bytes, in the order of names. A message id of
zeros means that no SQS client sent it: the door gives it one.

    SQS                        message                  attribute                       message
    MessageBody                body                     content-type,                   of the same name
    MessageGroupId             group                      content-encoding, reply-to,
    MessageDeduplicationId     dedup                      type
    MessageId                  id, where no attribute   message-id, correlation-id,     id, correlation,
                                 `message-id` is          app-id                          app
    AWSTraceHeader, labels     rest["sqs"]              creation-time                   created_at
      that no value has                                 x-partition-key                 key
    deaths                     headers x-death and      ce-*, traceparent, tracestate   event, trace
                                 its like               dragoman-body: base64           body is not text
    stored in a log            durable is true          other attributes                headers, typed (`sqsvalues`)
"""

import binascii
import json
from base64 import b64decode
from hashlib import md5
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from dragoman.formats.errors import FormatError
from dragoman.formats.lift import Spelling, set_key, set_text
from dragoman.formats.sqsvalues import read
from dragoman.formats.values import dump_json, from_json
from dragoman.model.message import Header, Message, Typed, Value

PROTOCOL: Final = "sqs"
NO_ID: Final = bytes(16)
TEXT_BYTES_MAX: Final = 0xFFFF
_HEAD: Final = Struct(">H16sQ16s")
_U16: Final = Struct(">H")
_U32: Final = Struct(">I")
_HEAD_BYTES: Final = _HEAD.size
_MD5_BYTES: Final = 16

# Flags, in the order of what they announce. Numbers are on disk.
ATTRIBUTES: Final = 1
GROUP: Final = 2
DEDUP: Final = 4
TRACE: Final = 8
SENDER: Final = 16
SOURCE: Final = 32  # the queue whose dead letter it is
DEATHS: Final = 64  # all deaths, latest first, as typed JSON
_KNOWN: Final = 127
_TEXTS: Final = _KNOWN - ATTRIBUTES
_TEXT_FIELDS: Final = (
    (GROUP, "group"),
    (DEDUP, "dedup"),
    (TRACE, "trace"),
    (SENDER, "sender"),
    (SOURCE, "source"),
    (DEATHS, "deaths"),
)

TEXT: Final = 1
BYTES: Final = 2

BODY: Final = "dragoman-body"
KEY: Final = "x-partition-key"
CREATED: Final = "creation-time"
BASE64: Final = "base64"
FIELDS: Final = (
    ("content-type", "content_type"),
    ("content-encoding", "content_encoding"),
    ("message-id", "id"),
    ("reply-to", "reply_to"),
    ("type", "type"),
    ("app-id", "app"),
)
CORRELATION: Final = "correlation-id"
X_DEATH: Final = "x-death"
TRIES: Final = "tries"  # of a death: how often the message was received before it

RawAttribute = tuple[bytes, bytes, int, bytes]
"""(name, data type, TEXT or BYTES, value)."""


def md5_of(data: bytes) -> bytes:
    """As SQS and its clients check what they were given."""
    return md5(data, usedforsecurity=False).digest()


class SqsMessage:
    """An entry taken apart. Texts stay the bytes they are; `attributes` is empty where there are none."""

    __slots__ = (
        "attributes",
        "attributes_md5",
        "body",
        "body_md5",
        "deaths",
        "dedup",
        "group",
        "id",
        "sender",
        "sent_ms",
        "source",
        "trace",
    )

    def __init__(self, id: bytes = NO_ID, sent_ms: int = 0, body: bytes = b"") -> None:
        self.id: bytes = id
        self.sent_ms: int = sent_ms
        self.body: bytes = body
        self.body_md5: bytes = b""  # empty: to be found when packed
        self.attributes: bytes = b""
        self.attributes_md5: bytes = b""
        self.group: bytes = b""
        self.dedup: bytes = b""
        self.trace: bytes = b""
        self.sender: bytes = b""
        self.source: bytes = b""
        self.deaths: bytes = b""

    def pack(self) -> bytes:
        """The stored form."""
        flags: int = 0
        parts: list[bytes] = [b""]
        attributes: bytes = self.attributes
        if attributes:
            flags = ATTRIBUTES
            parts.append(self.attributes_md5 or md5_of(in_order(attributes)))
        for flag, name in _TEXT_FIELDS:
            text: bytes = getattr(self, name)
            if text:
                flags |= flag
                parts += (_U16.pack(len(text)), text)
        if attributes:
            parts += (_U32.pack(len(attributes)), attributes)
        parts[0] = _HEAD.pack(flags, self.id, self.sent_ms, self.body_md5 or md5_of(self.body))
        parts.append(self.body)
        return b"".join(parts)


def unpack(entry: bytes) -> SqsMessage:
    """An entry taken apart; attributes are looked into by whoever wants them. Raises FormatError."""
    try:
        return _unpack(entry)
    except StructError:
        raise FormatError("message cut short") from None


def _unpack(entry: bytes) -> SqsMessage:
    flags, id_, sent_ms, body_md5 = _HEAD.unpack_from(entry, 0)
    if flags > _KNOWN:
        raise FormatError(f"unknown flags {flags}")
    message = SqsMessage(id_, sent_ms)
    message.body_md5 = body_md5
    at: int = _HEAD_BYTES
    if flags & ATTRIBUTES:
        message.attributes_md5 = entry[at : at + _MD5_BYTES]
        at += _MD5_BYTES
    if flags & _TEXTS:
        at = _read_texts(message, entry, at, flags)
    if flags & ATTRIBUTES:
        size: int = _U32.unpack_from(entry, at)[0]
        at += 4
        message.attributes = entry[at : at + size]
        at += size
    if at > len(entry):
        raise FormatError("message cut short")
    message.body = entry[at:]
    return message


def _read_texts(message: SqsMessage, entry: bytes, at: int, flags: int) -> int:
    for flag, name in _TEXT_FIELDS:
        if flags & flag:
            end = at + 2 + int(_U16.unpack_from(entry, at)[0])
            setattr(message, name, entry[at + 2 : end])
            at = end
    return at


# Attributes


def pack_attribute(name: bytes, data_type: bytes, transport: int, value: bytes) -> bytes:
    """One attribute as it is stored, and as SQS digests it."""
    return b"".join(
        (
            _U32.pack(len(name)),
            name,
            _U32.pack(len(data_type)),
            data_type,
            b"\1" if transport == TEXT else b"\2",
            _U32.pack(len(value)),
            value,
        )
    )


def unpack_attributes(raw: bytes) -> list[RawAttribute]:
    """The attributes in the order they are stored. Raises FormatError."""
    found: list[RawAttribute] = []
    at: int = 0
    size: int = len(raw)
    try:
        while at < size:
            name_end = at + 4 + int(_U32.unpack_from(raw, at)[0])
            type_end = name_end + 4 + int(_U32.unpack_from(raw, name_end)[0])
            transport = raw[type_end]
            start = type_end + 5
            end = start + int(_U32.unpack_from(raw, type_end + 1)[0])
            found.append(
                (raw[at + 4 : name_end], raw[name_end + 4 : type_end], transport, raw[start:end])
            )
            at = end
    except (StructError, IndexError):
        raise FormatError("attributes cut short") from None
    if at != size:
        raise FormatError("attributes cut short")
    return found


def in_order(raw: bytes) -> bytes:
    """The attributes in the order of their names: what the MD5 is of."""
    found = unpack_attributes(raw)
    names = [attribute[0] for attribute in found]
    ordered = sorted(names)
    if names == ordered:
        return raw
    return b"".join(pack_attribute(*attribute) for attribute in sorted(found))


# To the canonical message


def _set_base64(message: Message, value: Value) -> bool:
    if value != BASE64 or message.body is None:
        return False
    try:
        message.body = b64decode(message.body, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _set_created(message: Message, value: Value) -> bool:
    if not isinstance(value, Typed) or value.kind != "timestamp":
        return False
    message.created_at_ms = value.value
    return True


def _set_correlation(message: Message, value: Value) -> bool:
    if value is None or isinstance(value, list | dict):
        return False
    message.correlation = value
    return True


SPELLING: Final = Spelling(
    "ce-",
    {name: set_text(field) for name, field in FIELDS}
    | {
        BODY: _set_base64,
        CREATED: _set_created,
        KEY: set_key,
        CORRELATION: _set_correlation,
    },
)


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """The message. Raises FormatError."""
    raw = unpack(entry)
    if raw.body_md5 != md5_of(raw.body):
        raise FormatError("a body that is not what its MD5 says")
    try:
        message = _message(raw)
    except UnicodeDecodeError:
        raise FormatError("text that is not UTF-8") from None
    message.stored_at_us = stored_ms * 1000
    if any(SPELLING.is_suspect(name) for name, _ in message.headers):
        SPELLING.lift(message)
    if message.id is None and raw.id != NO_ID:
        message.id = id_text(raw.id)
    if raw.deaths:
        message.headers = [*message.headers, *death_headers(read_deaths(raw.deaths))]
    return message


def read_attributes(raw: SqsMessage) -> list[Header]:
    """The attributes as headers, those that are fields included. Raises FormatError."""
    try:
        return [*_message(raw).headers]
    except UnicodeDecodeError:
        raise FormatError("text that is not UTF-8") from None


def _message(raw: SqsMessage) -> Message:
    """The message with all its attributes as headers. Raises UnicodeDecodeError, FormatError."""
    message = Message(raw.body)
    message.durable = True
    message.group = raw.group.decode() if raw.group else None
    message.dedup = raw.dedup.decode() if raw.dedup else None
    headers: list[Header] = []
    labels: dict[str, str] = {}
    for raw_name, data_type, _, value in unpack_attributes(raw.attributes):
        name, label = raw_name.decode(), data_type.decode()
        found, is_plain = read(label, value)
        headers.append((name, found))
        if not is_plain:
            labels[name] = label
    message.headers = headers
    if raw.trace or labels:
        message.rest = {PROTOCOL: dump_kept(raw.trace.decode(), labels)}
    return message


def id_text(id: bytes) -> str:
    """A message id as SQS shows it: the hex digits of a uuid."""
    digits = id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


# What only readers of SQS are told


def dump_kept(trace: str, labels: dict[str, str]) -> bytes:
    """`rest["sqs"]`: the trace header, and data types by name."""
    kept: dict[str, Any] = {"trace": trace} if trace else {}
    if labels:
        kept["types"] = labels
    return dump_json(kept).encode()


def read_kept(message: Message) -> tuple[str, dict[str, str]]:
    """(the trace header, data types by name) that `rest` keeps; a client may have written it."""
    raw = (message.rest or {}).get(PROTOCOL)
    found: Any = None
    if raw is not None:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
    if type(found) is not dict:
        return "", {}
    trace, labels = found.get("trace"), found.get("types")
    return (
        trace if type(trace) is str else "",
        {name: label for name, label in labels.items() if type(label) is str}
        if type(labels) is dict
        else {},
    )


def read_deaths(raw: bytes) -> list[dict[str, Value]]:
    """The deaths of a dead letter, latest first. Raises FormatError."""
    try:
        found = from_json(json.loads(raw))
    except (ValueError, RecursionError, UnicodeDecodeError) as error:
        raise FormatError("deaths that cannot be read") from error
    if type(found) is not list or not all(type(item) is dict for item in found):
        raise FormatError("deaths that cannot be read")
    return found


def death_headers(deaths: list[dict[str, Value]]) -> list[Header]:
    """The deaths as RabbitMQ tells them."""
    headers: list[Header] = [(X_DEATH, deaths)]
    for when, death in (("first", deaths[-1]), ("last", deaths[0])) if deaths else ():
        headers += [
            (f"x-{when}-death-{part}", death.get(part, ""))
            for part in ("reason", "queue", "exchange")
        ]
    return headers
