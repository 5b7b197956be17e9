"""Tasks: made, told, listed, run now and deleted."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import URL, Tasks, queue
from tests.runtime.node import publish

from dragoman.doors.cloudtasks.protos import Task
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS
from dragoman.formats.canonical import encode
from dragoman.model.message import Message
from dragoman.wire.grpc.codes import ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED

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
        ({"http_request": {"url": URL, "oidc_token": {"audience": "a"}}}, UNIMPLEMENTED),
        ({"app_engine_http_request": {"relative_uri": "/"}}, UNIMPLEMENTED),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], code: int) -> None:
    tasks = with_queue()
    assert tasks.refused("CreateTask", parent=queue(), task=fields) == code
    assert tasks.listed() == []


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


def test_a_message_of_another_protocol_is_told_and_deleted() -> None:
    tasks = with_queue()
    tasks.ask("PauseQueue", name=queue())
    publish(tasks.session, "q", encode(Message(b"afar")))
    (name,) = tasks.listed()
    assert name == f"{queue()}/tasks/at-0-0"
    assert tasks.refused("RunTask", name=name) == UNIMPLEMENTED
    tasks.ask("DeleteTask", name=name)
    assert tasks.listed() == []
