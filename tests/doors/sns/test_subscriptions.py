"""Subscriptions: made, confirmed, told of, changed, ended."""

import json
from typing import Any

import pytest
from tests.doors.sns.client import HOOK, Refused, Sns, arn_of
from tests.doors.sqs.client import arn_of as queue_arn

DAY_S = 86_400
UNKNOWN = f"{arn_of()}:00000000-0000-4000-8000-000000000000"


def listed(sns: Sns, action: str = "ListSubscriptions", **members: Any) -> list[str]:
    root = sns.ask(action, **members)
    return [one.findtext("SubscriptionArn") or "" for one in root.iter("member")]


def test_a_queue_is_subscribed_once() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a", RawMessageDelivery="true")
    assert sns.subscribe("a", RawMessageDelivery="true") == arn == sns.subscribe("a")
    assert arn.startswith(arn_of() + ":")
    with pytest.raises(Refused, match="different attributes"):
        sns.subscribe("a", RawMessageDelivery="false")
    sns.publish("x")
    assert sns.sqs.bodies("a") == ["x"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Protocol": "email", "Endpoint": "a@b.test"}, "InvalidParameter"),
        ({"Endpoint": queue_arn("a")}, "InvalidParameter"),
        ({"Protocol": "sqs", "Endpoint": "http://here/000000000000/a"}, "InvalidParameter"),
        ({"Protocol": "sqs", "Endpoint": queue_arn("a.fifo")}, "InvalidParameter"),
        ({"Protocol": "http", "Endpoint": "https://h.test/"}, "InvalidParameter"),
        ({"Protocol": "https", "Endpoint": "https://u:p@h.test/"}, "InvalidParameter"),
        ({"Protocol": "http", "Endpoint": "http://[/"}, "InvalidParameter"),
        ({"Protocol": "http", "Endpoint": "http:///path"}, "InvalidParameter"),
        ({"Protocol": "http", "Endpoint": "http://h.test/a b"}, "InvalidParameter"),
        ({"Protocol": "http", "Endpoint": HOOK, "TopicArn": arn_of("t.fifo")}, "InvalidParameter"),
        ({"Protocol": "sqs", "Endpoint": queue_arn("a"), "TopicArn": arn_of("x")}, "NotFound"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(members: dict[str, Any], code: str) -> None:
    sns = Sns()
    sns.topic()
    sns.topic("t.fifo")
    with pytest.raises(Refused) as refused:
        sns.ask("Subscribe", **{"TopicArn": arn_of(), **members})
    assert refused.value.code == code


@pytest.mark.parametrize(
    "attributes",
    [
        {"RawMessageDelivery": "yes"},
        {"FilterPolicy": "{"},
        {"FilterPolicy": '{"a": {"b": ["c"]}}'},
        {"FilterPolicyScope": "Elsewhere"},
        {"RedrivePolicy": "{}"},
        {"RedrivePolicy": "x"},
        {"DeliveryPolicy": "{}"},
        {"SubscriptionRoleArn": "arn:aws:iam::0:role/x"},
    ],
)
def test_attributes_that_are_none_are_refused(attributes: dict[str, str]) -> None:
    sns = Sns()
    sns.topic()
    with pytest.raises(Refused, match="InvalidParameter"):
        sns.subscribe("a", **attributes)
    arn = sns.subscribe("a")
    for name, value in attributes.items():
        with pytest.raises(Refused, match="InvalidParameter"):
            sns.set(arn, name, value)


def test_an_endpoint_is_asked_and_gets_nothing_before_it_says_yes() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.join("http", HOOK)
    sns.publish("early")
    (request,) = [one for one, _ in sns.outbound.under_way]
    told = json.loads(request.body)
    assert list(told) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
    ]
    assert told["Type"] == "SubscriptionConfirmation"
    assert told["SubscribeURL"].startswith("http://here/?Action=ConfirmSubscription&TopicArn=arn:")
    sns.answer()
    assert listed(sns) == ["PendingConfirmation"]
    assert sns.attributes(arn)["PendingConfirmation"] == "true"
    root = sns.visit(told["SubscribeURL"])
    assert root.findtext(".//SubscriptionArn") == arn
    assert listed(sns) == [arn]
    sns.publish("now")
    assert json.loads(sns.answer().body)["Message"] == "now"


def test_a_pending_subscription_tells_its_arn_only_where_asked() -> None:
    sns = Sns()
    sns.topic()
    root = sns.ask("Subscribe", TopicArn=arn_of(), Protocol="http", Endpoint=HOOK)
    assert root.findtext(".//SubscriptionArn") == "pending confirmation"


def test_asking_again_sends_the_same_token() -> None:
    sns = Sns()
    sns.topic()
    arns = {sns.join("http", HOOK) for _ in range(2)}
    assert len(arns) == 1
    tokens = {json.loads(sns.answer().body)["Token"] for _ in range(2)}
    assert len(tokens) == 1


def test_a_token_confirms_once_and_is_known_after() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.join("http", HOOK)
    token = json.loads(sns.answer().body)["Token"]
    for _ in range(2):
        root = sns.ask("ConfirmSubscription", TopicArn=arn_of(), Token=token)
        assert root.findtext(".//SubscriptionArn") == arn
    for wrong, code in (
        (None, "ValidationError"),
        ("x", "InvalidParameter"),
        ("é", "InvalidParameter"),
    ):
        with pytest.raises(Refused, match=code):
            sns.ask("ConfirmSubscription", TopicArn=arn_of(), Token=wrong)


def test_nobody_waits_longer_than_three_days() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.join("http", HOOK)
    token = json.loads(sns.answer().body)["Token"]
    sns.pass_s(3 * DAY_S)
    assert listed(sns) == []
    assert sns.attributes(arn_of())["SubscriptionsPending"] == "0"
    with pytest.raises(Refused, match="NotFound"):
        sns.attributes(arn)
    with pytest.raises(Refused, match="Token"):
        sns.ask("ConfirmSubscription", TopicArn=arn_of(), Token=token)
    assert sns.join("http", HOOK) != arn


def test_lists_of_all_and_of_one_topic() -> None:
    sns = Sns()
    sns.topic()
    sns.topic("new")
    arns = {name: sns.subscribe("a", name) for name in ("news", "new")}
    assert sorted(listed(sns)) == sorted(arns.values())
    assert listed(sns, "ListSubscriptionsByTopic", TopicArn=arn_of("new")) == [arns["new"]]
    with pytest.raises(Refused, match="NotFound"):
        listed(sns, "ListSubscriptionsByTopic", TopicArn=arn_of("x"))


def test_lists_have_pages() -> None:
    sns = Sns()
    sns.topic()
    arns = {sns.join("sqs", queue_arn(f"q{number}")) for number in range(101)}
    root = sns.ask("ListSubscriptions")
    rest = listed(sns, NextToken=root.findtext(".//NextToken"))
    first = [one.findtext("SubscriptionArn") or "" for one in root.iter("member")]
    assert (len(first), len(rest)) == (100, 1)
    assert {*first, *rest} == arns


def test_every_attribute_is_told() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a", FilterPolicy='{"a": ["b"]}')
    assert sns.attributes(arn) == {
        "SubscriptionPrincipal": "arn:aws:iam::000000000000:root",
        "Owner": "000000000000",
        "RawMessageDelivery": "false",
        "FilterPolicy": '{"a": ["b"]}',
        "TopicArn": arn_of(),
        "Endpoint": queue_arn("a"),
        "FilterPolicyScope": "MessageAttributes",
        "Protocol": "sqs",
        "PendingConfirmation": "false",
        "ConfirmationWasAuthenticated": "true",
        "SubscriptionArn": arn,
    }
    web = sns.join("http", HOOK, DeliveryPolicy='{"healthyRetryPolicy": {"numRetries": 5}}')
    told = json.loads(sns.attributes(web)["EffectiveDeliveryPolicy"])
    assert told["healthyRetryPolicy"]["numRetries"] == 5


def test_scope_and_policy_are_checked_together() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a")
    sns.set(arn, "FilterPolicyScope", "MessageBody")
    sns.set(arn, "FilterPolicy", '{"a": {"b": ["c"]}}')
    with pytest.raises(Refused, match="nested"):
        sns.set(arn, "FilterPolicyScope", "MessageAttributes")
    sns.set(arn, "FilterPolicy", "{}")
    sns.set(arn, "FilterPolicyScope", "")


def test_an_ended_subscription_gets_nothing_more() -> None:
    sns = Sns()
    sns.topic()
    queue, web = sns.subscribe("a"), sns.hook()
    sns.publish("1")
    for arn in (queue, web, UNKNOWN):
        sns.ask("Unsubscribe", SubscriptionArn=arn)
    sns.publish("2")
    assert len(sns.sqs.bodies("a")) == 1
    assert len(sns.outbound.under_way) == 1
    assert listed(sns) == []
    for arn in ("x", arn_of()):
        with pytest.raises(Refused, match="SubscriptionArn"):
            sns.ask("Unsubscribe", SubscriptionArn=arn)


def test_a_pending_subscription_cannot_be_ended() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.join("http", HOOK)
    with pytest.raises(Refused, match="InvalidParameter"):
        sns.ask("Unsubscribe", SubscriptionArn=arn)


def test_the_link_in_a_message_ends_its_subscription() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a")
    sns.publish("x")
    sns.visit(json.loads(sns.sqs.bodies("a")[0])["UnsubscribeURL"])
    with pytest.raises(Refused, match="NotFound"):
        sns.attributes(arn)
