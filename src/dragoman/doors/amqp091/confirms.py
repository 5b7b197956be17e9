"""Publishes of one channel that wait to be confirmed, oldest first. Hot: one entry per run, not per message.

Sequence numbers count publishes from confirm.select on (1, 2, ...). Neighbours with the same fate share an entry; acks
leave in order, so that one `multiple` ack covers whatever became durable together.
"""

from collections import deque

from dragoman.kernel.api import Session
from dragoman.model.levels import APPLIED
from dragoman.wire.amqp091.outgoing import ack, nack


class Waiting:
    """Publishes up to `last` and behind the entry before: confirmed once `position` has reached `level`."""

    __slots__ = ("accepted", "last", "level", "position")

    def __init__(self, last: int, position: int, level: int, accepted: bool) -> None:
        self.last = last
        self.position = position
        self.level = level
        self.accepted = accepted


class Confirms:
    """See the module. confirmed <= published."""

    __slots__ = ("_waiting", "confirmed", "published")

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self.published: int = 0
        self.confirmed: int = 0

    def add(self, count: int, position: int, level: int, accepted: bool) -> None:
        """`count` more were published: `accepted`, or refused for good."""
        self.published += count
        if self._waiting:
            last = self._waiting[-1]
            if last.accepted == accepted and last.level == level and last.position == position:
                last.last = self.published
                return
        self._waiting.append(Waiting(self.published, position, level, accepted))

    def is_waiting(self) -> bool:
        """Whether some publish is neither confirmed nor refused."""
        return bool(self._waiting)

    def take(self, session: Session, channel: int) -> bytes:
        """The frames that confirm whatever may be confirmed now; asks to be told about the next."""
        frames = b""
        waiting = self._waiting
        ripe: Waiting | None = None
        while waiting:
            first = waiting[0]
            if first.level > APPLIED and session.reached(first.level) < first.position:
                session.want(first.position, first.level)
                break
            if ripe is not None and ripe.accepted != first.accepted:
                frames += self._frame(channel, ripe)
            ripe = waiting.popleft()
        if ripe is not None:
            frames += self._frame(channel, ripe)
        return frames

    def _frame(self, channel: int, ripe: Waiting) -> bytes:
        multiple = ripe.last - self.confirmed > 1
        self.confirmed = ripe.last
        if ripe.accepted:
            return ack(channel, ripe.last, multiple)
        return nack(channel, ripe.last, multiple, False)
