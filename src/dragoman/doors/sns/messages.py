"""Messages as they are published: checked as SNS checks them, and what each subscription gets of them. Warm."""

import json
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from dragoman.doors.sns.asking import unsubscribe_url
from dragoman.doors.sns.errors import PARAMETER_VALUE_INVALID, invalid, missing
from dragoman.doors.sns.names import Name
from dragoman.doors.sns.store import Subscription
from dragoman.doors.sqs.errors import Refused
from dragoman.formats.sqs import id_text
from dragoman.formats.sqsvalues import is_legal, is_name
from dragoman.formats.values import timestamp_text
from dragoman.wire.aws.shapes import AttributeValue
from dragoman.wire.aws.topics import Message

MESSAGE_BYTES_MAX: Final = 262_144
SUBJECT_MAX: Final = 100
DEFAULT: Final = "default"
NOTIFICATION: Final = "Notification"
_GROUP: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_TYPE: Final = re.compile(r"(String|Number|Binary)(\.[^\x00-\x1f]{1,249})?")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


class News:
    """A message on its way to the subscriptions of a topic. Its id is given when it is published."""

    __slots__ = (
        "attributes",
        "dedup",
        "group",
        "id",
        "sequence",
        "size",
        "subject",
        "text",
        "texts",
        "topic",
    )

    def __init__(self, topic: Name, text: str) -> None:
        self.topic = topic
        self.text = text
        self.texts: Mapping[str, str] = {}  # by protocol, where they differ
        self.subject: str | None = None
        self.attributes: dict[str, AttributeValue] = {}
        self.group: str | None = None
        self.dedup = ""
        self.size = 0
        self.id = bytes(16)
        self.sequence: str | None = None

    def text_for(self, protocol: str) -> str:
        """What a protocol's subscriptions get."""
        if not self.texts:
            return self.text
        return self.texts.get(protocol, self.texts[DEFAULT])

    def envelope(self, name: Name, subscription: Subscription, base: str, now_ms: int) -> str:
        """The message as JSON that says where it comes from. It is not signed."""
        told: dict[str, object] = {
            "Type": NOTIFICATION,
            "MessageId": id_text(self.id),
            "TopicArn": self.topic.arn,
        }
        if self.sequence is not None:
            told["SequenceNumber"] = self.sequence
        if self.subject:
            told["Subject"] = self.subject
        told |= {
            "Message": self.text_for(subscription.protocol),
            "Timestamp": timestamp_text(now_ms),
            "UnsubscribeURL": unsubscribe_url(base, name),
        }
        if self.attributes:
            told["MessageAttributes"] = {
                known: {"Type": value.data_type, "Value": _shown(value)}
                for known, value in self.attributes.items()
            }
        return msgspec.json.encode(told).decode()


def _shown(value: AttributeValue) -> object:
    return value.binary_value if value.string_value is None else value.string_value


def news_of(topic: Name, request: Message) -> News:
    """Raises Refused."""
    text = request.message
    if text is None:
        raise missing("Message")
    if not text:
        raise invalid("Empty message")
    if not is_legal(text):
        raise invalid("Message", "Invalid characters found")
    news = News(topic, text)
    structure = request.message_structure
    if structure:
        news.texts = _texts(structure, text)
    news.subject = _subject(request.subject)
    news.size = len(text.encode())
    if request.message_attributes:
        news.attributes = request.message_attributes
        news.size += _check_attributes(request.message_attributes)
    if news.size > MESSAGE_BYTES_MAX:
        raise invalid("Message too long")
    _group(news, request)
    return news


def _texts(structure: str, text: str) -> Mapping[str, str]:
    if structure != "json":
        raise invalid("MessageStructure", "Message Structure - json is the only one")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    if DEFAULT not in texts:
        raise invalid("Message Structure - No default entry in JSON message body")
    return texts


def _subject(subject: str | None) -> str | None:
    if subject is not None and not (
        0 < len(subject) <= SUBJECT_MAX and subject.isascii() and subject.isprintable()
    ):
        raise invalid("Subject")
    return subject


def _group(news: News, request: Message) -> None:
    group, dedup = request.message_group_id, request.message_deduplication_id
    is_fifo = news.topic.is_fifo
    if group is None and is_fifo:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if dedup is not None and not is_fifo:
        raise invalid(
            "MessageDeduplicationId",
            "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        )
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", dedup)):
        if value is not None and not _GROUP.fullmatch(value):
            raise invalid(name, "1 to 128 letters, digits and punctuation")
    news.group = group
    news.dedup = dedup or ""


# --- attributes ---


def _check_attributes(given: Mapping[str, AttributeValue]) -> int:
    """Their size in bytes. Raises Refused."""
    size = 0
    for name, value in given.items():
        if not is_name(name):
            raise _bad(f"The message attribute name '{name}' is invalid.")
        size += len(name) + _check_value(name, value)
    return size


def _check_value(name: str, value: AttributeValue) -> int:
    kind, text = value.data_type, value.string_value
    if not kind:
        raise _bad(f"The message attribute '{name}' must contain a non-empty type.")
    if not _TYPE.fullmatch(kind):
        raise Refused(
            PARAMETER_VALUE_INVALID,
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes"
            " is Binary, Number, and String.",
        )
    if kind.startswith("Binary"):
        if not value.binary_value:
            raise _bad(
                f"The message attribute '{name}' with type '{kind}' must use field 'Binary'."
            )
        return len(kind) + len(value.binary_value)
    if not text or not is_legal(text):
        raise _bad(f"The message attribute '{name}' with type '{kind}' must use field 'String'.")
    if kind.startswith("Number") and not _NUMBER.fullmatch(text):
        raise _bad(f"Could not cast message attribute '{name}' value to number.")
    if kind == "String.Array" and not _is_array(text):
        raise _bad(f"The message attribute '{name}' of type 'String.Array' is no JSON array.")
    return len(kind) + len(text.encode())


def _is_array(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def _bad(text: str) -> Refused:
    return Refused(PARAMETER_VALUE_INVALID, text)
