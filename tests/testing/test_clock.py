import pytest

from dragoman.app.loop import SystemClock
from dragoman.testing.clock import MovableClock

TOLERANCE_MS = 5_000  # between two looks at the system's clock


def test_it_runs_like_the_systems_until_it_is_moved() -> None:
    clock, system = MovableClock(), SystemClock()
    assert abs(clock.wall_ms() - system.wall_ms()) < TOLERANCE_MS
    assert abs(clock.elapsed_ms() - system.elapsed_ms()) < TOLERANCE_MS


def test_an_advance_moves_both_times() -> None:
    clock, system = MovableClock(), SystemClock()
    clock.advance(3_600.5)
    clock.advance(0)
    assert abs(clock.wall_ms() - system.wall_ms() - 3_600_500) < TOLERANCE_MS
    assert abs(clock.elapsed_ms() - system.elapsed_ms() - 3_600_500) < TOLERANCE_MS


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="go back"):
        MovableClock().advance(-1)


def test_whoever_moves_it_is_asked() -> None:
    clock = MovableClock()
    moved: list[int] = []
    clock.mover = moved.append
    clock.advance(1.5)
    assert moved == [1500]
