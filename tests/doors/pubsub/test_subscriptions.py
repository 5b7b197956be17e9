"""Subscriptions: every field back as it was said, queues of other doors, other projects, detaching, deleting."""

from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, subscription, topic
from tests.doors.pubsub.test_topics import refused, retention

from dragoman.kernel.api import Address, DeclareQueue, DescribeQueue, Publish
from dragoman.model.errors import SubscriptionNotFound
from dragoman.model.levels import PUBSUB
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    UNIMPLEMENTED,
)

WHOLE: dict[str, Any] = {
    "ack_deadline_seconds": 30,
    "retain_acked_messages": True,
    "message_retention_duration": {"seconds": 3600},
    "labels": {"a": "b"},
    "enable_message_ordering": True,
    "expiration_policy": {"ttl": {"seconds": 86400}},
    "filter": "attributes:tier",
    "dead_letter_policy": {"dead_letter_topic": topic("dead"), "max_delivery_attempts": 7},
    "retry_policy": {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 9}},
    "enable_exactly_once_delivery": True,
}


def get(pubsub: Pubsub, name: str = "sub") -> Any:
    return pubsub.ask("GetSubscription", subscription=subscription(name))


def test_every_field_comes_back_as_it_was_said() -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("dead"))
    pubsub.ask("CreateTopic", name=topic("orders"), message_retention_duration={"seconds": 900})
    asked = {"name": subscription("sub"), "topic": topic("orders"), **WHOLE}
    made = pubsub.ask("CreateSubscription", **asked)
    found = get(pubsub)
    assert found == made
    expected = type(found)(**asked)
    expected.state = found.ACTIVE
    expected.topic_message_retention_duration.seconds = 900
    assert found == expected
    info = pubsub.connection.session.submit(DescribeQueue(name="orders", subscription="sub"))
    settings = info.settings
    assert (settings.order, settings.revoke_followers, settings.exactly_once) == ("key", True, True)
    assert (settings.attempts_max, settings.dead_letter) == (7, Address("dead"))
    assert (settings.ttl_ms, settings.idle_ms, settings.retry_ms) == (3_600_000, 86_400_000, 1_000)
    assert retention(pubsub) == 3_600_000


def test_what_goes_without_saying_is_said() -> None:
    pubsub = Pubsub()
    pubsub.make(dead_letter_policy={"dead_letter_topic": topic("orders")}, retry_policy={})
    found = get(pubsub)
    assert (found.ack_deadline_seconds, found.message_retention_duration.seconds) == (10, 604_800)
    assert found.expiration_policy.ttl.seconds == 31 * 86_400
    assert found.dead_letter_policy.max_delivery_attempts == 5
    assert found.retry_policy.maximum_backoff.seconds == 600
    pubsub.make(sub="eternal", expiration_policy={})
    assert not get(pubsub, "eternal").expiration_policy.HasField("ttl")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ack_deadline_seconds": 9}, INVALID_ARGUMENT),
        ({"ack_deadline_seconds": 601}, INVALID_ARGUMENT),
        ({"message_retention_duration": {"seconds": 1}}, INVALID_ARGUMENT),
        ({"expiration_policy": {"ttl": {"seconds": 5}}}, INVALID_ARGUMENT),
        ({"filter": "nonsense"}, INVALID_ARGUMENT),
        ({"filter": "attributes:" + "a" * 250}, INVALID_ARGUMENT),
        ({"retry_policy": {"minimum_backoff": {"seconds": 700}}}, INVALID_ARGUMENT),
        (
            {
                "retry_policy": {
                    "minimum_backoff": {"seconds": 9},
                    "maximum_backoff": {"seconds": 1},
                }
            },
            INVALID_ARGUMENT,
        ),
        ({"dead_letter_policy": {"dead_letter_topic": topic("absent")}}, NOT_FOUND),
        ({"dead_letter_policy": {"dead_letter_topic": "projects/x/topics/abc"}}, INVALID_ARGUMENT),
        (
            {
                "dead_letter_policy": {
                    "dead_letter_topic": topic("orders"),
                    "max_delivery_attempts": 101,
                }
            },
            INVALID_ARGUMENT,
        ),
        ({"push_config": {"push_endpoint": "ftp://x"}}, INVALID_ARGUMENT),
        (
            {"push_config": {"push_endpoint": "http://x", "oidc_token": {"audience": "a"}}},
            INVALID_ARGUMENT,
        ),
        ({"bigquery_config": {"table": "t"}}, UNIMPLEMENTED),
        ({"cloud_storage_config": {"bucket": "t"}}, UNIMPLEMENTED),
        ({"message_transforms": [{"enabled": True}]}, UNIMPLEMENTED),
    ],
)
def test_what_makes_no_sense_or_is_not_offered_is_refused(
    fields: dict[str, Any], code: int
) -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"))
    asked = {"name": subscription("sub"), "topic": topic("orders"), **fields}
    assert refused(pubsub, "CreateSubscription", **asked).code == code
    assert refused(pubsub, "GetSubscription", subscription=subscription("sub")).code == NOT_FOUND


