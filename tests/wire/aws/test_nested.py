"""Nested lists and maps: requests as botocore writes them, answers as it reads them."""

import botocore.parsers
import botocore.serialize
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.aws import topics as t
from dragoman.wire.aws.nested import nested_members, nested_xml
from dragoman.wire.aws.query import MalformedQueryError

SNS = botocore.session.get_session().get_service_model("sns")
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


def written(action: str, **members: object) -> dict[str, str]:
    serializer = botocore.serialize.create_serializer("query")
    found = serializer.serialize_to_request(members, SNS.operation_model(action))["body"]
    return {name: value for name, value in found.items() if name not in ("Action", "Version")}


def parsed(action: str, body: bytes) -> dict[str, object]:
    parser = botocore.parsers.create_parser("query")
    response = {"status_code": 200, "headers": {}, "body": body}
    found: dict[str, object] = parser.parse(response, SNS.operation_model(action).output_shape)
    found.pop("ResponseMetadata")
    return found


@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=3), st.lists(TEXT, min_size=1, max_size=3))
def test_requests_as_the_official_client_writes_them(
    attributes: dict[str, str], keys: list[str]
) -> None:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    members = nested_members(written("CreateTopic", Name="n", Attributes=attributes, Tags=tags))
    assert members == {"Name": "n", "Attributes": attributes, "Tags": tags}


def test_attributes_of_messages_in_a_batch() -> None:
    entry = {
        "Id": "a",
        "Message": "x",
        "MessageAttributes": {"k.member": {"DataType": "String", "StringValue": "v"}},
    }
    found = nested_members(
        written("PublishBatch", TopicArn="t", PublishBatchRequestEntries=[entry])
    )
    assert found == {"TopicArn": "t", "PublishBatchRequestEntries": [entry]}


@given(st.dictionaries(TEXT, TEXT, max_size=3))
def test_answers_as_the_official_client_reads_them(attributes: dict[str, str]) -> None:
    body = nested_xml("GetTopicAttributes", t.AttributesResult(attributes), "r")
    assert parsed("GetTopicAttributes", body) == {"Attributes": attributes}


def test_lists_and_what_is_left_out() -> None:
    page = t.Topics([t.TopicArn("a"), t.TopicArn("b")])
    assert parsed("ListTopics", nested_xml("ListTopics", page, "r")) == {
        "Topics": [{"TopicArn": "a"}, {"TopicArn": "b"}]
    }
    batch = t.PublishedBatch([t.FailedEntry("i", "c", "m", sender_fault=True)])
    assert parsed("PublishBatch", nested_xml("PublishBatch", batch, "r")) == {
        "Failed": [{"Id": "i", "Code": "c", "Message": "m", "SenderFault": True}],
        "Successful": [],
    }
    assert b"Result" not in nested_xml("DeleteTopic", None, "r")


@pytest.mark.parametrize(
    "name",
    ["Tags.member.x.Key", "Attributes.entry.1", "Attributes.entry.1.value", "a.b.c.d.e.f.g.h.i"],
)
def test_what_is_malformed(name: str) -> None:
    with pytest.raises(MalformedQueryError):
        nested_members({name: "x"})
