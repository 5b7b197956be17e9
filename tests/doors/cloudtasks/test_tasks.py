"""Tasks: made, told, listed, run now and deleted."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import URL, Tasks, queue
from tests.runtime.node import publish

from dragoman.doors.cloudtasks.protos import Task
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS
from dragoman.doors.cloudtasks.tasks import CROWDED_MS
from dragoman.formats.canonical import encode
from dragoman.kernel.quotas import Quotas
from dragoman.model.message import Message
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    INVALID_ARGUMENT,
    NOT_FOUND,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
)

HTTP = {"url": URL}


def with_queue() -> Tasks:
    tasks = Tasks()
    tasks.make()
    return tasks


def test_a_name_is_free_again_an_hour_after_its_task_is_over() -> None:
    tasks = with_queue()
    name = tasks.create("one").name
    again = {"name": name, "http_request": HTTP}
    assert tasks.refused("CreateTask", parent=queue(), task=again) == ALREADY_EXISTS
    tasks.answer()
    assert tasks.refused("GetTask", name=name) == NOT_FOUND
    assert tasks.refused("CreateTask", parent=queue(), task=again) == ALREADY_EXISTS
    tasks.pass_ms(TOMBSTONE_MS + 1)
    assert tasks.create("one").name == name


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, INVALID_ARGUMENT),
        ({"http_request": {"url": "ftp://a/"}}, INVALID_ARGUMENT),
        ({"http_request": {"url": "http://[/"}}, INVALID_ARGUMENT),
        ({"http_request": {"url": URL + "x" * 2083}}, INVALID_ARGUMENT),
        ({"http_request": {"url": URL, "http_method": 2, "body": b"x"}}, INVALID_ARGUMENT),
        ({"http_request": {"url": URL, "headers": {"a b": "c"}}}, INVALID_ARGUMENT),
        ({"http_request": {"url": URL, "body": bytes(1 << 20)}}, INVALID_ARGUMENT),
        ({"http_request": HTTP, "dispatch_deadline": {"seconds": 14}}, INVALID_ARGUMENT),
        ({"http_request": HTTP, "schedule_time": {"seconds": 1 << 33}}, INVALID_ARGUMENT),
        ({"http_request": HTTP, "name": f"{queue('r')}/tasks/t"}, INVALID_ARGUMENT),
        ({"http_request": HTTP, "name": f"{queue()}/tasks/at-0-0"}, INVALID_ARGUMENT),
        ({"http_request": {"url": URL, "oidc_token": {"audience": "a"}}}, INVALID_ARGUMENT),
        ({"app_engine_http_request": {"relative_uri": "a"}}, INVALID_ARGUMENT),
        ({"app_engine_http_request": {"relative_uri": "/"}}, UNIMPLEMENTED),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], code: int) -> None:
    tasks = with_queue()
    assert tasks.refused("CreateTask", parent=queue(), task=fields) == code
    assert tasks.listed() == []


def test_a_schedule_reaches_thirty_days_ahead_and_no_further() -> None:
    tasks = with_queue()
    tasks.create(schedule_time=tasks.in_ms(30 * 86_400_000))
    later = {"http_request": HTTP, "schedule_time": tasks.in_ms(30 * 86_400_000 + 1)}
    assert tasks.refused("CreateTask", parent=queue(), task=later) == INVALID_ARGUMENT


def test_views_say_the_body_or_do_not() -> None:
    tasks = with_queue()
    name = tasks.create(body=b"hello").name
    assert tasks.ask("GetTask", name=name).http_request.body == b""
    assert tasks.ask("GetTask", name=name, response_view=Task.FULL).http_request.body == b"hello"


def test_tasks_are_listed_by_pages() -> None:
    tasks = with_queue()
    made = [tasks.create(schedule_time=tasks.in_ms(10_000)).name for _ in range(3)]
    first = tasks.ask("ListTasks", parent=queue(), page_size=2)
    rest = tasks.ask("ListTasks", parent=queue(), page_token=first.next_page_token)
    assert [task.name for task in (*first.tasks, *rest.tasks)] == made
    assert rest.next_page_token == ""


def test_a_deleted_task_is_never_sent() -> None:
    tasks = with_queue()
    name = tasks.create(schedule_time=tasks.in_ms(1_000)).name
    tasks.ask("DeleteTask", name=name)
    assert tasks.refused("DeleteTask", name=name) == NOT_FOUND
    assert tasks.listed() == []
    tasks.pass_ms(TOMBSTONE_MS * 2)
    assert tasks.outbound.bodies == []


def test_a_task_that_is_run_now_is_not_run_again_at_its_time() -> None:
    tasks = with_queue()
    name = tasks.create("one", schedule_time=tasks.in_ms(1_000)).name
    tasks.ask("RunTask", name=name)
    assert (tasks.outbound.bodies, tasks.listed()) == ([b"x"], [name])
    tasks.answer()
    tasks.pass_ms(2_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_a_message_of_another_protocol_is_told_run_and_deleted() -> None:
    tasks = Tasks()
    uri = {"scheme": "HTTP", "host": "target.test"}
    tasks.make(http_target={"uri_override": uri})
    tasks.ask("PauseQueue", name=queue())
    publish(tasks.session, "q", encode(Message(b"afar")), encode(Message(b"more")))
    first, second = tasks.listed()
    assert first == f"{queue()}/tasks/at-0-0"
    tasks.ask("DeleteTask", name=second)
    assert tasks.listed() == [first]
    assert tasks.ask("RunTask", name=first).name == first
    assert tasks.listed() == [first]
    tasks.ask("ResumeQueue", name=queue())
    (request, _) = tasks.outbound.under_way[0]
    assert tasks.outbound.bodies == [b"afar"]
    assert dict(request.headers)["X-CloudTasks-TaskName"] == "at-0-0"


def later(tasks: Tasks, id_: str = "", delay_ms: int = 1_000) -> str:
    name: str = tasks.create(id_, schedule_time=tasks.in_ms(delay_ms)).name
    return name


@pytest.mark.parametrize("id_", ["", "one"])
def test_a_task_keeps_its_name_when_its_time_comes(id_: str) -> None:
    tasks = with_queue()
    name = later(tasks, id_)
    tasks.ask("PauseQueue", name=queue())
    tasks.create()
    told = tasks.ask("GetTask", name=name)
    tasks.pass_ms(1_500)
    assert tasks.ask("GetTask", name=name) == told
    assert name in tasks.listed()
    tasks.ask("ResumeQueue", name=queue())
    names = {dict(each.headers)["X-CloudTasks-TaskName"] for each, _ in tasks.outbound.under_way}
    assert name.rpartition("/")[2] in names


@pytest.mark.parametrize("id_", ["", "one"])
def test_one_whose_time_came_is_deleted_and_run_as_any_other(id_: str) -> None:
    tasks = with_queue()
    tasks.ask("PauseQueue", name=queue())
    names = [later(tasks, id_), later(tasks), later(tasks)]
    tasks.pass_ms(2_000)
    tasks.ask("DeleteTask", name=names[0])
    tasks.ask("RunTask", name=names[1])
    assert sorted(tasks.listed()) == sorted(names[1:])
    tasks.ask("ResumeQueue", name=queue())
    assert len(tasks.outbound.bodies) == 2
    tasks.answer()
    tasks.answer()
    tasks.pass_ms(TOMBSTONE_MS * 2)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_what_was_deleted_in_the_queue_is_not_sent_however_late_it_comes_up() -> None:
    tasks = with_queue()
    tasks.ask("PauseQueue", name=queue())
    name = tasks.create("one").name
    tasks.ask("DeleteTask", name=name)
    tasks.pass_ms(TOMBSTONE_MS * 3)
    again = {"name": name, "http_request": HTTP}
    assert tasks.refused("CreateTask", parent=queue(), task=again) == ALREADY_EXISTS
    tasks.ask("ResumeQueue", name=queue())
    assert tasks.outbound.bodies == []


def test_a_purge_is_of_those_that_wait_as_well_and_of_none_that_come_after() -> None:
    tasks = with_queue()
    old = [later(tasks), later(tasks, "one")]
    tasks.ask("PurgeQueue", name=queue())
    new = [later(tasks), later(tasks, "one")]
    assert sorted(tasks.listed()) == sorted(new)
    assert tasks.refused("GetTask", name=old[0]) == NOT_FOUND
    tasks.pass_ms(2_000)
    assert len(tasks.outbound.bodies) == 2


def test_what_waited_for_a_deleted_queue_is_not_the_next_ones() -> None:
    tasks = with_queue()
    later(tasks)
    tasks.pass_ms(2)
    tasks.ask("DeleteQueue", name=queue())
    tasks.make()
    assert tasks.listed() == []
    tasks.pass_ms(2_000)
    assert tasks.outbound.bodies == []


def test_a_task_without_a_name_costs_no_document() -> None:
    tasks = with_queue()
    tasks.create()
    later(tasks)
    tasks.answer()
    tasks.pass_ms(2_000)
    tasks.answer()
    assert not tasks.node.kernel.state.documents.by_key
    tasks.create()
    tasks.answer(500)
    assert tasks.node.kernel.state.documents.by_key
    tasks.pass_ms(60_000)
    tasks.answer()
    assert not tasks.node.kernel.state.documents.by_key


def test_pages_of_those_that_wait_and_of_those_in_the_queue_come_one_after_the_other() -> None:
    tasks = with_queue()
    tasks.ask("PauseQueue", name=queue())
    made = [later(tasks) for _ in range(3)] + [tasks.create().name for _ in range(3)]
    found: list[str] = []
    token = ""
    while True:
        page = tasks.ask("ListTasks", parent=queue(), page_size=2, page_token=token)
        found += [task.name for task in page.tasks]
        token = page.next_page_token
        if not token:
            break
    assert found == made


@pytest.mark.parametrize("token", ["x", "w", "q-1", "q--", "w-1-2-3", "q-1-" + "9" * 40])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    tasks = with_queue()
    assert tasks.refused("ListTasks", parent=queue(), page_token=token) == INVALID_ARGUMENT


def test_old_names_give_way_where_there_are_too_many() -> None:
    tasks = with_queue()
    tasks.node.kernel.state.quotas = Quotas(documents_max=2)
    for at in range(2):
        tasks.create(f"t{at}")
        tasks.answer()
    task = {"name": f"{queue()}/tasks/t2", "http_request": HTTP}
    assert tasks.refused("CreateTask", parent=queue(), task=task) == RESOURCE_EXHAUSTED
    assert tasks.outbound.bodies == []
    tasks.pass_ms(CROWDED_MS)
    tasks.create("t2")
    assert tasks.outbound.bodies == [b"x"]


def test_a_task_that_fails_where_nothing_more_can_be_known_is_tried_again_all_the_same() -> None:
    tasks = Tasks()
    retry = {"max_attempts": 3, "max_backoff": {"seconds": 1}}
    tasks.make(retry_config=retry)
    tasks.node.kernel.state.quotas = Quotas(documents_max=1)
    tasks.create("one", schedule_time=tasks.in_ms(86_400_000))
    tasks.create()
    counts = []
    while tasks.outbound.under_way:
        counts.append(dict(tasks.answer(500).headers)["X-CloudTasks-TaskRetryCount"])
        tasks.pass_ms(1_000)
    assert counts == ["0", "1", "2"]
