"""Receipt handles: what they are good for, and until when."""

from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, url_of

URL = url_of("orders")


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("orders", VisibilityTimeout="10")
    return sqs


def taken(sqs: Sqs, *bodies: str) -> list[dict[str, Any]]:
    for body in bodies:
        sqs.send("orders", body)
    found = sqs.receive("orders")
    assert [one["Body"] for one in found] == list(bodies)
    return found


def change(sqs: Sqs, message: dict[str, Any], seconds: int | None, name: str = "orders") -> None:
    members = {} if seconds is None else {"VisibilityTimeout": seconds}
    sqs.ask(
        "ChangeMessageVisibility",
        QueueUrl=url_of(name),
        ReceiptHandle=message["ReceiptHandle"],
        **members,
    )


def test_what_is_deleted_is_gone_and_may_be_deleted_again(sqs: Sqs) -> None:
    (message,) = taken(sqs, "x")
    sqs.delete("orders", message)
    sqs.delete("orders", message)
    sqs.pass_s(10)
    assert sqs.counts("orders") == (0, 0, 0)


def test_the_last_handle_deletes_also_when_its_time_is_over(sqs: Sqs) -> None:
    (message,) = taken(sqs, "x")
    sqs.pass_s(10)
    assert sqs.counts("orders") == (1, 0, 0)
    sqs.delete("orders", message)
    assert sqs.counts("orders") == (0, 0, 0)


def test_an_older_handle_deletes_nothing_and_says_nothing(sqs: Sqs) -> None:
    (old,) = taken(sqs, "x")
    sqs.pass_s(10)
    (new,) = sqs.receive("orders")
    assert new["ReceiptHandle"] != old["ReceiptHandle"]
    sqs.delete("orders", old)
    assert sqs.counts("orders") == (0, 1, 0)
    sqs.pass_s(10)
    sqs.delete("orders", old)
    assert sqs.counts("orders") == (1, 0, 0)
    sqs.delete("orders", new)
    assert sqs.counts("orders") == (0, 0, 0)


def test_handles_that_were_never_given(sqs: Sqs) -> None:
    sqs.make("other")
    (message,) = taken(sqs, "x")
    handle = message["ReceiptHandle"]
    for name, bad in (
        ("orders", "x"),
        ("orders", handle[:-1] + "?"),
        ("orders", "é" * 70),
        ("other", handle),
    ):
        for action in ("DeleteMessage", "ChangeMessageVisibility"):
            with pytest.raises(Refused) as refused:
                sqs.ask(action, QueueUrl=url_of(name), ReceiptHandle=bad, VisibilityTimeout=1)
            assert (refused.value.code, refused.value.status) == ("ReceiptHandleIsInvalid", 404)
    for action in ("DeleteMessage", "ChangeMessageVisibility"):
        with pytest.raises(Refused) as refused:
            sqs.ask(action, QueueUrl=URL, VisibilityTimeout=1)
        assert refused.value.code == "MissingParameter"
    assert sqs.counts("orders") == (0, 1, 0)


