"""What a topic asks of produced batches, worked out once per settings. Warm: looked up per batch.

Settings are one object until they are altered, so "is it still this one" is the whole test for freshness.
"""

from typing import Final

from dragoman.doors.kafka.configs import MESSAGE_BYTES_MAX, TIMESTAMP_AHEAD_MAX_MS, whole_number
from dragoman.doors.kafka.talk import TOPICS_CACHED_MAX, Talk
from dragoman.kernel.api import Address, StreamHead
from dragoman.wire.kafka.batch import BatchLimits

TIME_MAX_MS: Final = 1 << 62


class TopicLimits:
    """What is asked of batches to one topic. `checks` is filled with the time and version of each request."""

    __slots__ = (
        "address",
        "ahead_max_ms",
        "behind_max_ms",
        "checks",
        "head",
        "is_special",
        "needs_keys",
        "stamps",
    )

    def __init__(self, head: StreamHead) -> None:
        self.head = head
        notes = head.settings.notes
        self.address = Address(head.name)
        self.stamps = notes.get("message.timestamp.type") == "LogAppendTime"
        self.needs_keys = head.settings.compact
        self.is_special = self.stamps or self.needs_keys
        self.ahead_max_ms = TIME_MAX_MS
        self.behind_max_ms = TIME_MAX_MS
        if not self.stamps:
            ahead = whole_number(notes, "message.timestamp.after.max.ms", TIMESTAMP_AHEAD_MAX_MS)
            behind = whole_number(notes, "message.timestamp.before.max.ms", TIME_MAX_MS)
            self.ahead_max_ms = min(ahead, TIME_MAX_MS)
            self.behind_max_ms = min(behind, TIME_MAX_MS)
        size_max = head.settings.message_bytes_max or MESSAGE_BYTES_MAX
        self.checks = BatchLimits(size_max, 0, 0, True)


class LimitsCache:
    """Limits of the topics that one connection writes to."""

    __slots__ = ("_known", "_talk")

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._known: dict[str | bytes, TopicLimits] = {}

    def of(self, topic: str | bytes) -> TopicLimits:
        """Raises StreamNotFound."""
        head = self._talk.find(topic)
        known = self._known.get(topic)
        if known is None or known.head.settings is not head.settings or known.head.id != head.id:
            if len(self._known) >= TOPICS_CACHED_MAX:
                self._known.clear()
            known = self._known[topic] = TopicLimits(head)
        return known