def test_a_name_is_taken_once_in_a_project_and_a_topic_must_be_there() -> None:
    pubsub = Pubsub()
    pubsub.make()
    pubsub.ask("CreateTopic", name=topic("other"))
    asked = {"name": subscription("sub"), "topic": topic("other")}
    assert refused(pubsub, "CreateSubscription", **asked).code == ALREADY_EXISTS
    asked = {"name": subscription("sub2"), "topic": topic("absent")}
    assert refused(pubsub, "CreateSubscription", **asked).code == NOT_FOUND


def test_a_subscription_begins_with_what_is_published_from_then_on() -> None:
    pubsub = Pubsub()
    pubsub.make(sub="first", retain_acked_messages=True)
    pubsub.publish(b"0")
    pubsub.make(sub="sub")
    pubsub.make(sub="orders")  # called as its topic: the queue of the stream
    pubsub.publish(b"1")
    assert pubsub.data("first") == [b"0", b"1"]
    assert (pubsub.data("sub"), pubsub.data("orders")) == ([b"1"], [b"1"])
    pubsub.ask("DeleteSubscription", subscription=subscription("orders"))
    assert refused(pubsub, "GetSubscription", subscription=subscription("orders")).code == NOT_FOUND
    assert get(pubsub).topic == topic("orders")


def test_a_mask_says_what_is_changed() -> None:
    pubsub = Pubsub()
    pubsub.make(labels={"a": "1"})
    wanted = {"name": subscription("sub"), "ack_deadline_seconds": 50, "labels": {"b": "2"}}
    mask = {"paths": ["ack_deadline_seconds"]}
    found = pubsub.ask("UpdateSubscription", subscription=wanted, update_mask=mask)
    assert (found.ack_deadline_seconds, dict(found.labels)) == (50, {"a": "1"})
    assert get(pubsub) == found
    for path in ("topic", "filter", "enable_message_ordering", "name"):
        mask = {"paths": [path]}
        status = refused(pubsub, "UpdateSubscription", subscription=wanted, update_mask=mask)
        assert (status.code, "not mutable" in status.message) == (INVALID_ARGUMENT, True)


def test_push_is_begun_and_ended() -> None:
    pubsub = Pubsub()
    pubsub.make()
    config = {"push_endpoint": "https://example.com/x", "attributes": {"x-goog-version": "v1"}}
    pubsub.ask("ModifyPushConfig", subscription=subscription("sub"), push_config=config)
    assert get(pubsub).push_config.push_endpoint == "https://example.com/x"
    asked = {"subscription": subscription("sub"), "max_messages": 1}
    assert refused(pubsub, "Pull", **asked).code == FAILED_PRECONDITION
    pubsub.ask("ModifyPushConfig", subscription=subscription("sub"), push_config={})
    assert pubsub.data() == []


