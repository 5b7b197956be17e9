"""What is posted to endpoints, and what becomes of it."""

import json

import pytest
from tests.doors.sns.client import HOOK, Sns, arn_of, text
from tests.doors.sqs.client import arn_of as queue_arn

from dragoman.kernel.api import Address, DescribeQueue, Publish, QueueInfo
from dragoman.model.levels import CANONICAL, SQS


def hooked(**attributes: str) -> tuple[Sns, str]:
    sns = Sns()
    sns.topic()
    return sns, sns.hook(**attributes)


def counts(sns: Sns, arn: str) -> tuple[int, int]:
    info: QueueInfo = sns.world.kernel.submit(
        DescribeQueue(name=f"sns/{arn.rpartition(':')[2]}"), 0
    )
    return info.ready, info.leased


def test_a_notification_says_where_it_comes_from() -> None:
    sns, arn = hooked()
    identity = sns.publish("hi", MessageAttributes={"k": text("v")})
    request = sns.answer()
    assert (request.method, request.url) == ("POST", HOOK)
    assert request.headers == [
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("User-Agent", "Amazon Simple Notification Service Agent"),
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", identity),
        ("x-amz-sns-topic-arn", arn_of()),
        ("x-amz-sns-subscription-arn", arn),
    ]
    told = json.loads(request.body)
    assert (told["Type"], told["MessageId"], told["Message"]) == ("Notification", identity, "hi")
    assert counts(sns, arn) == (0, 0)


def test_a_confirmation_is_called_so_and_names_no_subscription() -> None:
    sns = Sns()
    sns.topic()
    sns.join("http", HOOK, RawMessageDelivery="true")
    headers = dict(sns.answer().headers)
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert not {"x-amz-sns-subscription-arn", "x-amz-sns-rawdelivery"} & headers.keys()


def test_raw_messages_are_posted_as_they_are() -> None:
    sns, _ = hooked(RawMessageDelivery="true")
    sns.publish("hi")
    request = sns.answer()
    assert request.body == b"hi"
    assert dict(request.headers)["x-amz-sns-rawdelivery"] == "true"


def test_a_filter_holds_for_endpoints_too() -> None:
    sns, _ = hooked(FilterPolicy='{"k": ["v"]}')
    sns.publish("no")
    sns.publish("yes", MessageAttributes={"k": text("v")})
    assert [json.loads(body)["Message"] for body in sns.outbound.bodies] == ["yes"]


def test_a_refused_message_is_tried_again_when_the_policy_says() -> None:
    sns, arn = hooked()
    sns.publish("x")
    for _ in range(3):
        sns.answer(503)
        sns.pass_s(19)
        assert not sns.outbound.under_way
        sns.pass_s(1)
        assert len(sns.outbound.under_way) == 1
    sns.answer(503)
    sns.pass_s(3_600)
    assert not sns.outbound.under_way
    assert counts(sns, arn) == (0, 0)


def test_what_is_given_up_is_a_dead_letter() -> None:
    sns = Sns()
    sns.topic()
    sns.sqs.make("dead")
    arn = sns.hook(RawMessageDelivery="true")
    sns.set(arn, "RedrivePolicy", json.dumps({"deadLetterTargetArn": queue_arn("dead")}))
    identity = sns.publish("x")
    sns.answer(404)
    (message,) = sns.sqs.receive("dead")
    assert (message["Body"], message["MessageId"]) == ("x", identity)


def test_policies_that_change_hold_for_what_comes_next() -> None:
    sns, arn = hooked()
    policy = {
        "healthyRetryPolicy": {"numRetries": 0},
        "requestPolicy": {"headerContentType": "text/csv"},
    }
    sns.set(arn, "DeliveryPolicy", json.dumps(policy))
    sns.publish("x")
    assert dict(sns.answer(500).headers)["Content-Type"] == "text/csv"
    sns.pass_s(60)
    assert not sns.outbound.under_way
    sns.set(arn_of(), "DeliveryPolicy", '{"http": {"disableSubscriptionOverrides": true}}')
    sns.publish("y")
    assert dict(sns.answer(500).headers)["Content-Type"].startswith("text/plain")
    sns.pass_s(20)
    assert len(sns.outbound.under_way) == 1


def test_one_endpoint_that_hangs_costs_the_others_nothing() -> None:
    sns, _ = hooked()
    other = "http://other.test/"
    sns.join("http", other)
    sns.visit(json.loads(sns.answer().body)["SubscribeURL"])
    sns.publish("1")
    sns.publish("2")
    assert sorted(request.url for request, _ in sns.outbound.under_way) == sorted([HOOK, other] * 2)


@pytest.mark.parametrize(("format_", "body"), [(SQS, b"\xff"), (CANONICAL, b"?")])
def test_what_cannot_be_read_is_given_up_and_nothing_else(format_: int, body: bytes) -> None:
    sns, arn = hooked()
    stream = f"sns/{arn.rpartition(':')[2]}"
    sns.world.kernel.publish(Publish("default", Address(stream), format_, [body]))
    sns.publish("x")
    assert [json.loads(one)["Message"] for one in sns.outbound.bodies] == ["x"]
    sns.answer()
    assert counts(sns, arn) == (0, 0)
