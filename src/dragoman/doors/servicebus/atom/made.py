"""What a description makes of an entity in the kernel's words, and what its elements are of one that is there.

What the kernel has no word for is kept as a note of the entity (`definitions.NOTE`) and told as it was said.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from dragoman.doors.servicebus.atom.errors import bad
from dragoman.doors.servicebus.atom.fields import RIGHTS, Said
from dragoman.doors.servicebus.definitions import (
    DEDUP_MS,
    DEDUP_MS_MAX,
    DEDUP_MS_MIN,
    DELIVERIES,
    DELIVERIES_MAX,
    LOCK_MS,
    LOCK_MS_MAX,
    LOCK_MS_MIN,
    NOT_RECEIVED_FROM,
    STATUS,
    note_of,
    with_note,
)
from dragoman.doors.servicebus.durations import FOR_EVER_MS, read_duration, write_duration
from dragoman.doors.servicebus.entities import SESSIONS
from dragoman.kernel.api import StreamSettings, SubscriptionSettings

KEPT: Final = (
    "EnableBatchedOperations",
    RIGHTS,
    STATUS,
    "UserMetadata",
    "SupportOrdering",
    "EnablePartitioning",
    "EnableExpress",
    "DeadLetteringOnFilterEvaluationExceptions",
    "DefaultMessageTimeToLive",
    "DuplicateDetectionHistoryTimeWindow",
    "CreatedAt",
    "UpdatedAt",
)
DEDUP: Final = "DuplicateDetectionHistoryTimeWindow"
ANY_DELIVERIES: Final = (1 << 31) - 1
"""Told of queues of other protocols, which may have no bound."""
MEGABYTE: Final = 1 << 20
KILOBYTE: Final = 1 << 10
MESSAGE_KILOBYTES_MAX: Final = 102_400
IDLE_MS_MIN: Final = 300_000
"""No entity goes sooner than five minutes after its last use."""


def _span_ms(said: Said, name: str, default_ms: int) -> int:
    text = said.get(name)
    found = None if text is None else read_duration(text)
    return default_ms if found is None else found


def _check_span(name: str, span_ms: int, low_ms: int, high_ms: int) -> None:
    """Raises AtomError."""
    if not low_ms <= span_ms <= high_ms:
        low, high, found = map(write_duration, (low_ms, high_ms, span_ms))
        raise bad(f"The value {found!r} for the property {name} is out of range: {low} to {high}.")


def limit_ms(said: Said) -> int:
    """What a description says of its messages' life; -1 for ever."""
    found = _span_ms(said, "DefaultMessageTimeToLive", FOR_EVER_MS)
    return -1 if found >= FOR_EVER_MS else found


def shorter_ms(*limits_ms: int) -> int:
    """The shortest of lives; -1 for ever."""
    return min((limit for limit in limits_ms if limit >= 0), default=-1)


def subscription_settings(
    before: SubscriptionSettings, said: Said, topic_limit_ms: int = -1
) -> SubscriptionSettings:
    """The settings of a queue or subscription that is described so. Raises AtomError."""
    lock_ms = _span_ms(said, "LockDuration", LOCK_MS)
    deliveries = int(said.get("MaxDeliveryCount", DELIVERIES))
    known = before.attempts_max or ANY_DELIVERIES
    idle_ms = _span_ms(said, "AutoDeleteOnIdle", FOR_EVER_MS)
    if lock_ms != before.lease_duration_ms:  # another way in may know no such bounds
        _check_span("LockDuration", lock_ms, LOCK_MS_MIN, LOCK_MS_MAX)
    if deliveries != known and not 0 < deliveries <= DELIVERIES_MAX:
        raise bad(f"MaxDeliveryCount: 1 to {DELIVERIES_MAX}.")
    if idle_ms < IDLE_MS_MIN:
        raise bad("AutoDeleteOnIdle: at least five minutes.")
    return replace(
        before,
        lease_duration_ms=lock_ms,
        attempts_max=0 if deliveries == ANY_DELIVERIES else deliveries,
        ttl_ms=shorter_ms(limit_ms(said), topic_limit_ms),
        dead_letter_expired=said.get("DeadLetteringOnMessageExpiration") == "true",
        order=SESSIONS if said.get("RequiresSession") == "true" else "none",
        idle_ms=0 if idle_ms >= FOR_EVER_MS else idle_ms,
        paused=said.get(STATUS) in NOT_RECEIVED_FROM,
        notes=_noted(before.notes, said),
    )


def stream_settings(before: StreamSettings, said: Said, *, notes: bool) -> StreamSettings:
    """The settings of a queue's or topic's stream; of a topic with its notes. Raises AtomError."""
    window_ms = 0
    if said.get("RequiresDuplicateDetection") == "true":
        window_ms = _span_ms(said, DEDUP, DEDUP_MS)
        if window_ms != before.dedup_window_ms:
            _check_span(DEDUP, window_ms, DEDUP_MS_MIN, DEDUP_MS_MAX)
    kilobytes = int(said.get("MaxMessageSizeInKilobytes", MEGABYTE // KILOBYTE))
    if not 0 < kilobytes <= MESSAGE_KILOBYTES_MAX:
        raise bad(f"MaxMessageSizeInKilobytes: 1 to {MESSAGE_KILOBYTES_MAX}.")
    return replace(
        before,
        dedup_window_ms=window_ms,
        message_bytes_max=kilobytes * KILOBYTE if "MaxMessageSizeInKilobytes" in said else 0,
        stored_bytes_max=int(said.get("MaxSizeInMegabytes", 0)) * MEGABYTE,
        notes=_noted(before.notes, said) if notes else before.notes,
    )


def _noted(notes: Mapping[str, str], said: Said) -> dict[str, str]:
    return with_note(notes, {name: said[name] for name in KEPT if name in said})


def stream_elements(settings: StreamSettings, *, notes: bool) -> dict[str, str]:
    """What a queue's or topic's stream says of it."""
    window_ms = settings.dedup_window_ms
    said: dict[str, str] = {"RequiresDuplicateDetection": _flag(window_ms > 0)}
    if notes:
        said |= note_of(settings.notes)
    if window_ms:
        said[DEDUP] = write_duration(window_ms)
    if settings.stored_bytes_max:
        said["MaxSizeInMegabytes"] = str(settings.stored_bytes_max // MEGABYTE)
    if settings.message_bytes_max:
        said["MaxMessageSizeInKilobytes"] = str(settings.message_bytes_max // KILOBYTE)
    return said


def subscription_elements(settings: SubscriptionSettings) -> dict[str, str]:
    """What a queue or subscription is. Its own limit on lives is what was said, if it still can be."""
    note = note_of(settings.notes)
    said: dict[str, Any] = {
        "LockDuration": write_duration(settings.lease_duration_ms),
        "MaxDeliveryCount": str(settings.attempts_max or ANY_DELIVERIES),
        "DeadLetteringOnMessageExpiration": _flag(settings.dead_letter_expired),
        "RequiresSession": _flag(settings.order == SESSIONS),
        **note,
    }
    if settings.ttl_ms >= 0 and "DefaultMessageTimeToLive" not in note:
        said["DefaultMessageTimeToLive"] = write_duration(settings.ttl_ms)
    if settings.idle_ms:
        said["AutoDeleteOnIdle"] = write_duration(settings.idle_ms)
    if settings.paused and note.get(STATUS) not in NOT_RECEIVED_FROM:
        said[STATUS] = "ReceiveDisabled"
    return said


def _flag(value: bool) -> str:
    return "true" if value else "false"
