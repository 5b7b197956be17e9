"""Requests and results as JSON has them."""

import msgspec
import pytest

from dragoman.wire.aws import shapes as s


def test_members_are_named_as_in_the_api() -> None:
    request = msgspec.json.decode(
        b'{"QueueUrl":"u","MessageBody":"b","DelaySeconds":5,"MessageAttributes":{"a":{"DataType":"Binary",'
        b'"BinaryValue":"/w=="}},"Unknown":1}',
        type=s.SendMessage,
    )
    assert (request.queue_url, request.message_body, request.delay_seconds) == ("u", "b", 5)
    assert request.message_attributes == {
        "a": s.AttributeValue(data_type="Binary", binary_value=b"\xff")
    }
    assert request.message_group_id is None
    made = msgspec.json.decode(b'{"QueueName":"q","tags":{"a":"b"}}', type=s.CreateQueue)
    assert made.tags == {"a": "b"}


def test_a_member_of_another_type_is_refused() -> None:
    for text in (
        b'{"MessageBody":5}',
        b'{"DelaySeconds":"x"}',
        b"[]",
        b"{",
        b'{"MessageBody":"\xff"}',
    ):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            msgspec.json.decode(text, type=s.SendMessage)


def test_results_leave_out_what_they_do_not_say() -> None:
    assert msgspec.json.encode(s.Sent("m", "d")) == b'{"MessageId":"m","MD5OfMessageBody":"d"}'
    assert msgspec.json.encode(s.ReceivedMessages()) == b"{}"
    assert msgspec.json.encode(s.SourceUrls(["u"])) == b'{"queueUrls":["u"]}'
    assert msgspec.json.encode(s.FailedEntry("1", True, "c", "m")) == (
        b'{"Id":"1","SenderFault":true,"Code":"c","Message":"m"}'
    )
