from tests.doors.cloudtasks.client import Tasks

from dragoman.doors.cloudtasks.names import Queue
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS, Standing, standings_of


def test_named_tasks_leave_tombstones_that_are_swept_after_an_hour() -> None:
    tasks = Tasks()
    known = standings_of(tasks.session, Queue("default", "local", "q"))
    for id_, is_named in (("named", True), ("other", False)):
        one = Standing(1, 1, is_named=is_named)
        known.put(id_, one)
        known.finish(id_, one)
    assert known.find("other") is None
    known.sweep(TOMBSTONE_MS)
    assert known.find("named") is not None
    tasks.pass_ms(TOMBSTONE_MS)
    known.sweep(TOMBSTONE_MS)
    assert known.find("named") is None


def test_one_whose_message_is_still_to_come_up_is_known_until_then() -> None:
    tasks = Tasks()
    known = standings_of(tasks.session, Queue("default", "local", "q"))
    one = Standing(1, 1)
    known.finish("a", one, is_left=True)
    tasks.pass_ms(TOMBSTONE_MS * 2)
    known.sweep(TOMBSTONE_MS)
    assert known.find("a") == one
    known.finish("a", one)
    assert known.find("a") is None


def test_all_of_a_queue_can_be_forgotten_and_nothing_of_another() -> None:
    tasks = Tasks()
    mine = standings_of(tasks.session, Queue("default", "local", "q"))
    other = standings_of(tasks.session, Queue("default", "local", "q2"))
    for each in (mine, other):
        each.put("a", Standing(1, 1))
    mine.sweep(-1)
    assert mine.find("a") is None
    assert other.find("a") is not None
