"""What may be spent a second, by whoever spends it: a second's worth at once, and what is over has to be waited for.

The wait is Kafka's, (observed - allowed) / allowed of the time it was observed in, told without windows: what was spent
and not yet earned again, past a second's worth, at the rate at which it is earned.
"""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

BURST_MS: Final = 1_000
THROTTLE_MS_MAX: Final = 60_000  # of one answer
BUDGETS_MAX: Final = 10_000

K = TypeVar("K", bound=Hashable)


class Budget:
    """What an entity has spent and not yet earned again."""

    __slots__ = ("_at_ms", "_spent")

    def __init__(self, now_ms: int) -> None:
        self._at_ms = now_ms
        self._spent = 0.0

    def charge(self, amount: float, rate: float, now_ms: int) -> int:
        """For how many ms whoever spends this has to wait."""
        earned = rate * (now_ms - self._at_ms) / 1000
        self._spent = max(self._spent - earned, 0.0) + amount
        self._at_ms = now_ms
        over = self._spent - max(rate * BURST_MS / 1000, 1)
        return min(int(over * 1000 / rate) + 1, THROTTLE_MS_MAX) if over > 0 else 0


class Budgets(Generic[K]):
    """Those of many. When there are too many all begin anew."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[K, Budget] = {}

    def of(self, key: K, now_ms: int) -> Budget:
        """Made when it is first asked for."""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= BUDGETS_MAX:
                self._known.clear()
            found = self._known[key] = Budget(now_ms)
        return found
