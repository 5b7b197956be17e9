"""Real time plus whatever the test has added."""

from collections.abc import Callable

from dragoman.app.loop import SystemClock


class MovableClock:
    """Runs like the system's clock; `advance` moves it on at once, and with it everything that waits."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._ahead_ms = 0
        self.mover: Callable[[int], None] = (
            self.move
        )  # a broker that serves moves it on its own thread

    def elapsed_ms(self) -> int:
        """See `ports.clock.Clock`."""
        return self._system.elapsed_ms() + self._ahead_ms

    def wall_ms(self) -> int:
        """See `ports.clock.Clock`."""
        return self._system.wall_ms() + self._ahead_ms

    def advance(self, seconds: float) -> None:
        """Let that much time have passed: when this returns leases, delays and lives have ended as if it had."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self.mover(int(seconds * 1000))

    def move(self, duration_ms: int) -> None:
        """Add to real time, and tell nobody."""
        self._ahead_ms += duration_ms
