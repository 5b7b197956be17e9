import asyncio

from dragoman.app.lag import LoopLag
from dragoman.telemetry.counters import Histogram


class Loop:
    """A loop whose time the test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.calls: list[tuple[float, object]] = []

    def time(self) -> float:
        return self.now_s

    def call_at(self, at_s: float, callback: object) -> "Loop":
        self.calls.append((at_s, callback))
        return self

    def cancel(self) -> None:
        self.calls.clear()


def test_what_a_timer_is_late_is_measured_and_the_next_is_set() -> None:
    loop = Loop()
    times = Histogram()
    lag = LoopLag(loop, times)  # type: ignore[arg-type]
    at_s, ring = loop.calls.pop()
    loop.now_s = at_s + 0.04
    assert callable(ring)
    ring()
    assert times.count == 1
    assert 39_000 <= times.sum_us <= 41_000
    assert loop.calls[0][0] > loop.now_s
    lag.stop()
    assert loop.calls == []


def test_it_runs_on_a_real_loop() -> None:
    async def run() -> None:
        LoopLag(asyncio.get_running_loop(), Histogram()).stop()

    asyncio.run(run())
