from dragoman.doors.cloudtasks.executed import MINUTE_MS, QUEUES_MAX, Executed

KEY = ("default", "q")


def test_what_was_answered_in_the_last_minute_is_counted() -> None:
    executed = Executed()
    for at_ms in (0, 10, 30_000, 59_999):
        executed.note(KEY, at_ms)
    assert executed.count(KEY, 59_999) == 4
    assert executed.count(KEY, MINUTE_MS + 1_000) == 2
    assert executed.count(KEY, 2 * MINUTE_MS + 1_000) == 0
    assert executed.count(("default", "other"), 0) == 0


def test_queues_used_longest_ago_are_not_told_of_where_there_are_too_many() -> None:
    executed = Executed()
    for at in range(QUEUES_MAX + 1):
        executed.note(("default", str(at)), 0)
    assert executed.count(("default", "0"), 0) == 0
    assert executed.count(("default", "1"), 0) == 1
