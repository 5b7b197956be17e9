from tests.doors.cloudtasks.client import Tasks

from dragoman.doors.cloudtasks import standing
from dragoman.doors.cloudtasks.names import Queue
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS, Standing, foreign_id, foreign_place

PLACE = Queue("default", "local", "q")


def test_a_message_that_nobody_named_is_called_by_its_place() -> None:
    assert foreign_place(foreign_id(3, 17)) == (3, 17)
    for name in ("at", "at-1", "at-1-", "at-a-b", "task", "at-1-" + "9" * 40):
        assert foreign_place(name) is None


def test_named_tasks_leave_tombstones_that_are_swept_after_an_hour() -> None:
    tasks = Tasks()
    session = tasks.session
    for id_, is_named in (("named", True), ("other", False)):
        one = Standing(0, 0, 1, 1, is_named=is_named)
        standing.put(session, "default", "q", id_, one)
        standing.finish(session, "default", "q", id_, one, is_here=True)
    assert standing.find(session, "default", "q", "other") is None
    standing.sweep(session, PLACE)
    assert standing.find(session, "default", "q", "named") is not None
    tasks.pass_ms(TOMBSTONE_MS + 1)
    standing.sweep(session, PLACE)
    assert standing.find(session, "default", "q", "named") is None
