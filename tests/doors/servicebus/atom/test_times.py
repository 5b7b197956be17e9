"""Times in documents."""

from dragoman.doors.servicebus.atom.times import spell_time


def test_times_are_in_utc_to_the_millisecond() -> None:
    assert spell_time(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"


def test_nothing_is_never() -> None:
    assert spell_time(0) == "0001-01-01T00:00:00Z"
