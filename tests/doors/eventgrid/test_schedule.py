"""What answers of webhooks mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.eventgrid.schedule import (
    DELAYS_MS,
    HOUR,
    MINUTE,
    SECOND,
    delay_ms,
    judge,
    outcome_of,
)
from dragoman.ports.outbound import Answered, Failure


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204])
def test_the_five_successes_are_done(status: int) -> None:
    assert judge(Answered(status), 1, 0).outcome == "ack"


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (400, "UndeliverableDueToHttpBadRequest", "BadRequest"),
        (401, "UndeliverableDueToHttpUnauthorized", "Unauthorized"),
        (403, "UndeliverableDueToHttpForbidden", "Forbidden"),
        (413, "UndeliverableDueToHttpRequestEntityTooLarge", "PayloadTooLarge"),
    ],
)
def test_some_answers_end_it_at_once(status: int, reason: str, outcome: str) -> None:
    verdict = judge(Answered(status), 1, 0)
    assert (verdict.outcome, verdict.reason, verdict.text) == ("reject", reason, outcome)


@pytest.mark.parametrize(
    "status", [100, 205, 206, 302, 304, 404, 408, 409, 429, 500, 502, 503, 599]
)
def test_all_others_are_tried_again_and_count(status: int) -> None:
    verdict = judge(Answered(status), 1, 0)
    assert (verdict.outcome, verdict.is_failed) == ("release", True)


def test_the_waits_are_azures() -> None:
    waits = [delay_ms(500, attempt, 0) for attempt in range(1, 12)]
    assert waits == [
        10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE,
        HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "wait"), [(404, 5 * MINUTE), (408, 2 * MINUTE), (503, 30 * SECOND)]
)
def test_some_answers_mean_a_longer_wait(status: int, wait: int) -> None:
    assert delay_ms(status, 1, 0) == wait
    assert delay_ms(status, 9, 0) == 6 * HOUR


@given(st.integers(100, 599), st.integers(1, 40), st.integers(0, 255))
def test_every_wait_is_a_little_longer_by_chance(status: int, attempt: int, chance: int) -> None:
    base = delay_ms(status, attempt, 0)
    assert base <= delay_ms(status, attempt, chance) < base + base // 10 + 1
    assert base >= DELAYS_MS[0]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        ("refused", "SocketError"), ("unresolved", "ResolutionError"), ("timeout", "TimedOut"),
        ("tls", "SocketError"), ("broken", "SocketError"), ("blocked", "Forbidden"), ("busy", "Busy"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_tried_again(failure: Failure, outcome: str) -> None:
    assert outcome_of(Answered(0, failure=failure)) == outcome
    assert judge(Answered(0, failure=failure), 1, 0).outcome == "release"


def test_an_answer_without_a_name_is_a_generic_error() -> None:
    assert outcome_of(Answered(500)) == "GenericError"
