"""What was sent and what came of it, counted. Read by whoever shows metrics; cheap to keep."""

from bisect import bisect_left
from typing import Final

from dragoman.ports.outbound import Answered, Failure

FAILURES: Final[tuple[Failure, ...]] = (
    "blocked",
    "refused",
    "unresolved",
    "tls",
    "timeout",
    "broken",
    "busy",
)
BOUNDS_MS: Final = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)


class Counters:
    """Of one outbound, since the process began.

    answered    by class of status: `answered[2]` are those from 200 to 299
    latencies   of answers, per bound of BOUNDS_MS: how many came within it but not within the one before; beyond last
    """

    __slots__ = ("answered", "failed", "latencies", "latency_ms_sum", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.answered = [0] * 10
        self.failed: dict[Failure, int] = dict.fromkeys(FAILURES, 0)
        self.latencies = [0] * (len(BOUNDS_MS) + 1)
        self.latency_ms_sum = 0

    def note(self, answered: Answered) -> None:
        """One request is over."""
        if answered.failure:
            self.failed[answered.failure] += 1
            return
        self.answered[answered.status // 100 % 10] += 1
        self.latencies[bisect_left(BOUNDS_MS, answered.elapsed_ms)] += 1
        self.latency_ms_sum += answered.elapsed_ms
