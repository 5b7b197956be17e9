"""Durations, read and written."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.servicebus.durations import (
    FOR_EVER,
    FOR_EVER_MS,
    read_duration,
    write_duration,
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
