"""Durations, read and written."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.servicebus.durations import (
    FOR_EVER,
    FOR_EVER_MS,
    read_duration,
    read_time,
    write_duration,
    write_time,
)


def test_durations_are_read() -> None:
    assert read_duration("P1DT2H3M4.5S") == 93_784_500
    assert read_duration("PT30S") == 30_000
    assert [read_duration(text) for text in ("", "P", "PT", "1", "PT-1S", "P1Y")] == [None] * 6


def test_for_ever_is_written_as_net_does() -> None:
    assert write_duration(FOR_EVER_MS) == FOR_EVER
    assert (read_duration(FOR_EVER) or 0) >= FOR_EVER_MS
    assert write_duration(0) == "PT0S"


@given(st.integers(0, FOR_EVER_MS - 1))
def test_what_is_written_is_read_again(span_ms: int) -> None:
    assert read_duration(write_duration(span_ms)) == span_ms


def test_moments_are_read_with_any_fraction_and_zone() -> None:
    second = 1_577_880_000_000
    assert read_time("2020-01-01T12:00:00Z") == second
    assert read_time("2020-01-01T12:00:00") == second
    assert read_time("2020-01-01T13:00:00+01:00") == second
    assert read_time("2020-01-01T12:00:00.1234567Z") == second + 123
    assert [read_time(text) for text in ("", "2020-01-01", "2020-13-01T00:00:00Z")] == [None] * 3


@given(st.integers(-60_000_000_000_000, 250_000_000_000_000))
def test_a_moment_that_is_written_is_read_again(wall_ms: int) -> None:
    assert read_time(write_time(wall_ms)) == wall_ms
