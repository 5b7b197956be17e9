"""Partitions that a request makes or deletes, counted against `controller_mutation_rate` (KIP-599).

Clients of the newer versions are refused once the quota is spent (THROTTLING_QUOTA_EXCEEDED), topic by topic, and try
again; older ones do not know that error: they are served, and wait for what follows.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.kafka.clientquotas import MUTATION_RATE
from dragoman.doors.kafka.errors import Refused
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.wire.kafka.errors import ErrorCode

STRICT_FROM: Final[Mapping[int, int]] = {19: 6, 20: 5, 37: 3}
"""By API: CreateTopics, DeleteTopics, CreatePartitions."""


class Mutations:
    """Those of one request."""

    __slots__ = ("_is_strict", "_request", "_talk", "throttle_ms")

    def __init__(self, talk: Talk, request: Request) -> None:
        self._talk = talk
        self._request = request
        self._is_strict = request.version >= STRICT_FROM[request.api_key]
        self.throttle_ms = 0  # told with the answer

    def check(self) -> None:
        """Before each topic. Raises Refused."""
        talk, client_id = self._talk, self._request.client_id
        wait_ms: int = talk.quotas.charge(talk, client_id, MUTATION_RATE, 0)
        if wait_ms and self._is_strict:
            self.throttle_ms = max(self.throttle_ms, wait_ms)
            raise Refused(ErrorCode.THROTTLING_QUOTA_EXCEEDED)

    def count(self, partitions: int) -> None:
        """So many were made or deleted."""
        spent_ms = self._talk.throttle(self._request.client_id, MUTATION_RATE, partitions)
        self.throttle_ms = max(self.throttle_ms, spent_ms)
