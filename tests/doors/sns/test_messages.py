"""What may be published."""

from typing import Any

import pytest

from dragoman.doors.sns.messages import MESSAGE_BYTES_MAX, news_of
from dragoman.doors.sns.names import Name
from dragoman.doors.sqs.errors import Refused
from dragoman.wire.aws.shapes import AttributeValue
from dragoman.wire.aws.topics import Message

TOPIC = Name("us-east-1", "000000000000", "news")
FIFO = TOPIC._replace(topic="news.fifo")
TEXT = AttributeValue(data_type="String", string_value="v")


def code(topic: Name = TOPIC, **members: Any) -> str:
    with pytest.raises(Refused) as refused:
        news_of(topic, Message(**{"message": "x", **members}))
    return refused.value.error.code


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"message": None}, "ValidationError"),
        ({"message": ""}, "InvalidParameter"),
        ({"message": "\0"}, "InvalidParameter"),
        ({"message": "x" * (MESSAGE_BYTES_MAX + 1)}, "InvalidParameter"),
        ({"subject": ""}, "InvalidParameter"),
        ({"subject": "x" * 101}, "InvalidParameter"),
        ({"subject": "a\nb"}, "InvalidParameter"),
        ({"subject": "é"}, "InvalidParameter"),
        ({"message_structure": "xml"}, "InvalidParameter"),
        ({"message_structure": "json"}, "InvalidParameter"),
        ({"message_structure": "json", "message": '{"sqs": "x"}'}, "InvalidParameter"),
        ({"message_structure": "json", "message": '{"default": 1}'}, "InvalidParameter"),
        ({"message_deduplication_id": "d"}, "InvalidParameter"),
        ({"message_group_id": ""}, "InvalidParameter"),
        ({"message_group_id": "a b"}, "InvalidParameter"),
        ({"message_attributes": {"a b": TEXT}}, "ParameterValueInvalid"),
    ],
)
def test_what_is_refused(members: dict[str, Any], expected: str) -> None:
    assert code(**members) == expected


@pytest.mark.parametrize(
    ("kind", "text", "raw"),
    [
        (None, "v", None),
        ("Strange", "v", None),
        ("String", None, None),
        ("String", "", None),
        ("String", "\0", None),
        ("Number", "one", None),
        ("Binary", "v", None),
        ("Binary", None, b""),
        ("String.Array", "v", None),
        ("String.Array", '{"a": 1}', None),
    ],
)
def test_attributes_that_are_refused(kind: str | None, text: str | None, raw: bytes | None) -> None:
    value = AttributeValue(data_type=kind, string_value=text, binary_value=raw)
    assert code(message_attributes={"k": value}) == "ParameterValueInvalid"


def test_attributes_count_as_part_of_the_message() -> None:
    full = "x" * (MESSAGE_BYTES_MAX - len("k" + "String" + "v"))
    assert (
        news_of(TOPIC, Message(message=full, message_attributes={"k": TEXT})).size
        == MESSAGE_BYTES_MAX
    )
    assert code(message=full + "x", message_attributes={"k": TEXT}) == "InvalidParameter"


def test_a_fifo_topics_messages_have_a_group() -> None:
    assert code(FIFO) == "InvalidParameter"
    found = news_of(FIFO, Message(message="x", message_group_id="g", message_deduplication_id="d"))
    assert (found.group, found.dedup) == ("g", "d")


def test_texts_by_protocol() -> None:
    message = '{"default": "d", "sqs": "s", "other": 1}'
    found = news_of(TOPIC, Message(message=message, message_structure="json"))
    assert [found.text_for(name) for name in ("sqs", "http", "other")] == ["s", "d", "d"]
