"""Share sessions (KIP-932): which partitions a member fetches from, and which records it holds of each.

    epoch 0          begin: what the session had of partitions is forgotten, what its member holds is not
    epoch 1, 2 ..    go on: partitions in the request are added, forgotten ones leave
    epoch -1         end it; what is still held then is ready for others

A session is its connection's and ends with it. What is held is remembered as spans of offsets, one for each lease.
"""

from collections.abc import Iterator
from typing import Any, Final

from dragoman.doors.kafka.errors import Refused
from dragoman.wire.kafka.errors import ErrorCode

BEGIN: Final = 0  # epochs with a meaning of their own
END: Final = -1
EPOCH_MAX: Final = (1 << 31) - 1
SESSIONS_MAX: Final = 64  # of one connection
PARTITIONS_MAX: Final = 10_000  # of one session

Key = tuple[bytes, int]  # topic id, partition


class Span:
    """Records [start, end) that one lease holds, until `until_ms` (elapsed)."""

    __slots__ = ("end", "holder", "start", "subscription", "until_ms")

    def __init__(self, start: int, end: int, subscription: int, holder: int, until_ms: int) -> None:
        self.start = start
        self.end = end
        self.subscription = subscription
        self.holder = holder
        self.until_ms = until_ms

    def part(self, start: int, end: int) -> "Span":
        """The same lease of fewer records."""
        return Span(start, end, self.subscription, self.holder, self.until_ms)


class ShareSession:
    """What one member fetches from, and what it holds."""

    __slots__ = ("epoch", "group", "held", "member", "parts")

    def __init__(self, group: str, member: str) -> None:
        self.group = group
        self.member = member
        self.epoch = BEGIN  # that the next request must name
        self.parts: dict[Key, None] = {}
        self.held: dict[Key, list[Span]] = {}  # spans share no offset

    def advance(self) -> None:
        """The next request must name the next epoch."""
        self.epoch = self.epoch + 1 if self.epoch < EPOCH_MAX else 1

    def change(self, topics: list[dict[str, Any]], forgotten: list[dict[str, Any]]) -> None:
        """Take over which partitions the request adds and forgets. Raises Refused."""
        for topic in forgotten:
            for partition in topic["partitions"]:
                self.parts.pop((topic["topic_id"], partition), None)
        for topic in topics:
            for part in topic["partitions"]:
                self.parts[topic["topic_id"], part["partition_index"]] = None
        if len(self.parts) > PARTITIONS_MAX:
            raise Refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED)

    def put_last(self, key: Key) -> None:
        """It gave records: others are looked at before it next time."""
        del self.parts[key]
        self.parts[key] = None

    def hold(self, key: Key, span: Span, now_ms: int) -> None:
        """Its member has these records. What it had too long, or has anew, it does not have by the old lease."""
        known = self.held.setdefault(key, [])
        known[:] = [
            each
            for each in known
            if each.until_ms > now_ms and (each.end <= span.start or span.end <= each.start)
        ]
        known.append(span)

    def within(self, key: Key, start: int, end: int) -> list[Span]:
        """What is held of [start, end), in the order of offsets."""
        found = [
            each.part(max(each.start, start), min(each.end, end))
            for each in self.held.get(key, ())
            if each.start < end and start < each.end
        ]
        return sorted(found, key=lambda span: span.start)

    def let_go(self, key: Key, start: int, end: int) -> None:
        """Nothing of [start, end) is held any more."""
        left: list[Span] = []
        for each in self.held.get(key, ()):
            if each.end <= start or end <= each.start:
                left.append(each)
                continue
            if each.start < start:
                left.append(each.part(each.start, start))
            if end < each.end:
                left.append(each.part(end, each.end))
        if left:
            self.held[key] = left
        else:
            self.held.pop(key, None)


class ShareSessions:
    """The sessions of one connection, by group and member."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], ShareSession] = {}

    def __iter__(self) -> Iterator[ShareSession]:
        return iter(self._known.values())

    def enter(self, group: str, member: str, epoch: int) -> ShareSession:
        """The session that a request of this epoch is of; one that ends is still there. Raises Refused."""
        known = self._known.get((group, member))
        if epoch == BEGIN:
            if known is None and len(self._known) >= SESSIONS_MAX:
                raise Refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED)
            known = known or self._known.setdefault((group, member), ShareSession(group, member))
            known.parts.clear()
            known.epoch = 1
            return known
        return self.go_on(group, member, epoch)

    def go_on(self, group: str, member: str, epoch: int) -> ShareSession:
        """The session that is there already. Raises Refused."""
        known = self._known.get((group, member))
        if known is None:
            raise Refused(ErrorCode.SHARE_SESSION_NOT_FOUND)
        if epoch != END:
            if epoch != known.epoch:
                raise Refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
            known.advance()
        return known

    def end(self, session: ShareSession) -> None:
        """It is over."""
        self._known.pop((session.group, session.member), None)
