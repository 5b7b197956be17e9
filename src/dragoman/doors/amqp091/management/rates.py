"""Rates of what only grows, out of two looks at it: nothing is sampled but when somebody asks. Cold.

    first look ----- SAMPLE_MS or more ----- a later look ----- now
        what came since the base, by the time since it; the base moves on, so that a rate is of the last two looks.
        A count that the base does not have was 0 then

Whoever asks only once, or after LAPSE_MS, is told 0 and begins anew.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.amqp091.tallies import Tally
from dragoman.telemetry.counters import Handled

SAMPLE_MS: Final = 5_000  # RabbitMQ's collect_statistics_interval
LAPSE_MS: Final = 300_000
KEYS_MAX: Final = 10_000  # remembered, those looked at last

Counts = Mapping[str, int]
Item = dict[str, Any]


class Rates:
    """What was seen of each key: at most two looks."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[int, Counts]]] = {}

    def details(self, key: str, counts: Counts, now_ms: int) -> Item:
        """The counts, and `NAME_details` of each with its rate a second."""
        seen = self._seen.pop(key, deque())
        if seen and now_ms - seen[-1][0] > LAPSE_MS:
            seen.clear()
        if not seen or now_ms - seen[-1][0] >= SAMPLE_MS:
            seen.append((now_ms, dict(counts)))
        if len(seen) > 2:
            seen.popleft()
        self._seen[key] = seen
        if len(self._seen) > KEYS_MAX:
            del self._seen[next(iter(self._seen))]
        base_ms, base = seen[0]
        told: Item = dict(counts)
        for name, count in counts.items():
            change = count - base.get(name, 0)
            rate = change * 1_000 / (now_ms - base_ms) if now_ms > base_ms else 0.0
            told[f"{name}_details"] = {"rate": round(rate, 3)}
        return told


def delivery_counts(of: Tally | Handled) -> dict[str, int]:
    """What was handed out and acknowledged, as RabbitMQ calls it."""
    return {
        "ack": of.acked,
        "deliver": of.delivered,
        "deliver_no_ack": of.delivered_no_ack,
        "get": of.got,
        "get_no_ack": of.got_no_ack,
        "redeliver": of.redelivered,
        "deliver_get": of.delivered + of.delivered_no_ack + of.got + of.got_no_ack,
    }
