"""Dead letters of events: what Event Grid adds to an event that it could not deliver, in the spelling of its schema.

    Event Grid's schema       CloudEvents               what
    deadLetterReason          deadletterreason          MaxDeliveryAttemptsExceeded, TimeToLiveExceeded, ...
    deliveryAttempts          deliveryattempts          how often it was tried
    lastDeliveryOutcome       lastdeliveryoutcome       what came of the last try: NotFound, TimedOut, ...
    publishTime               publishtime               when it came
    lastDeliveryAttemptTime   lastdeliveryattempttime   when it was tried last

What is not known is left out. An event that died before has the newest of each. An event that comes back to where it
died, and that no reader has rejected, goes in a circle: it is dropped (`deaths`).
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.formats.eventdata import MEMBER, read_members, read_value, write_json
from dragoman.formats.values import timestamp_text
from dragoman.model.levels import CLOUDEVENT
from dragoman.ports.translator import Death

REASONS: Final[Mapping[str, str]] = {
    "delivery_limit": "MaxDeliveryAttemptsExceeded",
    "expired": "TimeToLiveExceeded",
    "rejected": "Rejected",
    "maxlen": "MaxLengthExceeded",
}
"""The kernel's words; others stand as they are."""
SOURCE: Final = "deadLetterSource"
MEMBERS: Final = (
    "deadLetterReason",
    "deliveryAttempts",
    "lastDeliveryOutcome",
    "publishTime",
    "lastDeliveryAttemptTime",
    SOURCE,
)
_CIRCLES: Final = frozenset((REASONS["expired"], REASONS["maxlen"]))


def event_dead_letter(format_: int, body: bytes, death: Death) -> bytes | None:
    """The event with its death added; None in a circle. Raises FormatError."""
    members: dict[str, Any] = dict(read_members(body))
    reason = REASONS.get(death.reason, death.reason)
    found = {
        "deadLetterReason": reason,
        "deliveryAttempts": death.attempts,
        "lastDeliveryOutcome": death.text or None,
        "publishTime": _time(death.stored_ms),
        "lastDeliveryAttemptTime": _time(death.tried_ms),
        SOURCE: death.queue,
    }
    if format_ == CLOUDEVENT:
        found = {name.lower(): value for name, value in found.items()}
    if reason in _CIRCLES and _goes_in_a_circle(members, found):
        return None
    data = {name: members.pop(name) for name in (MEMBER, "data_base64") if name in members}
    known = {name: value for name, value in found.items() if value is not None}
    return write_json({**members, **known, **data})


def _time(at_ms: int) -> str | None:
    return timestamp_text(at_ms) if at_ms else None


def _goes_in_a_circle(members: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether it died here before, of something that is no reader's doing."""
    said = {name.lower(): name for name in found}
    source, reason = said[SOURCE.lower()], said["deadletterreason"]
    if source not in members or reason not in members:
        return False
    return read_value(members[source]) == found[source] and read_value(members[reason]) in _CIRCLES
