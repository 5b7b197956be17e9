"""What an answer of a webhook means: done, tried again and when, or given up ("Event Grid message delivery and retry").

    answer                            delivered events are
    200 .. 204                        done
    400, 401, 403, 413                given up
    any other, or none                tried again: 10 s, 30 s, 1, 5, 10, 30 min, 1, 3, 6 h, then every 12 h

Some answers mean a longer wait, and every wait is a little longer than that, by chance. How often and how long at most
is the subscription's own policy, which the kernel keeps.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.push.renderer import ACK, Verdict
from dragoman.ports.outbound import Answered, Failure

DELIVERED: Final = range(200, 205)
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DELAYS_MS: Final = (
    10 * SECOND,
    30 * SECOND,
    1 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    1 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
DELAYS_MIN_MS: Final[Mapping[int, int]] = {
    404: 5 * MINUTE,
    408: 2 * MINUTE,
    503: 30 * SECOND,
}
GIVEN_UP: Final[Mapping[int, str]] = {
    400: "UndeliverableDueToHttpBadRequest",
    401: "UndeliverableDueToHttpUnauthorized",
    403: "UndeliverableDueToHttpForbidden",
    413: "UndeliverableDueToHttpRequestEntityTooLarge",
}
OUTCOMES: Final[Mapping[int, str]] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    413: "PayloadTooLarge",
    429: "Busy",
    503: "Busy",
}
FAILURES: Final[Mapping[Failure, str]] = {
    "blocked": "Forbidden",
    "refused": "SocketError",
    "unresolved": "ResolutionError",
    "tls": "SocketError",
    "timeout": "TimedOut",
    "broken": "SocketError",
    "busy": "Busy",
}
OTHER: Final = "GenericError"
JITTER: Final = 10  # a wait is longer by less than one part in so many


def judge(answered: Answered, attempt: int, chance: int) -> Verdict:
    """The verdict on the events of one request; `attempt` is 1 for the first, `chance` any number from 0 to 255."""
    if answered.status in DELIVERED:
        return ACK
    outcome = outcome_of(answered)
    reason = GIVEN_UP.get(answered.status)
    if reason is not None:
        return Verdict("reject", reason=reason, text=outcome)
    return Verdict("release", delay_ms=delay_ms(answered.status, attempt, chance), text=outcome)


def outcome_of(answered: Answered) -> str:
    """What came of it, in Event Grid's word."""
    if answered.failure:
        return FAILURES[answered.failure]
    return OUTCOMES.get(answered.status, OTHER)


def delay_ms(status: int, attempt: int, chance: int) -> int:
    """Until the next attempt."""
    step = DELAYS_MS[min(max(attempt, 1), len(DELAYS_MS)) - 1]
    base = max(step, DELAYS_MIN_MS.get(status, 0))
    return base + base * chance // (JITTER * 256)
