"""Who asks, and what is SNS's of all that comes to one path."""

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.doors.sns.client import HOOK, Refused, Sns, arn_of, read

from dragoman.doors.shared.rest.call import Request
from dragoman.doors.sns.asking import is_meant


def request(
    method: str, query: bytes = b"", body: bytes = b"", *headers: tuple[bytes, bytes]
) -> Request:
    target = b"/" + (b"?" + query if query else b"")
    return Request(method, target, list(headers), body)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (request("POST", body=b"Action=Publish&Version=2010-03-31"), True),
        (request("POST", body=b"Version=2010-03-31&Action=AddPermission"), True),
        (request("GET", b"Action=ListTopics&Version=2010-03-31"), True),
        (request("GET", b"Action=ConfirmSubscription&TopicArn=a&Token=t"), True),
        (request("GET", b"Action=Unsubscribe&SubscriptionArn=a"), True),
        (request("POST", body=b"Action=SendMessage&Version=2012-11-05"), False),
        (request("POST", body=b"Action=ListQueues"), False),
        (request("GET"), False),
        (
            request(
                "POST",
                b"",
                b'{"MessageBody": "Action=x&Version=2010-03-31"}',
                (b"x-amz-target", b"AmazonSQS.SendMessage"),
            ),
            False,
        ),
    ],
)
def test_what_is_meant_for_sns(found: Request, *, expected: bool) -> None:
    assert is_meant(found) is expected


def test_what_is_no_request_is_refused() -> None:
    sns = Sns()
    for action in ("", "Frobnicate", "CreatePlatformApplication", "AddPermission"):
        with pytest.raises(Refused) as refused:
            sns.ask(action)
        assert (refused.value.status, refused.value.code) == (400, "InvalidAction")
    for members in ({"Attributes.entry.1.value": "x"}, {"Tags": "x"}, {"Name.a": "b"}):
        with pytest.raises(Refused, match="InvalidParameter"):
            sns.ask("CreateTopic", **members)


def test_lists_and_maps_may_be_empty_texts() -> None:
    root = Sns().ask("CreateTopic", Name="a", Tags="")
    assert root.findtext(".//TopicArn") == arn_of("a")


def signed(sns: Sns, form: str, key: str = "app", secret: str = "s3cret") -> bytes:
    """What botocore makes of it, at the time it is there."""
    made = AWSRequest(
        "POST",
        "http://here/",
        data=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    auth = SigV4Auth(Credentials(key, secret), "sns", "eu-west-1")
    made.context["timestamp"] = "20231114T221320Z"
    auth._modify_request_before_signing(made)
    made.headers["X-Amz-Date"] = "20231114T221320Z"
    canonical = auth.canonical_request(made)
    auth._inject_signature_to_request(
        made, auth.signature(auth.string_to_sign(made, canonical), made)
    )
    answer = sns.client.ask("POST", "/", form.encode(), list(made.headers.items()))
    read(answer.status, answer.body)
    return answer.body


def test_keys_that_are_configured_are_asked_for_but_not_of_links() -> None:
    sns = Sns(users={"app": b"s3cret"})
    body = signed(sns, "Action=CreateTopic&Name=news&Version=2010-03-31")
    arn = "arn:aws:sns:eu-west-1:000000000000:news"
    assert arn.encode() in body
    with pytest.raises(Refused) as refused:
        sns.ask("ListTopics")
    assert (refused.value.status, refused.value.code) == (403, "MissingAuthenticationToken")
    with pytest.raises(Refused, match="SignatureDoesNotMatch"):
        signed(sns, "Action=ListTopics&Version=2010-03-31", secret="wrong")
    form = f"Action=Subscribe&TopicArn={arn}&Protocol=http&Endpoint={HOOK}&Version=2010-03-31"
    signed(sns, form)
    token = sns.outbound.bodies[0].partition(b'"Token":"')[2][:64].decode()
    link = f"http://here/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}"
    own = sns.visit(link).findtext(".//SubscriptionArn") or ""
    sns.visit(f"http://here/?Action=Unsubscribe&SubscriptionArn={own}")
    queue = f"{form.partition('&Protocol')[0]}&Protocol=sqs&Endpoint=arn:aws:sqs:r:000000000000:q&Version=2010-03-31"
    made = signed(sns, queue).partition(b"<SubscriptionArn>")[2].partition(b"<")[0].decode()
    with pytest.raises(Refused, match="AuthorizationError"):
        sns.visit(f"http://here/?Action=Unsubscribe&SubscriptionArn={made}")
