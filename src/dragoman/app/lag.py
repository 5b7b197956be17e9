"""How late the loop's timers ring: what any client may have to wait for the one thread that serves all."""

import asyncio
from typing import Final

from dragoman.telemetry.counters import Histogram

PERIOD_S: Final = 0.25


class LoopLag:
    """Sets a timer, and notes by how much it came too late."""

    def __init__(self, loop: asyncio.AbstractEventLoop, times: Histogram) -> None:
        self._loop = loop
        self._times = times
        self._wanted_s = loop.time() + PERIOD_S
        self._timer = loop.call_at(self._wanted_s, self._rang)

    def _rang(self) -> None:
        now_s = self._loop.time()
        self._times.record(int((now_s - self._wanted_s) * 1_000_000))
        self._wanted_s = now_s + PERIOD_S
        self._timer = self._loop.call_at(self._wanted_s, self._rang)

    def stop(self) -> None:
        """Measure no more."""
        self._timer.cancel()
