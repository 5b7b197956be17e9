"""How far a copy is: a bar with rate and remaining time on a terminal, a line now and then anywhere else. On standard
error: standard output is for what programs read.
"""

import sys
from typing import Any, Final, Self, TextIO

from dragoman.cli.copying.tally import Tally
from dragoman.ports.clock import Clock

LINE_MS: Final = 5_000  # between two lines
WINDOW_MS: Final = 10_000  # that a rate is taken over


class Rate:
    """Messages a second over the last WINDOW_MS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: list[tuple[int, int]] = [
            (clock.elapsed_ms(), 0)
        ]  # at most one a step of a window

    def see(self, count: int) -> float:
        """The rate now that so many are done."""
        now_ms = self._clock.elapsed_ms()
        if now_ms - self._seen[-1][0] >= WINDOW_MS // 20:
            self._seen.append((now_ms, count))
        while len(self._seen) > 2 and now_ms - self._seen[1][0] > WINDOW_MS:
            del self._seen[0]
        began_ms, before = self._seen[0]
        return (count - before) * 1000 / max(now_ms - began_ms, 1)


def line(tally: Tally, rate: float) -> str:
    """One line: how many of how many, how fast, how much longer."""
    total = tally.expected
    if total is None:
        return f"{tally.read:,} read, {rate:,.0f}/s"
    left = f", {max(total - tally.read, 0) / rate:,.0f} s left" if rate else ""
    return f"{tally.read:,} of {total:,} read, {rate:,.0f}/s{left}"


class Lines:
    """See the module."""

    def __init__(self, clock: Clock, out: TextIO) -> None:
        self._clock = clock
        self._out = out
        self._rate = Rate(clock)
        self._due_ms = clock.elapsed_ms() + LINE_MS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The last count is for whoever prints the result."""

    def show(self, tally: Tally) -> None:
        """If it is time for one."""
        rate = self._rate.see(tally.read)
        if self._clock.elapsed_ms() >= self._due_ms:
            self._due_ms = self._clock.elapsed_ms() + LINE_MS
            self._out.write(line(tally, rate) + "\n")
            self._out.flush()


class Bar:
    """See the module."""

    def __init__(self, clock: Clock, out: TextIO) -> None:
        from rich.console import Console  # noqa: PLC0415 - for terminals only
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

        self._rate = Rate(clock)
        self._progress = Progress(
            BarColumn(), TextColumn("{task.description}"), console=Console(file=out)
        )
        self._task: Any = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, tally: Tally) -> None:
        """Whenever something was done; the terminal is drawn some times a second."""
        self._progress.update(
            self._task,
            completed=tally.read,
            total=tally.expected,
            description=line(tally, self._rate.see(tally.read)),
        )


def progress(clock: Clock) -> Lines | Bar:
    """The one that suits standard error."""
    return Bar(clock, sys.stderr) if sys.stderr.isatty() else Lines(clock, sys.stderr)
