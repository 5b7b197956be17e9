from tests.doors.cloudtasks.client import Tasks, queue

from dragoman.doors.cloudtasks import statistics
from dragoman.doors.cloudtasks.names import Queue
from dragoman.wire.protobuf.cloudtasks_v2beta3 import CLOUDTASKS_V2BETA3


def told(tasks: Tasks) -> object:
    found = CLOUDTASKS_V2BETA3["QueueStats"]()
    statistics.tell_statistics(
        tasks.session, tasks.running.executed, Queue("default", "local", "q"), found
    )
    return found


def test_what_waits_what_is_there_and_what_is_under_way_is_counted() -> None:
    tasks = Tasks()
    tasks.make(rate_limits={"max_dispatches_per_second": 5, "max_concurrent_dispatches": 1})
    for _ in range(3):
        tasks.create()
    tasks.create(schedule_time=tasks.in_ms(1_000))
    found = told(tasks)
    assert (found.tasks_count, found.concurrent_dispatches_count) == (4, 1)  # type: ignore[attr-defined]
    assert found.executed_last_minute_count == 0  # type: ignore[attr-defined]
    assert found.effective_execution_rate == 5  # type: ignore[attr-defined]
    assert found.oldest_estimated_arrival_time.seconds == tasks.node.clock.now_ms // 1000  # type: ignore[attr-defined]
    tasks.answer(503)
    assert told(tasks).executed_last_minute_count == 1  # type: ignore[attr-defined]
    tasks.ask("PauseQueue", name=queue())
    assert told(tasks).effective_execution_rate == 0  # type: ignore[attr-defined]
