"""v2beta3 over the handlers of v2."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import PARENT, URL, Tasks, queue

from dragoman.doors.cloudtasks.beta import Queue, copy
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, UNIMPLEMENTED
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS
from dragoman.wire.protobuf.cloudtasks_v2beta3 import CLOUDTASKS_V2BETA3


def beta(tasks: Tasks) -> Tasks:
    tasks.methods = tasks.beta_methods
    return tasks


def test_a_queue_and_its_tasks_are_the_same_in_both_versions() -> None:
    tasks = Tasks()
    old = tasks.methods
    tasks.make(rate_limits={"max_dispatches_per_second": 7})
    beta(tasks)
    found = tasks.ask("GetQueue", name=queue())
    assert (found.rate_limits.max_dispatches_per_second, found.type) == (7, Queue.PUSH)
    tasks.ask("PauseQueue", name=queue())
    headers = {"X-A": "b"}
    made = tasks.create("one", http_request={"url": URL, "headers": headers, "body": b"x"})
    listed = tasks.ask("ListTasks", parent=queue(), response_view=2).tasks
    assert [(each.name, each.http_request.body) for each in listed] == [(made.name, b"x")]
    tasks.methods = old
    told = tasks.ask("GetTask", name=made.name)
    assert (dict(told.http_request.headers), told.http_request.url) == (headers, URL)


def test_what_only_the_other_version_has_is_refused() -> None:
    tasks = beta(Tasks())
    for fields in ({"type": 1}, {"task_ttl": {"seconds": 1}}, {"tombstone_ttl": {"seconds": 1}}):
        asked = {"name": queue(), **fields}
        assert tasks.refused("CreateQueue", parent=PARENT, queue=asked) == UNIMPLEMENTED
    tasks.make()
    task = {"pull_message": {"payload": b"x"}}
    assert tasks.refused("CreateTask", parent=queue(), task=task) == UNIMPLEMENTED
    asked = {"name": queue()}
    for path in ("stats", "type", "task_ttl"):
        mask = {"paths": [path]}
        assert tasks.refused("UpdateQueue", queue=asked, update_mask=mask) == INVALID_ARGUMENT


def test_an_app_engine_queues_routing_is_one_level_deeper() -> None:
    tasks = beta(Tasks())
    routing = {"app_engine_routing_override": {"service": "a"}}
    tasks.make(app_engine_http_queue=routing)
    found = tasks.ask("GetQueue", name=queue()).app_engine_http_queue
    assert found.app_engine_routing_override.service == "a"
    asked = {
        "name": queue(),
        "app_engine_http_queue": {"app_engine_routing_override": {"service": "b"}},
    }
    mask = {"paths": ["app_engine_http_queue"]}
    found = tasks.ask("UpdateQueue", queue=asked, update_mask=mask).app_engine_http_queue
    assert found.app_engine_routing_override.service == "b"


def test_statistics_are_told_to_whoever_asks_for_them() -> None:
    tasks = beta(Tasks())
    tasks.make()
    tasks.create()
    tasks.create(schedule_time=tasks.in_ms(1_000))
    assert not tasks.ask("GetQueue", name=queue()).HasField("stats")
    (found,) = tasks.ask("ListQueues", parent=PARENT, read_mask={"paths": ["stats"]}).queues
    assert (found.stats.tasks_count, found.stats.concurrent_dispatches_count) == (2, 1)


@pytest.mark.parametrize("name", ["Queue", "Task"])
def test_all_that_both_versions_have_comes_back_as_it_was(name: str) -> None:
    old, new = CLOUDTASKS[name], CLOUDTASKS_V2BETA3[name]
    message: Any = old()
    fill(message)
    assert copy(copy(message, new()), old()) == message


def fill(message: Any, depth: int = 0) -> None:
    """Something in every field."""
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            value["k"] = "v"
        elif field.message_type is not None:
            fill(value.add() if field.is_repeated else value, depth + 1)
        elif field.enum_type is not None:
            setattr(message, field.name, 1)
        else:
            setattr(message, field.name, {9: "s", 12: b"b"}.get(field.type, 1))
