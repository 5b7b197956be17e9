"""The few changes that a broker makes to a message of AMQP 1.0: headers that a binding sets, actions of rules, deaths.

    application-properties   DeadLetterReason, DeadLetterErrorDescription, as Service Bus tells them
    message annotations      x-opt-deadletter-source: the queue; x-opt-deaths: all deaths, latest first
    header                   without the ttl that is over

A reader's own reason stands on the first line of what it says (`Death.text`), its description behind it.
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.formats.amqp10 import read_properties, section
from dragoman.formats.amqp10values import Untranslatable, from_value, to_value
from dragoman.formats.amqp10write import section_bytes
from dragoman.formats.deaths import REJECTED, entry_of, extended
from dragoman.formats.errors import FormatError
from dragoman.formats.lift import is_utf8
from dragoman.model.message import Typed, Value
from dragoman.ports.translator import Change, Death
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.encode import NotEncodable, encode, encode_list
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import (
    APPLICATION_PROPERTIES,
    MESSAGE_ANNOTATIONS,
    pack_entry,
    slice_message,
    split_entry,
)
from dragoman.wire.amqp10.values import Symbol, Timestamp

REASON: Final = "DeadLetterReason"
DESCRIPTION: Final = "DeadLetterErrorDescription"
SOURCE: Final = "x-opt-deadletter-source"
DEATHS: Final = "x-opt-deaths"
REASONS: Final[Mapping[str, str]] = {
    "expired": "TTLExpiredException",
    "delivery_limit": "MaxDeliveryCountExceeded",
    "too-large": "HeaderSizeExceeded",
    "max_hops": "MaxTransferHopCountExceeded",
}
"""The kernel's words; others stand as they are."""
DESCRIPTIONS: Final[Mapping[str, str]] = {
    "expired": "The message expired and was dead lettered.",
    "delivery_limit": "Message could not be consumed after the maximum number of deliveries.",
    "max_hops": "The message was forwarded as often as it may be.",
}
PROPERTIES: Final[Mapping[str, str]] = {
    "id": "message_id",
    "correlation": "correlation_id",
    "type": "subject",
    "to": "to",
    "reply_to": "reply_to",
    "group": "group_id",
    "reply_group": "reply_to_group_id",
    "content_type": "content_type",
}
"""The envelope's fields that an action may set, and where they stand."""
_TTL_AT: Final = 2  # in the list of the header


class _Opened:
    """An entry whose maps can be changed. Raises DecodeError."""

    def __init__(self, entry: bytes) -> None:
        parts = split_entry(entry)
        self.header: list[Any] = section(entry, parts.start, parts.annotations, list)
        self.annotations: dict[Any, Any] = section(entry, parts.annotations, parts.properties, dict)
        self.properties = entry[parts.properties : parts.application]
        self.application: dict[Any, Any] = section(entry, parts.application, parts.body, dict)
        self.rest = entry[parts.body :]

    def pack(self) -> bytes:
        """The stored form again. Raises NotEncodable."""
        header = b""
        if self.header:
            header = b"\x00\x53\x70" + encode_list([encode(value) for value in self.header])
        return pack_entry(
            slice_message(
                header
                + section_bytes(MESSAGE_ANNOTATIONS, self.annotations)
                + self.properties
                + section_bytes(APPLICATION_PROPERTIES, self.application)
                + self.rest
            )
        )


def with_headers(entry: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The stored form with these application-properties set. Raises FormatError."""
    try:
        message = _Opened(entry)
        message.application.update(headers)
        return message.pack()
    except (DecodeError, NotEncodable) as error:
        raise FormatError(str(error)) from None


def changed(entry: bytes, change: Change) -> bytes:
    """The stored form as an action of a rule has it. Raises FormatError."""
    try:
        message = _Opened(entry)
        for name, value in change.headers.items():
            message.application.pop(name, None)
            if value is not None:
                message.application[name] = from_value(value)
        if change.fields:
            said = read_properties(entry, split_entry(entry))
            for field, text in change.fields.items():
                setattr(
                    said, PROPERTIES[field], _property(field, None if text is None else str(text))
                )
            message.properties = b"" if said == Properties() else to_bytes(said)
        return message.pack()
    except (DecodeError, NotEncodable, Untranslatable) as error:
        raise FormatError(str(error)) from None


def _property(field: str, text: str | None) -> str | None:
    """Raises FormatError for what the section cannot say."""
    if text is None:
        return None
    if not is_utf8(text) or (field == "content_type" and not text.isascii()):
        raise FormatError(f"a {field} that AMQP 1.0 cannot say")
    return text


def dead_letter(entry: bytes, death: Death) -> bytes | None:
    """The stored form with its history extended; None in a circle. Raises FormatError."""
    try:
        message = _Opened(entry)
        deaths = extended(_history(message.annotations), entry_of(death, "", [death.queue], None))
        if deaths is None:
            return None
        reason, description = _told(death)
        message.application[REASON] = reason
        message.application[DESCRIPTION] = description
        message.annotations[Symbol(SOURCE)] = death.queue
        message.annotations[Symbol(DEATHS)] = [_table(each) for each in deaths]
        if len(message.header) > _TTL_AT:
            message.header[_TTL_AT] = None
        return message.pack()
    except (DecodeError, NotEncodable) as error:
        raise FormatError(str(error)) from None


def revived(entry: bytes) -> tuple[str, bytes] | None:
    """(queue, stored form without its history); None when it never died. Raises FormatError."""
    if SOURCE.encode() not in entry:
        return None
    try:
        message = _Opened(entry)
        queue = message.annotations.pop(SOURCE, None)
        if type(queue) is not str or not queue:
            return None
        message.annotations.pop(DEATHS, None)
        message.application.pop(REASON, None)
        message.application.pop(DESCRIPTION, None)
        return queue, message.pack()
    except (DecodeError, NotEncodable) as error:
        raise FormatError(str(error)) from None


def _told(death: Death) -> tuple[str, str]:
    """Reason and description."""
    known = REASONS.get(death.reason)
    if known is not None:
        return known, death.text or DESCRIPTIONS.get(death.reason, "")
    reason, _, description = death.text.partition("\n")
    return (reason, description) if death.reason == REJECTED else (death.reason, death.text)


def _history(annotations: dict[Any, Any]) -> Value:
    try:
        return to_value(annotations.get(DEATHS))
    except Untranslatable:
        return None


def _table(death: dict[str, Value]) -> dict[str, Any]:
    """A death as a map of AMQP's."""
    time = death.get("time")
    return {
        "count": death.get("count", 1),
        "reason": death.get("reason", ""),
        "queue": death.get("queue", ""),
        "time": Timestamp(time.value if isinstance(time, Typed) else 0),
    }
