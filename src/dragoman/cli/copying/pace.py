"""`--rate`: no more messages a second than that, evened out to a tenth of one."""

from collections.abc import Callable
from typing import Final

from dragoman.cli.copying.ends import BATCH_MAX
from dragoman.ports.clock import Clock

SLICES_PER_S: Final = 10


class Pace:
    """Who has written `count` messages waits until as much time has passed as they may take."""

    def __init__(self, rate: float, clock: Clock, wait: Callable[[float], object]) -> None:
        """A rate of 0 is none; `wait` takes seconds."""
        self.batch_max: Final = (
            max(1, min(BATCH_MAX, int(rate / SLICES_PER_S))) if rate else BATCH_MAX
        )
        self._rate = rate
        self._clock = clock
        self._wait = wait
        self._free_ms = 0.0  # elapsed time at which the next message may go

    def spend(self, count: int) -> None:
        """Wait until those before are paid for, and owe for these."""
        if not self._rate:
            return
        now_ms = self._clock.elapsed_ms()
        if self._free_ms > now_ms:
            self._wait((self._free_ms - now_ms) / 1000)
        self._free_ms = max(self._free_ms, now_ms) + count * 1000 / self._rate