def test_a_batch_deletes_what_it_can(sqs: Sqs) -> None:
    messages = taken(sqs, *"abcde")
    entries = [{"Id": one["Body"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
    entries[1]["ReceiptHandle"] = "rubbish"
    entries.append({"Id": "again", "ReceiptHandle": entries[0]["ReceiptHandle"]})
    found = sqs.ask("DeleteMessageBatch", QueueUrl=URL, Entries=entries)
    assert [one["Id"] for one in found["Successful"]] == ["a", "c", "d", "e", "again"]
    assert [(one["Id"], one["Code"]) for one in found["Failed"]] == [
        ("b", "ReceiptHandleIsInvalid")
    ]
    assert sqs.counts("orders") == (0, 1, 0)


def test_a_batch_deletes_messages_of_several_receives_and_late_ones(sqs: Sqs) -> None:
    for body in "abcd":
        sqs.send("orders", body)
    messages = [*sqs.receive("orders", 2), *sqs.receive("orders", 1)]
    sqs.pass_s(10)
    (again,) = sqs.receive("orders", 1)
    entries = [{"Id": one["Body"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
    assert len(sqs.ask("DeleteMessageBatch", QueueUrl=URL, Entries=entries)["Successful"]) == 3
    assert sqs.counts("orders") == (1, 1, 0)
    assert again["Body"] == "a"


# --- visibility ---


def test_a_timeout_can_be_made_longer_shorter_and_nothing(sqs: Sqs) -> None:
    (message,) = taken(sqs, "x")
    change(sqs, message, 20)
    sqs.pass_s(19)
    assert sqs.receive("orders") == []
    change(sqs, message, 1)
    sqs.pass_s(1)
    (message,) = sqs.receive("orders", AttributeNames=["ApproximateReceiveCount"])
    change(sqs, message, 0)
    (message,) = sqs.receive("orders", AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"


def test_only_what_is_in_flight_can_be_changed(sqs: Sqs) -> None:
    (message,) = taken(sqs, "x")
    sqs.pass_s(10)
    for seconds in (0, 5):
        with pytest.raises(Refused) as refused:
            change(sqs, message, seconds)
        assert refused.value.code == "AWS.SimpleQueueService.MessageNotInflight"
    sqs.delete("orders", message)
    with pytest.raises(Refused) as refused:
        change(sqs, message, 5)
    assert refused.value.code == "AWS.SimpleQueueService.MessageNotInflight"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-1, "InvalidParameterValue"), (43201, "InvalidParameterValue"), (None, "MissingParameter")],
)
def test_timeouts_are_checked(sqs: Sqs, seconds: int | None, code: str) -> None:
    (message,) = taken(sqs, "x")
    with pytest.raises(Refused) as refused:
        change(sqs, message, seconds)
    assert refused.value.code == code


def test_a_batch_changes_what_it_can(sqs: Sqs) -> None:
    messages = taken(sqs, *"abc")
    entries = [
        {"Id": one["Body"], "ReceiptHandle": one["ReceiptHandle"], "VisibilityTimeout": seconds}
        for one, seconds in zip(messages, (0, 43201, 20), strict=True)
    ]
    found = sqs.ask("ChangeMessageVisibilityBatch", QueueUrl=URL, Entries=entries)
    assert [one["Id"] for one in found["Successful"]] == ["a", "c"]
    assert [(one["Id"], one["Code"]) for one in found["Failed"]] == [("b", "InvalidParameterValue")]
    assert sqs.bodies("orders") == ["a"]
    sqs.pass_s(10)
    assert sorted(sqs.bodies("orders")) == ["a", "b"]


# --- FIFO ---


def test_a_handle_of_a_fifo_queue_is_good_while_the_message_is_held() -> None:
    sqs = Sqs()
    sqs.make("a.fifo", ContentBasedDeduplication="true", VisibilityTimeout="10")
    sqs.send("a.fifo", "x", MessageGroupId="g")
    sqs.send("a.fifo", "y", MessageGroupId="g")
    old = sqs.receive("a.fifo")
    sqs.pass_s(10)
    with pytest.raises(Refused, match="expired") as refused:
        sqs.delete("a.fifo", old[0])
    assert refused.value.code == "InvalidParameterValue"
    new = sqs.receive("a.fifo")
    entries = [
        {"Id": "old", "ReceiptHandle": old[0]["ReceiptHandle"]},
        {"Id": "new", "ReceiptHandle": new[1]["ReceiptHandle"]},
    ]
    found = sqs.ask("DeleteMessageBatch", QueueUrl=url_of("a.fifo"), Entries=entries)
    assert [one["Id"] for one in found["Successful"]] == ["new"]
    assert [one["Code"] for one in found["Failed"]] == ["InvalidParameterValue"]
    sqs.delete("a.fifo", new[0])
    sqs.delete("a.fifo", new[0])
    assert sqs.counts("a.fifo") == (0, 0, 0)
