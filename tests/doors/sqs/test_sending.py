"""Messages in: ids, delays, batches, and what is sent twice."""

import pytest
from tests.doors.sqs.client import Refused, Sqs, url_of


def entries(*bodies: str, **members: object) -> list[dict[str, object]]:
    return [{"Id": f"e{n}", "MessageBody": body, **members} for n, body in enumerate(bodies)]


def test_ids_are_unlike_each_other_and_the_receivers_too() -> None:
    sqs = Sqs()
    sqs.make("orders")
    sent = [sqs.send("orders", "x")["MessageId"] for _ in range(5)]
    batch = sqs.ask("SendMessageBatch", QueueUrl=url_of("orders"), Entries=entries(*"abcde"))
    sent += [one["MessageId"] for one in batch["Successful"]]
    assert len(set(sent)) == 10
    assert sorted(one["MessageId"] for one in sqs.receive("orders")) == sorted(sent)
    assert all(len(one) == 36 for one in sent)


def test_a_message_waits_as_long_as_it_says() -> None:
    sqs = Sqs()
    sqs.make("orders")
    sqs.send("orders", "late", DelaySeconds=10)
    sqs.send("orders", "now")
    assert sqs.bodies("orders") == ["now"]
    sqs.pass_s(9)
    assert sqs.bodies("orders") == []
    sqs.pass_s(1)
    (message,) = sqs.receive("orders", AttributeNames=["SentTimestamp"])
    assert message["Body"] == "late"
    assert message["Attributes"]["SentTimestamp"] == "1700000000000"


def test_a_queue_delays_what_says_nothing_and_a_message_may_wait_longer() -> None:
    sqs = Sqs()
    sqs.make("orders", DelaySeconds="5")
    sqs.send("orders", "queue's")
    sqs.send("orders", "longer", DelaySeconds=8)
    assert sqs.counts("orders")[2] == 1
    sqs.pass_s(3)
    sqs.pass_s(2)
    assert sqs.bodies("orders") == ["queue's"]
    sqs.pass_s(3)
    assert sqs.bodies("orders") == ["longer"]


def test_a_batch_of_different_delays_is_one_request() -> None:
    sqs = Sqs()
    sqs.make("orders")
    batch = [*entries("a", "b"), *entries("c", "d", DelaySeconds=3)]
    for number, entry in enumerate(batch):
        entry["Id"] = str(number)
    found = sqs.ask("SendMessageBatch", QueueUrl=url_of("orders"), Entries=batch)
    assert [one["Id"] for one in found["Successful"]] == ["0", "1", "2", "3"]
    assert sqs.bodies("orders") == ["a", "b"]
    sqs.pass_s(3)
    assert sqs.bodies("orders") == ["c", "d"]


def test_entries_fail_one_by_one() -> None:
    sqs = Sqs()
    sqs.make("orders")
    found = sqs.ask(
        "SendMessageBatch", QueueUrl=url_of("orders"), Entries=entries("a", "", "c\0", "d")
    )
    assert [one["Id"] for one in found["Successful"]] == ["e0", "e3"]
    assert [(one["Id"], one["Code"]) for one in found["Failed"]] == [
        ("e1", "MissingParameter"),
        ("e2", "InvalidMessageContents"),
    ]
    assert sqs.bodies("orders") == ["a", "d"]


def test_a_batch_has_a_size_of_its_own() -> None:
    sqs = Sqs()
    sqs.make("orders")
    with pytest.raises(Refused) as refused:
        sqs.ask(
            "SendMessageBatch",
            QueueUrl=url_of("orders"),
            Entries=entries("x" * 600_000, "y" * 600_000),
        )
    assert refused.value.code == "AWS.SimpleQueueService.BatchRequestTooLong"
    assert sqs.receive("orders") == []
    sqs.send("orders", "x" * 1_048_576)
    assert len(sqs.bodies("orders")[0]) == 1_048_576


def test_where_there_is_no_room_the_entries_say_so() -> None:
    from dragoman.kernel.api import DeclareQueue, SubscriptionSettings  # noqa: PLC0415

    sqs = Sqs()
    settings = SubscriptionSettings(length_max=2, overflow="reject-publish")
    sqs.client.session.submit(DeclareQueue(name="small", settings=settings))
    sqs.send("small", "1")
    sqs.send("small", "2")
    with pytest.raises(Refused) as refused:
        sqs.send("small", "3")
    assert refused.value.code == "OverLimit"
    found = sqs.ask("SendMessageBatch", QueueUrl=url_of("small"), Entries=entries("a", "b"))
    assert {one["Code"] for one in found["Failed"]} == {"OverLimit"}


