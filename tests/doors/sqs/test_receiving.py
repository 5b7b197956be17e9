"""Messages out: at once, after a while, or never; and what a request may ask for."""

from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, url_of

from dragoman.kernel.api import AlterSubscription, FindQueue

URL = url_of("orders")


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("orders")
    return sqs


def test_as_many_as_are_wanted(sqs: Sqs) -> None:
    for number in range(12):
        sqs.send("orders", f"{number}")
    assert sqs.bodies("orders", 1) == ["0"]
    assert sqs.ask("ReceiveMessage", QueueUrl=URL)["Messages"][0]["Body"] == "1"
    assert len(sqs.bodies("orders", 10)) == 10
    assert sqs.ask("ReceiveMessage", QueueUrl=URL) == {}


@pytest.mark.parametrize(
    "members",
    [
        {"MaxNumberOfMessages": 0},
        {"MaxNumberOfMessages": 11},
        {"WaitTimeSeconds": -1},
        {"WaitTimeSeconds": 21},
        {"VisibilityTimeout": -1},
        {"VisibilityTimeout": 43201},
        {"AttributeNames": ["Nothing"]},
        {"MessageSystemAttributeNames": ["Nothing"]},
        {"ReceiveRequestAttemptId": "x"},
    ],
)
def test_what_cannot_be_asked_for(sqs: Sqs, members: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        sqs.ask("ReceiveMessage", QueueUrl=URL, **members)
    assert refused.value.code == "InvalidParameterValue"


def test_a_message_is_hidden_for_its_timeout(sqs: Sqs) -> None:
    sqs.send("orders", "x")
    assert sqs.bodies("orders", VisibilityTimeout=2) == ["x"]
    sqs.pass_s(1.9)
    assert sqs.bodies("orders") == []
    sqs.pass_s(0.1)
    assert sqs.bodies("orders", VisibilityTimeout=0) == ["x"]
    sqs.pass_s(0.001)
    assert sqs.bodies("orders") == ["x"]
    sqs.pass_s(30)
    assert sqs.counts("orders") == (1, 0, 0)


def test_a_receive_waits_for_what_is_sent(sqs: Sqs) -> None:
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=20, MaxNumberOfMessages=10)
    assert other.end() is None
    sqs.pass_s(19)
    assert other.end() is None
    sqs.send("orders", "x")
    (message,) = other.end()["Messages"]
    assert sqs.counts("orders") == (0, 1, 0)
    sqs.delete("orders", message)
    assert sqs.counts("orders") == (0, 0, 0)


def test_a_receive_that_waited_takes_a_whole_batch_and_then_no_more(sqs: Sqs) -> None:
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=20, MaxNumberOfMessages=2)
    entries = [{"Id": f"{n}", "MessageBody": f"{n}"} for n in range(5)]
    sqs.ask("SendMessageBatch", QueueUrl=URL, Entries=entries)
    assert [one["Body"] for one in other.end()["Messages"]] == ["0", "1"]
    assert sqs.bodies("orders") == ["2", "3", "4"]


def test_a_receive_that_waited_in_vain_is_answered_empty(sqs: Sqs) -> None:
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=2)
    sqs.pass_s(2)
    assert other.end() == {}
    sqs.send("orders", "x")
    assert sqs.bodies("orders") == ["x"]


def test_a_queue_may_make_all_receives_wait(sqs: Sqs) -> None:
    sqs.make("slow", ReceiveMessageWaitTimeSeconds="3")
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=url_of("slow"))
    assert other.end() is None
    sqs.pass_s(3)
    assert other.end() == {}
    assert other.receive("slow", WaitTimeSeconds=0) == []


def test_what_comes_back_wakes_who_waits(sqs: Sqs) -> None:
    sqs.send("orders", "x")
    sqs.receive("orders", VisibilityTimeout=5)
    other = sqs.another()
    other.begin(
        "ReceiveMessage",
        QueueUrl=URL,
        WaitTimeSeconds=20,
        AttributeNames=["ApproximateReceiveCount"],
    )
    sqs.pass_s(5)
    (message,) = other.end()["Messages"]
    assert message["Attributes"] == {"ApproximateReceiveCount": "2"}


def test_who_hangs_up_takes_nothing(sqs: Sqs) -> None:
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=20)
    other.client.close()
    sqs.send("orders", "x")
    assert sqs.bodies("orders") == ["x"]


