"""Delivery policies: what they may say, how long a retry waits, what an answer means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.sns.schedule import (
    BACKOFFS,
    Retry,
    effective_subscription,
    effective_topic,
    judge,
    read_subscription,
    read_topic,
    schedule_of,
)
from dragoman.doors.sqs.errors import Refused
from dragoman.ports.outbound import Answered, Failure


def topic(**retry: object) -> str:
    return json.dumps({"http": {"defaultHealthyRetryPolicy": retry}})


def delays(retry: Retry) -> list[int]:
    return [retry.delay_ms(number) // 1000 for number in range(1, retry.num_retries + 1)]


def test_three_retries_where_nothing_is_said() -> None:
    assert delays(Retry()) == [20, 20, 20]


def test_phases_come_one_after_another() -> None:
    retry = Retry(
        num_retries=7,
        num_no_delay_retries=1,
        num_min_delay_retries=2,
        num_max_delay_retries=2,
        min_delay_target=1,
        max_delay_target=31,
    )
    assert delays(retry) == [0, 1, 1, 11, 21, 31, 31]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", [8, 15, 22, 29]),
        ("arithmetic", [3, 8, 15, 24]),
        ("geometric", [2, 4, 9, 18]),
        ("exponential", [2, 4, 9, 18]),
    ],
)
def test_backoffs(name: str, expected: list[int]) -> None:
    found = delays(
        Retry(num_retries=4, min_delay_target=1, max_delay_target=36, backoff_function=name)
    )
    assert found == expected


@given(
    st.builds(
        Retry,
        num_retries=st.integers(0, 100),
        min_delay_target=st.integers(1, 100),
        max_delay_target=st.integers(100, 3_600),
        num_no_delay_retries=st.integers(0, 30),
        num_min_delay_retries=st.integers(0, 30),
        num_max_delay_retries=st.integers(0, 30),
        backoff_function=st.sampled_from(list(BACKOFFS)),
    )
)
def test_waits_grow_and_stay_within_the_targets(retry: Retry) -> None:
    try:
        retry.check()
    except Refused:
        return
    found = delays(retry)
    assert found == sorted(found)
    assert all(
        each == 0 or retry.min_delay_target <= each <= retry.max_delay_target for each in found
    )


@pytest.mark.parametrize(
    "retry",
    [
        {"numRetries": 101},
        {"numRetries": -1},
        {"numRetries": 3, "numNoDelayRetries": 4},
        {"numRetries": 3, "numNoDelayRetries": -1},
        {"minDelayTarget": 30},
        {"minDelayTarget": 0},
        {"maxDelayTarget": 3_601},
        {"backoffFunction": "cubic"},
        {"numRetries": "3"},
        {"retries": 3},
    ],
)
def test_what_is_no_retry_policy_is_refused(retry: dict[str, object]) -> None:
    for read in (
        lambda: read_topic(topic(**retry)),
        lambda: read_subscription(json.dumps({"healthyRetryPolicy": retry})),
    ):
        with pytest.raises(Refused, match="DeliveryPolicy"):
            read()


@pytest.mark.parametrize("text", ["x", "[]", '{"other": 1}', '{"http": 1}'])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="DeliveryPolicy"):
        read_topic(text)
    with pytest.raises(Refused, match="DeliveryPolicy"):
        read_subscription(text)


def test_a_subscription_fills_in_what_its_topic_says_unless_it_may_not() -> None:
    own = json.dumps({"requestPolicy": {"headerContentType": "application/json"}})
    found = schedule_of(topic(numRetries=5), own)
    assert (found.retry.num_retries, found.content_type) == (5, "application/json")
    strict = json.dumps({"http": {"disableSubscriptionOverrides": True}})
    assert schedule_of(strict, own).content_type == "text/plain; charset=UTF-8"
    with pytest.raises(Refused):
        read_subscription(json.dumps({"requestPolicy": {"headerContentType": "text/bogus"}}))


def test_what_is_left_out_is_told() -> None:
    told = json.loads(effective_topic(""))["http"]
    assert told["defaultHealthyRetryPolicy"]["numRetries"] == 3
    assert told["defaultHealthyRetryPolicy"]["backoffFunction"] == "linear"
    throttled = '{"http": {"defaultThrottlePolicy": {"maxReceivesPerSecond": 5}}}'
    assert json.loads(effective_topic(throttled))["http"]["defaultThrottlePolicy"] == {
        "maxReceivesPerSecond": 5
    }
    assert (
        json.loads(effective_subscription(topic(numRetries=5), ""))["healthyRetryPolicy"][
            "numRetries"
        ]
        == 5
    )


@pytest.mark.parametrize(
    ("status", "failure", "outcome"),
    [
        (200, "", "ack"),
        (299, "", "ack"),
        (301, "", "reject"),
        (404, "", "reject"),
        (429, "", "release"),
        (500, "", "release"),
        (0, "timeout", "release"),
        (0, "refused", "release"),
    ],
)
def test_answers(status: int, failure: Failure, outcome: str) -> None:
    assert judge(Answered(status, failure=failure), 1, Retry()).outcome == outcome


def test_the_last_attempt_is_the_last() -> None:
    answers = [judge(Answered(503), attempt, Retry(num_retries=2)) for attempt in (1, 2, 3)]
    assert [one.outcome for one in answers] == ["release", "release", "reject"]
    assert [one.delay_ms for one in answers[:2]] == [20_000, 20_000]
