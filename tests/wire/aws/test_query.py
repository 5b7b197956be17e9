"""Form-encoded parameters to members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.aws.query import (
    DEPTH_MAX,
    PARAMETERS_MAX,
    MalformedQueryError,
    members_of,
    read_form,
)


def test_parameters_are_decoded() -> None:
    assert read_form(b"Action=SendMessage&MessageBody=a+b%26%C3%A9&Empty=&&Bare") == {
        "Action": "SendMessage",
        "MessageBody": "a b&é",
        "Empty": "",
        "Bare": "",
    }


def test_lists_and_maps_are_gathered_in_the_order_of_their_numbers() -> None:
    assert members_of(
        {
            "QueueName": "q",
            "Attribute.2.Name": "b",
            "Attribute.2.Value": "2",
            "Attribute.1.Name": "a",
            "Attribute.1.Value": "1",
            "AttributeName.10": "last",
            "AttributeName.9": "first",
            "Tag.1.Key": "k",
            "Tag.1.Value": "v",
        }
    ) == {
        "QueueName": "q",
        "Attributes": {"a": "1", "b": "2"},
        "AttributeNames": ["first", "last"],
        "Tags": {"k": "v"},
    }


def test_what_is_empty_is_said_by_its_name_alone() -> None:
    assert members_of({"SendMessageBatchRequestEntry": "", "Attributes": "", "TagKeys": ""}) == {
        "Entries": [],
        "Attributes": {},
        "TagKeys": [],
    }


def test_a_batch_of_messages_with_attributes() -> None:
    assert members_of(
        {
            "SendMessageBatchRequestEntry.1.Id": "one",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": "a",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType": "String",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": "v",
            "SendMessageBatchRequestEntry.2.Id": "two",
        }
    ) == {
        "Entries": [
            {"Id": "one", "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}}},
            {"Id": "two"},
        ]
    }


@pytest.mark.parametrize(
    "parameters",
    [
        {"Attribute.x.Name": "a"},
        {"Attribute.1": "a"},
        {"Attribute.1.Value": "a"},
        {"AttributeName.1": "a", "AttributeName": "b"},
        {"AttributeName": "b", "AttributeName.1": "a"},
        {"AttributeName." + "9" * 50: "a"},
        {".".join("a" * (DEPTH_MAX + 1)): "x"},
    ],
)
def test_names_that_make_no_request_are_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(MalformedQueryError):
        members_of(parameters)


def test_forms_are_bounded_and_utf_8() -> None:
    with pytest.raises(MalformedQueryError):
        read_form(b"a=1&" * PARAMETERS_MAX + b"a=1")
    with pytest.raises(MalformedQueryError):
        read_form(b"a=%FF")


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        members_of(read_form(data))
    except MalformedQueryError:
        return