def test_who_waits_for_a_queue_that_goes_away_is_told(sqs: Sqs) -> None:
    other = sqs.another()
    other.begin("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=20)
    sqs.ask("DeleteQueue", QueueUrl=URL)
    with pytest.raises(Refused) as refused:
        other.end()
    assert refused.value.code == "AWS.SimpleQueueService.NonExistentQueue"


def test_there_may_only_be_so_many_in_flight(sqs: Sqs) -> None:
    import msgspec  # noqa: PLC0415

    session = sqs.client.session
    for name in ("orders", "a.fifo"):
        sqs.make(name)
        settings = session.submit(FindQueue(name=name)).settings
        assert settings.leased_max == (20_000 if name == "a.fifo" else 120_000)
        session.submit(
            AlterSubscription(name=name, settings=msgspec.structs.replace(settings, leased_max=2))
        )
    for number in range(4):
        sqs.send("orders", f"{number}")
        sqs.send("a.fifo", "x", MessageGroupId=f"{number}", MessageDeduplicationId=f"{number}")
    assert len(sqs.receive("orders")) == len(sqs.receive("a.fifo")) == 2
    with pytest.raises(Refused) as refused:
        sqs.receive("orders")
    assert (refused.value.code, refused.value.status) == ("OverLimit", 403)
    assert sqs.receive("a.fifo") == []


# --- FIFO ---


@pytest.fixture
def fifo() -> Sqs:
    sqs = Sqs()
    sqs.make("a.fifo", ContentBasedDeduplication="true", VisibilityTimeout="10")
    for number, group in enumerate("aabbab"):
        sqs.send("a.fifo", f"{group}{number}", MessageGroupId=group)
    return sqs


def test_a_group_is_never_delivered_past_what_is_in_flight(fifo: Sqs) -> None:
    first = fifo.receive("a.fifo", 1)
    assert [one["Body"] for one in first] == ["a0"]
    assert fifo.bodies("a.fifo") == ["b2", "b3", "b5"]
    assert fifo.bodies("a.fifo") == []
    fifo.delete("a.fifo", first[0])
    assert fifo.bodies("a.fifo") == ["a1", "a4"]


def test_a_receive_takes_all_it_can_of_a_group_before_another_is_locked() -> None:
    sqs = Sqs()
    sqs.make("orders.fifo", ContentBasedDeduplication="true")
    for body, group in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "c"), ("5", "a"), ("6", "b")):
        sqs.send("orders.fifo", body, MessageGroupId=group)
    received = [[one["Body"] for one in sqs.receive("orders.fifo", 3)] for _ in range(2)]
    assert received == [["1", "3", "5"], ["2", "6", "4"]]


def test_what_times_out_comes_back_first_in_its_group(fifo: Sqs) -> None:
    assert fifo.bodies("a.fifo", 1) == ["a0"]
    fifo.pass_s(10)
    found = fifo.bodies("a.fifo", 10)
    assert [body for body in found if body[0] == "a"] == ["a0", "a1", "a4"]
    assert [body for body in found if body[0] == "b"] == ["b2", "b3", "b5"]


def test_an_attempt_that_is_repeated_gets_the_same_again(fifo: Sqs) -> None:
    first = fifo.receive("a.fifo", 2, ReceiveRequestAttemptId="one")
    fifo.pass_s(9)
    assert fifo.receive("a.fifo", 2, ReceiveRequestAttemptId="one") == first
    fifo.pass_s(9)  # its time began anew
    assert fifo.receive("a.fifo", 2, ReceiveRequestAttemptId="one") == first
    assert [one["Body"] for one in first] == ["a0", "a1"]
    assert fifo.bodies("a.fifo", 2, ReceiveRequestAttemptId="two") == ["b2", "b3"]
    fifo.delete("a.fifo", first[0])
    assert fifo.receive("a.fifo", 2, ReceiveRequestAttemptId="one") == []


def test_an_attempt_is_forgotten_after_five_minutes(fifo: Sqs) -> None:
    fifo.receive("a.fifo", 1, ReceiveRequestAttemptId="one", VisibilityTimeout=1000)
    fifo.pass_s(300)
    assert fifo.bodies("a.fifo", 1, ReceiveRequestAttemptId="one") == ["b2"]


def test_receivers_of_a_standard_queue_are_served_group_by_group() -> None:
    sqs = Sqs()
    sqs.make("orders")
    for number in range(6):
        sqs.send("orders", f"noisy{number}", MessageGroupId="noisy")
    sqs.send("orders", "quiet", MessageGroupId="quiet")
    found = sqs.receive("orders", 2, AttributeNames=["MessageGroupId"])
    assert sorted(one["Attributes"]["MessageGroupId"] for one in found) == ["noisy", "quiet"]
    assert len(sqs.bodies("orders")) == 5
