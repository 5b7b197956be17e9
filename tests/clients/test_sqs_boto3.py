"""boto3 (JSON) and the last botocore that speaks the query protocol (XML), unmodified, over TCP: the same tests twice."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.clients.sqs_work import (
    CALLERS,
    REFUSED,
    REGION,
    Caller,
    Refused,
    arn_of,
    client,
    serving,
)

from dragoman.testing.broker import RunningBroker

pytestmark = pytest.mark.clients
ATTRIBUTES = {
    "text": {"DataType": "String.label", "StringValue": "é<&>\r\n"},
    "number": {"DataType": "Number", "StringValue": "-1.50"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module", params=list(CALLERS))
def caller(request: pytest.FixtureRequest, running: RunningBroker) -> Iterator[Caller]:
    found = CALLERS[request.param](running)
    yield found
    found.close()


@pytest.fixture
def name(caller: Caller, request: pytest.FixtureRequest) -> str:
    """Of a queue that no other test uses."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]
    return f"{type(caller).__name__}-{digest}"


@pytest.fixture
def url(caller: Caller, name: str) -> str:
    return made(caller, name)


def made(caller: Caller, name: str, **attributes: str) -> str:
    if name.endswith(".fifo"):
        attributes["FifoQueue"] = "true"
    url: str = caller.call("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def receive(caller: Caller, url: str, count: int = 10, **members: Any) -> list[Any]:
    members.setdefault("WaitTimeSeconds", 5)
    found: list[Any] = caller.call(
        "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=count, **members
    ).get("Messages", [])
    return found


def test_a_message_with_attributes_comes_back_as_it_was_sent(caller: Caller, url: str) -> None:
    body = "hé\t\n<&>\U0001f600"
    system = {
        "AWSTraceHeader": {
            "DataType": "String",
            "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793",
        }
    }
    sent = caller.call(
        "SendMessage",
        QueueUrl=url,
        MessageBody=body,
        MessageAttributes=ATTRIBUTES,
        MessageSystemAttributes=system,
    )
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    (message,) = receive(caller, url, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], body)
    assert message["MessageAttributes"] == ATTRIBUTES
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    told = message["Attributes"]
    assert told["AWSTraceHeader"] == system["AWSTraceHeader"]["StringValue"]
    assert (told["ApproximateReceiveCount"], told["SenderId"]) == ("1", "000000000000")
    caller.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert receive(caller, url, WaitTimeSeconds=0) == []


def test_batches(caller: Caller, url: str) -> None:
    entries = [{"Id": f"{n}", "MessageBody": f"{n}"} for n in range(10)]
    entries[3]["MessageBody"] = ""
    sent = caller.call("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in sent["Successful"]] == [*"012", *"456789"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in sent["Failed"]] == [
        ("3", "MissingParameter", True)
    ]
    messages = receive(caller, url)
    assert [one["Body"] for one in messages] == [*"012", *"456789"]
    changes = [
        {"Id": f"i{n}", "ReceiptHandle": one["ReceiptHandle"], "VisibilityTimeout": 0}
        for n, one in enumerate(messages[:2])
    ]
    changed = caller.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=changes)
    assert [one["Id"] for one in changed["Successful"]] == ["i0", "i1"]
    again = receive(caller, url)
    assert [one["Body"] for one in again] == ["0", "1"]
    handles = [
        {"Id": f"d{n}", "ReceiptHandle": one["ReceiptHandle"]}
        for n, one in enumerate([*again, *messages[2:]])
    ]
    deleted = caller.call("DeleteMessageBatch", QueueUrl=url, Entries=handles)
    assert len(deleted["Successful"]) == 9
    assert "Failed" not in deleted


def test_a_receive_that_waits_is_woken_by_a_send(
    caller: Caller, url: str, running: RunningBroker
) -> None:
    other = client(running)
    sent_at: list[float] = []
    parked = threading.Event()  # never set: long enough for the receive to be there

    def send() -> None:
        parked.wait(0.3)
        sent_at.append(time.perf_counter())
        other.send_message(QueueUrl=url, MessageBody="late")

    thread = threading.Thread(target=send)
    thread.start()
    (message,) = receive(caller, url, WaitTimeSeconds=20)
    waited_s = time.perf_counter() - sent_at[0]
    thread.join()
    other.close()
    assert message["Body"] == "late"
    assert waited_s < 1  # the broker's part is a few milliseconds, a bench says how many


