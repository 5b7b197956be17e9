"""Spans of time as Service Bus spells them: ISO 8601 durations of days, hours, minutes, seconds (`P1DT2H3M4.5S`)."""

import re
from typing import Final

FOR_EVER_MS: Final = 3_650_000 * 86_400_000
"""Whoever says as much as ten thousand years means no end."""
FOR_EVER: Final = "P10675199DT2H48M5.4775807S"
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
