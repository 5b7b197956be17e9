import json
from typing import Any

import pytest
from tests.doors.shared.grpc.echo import Text

from dragoman.doors.shared.grpc.jsonform import (
    FIELDS_MAX,
    Asked,
    error_response,
    read_body,
    set_field,
    write_message,
)
from dragoman.doors.shared.grpc.status import Status
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, NOT_FOUND
from dragoman.wire.protobuf.known import ErrorInfo
from dragoman.wire.protobuf.pubsub import PUBSUB


def test_a_query_is_fields_and_how_to_answer() -> None:
    asked = Asked("a=1&a=2&b.c=x%20y&$alt=json;enum-encoding=int&key=secret&empty=")
    assert asked.fields == {"a": ["1", "2"], "b.c": ["x y"], "empty": [""]}
    assert asked.has_numbers
    for wrong in ("alt=media", "&".join("a=1" for _ in range(FIELDS_MAX + 1))):
        with pytest.raises(Status):
            Asked(wrong)


def test_fields_are_set_by_path_by_either_name_and_of_any_type() -> None:
    message = Text()
    set_field(message, "inner.inner.text", ["deep"])
    set_field(message, "count", ["7"])
    set_field(message, "large", ["9007199254740993"])
    set_field(message, "words", ["a", "b"])
    set_field(message, "data", ["AAE="])
    assert message.inner.inner.text == "deep"
    assert (message.count, message.large, list(message.words), message.data) == (
        7,
        9007199254740993,
        ["a", "b"],
        b"\0\1",
    )
    subscription = PUBSUB["Subscription"]()
    set_field(subscription, "enableMessageOrdering", ["true"])
    set_field(subscription, "state", ["ACTIVE"])
    request = PUBSUB["UpdateTopicRequest"]()
    set_field(request, "updateMask", ["labels,messageRetentionDuration"])
    assert subscription.enable_message_ordering and subscription.state == 1
    assert list(request.update_mask.paths) == ["labels", "message_retention_duration"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nothing", "x"),
        ("inner.nothing", "x"),
        ("text.x", "y"),
        ("labels.x", "y"),
        ("count", "many"),
    ],
)
def test_what_is_no_field_or_no_value_is_refused(path: str, value: str) -> None:
    with pytest.raises(Status) as caught:
        set_field(Text(), path, [value])
    assert caught.value.code == INVALID_ARGUMENT


def test_a_body_is_the_message_or_a_field_of_it() -> None:
    message = Text()
    read_body(message, b'{"text": "a", "labels": {"k": "v"}}', "*")
    read_body(message, b'{"text": "b"}', "inner")
    read_body(message, b"ignored", "")
    assert (message.text, message.labels["k"], message.inner.text) == ("a", "v", "b")
    read_body(Text(), b" ", "*")


@pytest.mark.parametrize(
    "body",
    [
        b"[",
        b"[]",
        b'"x"',
        b'{"text": 1}',
        b'{"what": 1}',
        b"\xff",
        b"[" * 100_000,
        b'{"inner":' * 300 + b"{}" + b"}" * 300,
    ],
)
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(Status) as caught:
        read_body(Text(), body, "*")
    assert caught.value.code == INVALID_ARGUMENT


def test_messages_are_json_without_defaults() -> None:
    message = Text(text="a", large=5, data=b"\0")
    assert json.loads(write_message(message, has_numbers=False)) == {
        "text": "a",
        "large": "5",
        "data": "AA==",
    }
    topic = PUBSUB["Topic"](state="ACTIVE")
    assert json.loads(write_message(topic, has_numbers=False)) == {"state": "ACTIVE"}
    assert json.loads(write_message(topic, has_numbers=True)) == {"state": 1}


def test_errors_are_in_googles_form() -> None:
    response = error_response(Status(NOT_FOUND, "no", [ErrorInfo(reason="GONE", domain="d")]))
    error: Any = json.loads(response.body)["error"]
    assert response.status == error["code"] == 404
    assert (error["status"], error["message"]) == ("NOT_FOUND", "no")
    assert error["details"] == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "GONE", "domain": "d"}
    ]
    assert json.loads(error_response(Status(99)).body)["error"]["status"] == "UNKNOWN"