def test_a_queue_of_another_door_is_a_subscription_to_its_own_topic() -> None:
    pubsub = Pubsub()
    session = pubsub.connection.session
    session.submit(DeclareQueue(name="jobs"))
    session.publish(Publish("default", Address("jobs"), PUBSUB, [b"\x0a\x01x"]))
    found = get(pubsub, "jobs")
    assert (found.topic, found.ack_deadline_seconds) == (topic("jobs"), 30)
    assert pubsub.data("jobs") == [b"x"]
    names = pubsub.ask("ListSubscriptions", project="projects/default").subscriptions
    assert [each.name for each in names] == [subscription("jobs")]
    status = refused(pubsub, "DetachSubscription", subscription=subscription("jobs"))
    assert status.code == FAILED_PRECONDITION
    pubsub.ask("DeleteSubscription", subscription=subscription("jobs"))
    with pytest.raises(SubscriptionNotFound):
        session.submit(DescribeQueue(name="jobs"))


def test_subscriptions_are_listed_by_project_and_by_topic() -> None:
    pubsub = Pubsub()
    for name in ("ccc", "aaa", "bbb"):
        pubsub.make(sub=name)
    first = pubsub.ask("ListSubscriptions", project="projects/default", page_size=2)
    assert [each.name for each in first.subscriptions] == [subscription("aaa"), subscription("bbb")]
    rest = pubsub.ask(
        "ListSubscriptions", project="projects/default", page_token=first.next_page_token
    )
    assert [each.name for each in rest.subscriptions] == [subscription("ccc")]
    found = pubsub.ask("ListTopicSubscriptions", topic=topic("orders"))
    assert list(found.subscriptions) == [subscription(name) for name in ("aaa", "bbb", "ccc")]


def test_a_subscription_may_be_of_another_project() -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"))
    name = "projects/other/subscriptions/sub"
    pubsub.ask("CreateSubscription", name=name, topic=topic("orders"))
    pubsub.make(sub="sub")
    pubsub.publish(b"0")
    found = pubsub.ask("Pull", subscription=name, max_messages=5)
    assert [each.message.data for each in found.received_messages] == [b"0"]
    assert pubsub.data() == [b"0"]
    names = pubsub.ask("ListTopicSubscriptions", topic=topic("orders")).subscriptions
    assert sorted(names) == [subscription("sub"), name]
    assert pubsub.ask("GetSubscription", subscription=name).topic == topic("orders")
    pubsub.ask("DeleteSubscription", subscription=name)
    assert list(pubsub.ask("ListTopicSubscriptions", topic=topic("orders")).subscriptions) == [
        subscription("sub")
    ]


def test_a_detached_subscription_has_lost_everything_and_can_only_be_deleted() -> None:
    pubsub = Pubsub()
    pubsub.make(labels={"a": "1"})
    pubsub.publish(b"0")
    for _ in range(2):
        pubsub.ask("DetachSubscription", subscription=subscription("sub"))
    found = get(pubsub)
    assert (found.detached, dict(found.labels)) == (True, {"a": "1"})
    (listed,) = pubsub.ask("ListSubscriptions", project="projects/default").subscriptions
    assert listed == found
    asked = {"subscription": subscription("sub"), "max_messages": 1}
    assert refused(pubsub, "Pull", **asked).code == NOT_FOUND
    again = {"name": subscription("sub"), "topic": topic("orders")}
    assert refused(pubsub, "CreateSubscription", **again).code == ALREADY_EXISTS
    pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    assert refused(pubsub, "GetSubscription", subscription=subscription("sub")).code == NOT_FOUND
    pubsub.make()


def test_a_subscription_nobody_uses_is_gone() -> None:
    pubsub = Pubsub()
    pubsub.make(expiration_policy={"ttl": {"seconds": 86400}})
    pubsub.world.advance(2 * 86_400_000)
    assert refused(pubsub, "GetSubscription", subscription=subscription("sub")).code == NOT_FOUND
    assert not pubsub.ask("ListSubscriptions", project="projects/default").subscriptions
    pubsub.make()
