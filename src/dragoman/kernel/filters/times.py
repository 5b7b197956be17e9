"""Instants and spans of time as CEL has them, to the nanosecond.

    Timestamp   0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, as nanoseconds since 1970
    Duration    some 10,000 years, either way

Spelled as RFC 3339 and as Protobuf's JSON have it (`1.500s`); read from RFC 3339, and from `1h30m`, `-1.5s`, `10ms`.
Parts of a timestamp are of a time zone: UTC, `+02:00`, or a name of the IANA database, which the system has to have.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

NS: Final = 1_000_000_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TIMESTAMP_NS_MIN: Final = -62_135_596_800 * NS
TIMESTAMP_NS_MAX: Final = 253_402_300_800 * NS - 1
DURATION_NS_MAX: Final = 315_576_000_000 * NS + NS - 1
ZONE_CHARS_MAX: Final = 64
TEXT_CHARS_MAX: Final = 128  # of a timestamp or a duration to read

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,40}))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|us|ns|s)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-]?)(\d\d?):(\d\d)", re.ASCII)
_UNITS_NS: Final = {
    "h": 3600 * NS,
    "m": 60 * NS,
    "s": NS,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


class Timestamp:
    """An instant."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        """Raises ValueError out of range."""
        if not TIMESTAMP_NS_MIN <= ns <= TIMESTAMP_NS_MAX:
            raise ValueError("timestamp out of range")
        self.ns = ns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.ns == other.ns

    def __lt__(self, other: "Timestamp") -> bool:
        return self.ns < other.ns

    def __le__(self, other: "Timestamp") -> bool:
        return self.ns <= other.ns

    def __hash__(self) -> int:
        return hash(self.ns)

    def __str__(self) -> str:
        seconds, ns = divmod(self.ns, NS)
        at = EPOCH + timedelta(seconds=seconds)
        return f"{at.year:04}-{at:%m-%dT%H:%M:%S}{_fraction(ns)}Z"

    def __repr__(self) -> str:
        return f'timestamp("{self}")'


class Duration:
    """A span of time."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        """Raises ValueError out of range."""
        if not -DURATION_NS_MAX <= ns <= DURATION_NS_MAX:
            raise ValueError("duration out of range")
        self.ns = ns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self.ns == other.ns

    def __lt__(self, other: "Duration") -> bool:
        return self.ns < other.ns

    def __le__(self, other: "Duration") -> bool:
        return self.ns <= other.ns

    def __hash__(self) -> int:
        return hash(self.ns)

    def __str__(self) -> str:
        seconds, ns = divmod(abs(self.ns), NS)
        return f"{'-' if self.ns < 0 else ''}{seconds}{_fraction(ns)}s"

    def __repr__(self) -> str:
        return f'duration("{self}")'


def _fraction(ns: int) -> str:
    """Three, six or nine digits behind a point, as many as are needed; nothing for nothing."""
    if not ns:
        return ""
    digits = f"{ns:09}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return "." + digits


def read_timestamp(text: str) -> Timestamp:
    """From RFC 3339. Raises ValueError."""
    found = _RFC3339.fullmatch(text) if len(text) <= TEXT_CHARS_MAX else None
    if found is None:
        raise ValueError("not a timestamp of RFC 3339")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    leap = second == 60  # counts as the second after
    at = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    ns = (_whole_seconds(at) + leap) * NS + int((found[7] or "").ljust(9, "0")[:9])
    if found[8]:
        hours, minutes = int(found[9]), int(found[10])
        if hours > 23 or minutes > 59:
            raise ValueError("not an offset of RFC 3339")
        offset_ns = (hours * 60 + minutes) * 60 * NS
        ns += offset_ns if found[8] == "-" else -offset_ns
    return Timestamp(ns)


def _whole_seconds(at: datetime) -> int:
    passed = at - EPOCH
    return passed.days * 86_400 + passed.seconds


def read_duration(text: str) -> Duration:
    """From numbers with units. Raises ValueError."""
    if len(text) > TEXT_CHARS_MAX:
        raise ValueError("a duration of too many characters")
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"-", "+"} else text
    if rest == "0":
        return Duration(0)
    at = total = 0
    while found := _PART.match(rest, at):
        total += _scaled(found[1], _UNITS_NS[found[2]])
        at = found.end()
    if not rest or at != len(rest):
        raise ValueError("not a duration such as 1h30m or 1.5s")
    return Duration(sign * total)


def _scaled(number: str, unit_ns: int) -> int:
    whole, _, fraction = number.partition(".")
    ns = int(whole or "0") * unit_ns
    return ns + int(fraction or "0") * unit_ns // int("1" + "0" * len(fraction))


def read_zone(text: str) -> tzinfo:
    """Raises ValueError for one that is not known."""
    if text in {"", "UTC"}:
        return UTC
    found = _OFFSET.fullmatch(text)
    if found is not None:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(text if len(text) <= ZONE_CHARS_MAX else "")
    except (OSError, LookupError, ValueError):
        raise ValueError(f"no time zone is called {text:.64}") from None


def _local(at: Timestamp, zone: tzinfo) -> datetime:
    """Raises ValueError, OverflowError at the ends of time."""
    return (EPOCH + timedelta(seconds=at.ns // NS)).astimezone(zone)


def timestamp_part(name: str, at: Timestamp, zone: tzinfo = UTC) -> int:
    """By the function's name in CEL. Raises ValueError, OverflowError."""
    if name == "getMilliseconds":
        return at.ns % NS // 1_000_000
    return int(_PARTS[name](_local(at, zone)))


_PARTS: Final[dict[str, Any]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDate": lambda at: at.day,
    "getDayOfWeek": lambda at: (at.weekday() + 1) % 7,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
}
TIMESTAMP_PARTS: Final = (*_PARTS, "getMilliseconds")
_SPAN_NS: Final = {"getHours": 3600 * NS, "getMinutes": 60 * NS, "getSeconds": NS}
DURATION_PARTS: Final = (*_SPAN_NS, "getMilliseconds")


def duration_part(name: str, span: Duration) -> int:
    """All of it in hours, minutes or seconds, toward zero; of milliseconds those past the second."""
    is_rest = name == "getMilliseconds"
    whole = abs(span.ns) % NS // 1_000_000 if is_rest else abs(span.ns) // _SPAN_NS[name]
    return -whole if span.ns < 0 else whole
