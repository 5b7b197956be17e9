"""Real time plus whatever the test has added."""

from collections.abc import Callable

from dragoman.app.loop import SystemClock


class MovableClock:
    """Runs like the system's clock; `advance` moves it on at once, and with it everything that waits."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._ahead_ms = 0
        self.on_advance: Callable[[], object] = lambda: None

    def elapsed_ms(self) -> int:
        """See `ports.clock.Clock`."""
        return self._system.elapsed_ms() + self._ahead_ms

    def wall_ms(self) -> int:
        """See `ports.clock.Clock`."""
        return self._system.wall_ms() + self._ahead_ms

    def advance(self, seconds: float) -> None:
        """Let that much time have passed: leases, delays and lives end as if it had."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ahead_ms += int(seconds * 1000)
        self.on_advance()
