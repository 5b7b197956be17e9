"""Queues: made, told, changed, paused, purged and deleted."""

from typing import Any

import pytest
from tests.doors.cloudtasks.client import PARENT, Tasks, queue
from tests.runtime.node import declare

from dragoman.doors.cloudtasks.protos import Queue
from dragoman.wire.grpc.codes import ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND


def test_what_a_queue_does_not_say_goes_without_saying() -> None:
    made = Tasks().make()
    assert (made.name, made.state) == (queue(), Queue.RUNNING)
    limits, config = made.rate_limits, made.retry_config
    assert (limits.max_dispatches_per_second, limits.max_burst_size) == (500, 100)
    assert limits.max_concurrent_dispatches == 1000
    assert (config.max_attempts, config.max_doublings) == (100, 16)
    assert (config.min_backoff.nanos, config.max_backoff.seconds) == (100_000_000, 3600)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"rate_limits": {"max_dispatches_per_second": 501}}, INVALID_ARGUMENT),
        ({"rate_limits": {"max_dispatches_per_second": float("nan")}}, INVALID_ARGUMENT),
        ({"rate_limits": {"max_dispatches_per_second": float("inf")}}, INVALID_ARGUMENT),
        ({"rate_limits": {"max_concurrent_dispatches": 5001}}, INVALID_ARGUMENT),
        ({"retry_config": {"max_attempts": -2}}, INVALID_ARGUMENT),
        ({"retry_config": {"max_backoff": {"nanos": 1}}}, INVALID_ARGUMENT),
        ({"http_target": {"oidc_token": {"audience": "a"}}}, INVALID_ARGUMENT),
        ({"http_target": {"uri_override": {"host": ""}}}, INVALID_ARGUMENT),
        ({"http_target": {"uri_override": {"host": "a/b"}}}, INVALID_ARGUMENT),
        ({"http_target": {"uri_override": {"port": 65_536}}}, INVALID_ARGUMENT),
        ({"http_target": {"uri_override": {"path_override": {"path": "a b"}}}}, INVALID_ARGUMENT),
        ({"http_target": {"header_overrides": [{"header": {"key": "a b"}}]}}, INVALID_ARGUMENT),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], code: int) -> None:
    asked = {"name": queue(), **fields}
    assert Tasks().refused("CreateQueue", parent=PARENT, queue=asked) == code


def test_a_queue_is_changed_by_its_mask_alone() -> None:
    tasks = Tasks()
    tasks.make(retry_config={"max_attempts": 5})
    asked = {"name": queue(), "rate_limits": {"max_dispatches_per_second": 2}}
    mask = {"paths": ["rate_limits.max_dispatches_per_second"]}
    tasks.ask("UpdateQueue", queue=asked, update_mask=mask)
    found = tasks.ask("GetQueue", name=queue())
    assert found.rate_limits.max_dispatches_per_second == 2
    assert (found.retry_config.max_attempts, found.rate_limits.max_burst_size) == (5, 2)
    bad = {"paths": ["state"]}
    assert tasks.refused("UpdateQueue", queue=asked, update_mask=bad) == INVALID_ARGUMENT


def test_queues_are_listed_by_pages_and_others_queues_are_not_there_until_they_are_made() -> None:
    tasks = Tasks()
    declare(tasks.session, "theirs")
    for name in ("a", "b"):
        tasks.make(name)
    first = tasks.ask("ListQueues", parent=PARENT, page_size=1)
    rest = tasks.ask("ListQueues", parent=PARENT, page_token=first.next_page_token)
    assert [each.name for each in (*first.queues, *rest.queues)] == [queue("a"), queue("b")]
    tasks.ask("PauseQueue", name=queue("b"))
    found = tasks.ask("ListQueues", parent=PARENT, filter="state: PAUSED", page_size=1)
    assert [each.name for each in found.queues] == [queue("b")]
    assert not found.next_page_token
    assert tasks.refused("ListQueues", parent=PARENT, filter="colour: red") == INVALID_ARGUMENT
    assert tasks.refused("GetQueue", name=queue("theirs")) == NOT_FOUND
    assert tasks.make("theirs").name == queue("theirs")
    again = {"name": queue("theirs")}
    assert tasks.refused("CreateQueue", parent=PARENT, queue=again) == ALREADY_EXISTS


def test_a_paused_queue_hands_nothing_out_a_purged_one_has_nothing() -> None:
    tasks = Tasks()
    tasks.make()
    assert tasks.ask("PauseQueue", name=queue()).state == Queue.PAUSED
    tasks.create("one")
    assert (tasks.outbound.bodies, len(tasks.listed())) == ([], 1)
    assert tasks.ask("PurgeQueue", name=queue()).HasField("purge_time")
    assert tasks.listed() == []
    tasks.create("one")
    tasks.ask("ResumeQueue", name=queue())
    assert tasks.outbound.bodies == [b"x"]


def test_a_deleted_queue_is_gone() -> None:
    tasks = Tasks()
    tasks.make()
    tasks.ask("DeleteQueue", name=queue())
    assert tasks.refused("GetQueue", name=queue()) == NOT_FOUND
    assert tasks.refused("DeleteQueue", name=queue()) == NOT_FOUND
