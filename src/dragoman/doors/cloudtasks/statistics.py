"""How a queue stands: counted in the queue itself, looked at among what waits for its time, and by who dispatches."""

from typing import Any, Final

from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.names import Queue
from dragoman.doors.cloudtasks.protos import set_time
from dragoman.doors.cloudtasks.queues import kept_of
from dragoman.kernel.api import DescribeQueue, ListSchedules, QueueInfo, Session

PAGES_MAX: Final = 4
"""Of tasks that wait: a count of more is an estimate, as Google's is."""


def tell_statistics(session: Session, executed: Executed, place: Queue, told: Any) -> None:
    """Fill a QueueStats. Raises SubscriptionNotFound."""
    info: QueueInfo = session.submit(DescribeQueue(namespace=place.project, name=place.id))
    there = info.ready + info.leased + info.waiting + info.delayed
    told.tasks_count = there + _waiting(session, place)
    if info.oldest_ms:
        set_time(told.oldest_estimated_arrival_time, info.oldest_ms)
    told.concurrent_dispatches_count = info.leased
    told.executed_last_minute_count = executed.count(
        (place.project, place.id), session.elapsed_ms()
    )
    limits = kept_of(info.settings).rate_limits
    told.effective_execution_rate = 0 if info.settings.paused else limits.max_dispatches_per_second


def _waiting(session: Session, place: Queue) -> int:
    total = 0
    at: tuple[int, int] | None = (0, 0)
    for _ in range(PAGES_MAX):
        if at is None:
            break
        command = ListSchedules(namespace=place.project, name=place.id, stream=at[0], offset=at[1])
        page = session.submit(command)
        total += len(page.found)
        at = page.next
    return total
