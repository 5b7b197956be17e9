import pytest

from dragoman.doors.cloudtasks.retries import (
    RETRY_AFTER_MS_MAX,
    backoff_ms,
    is_spent,
    retry_after_ms,
)
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS

CONFIG = CLOUDTASKS["RetryConfig"]
NOW_MS = 1_714_564_800_000  # 2024-05-01T12:00:00Z


def test_backoff_doubles_then_grows_by_equal_steps_up_to_its_maximum() -> None:
    config = CONFIG(min_backoff={"seconds": 10}, max_backoff={"seconds": 300}, max_doublings=3)
    found = [backoff_ms(config, failures) // 1000 for failures in range(1, 10)]
    assert found == [10, 20, 40, 80, 160, 240, 300, 300, 300]


@pytest.mark.parametrize(
    ("attempts_max", "duration_s", "attempts", "past_s", "is_so"),
    [
        (3, 0, 2, 99, False),
        (3, 0, 3, 0, True),
        (3, 60, 3, 59, False),
        (3, 60, 2, 61, False),
        (3, 60, 3, 60, True),
        (-1, 0, 10_000, 10_000, False),
        (-1, 60, 1, 60, True),
    ],
)
def test_a_task_is_given_up_once_attempts_and_duration_are_used_up(
    attempts_max: int, duration_s: int, attempts: int, past_s: int, is_so: bool
) -> None:
    config = CONFIG(max_attempts=attempts_max, max_retry_duration={"seconds": duration_s})
    assert is_spent(config, attempts, NOW_MS, NOW_MS + past_s * 1000) is is_so


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2", 2_000),
        ("Wed, 01 May 2024 12:00:05 GMT", 5_000),
        ("Wed, 01 May 2024 11:00:00 GMT", 0),
        ("999999999", RETRY_AFTER_MS_MAX),
        ("soon", 0),
        ("", 0),
        ("-1", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, expected_ms: int) -> None:
    assert retry_after_ms(text, NOW_MS) == expected_ms
