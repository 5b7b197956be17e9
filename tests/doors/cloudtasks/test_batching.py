"""Batches of tasks: each by itself, what failed by its number, once for a request_id."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import URL, Tasks, queue

from dragoman.doors.cloudtasks.batching import CREATED_MAX, DELETED_MAX
from dragoman.wire.grpc.codes import ABORTED, ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS
from dragoman.wire.protobuf.cloudtasks_v2beta3 import CLOUDTASKS_V2BETA3
from dragoman.wire.protobuf.pool import Package


def name(id_: str) -> str:
    return f"{queue()}/tasks/{id_}"


def asked(*ids: str) -> list[dict[str, Any]]:
    return [{"task": {"name": name(id_), "http_request": {"url": URL}}} for id_ in ids]


def metadata(operation: Any, kind: str, package: Package = CLOUDTASKS) -> Any:
    found = package[kind]()
    assert operation.done
    assert operation.metadata.Unpack(found)
    return found


@pytest.fixture(params=["v2", "v2beta3"])
def tasks(request: pytest.FixtureRequest) -> Tasks:
    found = Tasks()
    found.make()
    found.ask("PauseQueue", name=queue())
    if request.param == "v2beta3":
        found.methods = {**found.methods, **found.beta_methods}
    found.package = CLOUDTASKS if request.param == "v2" else CLOUDTASKS_V2BETA3
    return found


def test_a_batch_of_tasks_is_made_and_deleted(tasks: Tasks) -> None:
    operation = tasks.ask("BatchCreateTasks", parent=queue(), requests=asked("a", "b"))
    told = metadata(operation, "BatchCreateTasksMetadata", tasks.package)
    assert (told.state, dict(told.failed_requests)) == (told.SUCCEEDED, {})
    response = tasks.package["BatchCreateTasksResponse"]()
    assert operation.response.Unpack(response)
    assert [each.name for each in response.tasks] == [name("a"), name("b")]
    assert tasks.listed() == [name("a"), name("b")]
    gone = tasks.ask("BatchDeleteTasks", parent=queue(), names=[name("a"), name("b")])
    assert metadata(gone, "BatchDeleteTasksMetadata", tasks.package).state == 2
    assert gone.HasField("response")
    assert tasks.listed() == []


def test_what_fails_is_told_by_its_number_and_the_rest_is_done(tasks: Tasks) -> None:
    operation = tasks.ask("BatchCreateTasks", parent=queue(), requests=asked("a", "a", "b"))
    told = metadata(operation, "BatchCreateTasksMetadata", tasks.package)
    assert told.state == told.PARTIALLY_SUCCEEDED
    assert {number: each.code for number, each in told.failed_requests.items()} == {
        1: ALREADY_EXISTS
    }
    gone = tasks.ask("BatchDeleteTasks", parent=queue(), names=[name("x"), name("a")])
    told = metadata(gone, "BatchDeleteTasksMetadata", tasks.package)
    assert (told.state, told.failed_requests[0].code) == (told.PARTIALLY_SUCCEEDED, NOT_FOUND)
    assert tasks.listed() == [name("b")]


def test_a_batch_none_of_which_succeeds_has_an_error(tasks: Tasks) -> None:
    operation = tasks.ask("BatchDeleteTasks", parent=queue(), names=[name("x")])
    assert (operation.error.code, operation.WhichOneof("result")) == (ABORTED, "error")
    assert "BatchDeleteTasksMetadata.failed_requests" in operation.error.message


def test_what_is_asked_again_by_the_same_id_is_done_once(tasks: Tasks) -> None:
    fields: dict[str, Any] = {"parent": queue(), "request_id": "8a7c", "requests": asked("a")}
    first = tasks.ask("BatchCreateTasks", **fields)
    assert tasks.ask("BatchCreateTasks", **fields) == first
    assert first.name.endswith("/operations/8a7c")


def test_batches_that_make_no_sense_are_refused(tasks: Tasks) -> None:
    many = asked(*[str(at) for at in range(CREATED_MAX + 1)])
    other = [{"parent": queue("other"), **asked("a")[0]}]
    for requests in ([], many, other):
        refused = tasks.refused("BatchCreateTasks", parent=queue(), requests=requests)
        assert refused == INVALID_ARGUMENT
    for names in ([], [name("a")] * (DELETED_MAX + 1), [f"{queue('other')}/tasks/a"]):
        assert tasks.refused("BatchDeleteTasks", parent=queue(), names=names) == INVALID_ARGUMENT
    refused = tasks.refused(
        "BatchCreateTasks", parent=queue(), requests=asked("a"), request_id="a/b"
    )
    assert refused == INVALID_ARGUMENT
    elsewhere = tasks.refused(
        "BatchDeleteTasks", parent=queue("x"), names=[f"{queue('x')}/tasks/a"]
    )
    assert elsewhere == NOT_FOUND
    assert tasks.listed() == []
