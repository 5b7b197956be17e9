"""Elements of descriptions, in the order in which the service writes them: some clients read by place.

default    what is told where nobody said anything; None leaves the element out
check      the text as it is kept; raises ValueError
is_ours    told, never taken: counts and times
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from dragoman.doors.servicebus.atom.errors import bad
from dragoman.doors.servicebus.durations import FOR_EVER, read_duration, write_duration

NEVER: Final = "0001-01-01T00:00:00Z"
TEXT_CHARS_MAX: Final = 1_024
NUMBER_DIGITS_MAX: Final = 18
COUNTS: Final = "CountDetails"
RIGHTS: Final = "AuthorizationRules"
STATUSES: Final = ("Active", "Disabled", "SendDisabled", "ReceiveDisabled")


class Field(NamedTuple):
    """One element; see the module."""

    name: str
    default: str | None
    check: Callable[[str], str]
    is_ours: bool = False


def _flag(text: str) -> str:
    if text.lower() not in {"true", "false"}:
        raise ValueError("true or false")
    return text.lower()


def _number(text: str) -> str:
    if not (text.isascii() and text.isdecimal()) or len(text) > NUMBER_DIGITS_MAX:
        raise ValueError("a whole number")
    return str(int(text))


def _span(text: str) -> str:
    span_ms = read_duration(text)
    if not span_ms:
        raise ValueError("a duration, as PT1M")
    return write_duration(span_ms)


def _status(text: str) -> str:
    if text not in STATUSES:
        raise ValueError(f"one of {', '.join(STATUSES)}")
    return text


def _text(text: str) -> str:
    if len(text) > TEXT_CHARS_MAX:
        raise ValueError(f"at most {TEXT_CHARS_MAX} characters")
    return text


def _ours(name: str, default: str = "0") -> Field:
    return Field(name, default, str, is_ours=True)


_LOCK: Final = Field("LockDuration", "PT1M", _span)
_SESSION: Final = Field("RequiresSession", "false", _flag)
_TTL: Final = Field("DefaultMessageTimeToLive", FOR_EVER, _span)
_EXPIRED: Final = Field("DeadLetteringOnMessageExpiration", "false", _flag)
_DELIVERIES: Final = Field("MaxDeliveryCount", "10", _number)
_BATCHED: Final = Field("EnableBatchedOperations", "true", _flag)
_STATUS: Final = Field("Status", "Active", _status)
_FORWARD: Final = Field("ForwardTo", None, _text)
_FORWARD_DEAD: Final = Field("ForwardDeadLetteredMessagesTo", None, _text)
_METADATA: Final = Field("UserMetadata", None, _text)
_IDLE: Final = Field("AutoDeleteOnIdle", FOR_EVER, _span)
_AVAILABLE: Final = _ours("EntityAvailabilityStatus", "Available")
_TIMES: Final = tuple(_ours(name, NEVER) for name in ("CreatedAt", "UpdatedAt", "AccessedAt"))
_SIZE_MAX: Final = Field("MaxSizeInMegabytes", "1024", _number)
_DEDUP: Final = Field("RequiresDuplicateDetection", "false", _flag)
_WINDOW: Final = Field("DuplicateDetectionHistoryTimeWindow", "PT10M", _span)
_PARTITIONED: Final = Field("EnablePartitioning", "false", _flag)
_EXPRESS: Final = Field("EnableExpress", "false", _flag)
_MESSAGE_MAX: Final = Field("MaxMessageSizeInKilobytes", "1024", _number)
_ANONYMOUS: Final = _ours("IsAnonymousAccessible", "false")
_RIGHTS: Final = Field(RIGHTS, "", str)
_ORDERING: Final = Field("SupportOrdering", "true", _flag)

QUEUE: Final = (
    _LOCK,
    _SIZE_MAX,
    _DEDUP,
    _SESSION,
    _TTL,
    _EXPIRED,
    _WINDOW,
    _DELIVERIES,
    _BATCHED,
    _ours("SizeInBytes"),
    _ours("MessageCount"),
    _ANONYMOUS,
    _RIGHTS,
    _STATUS,
    _FORWARD,
    _METADATA,
    *_TIMES,
    _ORDERING,
    _ours(COUNTS),
    _IDLE,
    _PARTITIONED,
    _AVAILABLE,
    _FORWARD_DEAD,
    _EXPRESS,
    _MESSAGE_MAX,
)
TOPIC: Final = (
    _TTL,
    _SIZE_MAX,
    _DEDUP,
    _WINDOW,
    _BATCHED,
    _ours("SizeInBytes"),
    _ours("FilteringMessagesBeforePublishing", "false"),
    _ANONYMOUS,
    _RIGHTS,
    _STATUS,
    _METADATA,
    *_TIMES,
    _ORDERING,
    _ours(COUNTS),
    _ours("SubscriptionCount"),
    _IDLE,
    _PARTITIONED,
    _AVAILABLE,
    _ours("EnableSubscriptionPartitioning", "false"),
    _EXPRESS,
    _MESSAGE_MAX,
)
SUBSCRIPTION: Final = (
    _LOCK,
    _SESSION,
    _TTL,
    _EXPIRED,
    Field("DeadLetteringOnFilterEvaluationExceptions", "true", _flag),
    _ours("MessageCount"),
    _DELIVERIES,
    _BATCHED,
    _STATUS,
    _FORWARD,
    *_TIMES,
    _ours(COUNTS),
    _METADATA,
    _FORWARD_DEAD,
    _IDLE,
    _AVAILABLE,
)
COUNT_NAMES: Final = (
    "ActiveMessageCount",
    "DeadLetterMessageCount",
    "ScheduledMessageCount",
    "TransferMessageCount",
    "TransferDeadLetterMessageCount",
)
"""Of `CountDetails`."""

Said = Mapping[str, str]
"""Elements of a description, checked."""


def check(fields: tuple[Field, ...], said: Said) -> dict[str, str]:
    """What is taken of what was said; what nobody knows is passed over, as the service does. Raises AtomError."""
    found: dict[str, str] = {}
    for field in fields:
        text = said.get(field.name)
        if text is None or field.is_ours:
            continue
        try:
            found[field.name] = field.check(text)
        except ValueError as error:
            raise bad(f"{field.name}: {text[:80]!r}, not {error}.") from None
    return found
