"""How far a copy is."""

import io

import pytest
from tests.fakes.node import ManualClock

from dragoman.cli.copying.progress import LINE_MS, Bar, Lines, Rate, line, progress
from dragoman.cli.copying.tally import Tally


def test_a_line_tells_count_rate_and_what_is_left() -> None:
    assert line(Tally(read=1_500, expected=4_500), 100.0) == "1,500 of 4,500 read, 100/s, 30 s left"
    assert line(Tally(read=1_500, expected=4_500), 0.0) == "1,500 of 4,500 read, 0/s"
    assert line(Tally(read=1_500), 12.0) == "1,500 read, 12/s"


def test_a_rate_is_of_the_last_seconds() -> None:
    clock = ManualClock()
    rate = Rate(clock)
    found = 0.0
    for second in range(1, 31):
        clock.now_ms += 1_000
        found = rate.see(min(second, 10) * 100)
        assert found == pytest.approx(100) if second <= 10 else found < 100
    assert found == 0


def test_where_there_is_no_terminal_a_line_comes_now_and_then() -> None:
    clock, out = ManualClock(), io.StringIO()
    with Lines(clock, out) as lines:
        for _ in range(10):
            clock.now_ms += LINE_MS // 4
            lines.show(Tally(read=5, expected=10))
    assert out.getvalue().count("\n") == 2
    assert "5 of 10 read" in out.getvalue()


def test_a_bar_shows_the_same() -> None:
    clock, out = ManualClock(), io.StringIO()
    with Bar(clock, out) as bar:
        clock.now_ms += 1_000
        bar.show(Tally(read=5, expected=10))
    assert "5 of 10 read, 5/s, 1 s left" in out.getvalue()


def test_a_pipe_gets_lines() -> None:
    assert isinstance(progress(ManualClock()), Lines)
