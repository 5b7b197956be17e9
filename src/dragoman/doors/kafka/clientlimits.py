"""What the names of groups and the notes of commits may be, and how often a group commits: Kafka's limits, or those of
Event Hubs' Kafka endpoint, for who wants to meet them before Azure does (`[limits] kafka`).

    group.id          INVALID_GROUP_ID
    commit metadata   OFFSET_METADATA_TOO_LARGE
    commits           as any quota: the answer tells a throttle time, and nothing more of the connection is served for
                      that long; POLICY_VIOLATION where it would be longer than clients wait for an answer

Commits count for each partition of each group, whoever makes them.
"""

from typing import Final, NamedTuple

from dragoman.doors.kafka.budget import Budgets
from dragoman.doors.kafka.errors import Refused
from dragoman.wire.kafka.errors import ErrorCode

WAIT_MAX_MS: Final = 20_000  # what Event Hubs takes a client's request.timeout.ms for at least
UNLIMITED: Final = 0


class Limits(NamedTuple):
    """One set of them; 0 is no limit."""

    group_chars_max: int
    metadata_bytes_max: int
    commits_per_s: int


KAFKA: Final = Limits(UNLIMITED, 4_096, UNLIMITED)
EVENT_HUBS: Final = Limits(256, 1_024, 4)
SETS: Final = {"kafka": KAFKA, "eventhubs": EVENT_HUBS}


class ClientLimits:
    """Those of one broker, and what its groups have committed lately."""

    __slots__ = ("_commits", "_commits_per_s", "group_chars_max", "metadata_bytes_max")

    def __init__(self, limits: Limits = KAFKA) -> None:
        self.group_chars_max = limits.group_chars_max
        self.metadata_bytes_max = limits.metadata_bytes_max
        self._commits_per_s = limits.commits_per_s
        self._commits: Budgets[tuple[str, str, int]] = Budgets()

    def commit(self, group: str, partitions: list[tuple[str, int]], now_ms: int) -> int:
        """The throttle time of who commits these. Raises Refused, and then has counted nothing."""
        rate = self._commits_per_s
        if not rate:
            return 0
        spent = [self._commits.of((group, *partition), now_ms) for partition in partitions]
        if any(budget.charge(0, rate, now_ms) > WAIT_MAX_MS for budget in spent):
            raise Refused(ErrorCode.POLICY_VIOLATION, f"more than {rate} commits a second")
        return max((budget.charge(1, rate, now_ms) for budget in spent), default=0)
