"""What SQS takes as a message, word by word."""

import base64
from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs

from dragoman.formats.sqs import md5_of


def text(value: str = "v", kind: str = "String") -> dict[str, str]:
    return {"DataType": kind, "StringValue": value}


def binary(value: bytes = b"\xff", kind: str = "Binary") -> dict[str, str]:
    return {"DataType": kind, "BinaryValue": base64.b64encode(value).decode()}


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("orders", MaximumMessageSize="1024")
    sqs.make("a.fifo")
    return sqs


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"MessageBody": ""}, "MissingParameter", "MessageBody"),
    ({"MessageBody": None}, "MissingParameter", "MessageBody"),
    ({"MessageBody": "a\0b"}, "InvalidMessageContents", "#x9"),
    ({"MessageBody": "\ufffe"}, "InvalidMessageContents", "#x9"),
    ({"MessageBody": "x" * 1025}, "InvalidParameterValue", "shorter than 1024 bytes"),
    ({"MessageBody": "é" * 513}, "InvalidParameterValue", "shorter than 1024 bytes"),
    ({"DelaySeconds": -1}, "InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900"),
    ({"DelaySeconds": 901}, "InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900"),
    ({"MessageDeduplicationId": "x"}, "InvalidParameterValue", "not valid for this queue type"),
    ({"MessageGroupId": ""}, "InvalidParameterValue", "1 to 128 in length"),
    ({"MessageGroupId": "a b"}, "InvalidParameterValue", "alphanumeric and punctuation"),
    ({"MessageGroupId": "x" * 129}, "InvalidParameterValue", "1 to 128 in length"),
]
BAD_ATTRIBUTES: list[tuple[dict[str, Any], str, str]] = [
    ({"": text()}, "InvalidParameterValue", "attribute name"),
    ({"a b": text()}, "InvalidParameterValue", "attribute name"),
    ({"AWS.x": text()}, "InvalidParameterValue", "attribute name"),
    ({"a..b": text()}, "InvalidParameterValue", "attribute name"),
    ({"x" * 257: text()}, "InvalidParameterValue", "attribute name"),
    ({"a": {"StringValue": "v"}}, "InvalidParameterValue", "non-empty message attribute type"),
    ({"a": text(kind="")}, "InvalidParameterValue", "non-empty message attribute type"),
    ({"a": text(kind="Text")}, "InvalidParameterValue", "Binary, Number, and String"),
    ({"a": text(kind="String.")}, "InvalidParameterValue", "Binary, Number, and String"),
    (
        {"a": text(kind="String." + "x" * 250)},
        "InvalidParameterValue",
        "Binary, Number, and String",
    ),
    ({"a": text("")}, "InvalidParameterValue", "non-empty message attribute value"),
    ({"a": binary(b"")}, "InvalidParameterValue", "non-empty message attribute value"),
    ({"a": {"DataType": "Binary", "StringValue": "x"}}, "InvalidParameterValue", "non-empty"),
    ({"a": text("x", "Number")}, "InvalidParameterValue", "to a number"),
    ({"a": text("1e99999", "Number")}, "InvalidParameterValue", "to a number"),
    ({"a": text("1" * 300, "Number")}, "InvalidParameterValue", "to a number"),
    ({"a": text("\0")}, "InvalidMessageContents", "characters"),
    (
        {"a": {"DataType": "String", "StringListValues": ["x"]}},
        "AWS.SimpleQueueService.UnsupportedOperation",
        "list values",
    ),
    (
        {"a": {"DataType": "Binary", "BinaryListValues": ["eA=="]}},
        "AWS.SimpleQueueService.UnsupportedOperation",
        "list",
    ),
    (
        {f"a{n}": text() for n in range(11)},
        "InvalidParameterValue",
        "[11] exceeds the allowed maximum [10]",
    ),
    ({"a": text("x" * 1024)}, "InvalidParameterValue", "shorter than 1024 bytes"),
]
BAD_SYSTEM: list[dict[str, Any]] = [
    {"Other": text()},
    {"AWSTraceHeader": binary()},
    {"AWSTraceHeader": text("5", "Number")},
    {"AWSTraceHeader": text("")},
    {"AWSTraceHeader": {"StringValue": "x"}},
]


@pytest.mark.parametrize(("members", "code", "words"), BAD)
def test_what_is_no_message(sqs: Sqs, members: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        sqs.ask("SendMessage", QueueUrl="/orders", **{"MessageBody": "x", **members})
    assert refused.value.code == code
    assert words in refused.value.text
    (failed,) = sqs.ask(
        "SendMessageBatch", QueueUrl="/orders", Entries=[{"Id": "1", "MessageBody": "x", **members}]
    )["Failed"]
    assert (failed["Code"], failed["SenderFault"], failed["Message"]) == (
        code,
        True,
        refused.value.text,
    )
    assert sqs.receive("orders") == []


@pytest.mark.parametrize(("attributes", "code", "words"), BAD_ATTRIBUTES)
def test_what_is_no_attribute(sqs: Sqs, attributes: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        sqs.send("orders", "x", MessageAttributes=attributes)
    assert refused.value.code == code
    assert words in refused.value.text
    assert sqs.receive("orders") == []


@pytest.mark.parametrize("attributes", BAD_SYSTEM)
def test_what_is_no_system_attribute(sqs: Sqs, attributes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        sqs.send("orders", "x", MessageSystemAttributes=attributes)
    assert refused.value.code == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "MissingParameter"),
        ({"MessageGroupId": "g"}, "InvalidParameterValue"),
        ({"MessageGroupId": "g", "MessageDeduplicationId": ""}, "InvalidParameterValue"),
        ({"MessageGroupId": "g", "MessageDeduplicationId": "x" * 129}, "InvalidParameterValue"),
        ({"MessageGroupId": "g", "MessageDeduplicationId": "é"}, "InvalidParameterValue"),
        (
            {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 5},
            "InvalidParameterValue",
        ),
    ],
)
def test_what_is_no_message_for_a_fifo_queue(sqs: Sqs, members: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        sqs.send("a.fifo", "x", **members)
    assert refused.value.code == code


def test_everything_that_is_allowed(sqs: Sqs) -> None:
    body = "\t\n\r é\ud7ff\ue000\ufffd\U0001f600"
    attributes = {
        "String.ok": text("é", "String.é label"),
        "n1": text("-1.5e+10", "Number"),
        "n2": text(".5", "Number.any"),
        "b": binary(b"\0\xff", "Binary.gif"),
    }
    system = {"AWSTraceHeader": text("Root=1-5759e988-bd862e3fe1be46a994272793")}
    sent = sqs.send(
        "orders",
        body,
        MessageAttributes=attributes,
        MessageSystemAttributes=system,
        MessageGroupId="!-~",
    )
    assert sent["MD5OfMessageBody"] == md5_of(body.encode()).hex()
    (message,) = sqs.receive("orders", MessageAttributeNames=["All"], AttributeNames=["All"])
    assert (message["Body"], message["MessageAttributes"]) == (body, attributes)
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["AWSTraceHeader"] == system["AWSTraceHeader"]["StringValue"]
    assert message["Attributes"]["MessageGroupId"] == "!-~"
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32


def test_a_message_is_as_large_as_its_attributes_make_it(sqs: Sqs) -> None:
    sqs.send("orders", "x" * 1015, MessageAttributes={"ab": text("c")})
    with pytest.raises(Refused):
        sqs.send("orders", "x" * 1016, MessageAttributes={"ab": text("c")})


def test_a_fifo_message_may_say_that_it_does_not_wait(sqs: Sqs) -> None:
    sqs.send("a.fifo", "x", MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=0)
