"""RunTask: dispatched at once whatever the queue says, and never twice for one run."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import PARENT, Tasks, queue

from dragoman.wire.grpc.codes import FAILED_PRECONDITION, NOT_FOUND

RETRY: dict[str, Any] = {"min_backoff": {"seconds": 2}, "max_attempts": 2}


def paused(**fields: Any) -> Tasks:
    tasks = Tasks()
    tasks.make(retry_config=RETRY, **fields)
    tasks.ask("PauseQueue", name=queue())
    return tasks


def test_a_task_of_a_paused_queue_is_run_and_over() -> None:
    tasks = paused()
    name, other = tasks.create().name, tasks.create(body=b"other").name
    told = tasks.ask("RunTask", name=name)
    assert (told.dispatch_count, told.response_count) == (1, 0)
    assert tasks.outbound.bodies == [b"x"]
    tasks.answer()
    assert tasks.refused("GetTask", name=name) == NOT_FOUND
    assert tasks.refused("RunTask", name=name) == NOT_FOUND
    assert tasks.listed() == [other]
    tasks.ask("ResumeQueue", name=queue())
    assert tasks.outbound.bodies == [b"other"]


def test_a_rate_and_a_limit_that_are_used_up_hold_nobody_who_is_run() -> None:
    tasks = Tasks()
    tasks.make(rate_limits={"max_dispatches_per_second": 1, "max_concurrent_dispatches": 1})
    tasks.create(body=b"first")
    name = tasks.create(body=b"second").name
    assert tasks.outbound.bodies == [b"first"]
    tasks.ask("RunTask", name=name)
    assert tasks.outbound.bodies == [b"first", b"second"]


def test_one_that_comes_up_while_it_is_run_is_left_alone() -> None:
    tasks = paused()
    name = tasks.create().name
    tasks.ask("RunTask", name=name)
    tasks.ask("ResumeQueue", name=queue())
    tasks.pass_ms(5_000)
    assert tasks.outbound.bodies == [b"x"]
    tasks.answer()
    tasks.pass_ms(5_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_one_whose_run_fails_is_due_again_after_its_backoff() -> None:
    tasks = paused()
    name = tasks.create().name
    tasks.ask("RunTask", name=name)
    tasks.answer(503)
    told = tasks.ask("GetTask", name=name)
    assert (told.dispatch_count, told.response_count) == (1, 1)
    now_ms = tasks.node.clock.now_ms
    assert told.schedule_time.seconds * 1000 + told.schedule_time.nanos // 10**6 == now_ms + 2_000
    tasks.ask("ResumeQueue", name=queue())
    tasks.pass_ms(1_900)
    assert tasks.outbound.bodies == []
    tasks.pass_ms(1_200)
    ((request, _),) = tasks.outbound.under_way
    assert dict(request.headers)["X-CloudTasks-TaskRetryCount"] == "1"


@pytest.mark.parametrize("id_", ["", "one"])
def test_one_that_waited_for_tomorrow_waits_for_its_backoff_instead(id_: str) -> None:
    tasks = Tasks()
    tasks.make(retry_config=RETRY)
    name = tasks.create(id_, schedule_time=tasks.in_ms(86_400_000)).name
    tasks.ask("RunTask", name=name)
    tasks.answer(500)
    assert tasks.listed() == [name]
    tasks.pass_ms(2_100)
    ((request, _),) = tasks.outbound.under_way
    assert dict(request.headers)["X-CloudTasks-TaskName"] == name.rpartition("/")[2]
    tasks.answer()
    tasks.pass_ms(86_400_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


@pytest.mark.parametrize("waits", [False, True])
def test_one_whose_attempts_are_spent_is_given_up_and_becomes_a_dead_letter(waits: bool) -> None:
    tasks = Tasks()
    tasks.make("dead")
    tasks.ask("PauseQueue", name=queue("dead"))
    tasks.make(retry_config={"max_attempts": 1})
    tasks.dead_letter("dead")
    tasks.ask("PauseQueue", name=queue())
    name = tasks.create("one", schedule_time=tasks.in_ms(9_000) if waits else None).name
    tasks.ask("RunTask", name=name)
    tasks.answer(500)
    assert tasks.refused("GetTask", name=name) == NOT_FOUND
    assert tasks.refused("RunTask", name=name) == NOT_FOUND
    tasks.ask("ResumeQueue", name=queue())
    tasks.pass_ms(10_000)
    assert tasks.outbound.bodies == []
    assert len(tasks.ask("ListTasks", parent=queue("dead")).tasks) == 1


def test_one_that_is_running_is_run_beside_that() -> None:
    tasks = Tasks()
    tasks.make()
    name = tasks.create().name
    tasks.ask("RunTask", name=name)
    assert tasks.outbound.bodies == [b"x", b"x"]
    tasks.answer(500)
    tasks.answer(200)
    tasks.pass_ms(5_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


@pytest.mark.parametrize("ended", ["DeleteTask", "PurgeQueue", "DeleteQueue"])
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_ended_while_it_is_run_stays_so(ended: str, status: int) -> None:
    tasks = paused()
    name = tasks.create("one").name
    tasks.ask("RunTask", name=name)
    tasks.ask(ended, name=name if ended == "DeleteTask" else queue())
    tasks.answer(status)
    if ended == "DeleteQueue":
        tasks.make()
    else:
        tasks.ask("ResumeQueue", name=queue())
    tasks.pass_ms(5_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_a_request_that_found_no_place_is_not_counted() -> None:
    tasks = paused()
    name = tasks.create().name
    tasks.ask("RunTask", name=name)
    tasks.answer(0, failure="busy")
    assert tasks.ask("GetTask", name=name).dispatch_count == 0
    assert tasks.ask("RunTask", name=name).dispatch_count == 1


def test_a_task_without_a_target_is_refused() -> None:
    tasks = paused()
    tasks.publish_afar(b"afar")
    assert tasks.refused("RunTask", name=f"{PARENT}/queues/q/tasks/at-0-0") == FAILED_PRECONDITION
