"""What may be asked of a task; what may not is in `test_tasks`."""

from typing import Any

from tests.doors.cloudtasks.client import Tasks, queue

from dragoman.wire.grpc.codes import INVALID_ARGUMENT, UNIMPLEMENTED

SERVICES = {"default": "http://engine.test/", "worker": "http://worker.test"}


def asked(**fields: Any) -> dict[str, Any]:
    return {"app_engine_http_request": {"relative_uri": "/a?b=c", **fields}}


def test_an_app_engine_target_is_where_the_operator_says_its_service_is() -> None:
    tasks = Tasks(SERVICES)
    tasks.make()
    name = tasks.ask("CreateTask", parent=queue(), task=asked(body=b"x")).name
    told = tasks.ask("GetTask", name=name).app_engine_http_request
    assert (told.relative_uri, told.app_engine_routing.service) == ("/a?b=c", "")
    request = tasks.answer(500)
    assert (request.url, request.body) == ("http://engine.test/a?b=c", b"x")
    headers = dict(request.headers)
    assert headers["X-AppEngine-QueueName"] == "q"
    assert headers["User-Agent"].startswith("AppEngine-Google")
    assert not any(name.startswith("X-CloudTasks") for name in headers)


def test_a_service_is_named_by_the_task_or_by_its_queue() -> None:
    tasks = Tasks(SERVICES)
    tasks.make()
    routing = {"service": "worker", "version": "v1"}
    tasks.ask("CreateTask", parent=queue(), task=asked(app_engine_routing=routing))
    assert tasks.answer().url == "http://worker.test/a?b=c"
    override = {"name": queue(), "app_engine_routing_override": {"service": "worker"}}
    tasks.ask("UpdateQueue", queue=override)
    tasks.ask("CreateTask", parent=queue(), task=asked())
    assert tasks.answer().url == "http://worker.test/a?b=c"


def test_a_service_that_is_nowhere_is_refused() -> None:
    tasks = Tasks(SERVICES)
    tasks.make()
    task = asked(app_engine_routing={"service": "other"})
    assert tasks.refused("CreateTask", parent=queue(), task=task) == UNIMPLEMENTED
    task = asked() | {"dispatch_deadline": {"seconds": 86_416}}
    assert tasks.refused("CreateTask", parent=queue(), task=task) == INVALID_ARGUMENT
