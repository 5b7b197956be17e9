"""Who calls: signatures where keys are configured, accounts and regions as callers name them."""

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.doors.shared.rest.client import header
from tests.doors.sqs.client import Sqs

from dragoman.doors.shared.rest.call import Response

NOW = "2023-11-14T22:13:20Z"  # the test's clock


@pytest.fixture(autouse=True)
def signed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    moment = datetime.fromisoformat(NOW).astimezone(UTC).replace(tzinfo=None)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: moment)


def call(
    sqs: Sqs, action: str, key: str, secret: str, *, region: str = "eu-west-1", **members: Any
) -> Response:
    """A signed request in JSON."""
    body = json.dumps(members).encode()
    headers = {"X-Amz-Target": f"AmazonSQS.{action}", "Content-Type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", "http://here/", data=body, headers=headers)
    SigV4Auth(Credentials(key, secret), "sqs", region).add_auth(request)
    return sqs.client.ask("POST", "/", body, [(n, str(v)) for n, v in request.headers.items()])


def code(answer: Response) -> str:
    return (header(answer, b"x-amzn-query-error") or b"").decode().partition(";")[0]


@pytest.fixture
def locked() -> Sqs:
    return Sqs(users={"alice": b"wonderland", "123456789012": b"s"})


def test_a_key_opens_and_is_the_sender(locked: Sqs) -> None:
    assert call(locked, "CreateQueue", "alice", "wonderland", QueueName="orders").status == 200
    url = "http://here/000000000000/orders"
    assert (
        call(locked, "SendMessage", "alice", "wonderland", QueueUrl=url, MessageBody="x").status
        == 200
    )
    answer = call(
        locked, "ReceiveMessage", "alice", "wonderland", QueueUrl=url, AttributeNames=["SenderId"]
    )
    (message,) = json.loads(answer.body)["Messages"]
    assert message["Attributes"] == {"SenderId": "alice"}


@pytest.mark.parametrize(
    ("key", "secret", "expected"),
    [("alice", "wrong", "SignatureDoesNotMatch"), ("bob", "wonderland", "InvalidClientTokenId")],
)
def test_a_wrong_key_does_not(locked: Sqs, key: str, secret: str, expected: str) -> None:
    answer = call(locked, "ListQueues", key, secret)
    assert (answer.status, code(answer)) == (403, expected)
    assert locked.world.node.failed == [("SigV4", key)]


def test_who_signs_nothing_is_told_so(locked: Sqs) -> None:
    answer = locked.client.ask("POST", "/", b"{}", [("X-Amz-Target", "AmazonSQS.ListQueues")])
    assert (answer.status, code(answer)) == (403, "MissingAuthenticationToken")
    assert locked.query("ListQueues").findtext("Error/Code") == "MissingAuthenticationToken"
    bad = [("X-Amz-Target", "AmazonSQS.ListQueues"), ("Authorization", "AWS4-HMAC-SHA256 x")]
    answer = locked.client.ask("POST", "/", b"{}", bad)
    assert (answer.status, code(answer)) == (400, "IncompleteSignature")


def test_a_signature_grows_old(locked: Sqs) -> None:
    locked.pass_s(901)
    locked.client = locked.world.connect()
    assert code(call(locked, "ListQueues", "alice", "wonderland")) == "SignatureDoesNotMatch"


def test_a_url_may_be_signed(locked: Sqs) -> None:
    request = AWSRequest("GET", "http://here/?Action=ListQueues&Version=2012-11-05")
    SigV4QueryAuth(Credentials("alice", "wonderland"), "sqs", "eu-west-1", expires=60).add_auth(
        request
    )
    target = request.prepare().url.removeprefix("http://here")
    assert locked.client.ask("GET", target).status == 200
    assert locked.client.ask("GET", target.replace("60", "61")).status == 403


def test_accounts_and_regions_are_the_callers_word() -> None:
    sqs = Sqs()
    answer = call(sqs, "CreateQueue", "123456789012", "any", QueueName="q", region="ap-south-1")
    url = json.loads(answer.body)["QueueUrl"]
    assert url == "http://here/123456789012/q"
    answer = call(
        sqs, "GetQueueAttributes", "k", "any", QueueUrl=url, AttributeNames=["QueueArn"], region="x"
    )
    assert json.loads(answer.body)["Attributes"] == {"QueueArn": "arn:aws:sqs:x:123456789012:q"}
    assert json.loads(call(sqs, "ListQueues", "123456789012", "any").body) == {"QueueUrls": [url]}
    assert json.loads(call(sqs, "ListQueues", "AKIA", "any").body) == {}


def test_rubbish_in_place_of_a_signature_is_nobodys_where_none_is_asked_for() -> None:
    sqs = Sqs()
    headers = [("X-Amz-Target", "AmazonSQS.ListQueues"), ("Authorization", "Basic eA==")]
    assert sqs.client.ask("POST", "/", b"{}", headers).status == 200
