"""Filters of queues: what they take, and what they are told that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.cloudtasks.filters import CHARS_MAX, read_filter
from dragoman.doors.cloudtasks.protos import Queue
from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, UNIMPLEMENTED

MAIL = Queue(
    name="projects/p/locations/l/queues/mail",
    state=Queue.PAUSED,
    rate_limits={"max_dispatches_per_second": 5.5, "max_concurrent_dispatches": 10},
)


@pytest.mark.parametrize(
    ("text", "is_meant"),
    [
        ("state: PAUSED", True),
        ("state=PAUSED", True),
        ('state = "RUNNING"', False),
        ("state != RUNNING", True),
        ("name:MAIL", True),
        ('name="projects/p/locations/l/queues/mail"', True),
        ("rate_limits.max_dispatches_per_second >= 5.5", True),
        ("rateLimits.maxDispatchesPerSecond > 5.5", False),
        ("rate_limits.max_concurrent_dispatches < 11 AND state=PAUSED", True),
        ("rate_limits.max_concurrent_dispatches < 11 state=RUNNING", False),
        ("state=RUNNING OR state=PAUSED AND name:mail", True),
        ("state=PAUSED OR state=PAUSED AND name:post", False),
        ("NOT state=RUNNING AND -name:post", True),
        ("retry_config.max_attempts <= 0", True),
    ],
)
def test_a_queue_is_meant_or_not(text: str, is_meant: bool) -> None:
    assert read_filter(text)(MAIL) is is_meant


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("state", INVALID_ARGUMENT),
        ("   ", INVALID_ARGUMENT),
        ("state=PAUSED AND", INVALID_ARGUMENT),
        ("AND state=PAUSED", INVALID_ARGUMENT),
        ("state=PAUSED OR AND state=PAUSED", INVALID_ARGUMENT),
        ("(state=PAUSED)", INVALID_ARGUMENT),
        ("state=SLEEPY", INVALID_ARGUMENT),
        ("state>PAUSED", INVALID_ARGUMENT),
        ("colour=red", INVALID_ARGUMENT),
        ("state.x=1", INVALID_ARGUMENT),
        ("rate_limits.max_concurrent_dispatches=many", INVALID_ARGUMENT),
        ("name:" + "x" * CHARS_MAX, INVALID_ARGUMENT),
        ("purge_time>1", UNIMPLEMENTED),
    ],
)
def test_what_is_no_filter_is_refused(text: str, code: int) -> None:
    with pytest.raises(Status) as refused:
        read_filter(text)
    assert refused.value.code == code


@given(st.text(max_size=60) | st.from_regex(r"(name|state)[=:<]\w+( (AND|OR) -?name:\w+)*"))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    code, found = 0, False
    try:
        found = read_filter(text)(MAIL)
    except Status as error:
        code = error.code
    assert code in {0, INVALID_ARGUMENT, UNIMPLEMENTED}
    assert isinstance(found, bool)
