"""How many attempts of a queue were answered in the last minute: counted by the second, in memory."""

from collections import deque
from typing import Final

MINUTE_MS: Final = 60_000
STEP_MS: Final = 1_000
QUEUES_MAX: Final = 4_096
"""With something to count: beyond that the queues used longest ago are not told of."""

Key = tuple[str, str]


class Executed:
    """Those of all queues, by namespace and name."""

    def __init__(self) -> None:
        self._steps: dict[Key, deque[list[int]]] = {}  # [elapsed second, count]

    def note(self, key: Key, now_ms: int) -> None:
        """One was answered, whatever the answer said."""
        steps = self._steps.pop(key, None) or deque()
        self._steps[key] = steps  # used last
        if len(self._steps) > QUEUES_MAX:
            del self._steps[next(iter(self._steps))]
        step = now_ms // STEP_MS
        if steps and steps[-1][0] == step:
            steps[-1][1] += 1
        else:
            steps.append([step, 1])
            _forget(steps, now_ms)

    def count(self, key: Key, now_ms: int) -> int:
        """In the minute before now."""
        steps = self._steps.get(key)
        if steps is None:
            return 0
        _forget(steps, now_ms)
        return sum(count for _, count in steps)


def _forget(steps: deque[list[int]], now_ms: int) -> None:
    while steps and (steps[0][0] + 1) * STEP_MS <= now_ms - MINUTE_MS:
        steps.popleft()