# --- FIFO ---


@pytest.fixture
def fifo() -> Sqs:
    sqs = Sqs()
    sqs.make("a.fifo")
    sqs.make("content.fifo", ContentBasedDeduplication="true")
    sqs.make("groups.fifo", DeduplicationScope="messageGroup")
    return sqs


def put(
    sqs: Sqs, name: str, body: str, group: str = "g", dedup: str | None = None
) -> tuple[str, str]:
    members = {} if dedup is None else {"MessageDeduplicationId": dedup}
    sent = sqs.send(name, body, MessageGroupId=group, **members)
    return sent["MessageId"], sent["SequenceNumber"]


def test_a_repeat_is_answered_with_the_original_for_five_minutes(fifo: Sqs) -> None:
    original = put(fifo, "a.fifo", "a", dedup="1")
    fifo.pass_s(299)
    assert put(fifo, "a.fifo", "other body", "h", dedup="1") == original
    (message,) = fifo.receive("a.fifo", AttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (original[0], "a")
    assert message["Attributes"]["SequenceNumber"] == original[1]
    fifo.delete("a.fifo", message)
    assert put(fifo, "a.fifo", "a", dedup="1") == original
    fifo.pass_s(1)
    again = put(fifo, "a.fifo", "a", dedup="1")
    assert again[0] != original[0]
    assert again[1] > original[1]


def test_what_is_the_same_is_told_by_the_body_where_the_queue_says_so(fifo: Sqs) -> None:
    one = put(fifo, "content.fifo", "a")
    assert put(fifo, "content.fifo", "a", "h") == one
    assert put(fifo, "content.fifo", "b") != one
    assert put(fifo, "content.fifo", "a", dedup="explicit") != one
    assert len(fifo.receive("content.fifo")) == 3


def test_ids_may_count_per_group(fifo: Sqs) -> None:
    one, other = put(fifo, "groups.fifo", "a", "g", "1"), put(fifo, "groups.fifo", "a", "h", "1")
    assert one[0] != other[0]
    assert put(fifo, "groups.fifo", "a", "g", "1") == one
    assert put(fifo, "groups.fifo", "a", "h", "1") == other


def test_a_batch_knows_its_own_repeats(fifo: Sqs) -> None:
    first = put(fifo, "a.fifo", "x", dedup="0")
    batch = [
        {
            "Id": f"{n}",
            "MessageBody": f"{n}",
            "MessageGroupId": "g",
            "MessageDeduplicationId": dedup,
        }
        for n, dedup in enumerate(("0", "1", "1", "2"))
    ]
    found = fifo.ask("SendMessageBatch", QueueUrl=url_of("a.fifo"), Entries=batch)["Successful"]
    pairs = [(one["MessageId"], one["SequenceNumber"]) for one in found]
    assert pairs[0] == first
    assert pairs[1] == pairs[2]
    assert first[1] < pairs[1][1] < pairs[3][1]
    assert fifo.bodies("a.fifo") == ["x", "1", "3"]


def test_sequence_numbers_have_twenty_digits_and_grow(fifo: Sqs) -> None:
    numbers = [put(fifo, "content.fifo", f"{n}")[1] for n in range(12)]
    assert numbers == sorted(numbers)
    assert {len(number) for number in numbers} == {20}


def test_a_fifo_queue_of_several_partitions_numbers_each_message_rightly() -> None:
    from dragoman.kernel.api import CreateStream, StreamSettings  # noqa: PLC0415

    sqs = Sqs()
    sqs.client.session.submit(
        CreateStream(name="p.fifo", settings=StreamSettings(partitions=4, dedup_window_ms=300_000))
    )
    sqs.make("p.fifo")
    batch = [
        {
            "Id": f"{n}",
            "MessageBody": f"{n}",
            "MessageGroupId": f"g{n}",
            "MessageDeduplicationId": f"{n}",
        }
        for n in range(8)
    ]
    found = sqs.ask("SendMessageBatch", QueueUrl=url_of("p.fifo"), Entries=batch)["Successful"]
    told = {one["MessageId"]: one["SequenceNumber"] for one in found}
    received = sqs.receive("p.fifo", AttributeNames=["SequenceNumber"])
    assert {one["MessageId"]: one["Attributes"]["SequenceNumber"] for one in received} == told
