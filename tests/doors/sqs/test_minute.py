"""What was done less than a minute ago."""

from dragoman.doors.sqs import minute
from dragoman.doors.sqs.minute import Minute


def test_a_minute_passes() -> None:
    known = Minute(is_strict=True)
    known.note(("n", "q"), 1_000)
    assert known.has(("n", "q"), 60_999)
    assert not known.has(("n", "q"), 61_000)
    assert not known.has(("n", "other"), 1_000)


def test_who_is_not_strict_remembers_nothing() -> None:
    known = Minute(is_strict=False)
    known.note(("n", "q"), 1_000)
    assert not known.has(("n", "q"), 1_000)


def test_only_so_much_is_remembered() -> None:
    known = Minute(is_strict=True)
    for number in range(minute.REMEMBERED_MAX + 5):
        known.note(("n", f"{number}"), 0)
    assert known.has(("n", "0"), 1)
    assert not known.has(("n", f"{minute.REMEMBERED_MAX + 1}"), 1)
    known.note(("n", "later"), 60_000)
    assert known.has(("n", "later"), 60_001)
