"""Spans of time as Service Bus spells them, ISO 8601 durations of days, hours, minutes, seconds (`P1DT2H3M4.5S`), and
moments.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

FOR_EVER_MS: Final = 3_650_000 * 86_400_000
"""Whoever says as much as ten thousand years means no end."""
FOR_EVER: Final = "P10675199DT2H48M5.4775807S"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION: Final = re.compile(
    r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?"
)


def read_duration(text: str) -> int | None:
    """Milliseconds; None when it is none."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups()[:3])
    seconds_ms = round(float(found[4] or 0) * 1_000)
    return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds_ms


def read_time(text: str) -> int | None:
    """Wall time, in ms, of a moment of ISO 8601; one without a zone is in UTC, as .NET's are. None when it is none."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    digits = (found[2] or "").ljust(3, "0")[:3]  # of a second: .NET says seven
    try:
        moment = datetime.fromisoformat(found[1] + (found[3] or "Z"))
        return int(moment.timestamp()) * 1_000 + int(digits)
    except (ValueError, OverflowError):
        return None


def write_time(wall_ms: int) -> str:
    """In UTC."""
    moment = EPOCH + timedelta(milliseconds=wall_ms)
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%S}.{wall_ms % 1_000:03}Z"


def write_duration(span_ms: int) -> str:
    """As .NET has it."""
    if span_ms >= FOR_EVER_MS:
        return FOR_EVER
    minutes, rest_ms = divmod(span_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    seconds = f"{rest_ms / 1_000:g}"
    date = f"{days}D" if days else ""
    parts = ((hours, "H"), (minutes, "M"), (seconds if rest_ms else 0, "S"))
    time = "".join(f"{count}{unit}" for count, unit in parts if count)
    if not date and not time:
        return "PT0S"
    return f"P{date}T{time}" if time else f"P{date}"
