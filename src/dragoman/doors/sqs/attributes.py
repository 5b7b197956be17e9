"""Attributes of queues: what each may be, and where it lives.

    the kernel's own          VisibilityTimeout, MessageRetentionPeriod, DelaySeconds, RedrivePolicy, FifoQueue,
                              DeduplicationScope
    notes `sqs.NAME`          all others, as they were given: the door acts on some, the rest is only stored
    found when asked for      Approximate..., times, QueueArn

A queue that another door made has them all the same, read from its settings.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from dragoman.doors.sqs.errors import (
    INVALID_ATTRIBUTE_NAME,
    INVALID_ATTRIBUTE_VALUE,
    Refused,
)
from dragoman.kernel.api import QueueInfo, StreamSettings, SubscriptionSettings

NOTE: Final = "sqs."
MESSAGE_BYTES_MAX: Final = 1_048_576
RETENTION_S: Final = 345_600
RETENTION_S_MAX: Final = 1_209_600
VISIBILITY_S_MAX: Final = 43_200
WAIT_S_MAX: Final = 20
DELAY_S_MAX: Final = 900
DEDUP_WINDOW_MS: Final = 300_000
LEASED_MAX: Final = 120_000  # of a standard queue
FIFO_LEASED_MAX: Final = 20_000
JSON_CHARS_MAX: Final = 8_192  # of a policy

Check = Callable[[str, str], str]
"""(name, value) to the value as it is stored. Raises Refused."""


class Attribute(NamedTuple):
    """One attribute: its default, what it may be, who acts on it (for the door's page)."""

    default: str
    check: Check
    acted_on: str
    is_fifo: bool = False


def bad_value(name: str) -> Refused:
    """The attribute cannot be that."""
    return Refused(INVALID_ATTRIBUTE_VALUE, f"Invalid value for the parameter {name}.")


def _number(low: int, high: int) -> Check:
    def check(name: str, value: str) -> str:
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise bad_value(name)
        number = int(value)
        if not low <= number <= high:
            raise bad_value(name)
        return str(number)

    return check


def _one_of(*choices: str) -> Check:
    def check(name: str, value: str) -> str:
        if value not in choices:
            raise bad_value(name)
        return value

    return check


def _flag(name: str, value: str) -> str:
    lowered = value.lower()
    if lowered not in {"true", "false"}:
        raise bad_value(name)
    return lowered


def _text(name: str, value: str) -> str:
    if len(value) > JSON_CHARS_MAX:
        raise bad_value(name)
    return value


def _policy(name: str, value: str) -> str:
    """JSON that is an object, or nothing."""
    if value:
        read_object(name, value)
    return _text(name, value)


def read_object(name: str, value: str) -> dict[str, Any]:
    """Raises Refused unless the value is a JSON object."""
    try:
        found = json.loads(value) if len(value) <= JSON_CHARS_MAX else None
    except (ValueError, RecursionError):
        found = None
    if type(found) is not dict:
        raise bad_value(name)
    return found


WORKS: Final = "works"
STORED: Final = "stored only"

SETTABLE: Final[Mapping[str, Attribute]] = {
    "VisibilityTimeout": Attribute("30", _number(0, VISIBILITY_S_MAX), WORKS),
    "MessageRetentionPeriod": Attribute(str(RETENTION_S), _number(60, RETENTION_S_MAX), WORKS),
    "DelaySeconds": Attribute("0", _number(0, DELAY_S_MAX), WORKS),
    "MaximumMessageSize": Attribute(
        str(MESSAGE_BYTES_MAX), _number(1_024, MESSAGE_BYTES_MAX), WORKS
    ),
    "ReceiveMessageWaitTimeSeconds": Attribute("0", _number(0, WAIT_S_MAX), WORKS),
    "RedrivePolicy": Attribute("", _policy, WORKS),
    "RedriveAllowPolicy": Attribute("", _policy, WORKS),
    "Policy": Attribute("", _policy, STORED),
    "KmsMasterKeyId": Attribute("", _text, STORED),
    "KmsDataKeyReusePeriodSeconds": Attribute("", _number(60, 86_400), STORED),
    "SqsManagedSseEnabled": Attribute("true", _flag, STORED),
    "FifoQueue": Attribute("", _flag, WORKS, is_fifo=True),
    "ContentBasedDeduplication": Attribute("false", _flag, WORKS, is_fifo=True),
    "DeduplicationScope": Attribute("queue", _one_of("queue", "messageGroup"), WORKS, is_fifo=True),
    "FifoThroughputLimit": Attribute(
        "perQueue", _one_of("perQueue", "perMessageGroupId"), STORED, is_fifo=True
    ),
}
COUNTED: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)
NAMES: Final = frozenset(SETTABLE) | frozenset(COUNTED)
CREATED: Final = NOTE + "CreatedTimestamp"
MODIFIED: Final = NOTE + "LastModifiedTimestamp"


def unknown_name(name: str) -> Refused:
    """There is no such attribute, or none that may be set."""
    return Refused(INVALID_ATTRIBUTE_NAME, f"Unknown Attribute {name}.")


