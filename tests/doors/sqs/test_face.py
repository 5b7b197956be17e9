"""Both protocols at every path clients use; what is not for SQS is left to others."""

import json

import pytest
from tests.doors.shared.rest.client import header
from tests.doors.sqs.client import Refused, Sqs, url_of

from dragoman.doors.shared.rest.call import Request
from dragoman.doors.sqs.face import ACTIONS, SqsFace, is_meant
from dragoman.wire.aws import actions


def test_every_action_has_its_handler() -> None:
    assert ACTIONS.keys() == actions.ACTIONS.keys()


def test_both_protocols_speak_of_the_same_queue() -> None:
    sqs = Sqs()
    sqs.make("orders")
    sqs.query("SendMessage", QueueUrl=url_of("orders"), MessageBody="by query")
    sqs.send("orders", "by JSON")
    assert sorted(sqs.bodies("orders")) == ["by JSON", "by query"]


@pytest.mark.parametrize(
    "path", ["/000000000000/orders", "/queue/orders", "/orders", "/queue/eu/000000000000/orders"]
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_queue_may_be_named_by_the_path(path: str, method: str) -> None:
    sqs = Sqs()
    sqs.make("orders")
    root = sqs.query("SendMessage", path, method, MessageBody="x")
    assert root.tag == "SendMessageResponse"
    assert root.findtext("SendMessageResult/MD5OfMessageBody") == "9dd4e461268c8034f5c8564e155c67a6"
    assert root.findtext("ResponseMetadata/RequestId")


def test_errors_are_spelled_as_the_protocol_spells_them() -> None:
    sqs = Sqs()
    root = sqs.query("GetQueueUrl", QueueName="nowhere")
    assert (root.tag, root.get("status")) == ("ErrorResponse", "400")
    assert root.findtext("Error/Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert root.findtext("Error/Type") == "Sender"
    with pytest.raises(Refused) as refused:
        sqs.ask("GetQueueUrl", QueueName="nowhere")
    error = refused.value
    assert (error.status, error.type, error.code, error.fault) == (
        400,
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "Sender",
    )


def test_an_action_that_there_is_not() -> None:
    sqs = Sqs()
    with pytest.raises(Refused) as refused:
        sqs.ask("Frobnicate")
    assert (refused.value.code, refused.value.type) == (
        "InvalidAction",
        "UnknownOperationException",
    )
    assert sqs.query("Frobnicate").findtext("Error/Code") == "InvalidAction"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"5", b'{"QueueName":5}', b'{"QueueName":"\xff"}', b'{"tags":[]}']
)
def test_json_that_is_no_request(body: bytes) -> None:
    sqs = Sqs()
    answer = sqs.client.ask("POST", "/", body, [("X-Amz-Target", "AmazonSQS.CreateQueue")])
    assert answer.status == 400
    assert json.loads(answer.body)["__type"].endswith("#SerializationException")
    assert (header(answer, b"x-amzn-query-error") or b"").startswith(b"MalformedInput")


def test_a_form_that_is_no_request() -> None:
    sqs = Sqs()
    assert sqs.query("SendMessage", DelaySeconds="soon").findtext("Error/Code") == "MalformedInput"
    assert (
        sqs.query("CreateQueue", Attribute__x__Name="a").findtext("Error/Code") == "MalformedInput"
    )


def test_a_body_that_is_empty_is_a_request_without_members() -> None:
    sqs = Sqs()
    answer = sqs.client.ask("POST", "/", b"", [("X-Amz-Target", "AmazonSQS.ListQueues")])
    assert (answer.status, answer.body) == (200, b"{}")


def test_answers_have_ids_of_their_own() -> None:
    sqs = Sqs()
    ids = {
        header(
            sqs.client.ask("POST", "/", b"{}", [("X-Amz-Target", "AmazonSQS.ListQueues")]),
            b"x-amzn-requestid",
        )
        for _ in range(5)
    }
    assert len(ids) == 5


def test_only_what_speaks_sqs_is_taken() -> None:
    def meant(method: str, target: bytes, body: bytes = b"", name: bytes = b"") -> bool:
        headers = [(b"x-amz-target", name)] if name else []
        return is_meant(Request(method, target, headers, body))

    assert meant("POST", b"/", b"{}", b"AmazonSQS.ListQueues")
    assert meant("GET", b"/?Action=ListQueues")
    assert meant("POST", b"/", b"Action=ListQueues")
    assert not meant("POST", b"/", b"{}", b"DynamoDB_20120810.ListTables")
    assert not meant("GET", b"/")
    assert not meant("GET", b"/", b"Action=ListQueues")


def test_a_method_that_sqs_does_not_take_is_answered_in_its_words() -> None:
    sqs = Sqs()
    answer = sqs.client.ask("PUT", "/", b"{}", [("X-Amz-Target", "AmazonSQS.ListQueues")])
    assert json.loads(answer.body)["__type"].endswith("#UnknownOperationException")
    assert SqsFace().not_found(Request("PUT", b"/", [], b""), ()) is None


def test_a_fault_of_ours_is_an_internal_failure_and_the_operators_business() -> None:
    answer = SqsFace().refuse(Request("POST", b"/", [], b""), RuntimeError("whatever"))
    assert answer.status == 500
    assert b"<Type>Receiver</Type><Code>InternalFailure</Code>" in answer.body
    assert b"whatever" not in answer.body
