"""Dispatch: what a target is sent, when, and what its answers mean."""

from typing import Any

import msgspec
from tests.doors.cloudtasks.client import URL, Tasks, queue
from tests.runtime.node import declare, publish

from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.kernel.api import Address, AlterSubscription, DescribeQueue, FindQueue, Peek
from dragoman.model.message import Message

RETRY = {"min_backoff": {"seconds": 1}, "max_attempts": 3}


def with_queue(**fields: Any) -> Tasks:
    tasks = Tasks()
    tasks.make(**fields)
    return tasks


def test_a_request_says_which_task_it_is_and_what_became_of_it_before() -> None:
    tasks = with_queue(retry_config=RETRY)
    tasks.pass_ms(1)
    tasks.create("one", dispatch_deadline={"seconds": 20})
    now_ms = tasks.node.clock.now_ms
    request = tasks.answer(404)
    assert (request.method, request.url, request.body, request.timeout_ms) == (
        "POST",
        URL,
        b"x",
        20_000,
    )
    assert dict(request.headers) == {
        "Content-Type": "application/octet-stream",
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": "q",
        "X-CloudTasks-TaskName": "one",
        "X-CloudTasks-TaskRetryCount": "0",
        "X-CloudTasks-TaskExecutionCount": "0",
        "X-CloudTasks-TaskETA": f"{now_ms // 1000}.{now_ms % 1000:03}000",
    }
    tasks.pass_ms(1_000)
    headers = dict(tasks.answer(503).headers)
    assert (
        headers["X-CloudTasks-TaskRetryCount"] == headers["X-CloudTasks-TaskExecutionCount"] == "1"
    )
    assert headers["X-CloudTasks-TaskPreviousResponse"] == "404"
    assert headers["X-CloudTasks-TaskRetryReason"] == "HTTP status code 404"
    told = tasks.ask("GetTask", name=f"{queue()}/tasks/one")
    assert (told.dispatch_count, told.response_count) == (2, 2)
    assert told.last_attempt.response_status.message == "HTTP status code 503"


def test_a_task_waits_for_its_time_however_often_its_queue_is_changed() -> None:
    tasks = with_queue()
    tasks.create(schedule_time=tasks.in_ms(1_000))
    tasks.ask("PauseQueue", name=queue())
    tasks.ask("ResumeQueue", name=queue())
    tasks.pass_ms(999)
    assert tasks.outbound.bodies == []
    tasks.pass_ms(1)
    assert dict(tasks.answer().headers)["X-CloudTasks-TaskRetryCount"] == "0"


def test_retry_after_is_kept_and_the_last_failure_ends_the_task() -> None:
    tasks = with_queue(retry_config=RETRY)
    tasks.create()
    tasks.answer(429, headers=[("retry-after", "5")])
    tasks.pass_ms(4_999)
    assert tasks.outbound.bodies == []
    tasks.pass_ms(1)
    tasks.answer(0, failure="timeout")
    tasks.pass_ms(2_000)
    tasks.answer(500)
    tasks.pass_ms(60_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_what_found_no_place_was_no_attempt() -> None:
    tasks = with_queue()
    tasks.create()
    tasks.answer(0, failure="busy")
    tasks.pass_ms(1_000)
    assert dict(tasks.answer().headers)["X-CloudTasks-TaskRetryCount"] == "0"


def test_no_more_go_out_at_once_than_the_queue_allows() -> None:
    tasks = with_queue(rate_limits={"max_concurrent_dispatches": 2})
    for _ in range(5):
        tasks.create()
    assert len(tasks.outbound.under_way) == 2
    tasks.answer()
    assert len(tasks.outbound.under_way) == 2


def test_no_more_go_out_than_the_rate_allows() -> None:
    tasks = with_queue(rate_limits={"max_dispatches_per_second": 2})
    for _ in range(5):
        tasks.create()
    assert len(tasks.outbound.under_way) == 2
    tasks.pass_ms(499)
    assert len(tasks.outbound.under_way) == 2
    tasks.pass_ms(1)
    assert len(tasks.outbound.under_way) == 3
    tasks.pass_ms(5_000)
    assert len(tasks.outbound.under_way) == 5


def test_a_message_of_another_protocol_goes_to_its_queues_target() -> None:
    uri = {"host": "hooks.test", "path_override": {"path": "/a"}}
    override = {"header": {"key": "X-Key", "value": "k"}}
    tasks = with_queue(http_target={"uri_override": uri, "header_overrides": [override]})
    publish(tasks.session, "q", encode(Message(b"afar")))
    tasks.node.settle()
    request = tasks.outbound.under_way[0][0]
    assert (request.url, request.body) == ("https://hooks.test/a", b"afar")
    assert dict(request.headers)["X-Key"] == "k"


def test_a_message_without_a_target_is_given_up() -> None:
    tasks = with_queue()
    publish(tasks.session, "q", encode(Message(b"afar")))
    tasks.node.settle()
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])


def test_a_message_that_nobody_can_read_is_a_dead_letter() -> None:
    tasks = with_queue()
    declare(tasks.session, "dead")
    bury(tasks, "dead")
    publish(tasks.session, "q", b"\xff no message")
    tasks.node.settle()
    assert ready(tasks, "dead") == 1


def bury(tasks: Tasks, name: str) -> None:
    """Spent tasks go to this queue from now on."""
    head = tasks.session.submit(FindQueue(name="q"))
    settings = msgspec.structs.replace(head.settings, dead_letter=Address(name))
    tasks.session.submit(AlterSubscription(name="q", subscription="q", settings=settings))
    tasks.node.settle()


def ready(tasks: Tasks, name: str) -> int:
    count: int = tasks.session.submit(DescribeQueue(name=name)).ready
    return count


def test_a_task_whose_attempts_are_spent_goes_to_the_dead_letter_address_of_its_queue() -> None:
    tasks = with_queue(retry_config=RETRY)
    declare(tasks.session, "dead")
    bury(tasks, "dead")
    tasks.create("one")
    for _ in range(3):
        tasks.answer(500)
        tasks.pass_ms(10_000)
    assert (tasks.listed(), ready(tasks, "dead")) == ([], 1)
    (peeked,) = tasks.session.submit(Peek(name="dead"))
    dead = decode(peeked.format, peeked.body)
    assert (dead.body, dead.id) == (b"x", "one")


def test_what_is_purged_or_deleted_while_it_is_under_way_is_not_tried_again() -> None:
    for method, subject in (("PurgeQueue", queue()), ("DeleteQueue", queue())):
        tasks = with_queue()
        tasks.create("one")
        tasks.pass_ms(1)
        tasks.ask(method, name=subject)
        tasks.answer(500)
        tasks.pass_ms(10_000)
        assert tasks.outbound.bodies == []
        assert not tasks.node.kernel.state.documents.by_key


def test_a_task_that_is_deleted_while_it_is_under_way_is_over_whatever_the_answer() -> None:
    tasks = with_queue()
    name = tasks.create().name
    tasks.ask("DeleteTask", name=name)
    tasks.answer(500)
    tasks.pass_ms(10_000)
    assert (tasks.outbound.bodies, tasks.listed()) == ([], [])
    assert not tasks.node.kernel.state.documents.by_key