def checked(given: Mapping[str, str], *, is_fifo: bool) -> dict[str, str]:
    """What was given, checked one by one. Raises Refused."""
    found: dict[str, str] = {}
    for name, value in given.items():
        attribute = SETTABLE.get(name)
        if attribute is None or (attribute.is_fifo and not is_fifo):
            raise unknown_name(name)
        found[name] = attribute.check(name, value)
    return found


def check_throughput(given: Mapping[str, str], current: Mapping[str, str]) -> None:
    """A limit per group goes only with deduplication per group, whichever of the two is given and whichever stands
    already. Raises Refused.
    """
    if _either("FifoThroughputLimit", given, current) != "perMessageGroupId":
        return
    if _either("DeduplicationScope", given, current) != "messageGroup":
        is_limit = "FifoThroughputLimit" in given
        raise bad_value("FifoThroughputLimit" if is_limit else "DeduplicationScope")


def _either(name: str, given: Mapping[str, str], current: Mapping[str, str]) -> str:
    return given.get(name) or current.get(name) or SETTABLE[name].default


class Traits:
    """What sending and receiving must know of a queue, read once from its settings."""

    __slots__ = (
        "by_content",
        "delay_ms",
        "has_keys",
        "is_by_group",
        "is_fifo",
        "message_bytes_max",
        "visibility_ms",
        "wait_ms",
    )

    def __init__(self, settings: SubscriptionSettings, stream: StreamSettings) -> None:
        self.is_fifo = settings.order == "key"
        self.has_keys = settings.order in ("key", "fair")
        self.by_content = note_of(settings, "ContentBasedDeduplication") == "true"
        self.is_by_group = stream.dedup_scope == "key"
        self.delay_ms = settings.delay_ms
        self.message_bytes_max = int(note_of(settings, "MaximumMessageSize"))
        self.visibility_ms = settings.lease_duration_ms
        self.wait_ms = int(note_of(settings, "ReceiveMessageWaitTimeSeconds")) * 1000


def note_of(settings: SubscriptionSettings, name: str) -> str:
    """An attribute that is kept as a note."""
    return settings.notes.get(NOTE + name, SETTABLE[name].default)


def altered(
    settings: SubscriptionSettings, attributes: Mapping[str, str], now_ms: int
) -> SubscriptionSettings:
    """The settings with these attributes, policies of redrive apart."""
    changes: dict[str, Any] = {}
    notes = dict(settings.notes)
    for name, value in attributes.items():
        if name in _SECONDS:
            changes[_SECONDS[name]] = int(value) * 1000
        elif name not in _ELSEWHERE:
            if value:
                notes[NOTE + name] = value
            else:
                notes.pop(NOTE + name, None)
    seconds = str(now_ms // 1000)
    notes.setdefault(CREATED, seconds)
    notes[MODIFIED] = seconds
    return msgspec.structs.replace(settings, notes=notes, **changes)


_SECONDS: Final[Mapping[str, str]] = {
    "VisibilityTimeout": "lease_duration_ms",
    "MessageRetentionPeriod": "ttl_ms",
    "DelaySeconds": "delay_ms",
}
_ELSEWHERE: Final = frozenset(("RedrivePolicy", "FifoQueue", "DeduplicationScope"))


def described(
    info: QueueInfo, stream: StreamSettings, arn: str, dead_letter_arn: str
) -> dict[str, str]:
    """Every attribute of a queue that has a value; `dead_letter_arn` is empty where there is none."""
    settings = info.settings
    is_fifo = settings.order == "key"
    found = {
        "QueueArn": arn,
        "ApproximateNumberOfMessages": str(info.ready),
        "ApproximateNumberOfMessagesNotVisible": str(info.leased + info.waiting + info.deferred),
        "ApproximateNumberOfMessagesDelayed": str(info.delayed),
        "VisibilityTimeout": str(settings.lease_duration_ms // 1000),
        "MessageRetentionPeriod": str(
            RETENTION_S_MAX if settings.ttl_ms < 0 else settings.ttl_ms // 1000
        ),
        "DelaySeconds": str(settings.delay_ms // 1000),
    }
    for name, attribute in SETTABLE.items():
        if name in found or name in _ELSEWHERE or (attribute.is_fifo and not is_fifo):
            continue
        value = note_of(settings, name)
        if value:
            found[name] = value
    if is_fifo:
        found["FifoQueue"] = "true"
        found["DeduplicationScope"] = "messageGroup" if stream.dedup_scope == "key" else "queue"
    if dead_letter_arn:
        policy = {"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": settings.attempts_max}
        found["RedrivePolicy"] = json.dumps(policy, separators=(",", ":"))
    for name in (CREATED, MODIFIED):
        if name in settings.notes:
            found[name[len(NOTE) :]] = settings.notes[name]
    return found


def selected(found: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Those that were asked for. Raises Refused for one that there is not."""
    wanted = set(names)
    for name in names:
        if name != "All" and name not in NAMES:
            raise unknown_name(name)
    return {name: value for name, value in found.items() if "All" in wanted or name in wanted}