def test_fifo_groups_and_repeats(caller: Caller, name: str) -> None:
    url = made(caller, f"{name}.fifo", ContentBasedDeduplication="true")
    sent = [
        caller.call("SendMessage", QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
        for body in ("a1", "a2", "b1", "a1")
    ]
    assert sent[3]["MessageId"] == sent[0]["MessageId"]
    assert sent[3]["SequenceNumber"] == sent[0]["SequenceNumber"] < sent[1]["SequenceNumber"]
    (first,) = receive(caller, url, 1, AttributeNames=["All"])
    assert first["Attributes"]["MessageGroupId"] == "a"
    assert [one["Body"] for one in receive(caller, url)] == ["b1"]
    caller.call("DeleteMessage", QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [one["Body"] for one in receive(caller, url)] == ["a2"]


def test_dead_letters_and_their_way_back(caller: Caller, name: str) -> None:
    dead = made(caller, f"{name}-dead")
    policy = json.dumps({"deadLetterTargetArn": arn_of(f"{name}-dead"), "maxReceiveCount": 2})
    url = made(caller, name, RedrivePolicy=policy)
    caller.call("SendMessage", QueueUrl=url, MessageBody="bad")
    for _ in range(2):
        (message,) = receive(caller, url, VisibilityTimeout=0)
    (message,) = receive(caller, dead, AttributeNames=["All"], VisibilityTimeout=0)
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(name)
    assert caller.call("ListDeadLetterSourceQueues", QueueUrl=dead)["queueUrls"] == [url]
    started = caller.call("StartMessageMoveTask", SourceArn=arn_of(f"{name}-dead"))
    assert started["TaskHandle"]
    assert [one["Body"] for one in receive(caller, url)] == ["bad"]
    (task,) = caller.call("ListMessageMoveTasks", SourceArn=arn_of(f"{name}-dead"))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    with pytest.raises(Refused) as refused:
        caller.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


def test_queues_tags_permissions_and_attributes(caller: Caller, name: str, url: str) -> None:
    assert caller.call("GetQueueUrl", QueueName=name) == {"QueueUrl": url}
    assert url in caller.call("ListQueues", QueueNamePrefix=name)["QueueUrls"]
    caller.call("TagQueue", QueueUrl=url, Tags={"a": "1", "b": "2"})
    caller.call("UntagQueue", QueueUrl=url, TagKeys=["a"])
    assert caller.call("ListQueueTags", QueueUrl=url) == {"Tags": {"b": "2"}}
    caller.call("SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    caller.call(
        "AddPermission", QueueUrl=url, Label="l", AWSAccountIds=["1" * 12], Actions=["SendMessage"]
    )
    found = caller.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], found["QueueArn"]) == (
        "7",
        f"arn:aws:sqs:{REGION}:000000000000:{name}",
    )
    assert json.loads(found["Policy"])["Statement"][0]["Sid"] == "l"
    caller.call("RemovePermission", QueueUrl=url, Label="l")
    caller.call("SendMessage", QueueUrl=url, MessageBody="x")
    caller.call("PurgeQueue", QueueUrl=url)
    assert receive(caller, url, WaitTimeSeconds=0) == []
    caller.call("DeleteQueue", QueueUrl=url)
    with pytest.raises(Refused):
        caller.call("GetQueueUrl", QueueName=name)


@pytest.mark.parametrize("kind", list(CALLERS))
def test_delays_and_timeouts_end_when_their_time_comes(kind: str) -> None:
    with serving() as running:
        caller = CALLERS[kind](running)
        url = made(caller, "orders")
        caller.call("SendMessage", QueueUrl=url, MessageBody="later", DelaySeconds=60)
        assert receive(caller, url, WaitTimeSeconds=0) == []
        running.clock.advance(60)
        (message,) = receive(caller, url, VisibilityTimeout=600)
        running.clock.advance(599)
        assert receive(caller, url, WaitTimeSeconds=0) == []
        running.clock.advance(1)
        (again,) = receive(caller, url, AttributeNames=["ApproximateReceiveCount"])
        assert again["MessageId"] == message["MessageId"]
        assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
        caller.close()


# --- refusals ---


@pytest.fixture(scope="module")
def filled(caller: Caller) -> dict[str, str]:
    """Queues to be wrong about."""
    kind = type(caller).__name__
    known = {
        "url": made(caller, "orders", MaximumMessageSize="1024"),
        "fifo": made(caller, f"{kind}.fifo"),
        "large": made(caller, "large"),
        "gone": f"{kind}-gone",
    }
    caller.call("DeleteQueue", QueueUrl=made(caller, known["gone"]))
    caller.call("PurgeQueue", QueueUrl=known["fifo"])
    caller.call("SendMessage", QueueUrl=known["url"], MessageBody="x")
    (message,) = receive(caller, known["url"])
    known["handle"] = message["ReceiptHandle"]
    caller.call("DeleteMessage", QueueUrl=known["url"], ReceiptHandle=known["handle"])
    return known


