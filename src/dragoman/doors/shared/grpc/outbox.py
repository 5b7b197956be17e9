"""Answers that wait for the journal, of all calls of one connection. Hot.

A queue per level. Within a call nothing overtakes: once something of it waits at a level, what follows waits there too.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from dragoman.kernel.api import Session
from dragoman.model.levels import APPLIED, SYNCED

_LEVELS: Final = range(APPLIED + 1, SYNCED + 1)


class Held:
    """What one call has waiting: how much, and at which level."""

    __slots__ = ("count", "level", "size_bytes")

    def __init__(self) -> None:
        self.count = 0
        self.level = APPLIED
        self.size_bytes = 0


class Outbox:
    """See the module. `size_bytes` is of everything that waits."""

    __slots__ = ("_queues", "_session", "size_bytes")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._queues: list[deque[tuple[int, int, Held, Callable[[], None]]]] = [
            deque() for _ in range(SYNCED + 1)
        ]
        self.size_bytes = 0

    def is_held(self, held: Held, position: int, level: int) -> bool:
        """Whether something must wait: for the journal, or behind what does."""
        return held.count > 0 or (level > APPLIED and self._session.reached(level) < position)

    def hold(
        self, held: Held, position: int, level: int, size_bytes: int, leave: Callable[[], None]
    ) -> None:
        """Have `leave` called when it may."""
        held.level = max(held.level, level, APPLIED + 1)
        held.count += 1
        held.size_bytes += size_bytes
        self.size_bytes += size_bytes
        self._queues[held.level].append((position, size_bytes, held, leave))

    def release(self) -> None:
        """Let go of what the journal has come far enough for, and ask to be told of the rest."""
        session = self._session
        for level in _LEVELS:
            queue = self._queues[level]
            while queue:
                position, size_bytes, held, leave = queue[0]
                if session.reached(level) < position:
                    session.want(position, level)
                    break
                queue.popleft()
                self.size_bytes -= size_bytes
                held.size_bytes -= size_bytes
                held.count -= 1
                if not held.count:
                    held.level = APPLIED
                leave()

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not any(self._queues)
