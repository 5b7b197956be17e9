"""Where a task is, whatever became of it meanwhile."""

import pytest
from tests.doors.cloudtasks.client import Tasks, queue
from tests.runtime.node import publish

from dragoman.doors.cloudtasks import finding
from dragoman.wire.grpc.codes import NOT_FOUND, UNAVAILABLE


def paused() -> Tasks:
    tasks = Tasks()
    tasks.make()
    tasks.ask("PauseQueue", name=queue())
    return tasks


def test_one_that_came_due_long_ago_is_found_behind_all_that_came_before_it() -> None:
    tasks = paused()
    for _ in range(5):
        tasks.create(schedule_time=tasks.in_ms(1_000))
    last = tasks.create(schedule_time=tasks.in_ms(2_000)).name
    tasks.pass_ms(100_000)
    for _ in range(5):
        tasks.create()
    assert tasks.ask("GetTask", name=last).name == last


def test_who_is_behind_too_many_is_not_said_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LOOKS_MAX", 3)
    tasks = paused()
    names = [tasks.create(schedule_time=tasks.in_ms(1_000)).name for _ in range(5)]
    tasks.pass_ms(2_000)
    assert tasks.ask("GetTask", name=names[0]).name == names[0]
    assert tasks.refused("GetTask", name=names[4]) == UNAVAILABLE


@pytest.mark.parametrize("id_", ["at-0-0", "at-9-0", "due-1-1-1", "due-1001000-3-0", "one"])
def test_what_never_was_is_not_found(id_: str) -> None:
    tasks = paused()
    assert tasks.refused("GetTask", name=f"{queue()}/tasks/{id_}") == NOT_FOUND


def test_an_id_of_another_queue_says_nothing_here() -> None:
    tasks = paused()
    tasks.make("r")
    name = tasks.create(schedule_time=tasks.in_ms(1_000)).name.replace("/q/", "/r/")
    assert tasks.refused("GetTask", name=name) == NOT_FOUND


def test_a_message_that_nobody_can_read_is_told_all_the_same() -> None:
    tasks = paused()
    publish(tasks.session, "q", b"\xff no message")
    (name,) = tasks.listed()
    assert tasks.ask("GetTask", name=name, response_view=2).http_request.body == b"\xff no message"
