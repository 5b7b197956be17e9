"""Move tasks: from a dead-letter queue back, or on."""

from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, arn_of, redrive, url_of

from dragoman.doors.sqs.moving import Refused as Said  # type: ignore[attr-defined]
from dragoman.doors.sqs.moving import read_handle, write_handle


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("dead")
    sqs.make("orders", RedrivePolicy=redrive("dead", 1))
    return sqs


def kill(sqs: Sqs, *bodies: str, name: str = "orders") -> None:
    """Messages that die in a queue."""
    for body in bodies:
        sqs.send(name, body)
        assert sqs.bodies(name, VisibilityTimeout=0) == [body]
        sqs.pass_s(1)


def tasks(sqs: Sqs, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sqs.ask(
        "ListMessageMoveTasks", SourceArn=arn_of("dead"), **members
    ).get("Results", [])
    return found


def test_messages_go_back_to_where_they_died_and_are_as_they_were(sqs: Sqs) -> None:
    sqs.make("others", RedrivePolicy=redrive("dead", 1))
    kill(sqs, "a", "b")
    kill(sqs, "c", name="others")
    assert sqs.counts("dead") == (3, 0, 0)
    handle = sqs.ask("StartMessageMoveTask", SourceArn=arn_of("dead"))["TaskHandle"]
    assert read_handle(handle)[1] == arn_of("dead")
    sqs.pass_s(1)
    assert sqs.counts("dead") == (0, 0, 0)
    (message,) = sqs.receive("others", AttributeNames=["All"], VisibilityTimeout=0)
    assert message["Body"] == "c"
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert sqs.bodies("orders") == ["a", "b"]
    (task,) = tasks(sqs)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
    assert (task["SourceArn"], "TaskHandle" in task, "DestinationArn" in task) == (
        arn_of("dead"),
        False,
        False,
    )


def test_a_message_that_dies_again_is_dead_again(sqs: Sqs) -> None:
    kill(sqs, "a")
    for _ in range(3):
        sqs.ask("StartMessageMoveTask", SourceArn=arn_of("dead"))
        sqs.pass_s(1)
        assert sqs.bodies("orders", VisibilityTimeout=0) == ["a"]
        sqs.pass_s(1)
        assert sqs.counts("dead") == (1, 0, 0)


def test_messages_go_on_to_a_queue_that_is_named(sqs: Sqs) -> None:
    sqs.make("archive")
    kill(sqs, "a")
    sqs.ask("StartMessageMoveTask", SourceArn=arn_of("dead"), DestinationArn=arn_of("archive"))
    sqs.pass_s(1)
    assert sqs.bodies("archive") == ["a"]
    assert tasks(sqs)[0]["DestinationArn"] == arn_of("archive")


def test_a_task_keeps_to_its_rate_and_can_be_cancelled(sqs: Sqs) -> None:
    kill(sqs, *"abcdef")
    started = sqs.ask(
        "StartMessageMoveTask", SourceArn=arn_of("dead"), MaxNumberOfMessagesPerSecond=1
    )
    sqs.pass_s(1)
    sqs.pass_s(1)
    (task,) = tasks(sqs)
    assert (task["Status"], task["TaskHandle"]) == ("RUNNING", started["TaskHandle"])
    assert 0 < task["ApproximateNumberOfMessagesMoved"] < 6
    assert task["ApproximateNumberOfMessagesToMove"] == 6
    assert task["MaxNumberOfMessagesPerSecond"] == 1
    with pytest.raises(Refused) as refused:
        sqs.ask("StartMessageMoveTask", SourceArn=arn_of("dead"))
    assert refused.value.code == "AWS.SimpleQueueService.UnsupportedOperation"
    cancelled = sqs.ask("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    moved = cancelled["ApproximateNumberOfMessagesMoved"]
    assert moved == task["ApproximateNumberOfMessagesMoved"]
    assert tasks(sqs)[0]["Status"] == "CANCELLED"
    sqs.pass_s(5)
    assert sqs.counts("dead")[0] == 6 - moved
    with pytest.raises(Refused) as refused:
        sqs.ask("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


def test_the_latest_tasks_are_listed_first(sqs: Sqs) -> None:
    assert tasks(sqs) == []
    for body in "ab":
        kill(sqs, body)
        sqs.ask("StartMessageMoveTask", SourceArn=arn_of("dead"))
        sqs.pass_s(1)
        sqs.ask("PurgeQueue", QueueUrl=url_of("orders"))
        sqs.pass_s(60)
    assert len(tasks(sqs)) == 1
    first, second = tasks(sqs, MaxResults=10)
    assert first["StartedTimestamp"] > second["StartedTimestamp"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "MissingParameter"),
        ({"SourceArn": "dead"}, "InvalidParameterValue"),
        ({"SourceArn": arn_of("nowhere")}, "ResourceNotFoundException"),
        ({"SourceArn": arn_of("orders")}, "InvalidParameterValue"),
        (
            {"SourceArn": arn_of("dead"), "MaxNumberOfMessagesPerSecond": 501},
            "InvalidParameterValue",
        ),
        ({"SourceArn": arn_of("dead"), "MaxNumberOfMessagesPerSecond": 0}, "InvalidParameterValue"),
        (
            {"SourceArn": arn_of("dead"), "DestinationArn": arn_of("nowhere")},
            "ResourceNotFoundException",
        ),
        ({"SourceArn": arn_of("dead"), "DestinationArn": arn_of("dead")}, "InvalidParameterValue"),
        (
            {"SourceArn": arn_of("dead"), "DestinationArn": arn_of("a.fifo")},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_task_that_makes_no_sense(sqs: Sqs, members: dict[str, Any], code: str) -> None:
    sqs.make("a.fifo")
    with pytest.raises(Refused) as refused:
        sqs.ask("StartMessageMoveTask", **members)
    assert refused.value.code == code


def test_lists_and_handles_are_checked(sqs: Sqs) -> None:
    for count in (0, 11):
        with pytest.raises(Refused):
            tasks(sqs, MaxResults=count)
    for handle in ("", "!", "e30=", write_handle("x", "no arn")):
        with pytest.raises(Refused) as refused:
            sqs.ask("CancelMessageMoveTask", TaskHandle=handle)
        assert refused.value.code in {"MissingParameter", "InvalidParameterValue"}
    for handle in ("[", "5", "\ud800"):
        with pytest.raises(Said):
            read_handle(handle)
