import pytest
from tests.doors.cloudtasks.client import Tasks

from dragoman.doors.cloudtasks.placing import TASK_BYTES_MAX
from dragoman.doors.shared.grpc.call import Status


def test_a_task_that_is_too_large_is_put_nowhere() -> None:
    tasks = Tasks()
    tasks.make()
    for schedule in (None, tasks.in_ms(1_000)):
        with pytest.raises(Status):
            tasks.create(body=b"x" * TASK_BYTES_MAX, schedule_time=schedule)
    assert tasks.listed() == []
