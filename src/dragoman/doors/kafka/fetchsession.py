"""Fetch sessions (KIP-227): the broker remembers what a consumer fetches; requests and answers name what has changed.

    id 0, epoch 0        begin one; the answer says its id, and everything
    id n, epoch 1, 2 ..  go on: partitions in the request are new or have moved, forgotten ones leave
    epoch -1             end it: everything is in the request, and in the answer

A session is its connection's: whoever names it elsewhere is told that there is no such session, and begins anew.
"""

from typing import Final

from dragoman.doors.kafka.errors import Refused
from dragoman.wire.kafka.errors import ErrorCode
from dragoman.wire.kafka.fetch import FetchRequest, FetchResult, Part

PARTITIONS_MAX: Final = 10_000  # of one session; with more there is none
NO_SESSION: Final = 0
BEGIN: Final = 0  # epochs with a meaning of their own
END: Final = -1
EPOCH_MAX: Final = (1 << 31) - 1
ID_BYTES: Final = 4

Key = tuple[str | bytes, int]  # topic, partition
Told = tuple[int, int, int]  # high watermark, last stable offset, log start


class FetchSession:
    """What one consumer fetches, and what it was told of each partition last."""

    __slots__ = ("epoch", "id", "parts", "told")

    def __init__(self, id: int, parts: list[Part]) -> None:
        self.id = id
        self.epoch = 1  # that the next request must name
        self.parts: dict[Key, Part] = {(part[0], part[1]): part for part in parts}
        self.told: dict[Key, Told] = {}

    def go_on(self, fetch: FetchRequest) -> None:
        """Take over what the request changes. Raises Refused, and nothing has changed then."""
        if fetch.session_epoch != self.epoch:
            raise Refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        self.epoch = self.epoch + 1 if self.epoch < EPOCH_MAX else 1
        for topic, partitions in fetch.forgotten:
            for partition in partitions:
                self.parts.pop((topic, partition), None)
                self.told.pop((topic, partition), None)
        for part in fetch.parts:
            self.parts[part[0], part[1]] = part

    def news(self, results: list[FetchResult], *, is_first: bool) -> list[FetchResult]:
        """Those of the results that the consumer does not know. What gave records is looked at last next time."""
        found: list[FetchResult] = []
        for result in results:
            key = (result.topic, result.partition)
            now = (result.high_watermark, result.last_stable_offset, result.log_start_offset)
            is_news = bool(result.records_bytes or result.error_code or result.diverging)
            if is_first or is_news or self.told.get(key) != now:
                found.append(result)
            self.told[key] = now
            if result.error_code or result.diverging:
                del self.told[key]
            if result.records_bytes and key in self.parts:
                self.parts[key] = self.parts.pop(key)
        return found


class FetchSessions:
    """The session of one connection, if it has one."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: FetchSession | None = None

    def enter(self, fetch: FetchRequest, fresh_id: int) -> FetchSession | None:
        """The session that the request is of; None without one. Raises Refused."""
        known = self.current
        if fetch.session_epoch in (BEGIN, END):
            self.current = None
            if fetch.session_epoch == BEGIN and 0 < len(fetch.parts) <= PARTITIONS_MAX:
                self.current = FetchSession(fresh_id, fetch.parts)
            return self.current
        if known is None or known.id != fetch.session_id:
            raise Refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        known.go_on(fetch)
        if len(known.parts) > PARTITIONS_MAX:
            self.current = None
            raise Refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        return known


def session_id(token: bytes) -> int:
    """An id that is not NO_SESSION."""
    return (int.from_bytes(token, "big") & EPOCH_MAX) or 1
