from typing import Any

from tests.doors.cloudtasks.client import URL, Tasks, queue

from dragoman.doors.cloudtasks.protos import Task

REQUEST: dict[str, Any] = {
    "url": URL,
    "http_method": Task.DESCRIPTOR.fields_by_name["http_request"]
    .message_type.fields_by_name["http_method"]
    .enum_type.values_by_name["PUT"]
    .number,
    "headers": {"X-A": "b", "Content-Type": "text/plain", "Host": "left.out"},
    "body": b"hello",
    "oidc_token": {"service_account_email": "a@b", "audience": "c"},
}
RETRY = {"max_attempts": 7}


def test_a_task_is_told_as_it_was_told_when_it_was_made() -> None:
    tasks = Tasks()
    tasks.make()
    tasks.ask("PauseQueue", name=queue())
    for due in (None, tasks.in_ms(10_000)):
        task = {
            "http_request": REQUEST,
            "dispatch_deadline": {"seconds": 20},
            "retry_config": RETRY,
        }
        if due is not None:
            task["schedule_time"] = due
        for view in (Task.BASIC, Task.FULL):
            made = tasks.ask("CreateTask", parent=queue(), task=task, response_view=view)
            assert tasks.ask("GetTask", name=made.name, response_view=view) == made
            assert made.http_request.body == (b"hello" if view == Task.FULL else b"")
            assert "Host" not in made.http_request.headers


def test_counts_and_times_are_not_the_clients_to_say() -> None:
    tasks = Tasks()
    tasks.make()
    made = tasks.create(dispatch_count=5, response_count=5, create_time={"seconds": 1})
    assert (made.dispatch_count, made.response_count) == (0, 0)
    assert made.create_time.seconds == tasks.node.clock.now_ms // 1000
