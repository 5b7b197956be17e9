"""Field masks, pages and durations."""

from typing import Any

import pytest

from dragoman.doors.pubsub.masks import PAGE_DEFAULT, duration_ms, page_of, update
from dragoman.doors.pubsub.protos import Subscription
from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.protobuf.known import Duration
from dragoman.wire.protobuf.pubsub import PUBSUB


def asked(size: int = 0, token: str = "") -> Any:
    return PUBSUB["ListTopicsRequest"](page_size=size, page_token=token)


def test_a_path_may_lead_into_a_message() -> None:
    target = Subscription(ack_deadline_seconds=10)
    target.dead_letter_policy.dead_letter_topic = "a"
    target.dead_letter_policy.max_delivery_attempts = 5
    source = Subscription(ack_deadline_seconds=20)
    source.dead_letter_policy.dead_letter_topic = "b"
    source.dead_letter_policy.max_delivery_attempts = 9
    update(target, source, ["dead_letter_policy.max_delivery_attempts"], ("dead_letter_policy",))
    policy = target.dead_letter_policy
    assert (policy.dead_letter_topic, policy.max_delivery_attempts) == ("a", 9)
    assert target.ack_deadline_seconds == 10


def test_what_is_not_there_is_taken_away() -> None:
    target = Subscription(labels={"a": "1"})
    target.retry_policy.minimum_backoff.seconds = 1
    update(target, Subscription(), ["labels", "retry_policy"], ("labels", "retry_policy"))
    assert target == Subscription()


def test_pages_follow_each_other_to_the_end() -> None:
    everything = list(range(PAGE_DEFAULT + 5))
    page, token = page_of(everything, asked())
    rest, end = page_of(everything, asked(3, token))
    assert (page[-1], rest, end) == (99, [100, 101, 102], "103")
    assert page_of(everything, asked(0, end)) == ([103, 104], "")
    for bad in (asked(-1), asked(0, "x"), asked(0, "9" * 12)):
        with pytest.raises(Status):
            page_of(everything, bad)


def test_durations_are_counted_in_milliseconds() -> None:
    assert duration_ms(Duration(seconds=2, nanos=5_000_000)) == 2_005
