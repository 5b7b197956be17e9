from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.cloudtasks.protos import (
    METHODS,
    Queue,
    Task,
    from_text,
    set_time,
    time_ms,
    to_text,
)
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS


@given(st.integers(0, 1 << 42))
def test_times_are_what_they_were_set_to(ms: int) -> None:
    task = Task()
    set_time(task.schedule_time, ms)
    assert time_ms(task.schedule_time) == ms


def test_a_time_between_milliseconds_is_not_reached_before_it_is_over() -> None:
    assert time_ms(Task(schedule_time={"seconds": 1, "nanos": 1}).schedule_time) == 1001


def test_a_queue_is_kept_as_text() -> None:
    queue = Queue(rate_limits={"max_dispatches_per_second": 0.5})
    assert from_text(Queue, to_text(queue)) == queue


def test_every_method_of_http_has_its_name() -> None:
    values = CLOUDTASKS["HttpRequest"].DESCRIPTOR.fields_by_name["http_method"].enum_type.values
    assert [METHODS[each.number] for each in values[1:]] == [each.name for each in values[1:]]
