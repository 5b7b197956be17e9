"""What a message shows: attributes as asked for, and messages of other protocols as SQS has them."""

from typing import Any

import pytest
from tests.doors.sqs.client import Sqs, url_of

from dragoman import formats
from dragoman.doors.sqs.spelling import Wanted
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqs import md5_of, pack_attribute
from dragoman.kernel.api import Address, CreateStream, Publish, StreamSettings
from dragoman.model.levels import AMQP091, CANONICAL, KAFKA
from dragoman.model.message import Message
from dragoman.wire.kafka.records import BatchBuilder


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("orders")
    return sqs


def publish(sqs: Sqs, format_: int, *messages: Message, name: str = "orders") -> None:
    bodies = formats.render([(one, None) for one in messages], format_, RenderOptions(name))
    command = Publish("default", Address(name), format_, bodies)
    command.packed = len(messages) if format_ == KAFKA else 0
    sqs.client.session.publish(command)
    sqs.world.run()


def test_nothing_is_shown_that_was_not_asked_for(sqs: Sqs) -> None:
    sqs.send("orders", "x", MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}})
    (message,) = sqs.receive("orders")
    assert set(message) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}


@pytest.mark.parametrize("name", ["AttributeNames", "MessageSystemAttributeNames"])
def test_system_attributes_by_their_names(sqs: Sqs, name: str) -> None:
    sqs.send("orders", "x")
    sqs.pass_s(2)
    wanted: dict[str, Any] = {name: ["All"]}
    (message,) = sqs.receive("orders", VisibilityTimeout=1, **wanted)
    assert message["Attributes"] == {
        "SenderId": "000000000000",
        "SentTimestamp": "1700000000000",
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": "1700000002000",
    }
    sqs.pass_s(1)
    wanted = {name: ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"]}
    (message,) = sqs.receive("orders", **wanted)
    assert message["Attributes"] == {
        "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": "1700000002000",
    }


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], []),
        (["All"], ["a", "col", "col.b", "color"]),
        ([".*"], ["a", "col", "col.b", "color"]),
        (["a"], ["a"]),
        (["nothing"], []),
        (["col.*"], ["col", "col.b", "color"]),
        (["a", "color", "nothing"], ["a", "color"]),
    ],
)
def test_message_attributes_by_their_names(sqs: Sqs, names: list[str], shown: list[str]) -> None:
    attributes = {
        name: {"DataType": "String", "StringValue": name} for name in ("color", "col.b", "a", "col")
    }
    sqs.send("orders", "x", MessageAttributes=attributes)
    (message,) = sqs.receive("orders", MessageAttributeNames=names)
    found = message.get("MessageAttributes", {})
    assert sorted(found) == shown
    digest = md5_of(
        b"".join(pack_attribute(n.encode(), b"String", 1, n.encode()) for n in shown)
    ).hex()
    assert message.get("MD5OfMessageAttributes") == (digest if shown else None)


def test_names_that_are_wanted() -> None:
    wanted = Wanted([], ["a", "b.*"])
    assert [wanted.wants(name) for name in ("a", "ab", "b", "bc", "c")] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert not Wanted([], []).wants("a")


def test_a_message_of_rabbitmq(sqs: Sqs) -> None:
    message = Message(b"hello", [("tier", "gold")])
    message.content_type = "text/plain"
    publish(sqs, AMQP091, message)
    (found,) = sqs.receive(
        "orders", MessageAttributeNames=["All"], AttributeNames=["All"], VisibilityTimeout=1
    )
    assert found["Body"] == "hello"
    assert found["MD5OfBody"] == md5_of(b"hello").hex()
    assert found["MessageAttributes"] == {
        "content-type": {"DataType": "String", "StringValue": "text/plain"},
        "tier": {"DataType": "String", "StringValue": "gold"},
    }
    sqs.pass_s(1)
    (again,) = sqs.receive("orders")
    assert again["MessageId"] == found["MessageId"]


def test_each_message_of_a_kafka_batch(sqs: Sqs) -> None:
    publish(sqs, KAFKA, *[Message(b"%d" % number) for number in range(3)])
    found = sqs.receive("orders")
    assert [one["Body"] for one in found] == ["0", "1", "2"]
    assert len({one["MessageId"] for one in found}) == 3


def test_a_body_that_is_no_text_says_so(sqs: Sqs) -> None:
    publish(sqs, CANONICAL, Message(b"\xff"))
    (found,) = sqs.receive("orders", MessageAttributeNames=["dragoman-body"])
    assert (found["Body"], found["MessageAttributes"]["dragoman-body"]["StringValue"]) == (
        "/w==",
        "base64",
    )


def test_bytes_that_no_format_can_read_are_shown_as_they_are(sqs: Sqs) -> None:
    command = Publish("default", Address("orders"), AMQP091, [b"rubbish"])
    command.keys = [b""]
    sqs.client.session.publish(command)
    sqs.client.session.publish(_unreadable_batch())
    sqs.world.run()
    assert sorted(sqs.bodies("orders")) == ["", "", "rubbish"]


def _unreadable_batch() -> Publish:
    builder = BatchBuilder()
    for _ in range(2):
        builder.add(None, b"x", 0, [])
    body = bytearray(builder.build())
    body[-1] ^= 255
    command = Publish("default", Address("orders"), KAFKA, [bytes(body[:40])])
    command.packed = 2
    command.keys = [b"", b""]
    return command


def test_messages_of_another_protocol_in_a_fifo_queue_have_what_all_have_there() -> None:
    sqs = Sqs()
    sqs.make("a.fifo")
    message = Message(b"x")
    message.key = b"k"
    publish(sqs, KAFKA, message, Message(b"y"), name="a.fifo")
    one, other = sqs.receive("a.fifo", AttributeNames=["All"])
    assert one["Attributes"]["MessageGroupId"] == "k"
    assert other["Attributes"]["MessageGroupId"] == other["MessageId"]
    assert one["Attributes"]["MessageDeduplicationId"] == one["MessageId"]
    assert [len(shown["Attributes"]["SequenceNumber"]) for shown in (one, other)] == [20, 20]


def test_who_does_not_know_when_a_message_was_first_received_does_not_say() -> None:
    sqs = Sqs()
    sqs.client.session.submit(CreateStream(name="events", settings=StreamSettings()))
    from dragoman.kernel.api import DeclareQueue  # noqa: PLC0415

    sqs.client.session.submit(DeclareQueue(name="theirs"))
    sqs.send("theirs", "x")
    names = ["ApproximateFirstReceiveTimestamp"]
    (message,) = sqs.receive("theirs", AttributeNames=names, VisibilityTimeout=1)
    assert message["Attributes"] == {names[0]: "1700000000000"}
    sqs.pass_s(1)
    (message,) = sqs.receive("theirs", AttributeNames=names)
    assert "Attributes" not in message or message["Attributes"] == {}


def test_both_protocols_show_the_same(sqs: Sqs) -> None:
    sqs.send(
        "orders", "a<&>\r\n", MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": "/w=="}}
    )
    root = sqs.query(
        "ReceiveMessage",
        QueueUrl=url_of("orders"),
        AttributeName__1="SenderId",
        MessageAttributeName__1="All",
    )
    (message,) = root.iterfind("ReceiveMessageResult/Message")
    assert message.findtext("Body") == "a<&>\r\n"
    assert message.findtext("Attribute/Value") == "000000000000"
    assert message.findtext("MessageAttribute/Value/BinaryValue") == "/w=="
