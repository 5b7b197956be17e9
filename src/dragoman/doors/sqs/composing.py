"""Messages as clients send them: checked as SQS checks them, and packed as they are stored. Hot."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from dragoman.doors.sqs.attributes import DELAY_S_MAX
from dragoman.doors.sqs.errors import (
    INVALID_MESSAGE_CONTENTS,
    INVALID_PARAMETER_VALUE,
    UNSUPPORTED_OPERATION,
    WRONG_TYPE,
    Refused,
    invalid,
    missing,
)
from dragoman.doors.sqs.queue import Queue
from dragoman.formats.sqs import BYTES, TEXT, SqsMessage, md5_of, pack_attribute
from dragoman.formats.sqsvalues import is_legal, is_name
from dragoman.wire.aws.shapes import AttributeValue, SendEntry, SendMessage

ATTRIBUTES_MAX: Final = 10
ID_MAX: Final = 128
TRACE: Final = "AWSTraceHeader"
_ID: Final = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}", re.ASCII)
_TYPE: Final = re.compile(r"(String|Number|Binary)(\.[^\x00-\x1f]{1,249})?")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NUMBER_CHARS_MAX: Final = 256


class Composed:
    """A message ready to be published: `entry` lacks only its id. Digests are hex, empty where there is nothing."""

    __slots__ = ("attributes_md5", "dedup", "delay_ms", "entry", "group", "size", "system_md5")

    def __init__(self, entry: SqsMessage, size: int) -> None:
        self.entry = entry
        self.size = size
        self.group = b""
        self.dedup = ""
        self.delay_ms = 0
        self.attributes_md5: str | None = None
        self.system_md5: str | None = None


def compose(queue: Queue, request: SendMessage | SendEntry, sender: bytes) -> Composed:
    """Raises Refused."""
    text = request.message_body
    if not text:
        raise missing("MessageBody")
    if not is_legal(text):
        raise Refused(
            INVALID_MESSAGE_CONTENTS,
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD"
            " | #x10000 to #x10FFFF",
        )
    body = text.encode()
    entry = SqsMessage(body=body)
    entry.body_md5 = md5_of(body)
    entry.sender = sender
    composed = Composed(entry, len(body))
    if request.message_attributes:
        _add_attributes(composed, request.message_attributes)
    if request.message_system_attributes:
        _add_system(composed, request.message_system_attributes)
    if composed.size > queue.traits.message_bytes_max:
        raise Refused(
            INVALID_PARAMETER_VALUE,
            "One or more parameters are invalid. Reason: Message must be shorter than"
            f" {queue.traits.message_bytes_max} bytes.",
        )
    if (
        queue.traits.is_fifo
        or request.message_group_id is not None
        or request.message_deduplication_id
    ):
        _set_group(composed, queue, request)
    if request.delay_seconds is not None:
        _set_delay(composed, queue, request.delay_seconds)
    return composed


def _set_delay(composed: Composed, queue: Queue, delay_s: int) -> None:
    if queue.traits.is_fifo and delay_s:
        raise invalid("DelaySeconds", delay_s, WRONG_TYPE)
    if not 0 <= delay_s <= DELAY_S_MAX:
        raise invalid("DelaySeconds", delay_s, f"DelaySeconds must be >= 0 and <= {DELAY_S_MAX}.")
    composed.delay_ms = max(delay_s * 1000 - queue.traits.delay_ms, 0)


def _set_group(composed: Composed, queue: Queue, request: SendMessage | SendEntry) -> None:
    group, dedup = request.message_group_id, request.message_deduplication_id
    traits = queue.traits
    if group is not None:
        composed.group = composed.entry.group = _checked_id("MessageGroupId", group)
    elif traits.is_fifo:
        raise missing("MessageGroupId")
    if dedup is not None:
        if not traits.is_fifo:
            raise invalid("MessageDeduplicationId", dedup, WRONG_TYPE)
        composed.entry.dedup = _checked_id("MessageDeduplicationId", dedup)
        composed.dedup = dedup
    elif traits.by_content:
        composed.dedup = sha256(composed.entry.body).hexdigest()
        composed.entry.dedup = composed.dedup.encode()
    elif traits.is_fifo:
        raise Refused(
            INVALID_PARAMETER_VALUE,
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
            " explicitly",
        )


def _checked_id(name: str, value: str) -> bytes:
    if not _ID.fullmatch(value):
        raise invalid(
            name,
            value,
            f"{name} can only include alphanumeric and punctuation characters. 1 to {ID_MAX} in length.",
        )
    return value.encode()


# Attributes


def _bad(text: str) -> Refused:
    return Refused(INVALID_PARAMETER_VALUE, text)


def _add_attributes(composed: Composed, given: Mapping[str, AttributeValue]) -> None:
    if len(given) > ATTRIBUTES_MAX:
        raise _bad(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{ATTRIBUTES_MAX}]."
        )
    packed: list[tuple[str, bytes]] = []
    size = 0
    for name, value in given.items():
        if not is_name(name):
            raise _bad(
                f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore"
                " (_), hyphen (-), and period (.) characters."
            )
        data_type, transport, raw = _value(name, value, "user")
        size += len(name) + len(data_type) + len(raw)
        packed.append((name, pack_attribute(name.encode(), data_type, transport, raw)))
    entry = composed.entry
    entry.attributes = b"".join([one for _, one in packed])
    packed.sort()
    entry.attributes_md5 = md5_of(b"".join([one for _, one in packed]))
    composed.attributes_md5 = entry.attributes_md5.hex()
    composed.size += size


def _add_system(composed: Composed, given: Mapping[str, AttributeValue]) -> None:
    """AWSTraceHeader, which is the only one; it does not count as part of the message."""
    for name in given:
        if name != TRACE:
            raise _bad(f"Message system attribute name '{name}' is invalid.")
    data_type, transport, raw = _value(TRACE, given[TRACE], "system")
    if data_type != b"String":
        raise _bad(
            f"The message system attribute '{TRACE}' must contain a non-empty attribute value of type 'String'."
        )
    composed.entry.trace = raw
    composed.system_md5 = md5_of(pack_attribute(TRACE.encode(), data_type, transport, raw)).hex()


def _value(name: str, value: AttributeValue, kind: str) -> tuple[bytes, int, bytes]:
    """(data type, transport, value). Raises Refused."""
    what = f"The message {'system ' if kind == 'system' else ''}attribute '{name}'"
    if value.string_list_values or value.binary_list_values:
        raise Refused(
            UNSUPPORTED_OPERATION,
            "Message attribute list values in SendMessage operation are not supported.",
        )
    data_type = value.data_type
    if not data_type:
        raise _bad(f"{what} must contain a non-empty message attribute type.")
    if not _TYPE.fullmatch(data_type) or not is_legal(data_type):
        raise _bad(
            f"{what} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and"
            " String."
        )
    if data_type.startswith("Binary"):
        if not value.binary_value:
            raise _empty(what, data_type)
        return data_type.encode(), BYTES, value.binary_value
    text = value.string_value
    if not text:
        raise _empty(what, data_type)
    if data_type.startswith("Number") and (
        len(text) > _NUMBER_CHARS_MAX or not _NUMBER.fullmatch(text)
    ):
        raise _bad(f"Can't cast the value of message ({kind}) attribute '{name}' to a number.")
    if not is_legal(text):
        raise Refused(INVALID_MESSAGE_CONTENTS, f"{what} has characters that are not allowed.")
    return data_type.encode(), TEXT, text.encode()


def _empty(what: str, data_type: str) -> Refused:
    return _bad(
        f"{what} must contain a non-empty message attribute value for message attribute type '{data_type}'."
    )
