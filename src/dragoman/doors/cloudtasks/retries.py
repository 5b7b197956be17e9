"""When a task is tried again: backoff that doubles, then grows by equal steps; what the target asks for; the end.

    min, 2 min, 4 min, .. min 2^doublings, then that times 2, 3, 4, ..    at most max

A task is given up when both its attempts and its duration are used up, where both are limited.
"""

from email.utils import parsedate_to_datetime
from typing import Any, Final

from dragoman.doors.cloudtasks.protos import duration_ms

RETRY_AFTER_MS_MAX: Final = 24 * 3_600_000
_SHIFT_MAX: Final = 40


def backoff_ms(config: Any, failures: int) -> int:
    """Until the next attempt, after so many that failed."""
    low, high = duration_ms(config.min_backoff), duration_ms(config.max_backoff)
    doublings = min(config.max_doublings, _SHIFT_MAX)
    step = failures - 1
    delay = low << step if step <= doublings else (low << doublings) * (failures - doublings)
    return min(delay, high)


def is_spent(config: Any, attempts: int, first_ms: int, now_ms: int) -> bool:
    """Whether there is to be no further attempt."""
    duration = duration_ms(config.max_retry_duration)
    if config.max_attempts < 0:
        return bool(duration) and now_ms - first_ms >= duration
    return attempts >= config.max_attempts and (not duration or now_ms - first_ms >= duration)


def retry_after_ms(text: str, now_ms: int) -> int:
    """Of the header, seconds or a date; 0 where it says nothing that makes sense."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return min(int(text) * 1000, RETRY_AFTER_MS_MAX)
    try:
        moment = parsedate_to_datetime(text)
        until_ms = int(moment.timestamp() * 1000)
    except (ValueError, OverflowError, TypeError):
        return 0
    return min(max(until_ms - now_ms, 0), RETRY_AFTER_MS_MAX)
