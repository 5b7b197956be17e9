"""Who takes whose dead letters, and what becomes of messages received too often."""

import json

import pytest
from tests.doors.sqs.client import Refused, Sqs, arn_of, redrive, url_of


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("dead")
    sqs.make("orders", VisibilityTimeout="5")
    return sqs


def set_policy(sqs: Sqs, value: str, name: str = "orders", kind: str = "RedrivePolicy") -> None:
    sqs.ask("SetQueueAttributes", QueueUrl=url_of(name), Attributes={kind: value})


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        json.dumps({"deadLetterTargetArn": arn_of("dead")}),
        json.dumps({"maxReceiveCount": 3}),
        redrive("dead", 0),
        redrive("dead", 1001),
        redrive("dead", "x"),
        redrive("dead", 1.5),
        redrive("dead", True),
        redrive("nowhere", 3),
        json.dumps({"deadLetterTargetArn": "dead", "maxReceiveCount": 3}),
        json.dumps({"deadLetterTargetArn": 5, "maxReceiveCount": 3}),
    ],
)
def test_a_policy_that_makes_no_sense(sqs: Sqs, policy: str) -> None:
    with pytest.raises(Refused) as refused:
        set_policy(sqs, policy)
    assert refused.value.code == "InvalidParameterValue"
    assert "RedrivePolicy" not in sqs.attributes("orders")


def test_a_dead_letter_queue_is_of_the_same_type(sqs: Sqs) -> None:
    sqs.make("orders.fifo")
    for source, target in (("orders.fifo", "dead"), ("orders", "orders.fifo")):
        with pytest.raises(Refused, match="same type"):
            set_policy(sqs, redrive(target), source)


def test_a_policy_is_told_as_numbers_and_taken_away_by_nothing(sqs: Sqs) -> None:
    set_policy(sqs, redrive("dead", "3"))
    expected = (
        '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}'
    )
    assert sqs.attributes("orders", "RedrivePolicy") == {"RedrivePolicy": expected}
    set_policy(sqs, "")
    assert "RedrivePolicy" not in sqs.attributes("orders")


def test_a_message_received_too_often_is_found_in_the_dead_letter_queue(sqs: Sqs) -> None:
    set_policy(sqs, redrive("dead", 2))
    sent = sqs.send(
        "orders", "bad", MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}}
    )
    for count in ("1", "2"):
        (message,) = sqs.receive("orders", AttributeNames=["All"])
        assert message["Attributes"]["ApproximateReceiveCount"] == count
        sqs.pass_s(5)
    assert sqs.receive("orders") == []
    (message,) = sqs.receive("dead", AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "bad")
    assert message["MessageAttributes"]["a"]["StringValue"] == "v"
    told = message["Attributes"]
    assert told["DeadLetterQueueSourceArn"] == arn_of("orders")
    assert (told["SentTimestamp"], told["ApproximateReceiveCount"]) == ("1700000000000", "3")


def test_queues_that_are_each_others_dead_letter_queue_lose_nothing(sqs: Sqs) -> None:
    set_policy(sqs, redrive("dead", 1))
    set_policy(sqs, redrive("orders", 1), "dead")
    sqs.send("orders", "bad")
    for name in ("orders", "dead") * 3:
        assert sqs.bodies(name, VisibilityTimeout=0) == ["bad"]
        sqs.pass_s(1)


def test_sources_are_listed_in_pages(sqs: Sqs) -> None:
    assert sqs.ask("ListDeadLetterSourceQueues", QueueUrl=url_of("dead")) == {"queueUrls": []}
    for name in ("b", "a", "c"):
        sqs.make(name, RedrivePolicy=redrive("dead"))
    page = sqs.ask("ListDeadLetterSourceQueues", QueueUrl=url_of("dead"), MaxResults=2)
    assert page["queueUrls"] == [url_of("a"), url_of("b")]
    rest = sqs.ask(
        "ListDeadLetterSourceQueues",
        QueueUrl=url_of("dead"),
        MaxResults=2,
        NextToken=page["NextToken"],
    )
    assert rest == {"queueUrls": [url_of("c")]}


# --- who may ---


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({}, "InvalidAttributeValue"),
        ({"redrivePermission": "some"}, "InvalidAttributeValue"),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["x"]}, "InvalidAttributeValue"),
        ({"redrivePermission": "byQueue"}, "InvalidParameterValue"),
        ({"redrivePermission": "byQueue", "sourceQueueArns": []}, "InvalidParameterValue"),
        (
            {"redrivePermission": "byQueue", "sourceQueueArns": [arn_of("x")] * 11},
            "InvalidParameterValue",
        ),
        (
            {"redrivePermission": "allowAll", "sourceQueueArns": [arn_of("x")]},
            "InvalidParameterValue",
        ),
    ],
)
def test_an_allow_policy_that_makes_no_sense(sqs: Sqs, policy: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        set_policy(sqs, json.dumps(policy), "dead", "RedriveAllowPolicy")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("policy", "is_allowed"),
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [arn_of("orders")]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [arn_of("other")]}, False),
    ],
)
def test_a_queue_says_who_may_use_it(sqs: Sqs, policy: object, is_allowed: bool) -> None:
    set_policy(sqs, json.dumps(policy), "dead", "RedriveAllowPolicy")
    if is_allowed:
        set_policy(sqs, redrive("dead"))
    else:
        with pytest.raises(Refused) as refused:
            set_policy(sqs, redrive("dead"))
        assert refused.value.code == "InvalidParameterValue"