@pytest.mark.parametrize(
    ("operation", "members", "code", "status"),
    REFUSED,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(
    caller: Caller,
    filled: dict[str, str],
    operation: str,
    members: dict[str, Any],
    code: str,
    status: int,
) -> None:
    given = {name: fill(value, filled) for name, value in members.items()}
    with pytest.raises(Refused) as refused:
        caller.call(operation, **given)
    assert (refused.value.code, refused.value.status) == (code, status)


def fill(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("{") and value != "{}":
        name, _, rest = value[1:].partition("}")
        return known[name] + rest
    return value


def test_every_operation_is_refused_something() -> None:
    quiet = {"GetQueueUrl", "ListQueueTags"}
    assert len({operation for operation, *_ in REFUSED} | quiet) == 23


# --- boto3 alone ---


def test_errors_are_the_clients_own_classes(running: RunningBroker) -> None:
    sqs = client(running)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="nowhere")
    sqs.create_queue(QueueName="typed")
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="typed", Attributes={"DelaySeconds": "5"})
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(
            QueueUrl=sqs.get_queue_url(QueueName="typed")["QueueUrl"], ReceiptHandle="x"
        )
    sqs.close()


def test_paginators_turn_pages(running: RunningBroker) -> None:
    sqs = client(running)
    for number in range(5):
        sqs.create_queue(QueueName=f"page{number}")
    pages = sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix="page", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]
    sqs.close()


def test_keys_that_are_configured_are_asked_for() -> None:
    with serving(keys={"alice": "wonderland"}) as running:
        good = client(running, "alice", "wonderland")
        url = good.create_queue(QueueName="q")["QueueUrl"]
        good.send_message(
            QueueUrl=url,
            MessageBody="é" * 100,
            MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}},
        )
        (message,) = good.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
        assert message["Attributes"] == {"SenderId": "alice"}
        for key, secret, code in (
            ("alice", "wrong", "SignatureDoesNotMatch"),
            ("bob", "wonderland", "InvalidClientTokenId"),
        ):
            bad = client(running, key, secret)
            with pytest.raises(ClientError) as refused:
                bad.list_queues()
            assert refused.value.response["Error"]["Code"] == code
            bad.close()
        good.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_messages_handles_and_repeats_outlive_the_broker(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as running:
        sqs = client(running)
        url = sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        put = {"QueueUrl": url, "MessageGroupId": "g"}
        original = sqs.send_message(MessageBody="1", MessageDeduplicationId="1", **put)
        sqs.send_message(MessageBody="2", MessageDeduplicationId="2", **put)
        standard = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "600"})[
            "QueueUrl"
        ]
        sqs.send_message(QueueUrl=standard, MessageBody="held")
        sqs.send_message(QueueUrl=standard, MessageBody="kept")
        (held,) = sqs.receive_message(QueueUrl=standard)["Messages"]
        sqs.close()
    with serving(tmp_path, port) as running:
        sqs = client(running)
        repeated = sqs.send_message(MessageBody="1", MessageDeduplicationId="1", **put)
        for member in ("MessageId", "SequenceNumber", "MD5OfMessageBody"):
            assert repeated[member] == original[member]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert [one["Body"] for one in found] == ["1", "2"]
        assert found[0]["MessageId"] == original["MessageId"]
        (kept,) = sqs.receive_message(QueueUrl=standard, MaxNumberOfMessages=10)["Messages"]
        assert kept["Body"] == "kept"
        sqs.delete_message(QueueUrl=standard, ReceiptHandle=held["ReceiptHandle"])
        counts = sqs.get_queue_attributes(QueueUrl=standard, AttributeNames=["All"])["Attributes"]
        assert (
            counts["ApproximateNumberOfMessages"],
            counts["ApproximateNumberOfMessagesNotVisible"],
        ) == ("0", "1")
        sqs.close()


def test_the_resource_interface(running: RunningBroker) -> None:
    import boto3  # noqa: PLC0415

    resource = boto3.resource(
        "sqs",
        endpoint_url=running.sqs.url,
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    queue = resource.create_queue(QueueName="resource", Attributes={"DelaySeconds": "0"})
    queue.send_message(
        MessageBody="boto3",
        MessageAttributes={"Author": {"StringValue": "Daniel", "DataType": "String"}},
    )
    (message,) = queue.receive_messages(MessageAttributeNames=["Author"], WaitTimeSeconds=5)
    assert (message.body, message.message_attributes["Author"]["StringValue"]) == (
        "boto3",
        "Daniel",
    )
    message.change_visibility(VisibilityTimeout=30)
    message.delete()
    queue.load()
    assert queue.attributes["ApproximateNumberOfMessages"] == "0"
    resource.meta.client.close()
