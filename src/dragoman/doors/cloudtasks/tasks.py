"""Tasks: made, told, listed and deleted.

A task is a message of its queue; one with a time of its own waits for it before it gets there. To delete one that waits
is to take it back; one in the queue is known to be over, and dropped when it comes up. What is run now is run beside
its queue (`running`).
"""

from typing import Any, Final

from dragoman.doors.cloudtasks import ids
from dragoman.doors.cloudtasks.errors import already_exists, invalid
from dragoman.doors.cloudtasks.finding import Finder, Found, decoded
from dragoman.doors.cloudtasks.mapping import message_of
from dragoman.doors.cloudtasks.names import Queue, queue_of, task_of
from dragoman.doors.cloudtasks.placing import put, take_back
from dragoman.doors.cloudtasks.protos import Empty, ListTasksResponse, time_ms
from dragoman.doors.cloudtasks.queues import (
    PAGE_MAX,
    find_queue,
    kept_of,
    resource_of,
    since_of,
)
from dragoman.doors.cloudtasks.requests import AppEngine, way_asked
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS, Standing, Standings, standings_of
from dragoman.doors.cloudtasks.telling import tell, tell_new
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, written
from dragoman.doors.shared.grpc.policies import check
from dragoman.kernel.api import ListSchedules, QueueHead, Session
from dragoman.model.errors import QuotaExceeded

AHEAD_MS_MAX: Final = 30 * 86_400_000
SWEEP_MS: Final = TOMBSTONE_MS // 4
CROWDED_MS: Final = 60_000  # tombstones live so long where there is no room for more
CROWDED_SWEEP_MS: Final = 1_000
TOKEN_CHARS_MAX: Final = 36


class Tasks:
    """Those of a broker; it remembers when it last forgot tombstones, by queue."""

    def __init__(self, app_engine: AppEngine) -> None:
        self._app_engine = app_engine
        self._swept_ms: dict[tuple[str, str], int] = {}

    # --- made ---

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = queue_of(request.parent)
        check(call.session, resource_of(place), "cloudtasks.tasks.create")
        head = find_queue(call.session, place)
        return self.make(call.session, place, head, request.task, request.response_view)

    def make(
        self,
        session: Session,
        place: Queue,
        head: QueueHead,
        task: Any,
        view: int,
        *,
        is_buffered: bool = False,
    ) -> Reply:
        """Make a task of a queue; `is_buffered`: the queue says where to."""
        now_ms = session.wall_ms()
        due_ms = time_ms(task.schedule_time) if task.HasField("schedule_time") else 0
        if due_ms > now_ms + AHEAD_MS_MAX:
            raise invalid("The schedule_time must not be more than 30 days ahead.")
        name = _name_of(place, task)
        way, body, headers = way_asked(
            task, self._app_engine, _routing_of(head, task), is_buffered=is_buffered
        )
        created_ms = max(now_ms, since_of(head.settings) + 1)
        way.queue, way.task, way.made_ms = (place.project, place.id), name, created_ms
        waits = due_ms > now_ms
        due_ms = due_ms if waits else created_ms
        message = message_of(body, headers, way, due_ms)
        standings = standings_of(session, place)
        standing = Standing(created_ms, due_ms, is_named=True)
        if name:
            self._claim(session, place, standings, name, standing)
        id_ = put(session, place, message, way, due_ms if waits else 0)
        if name:
            at = ids.read(id_)
            if isinstance(at, ids.Waiting):
                standing.schedule = (at.stream, at.offset)
            else:
                standing.place = at
            standings.put(name, standing)
        tell_new(task, f"{place}/tasks/{name or id_}", way, created_ms, due_ms, view)
        return written(session, task)

    def _claim(
        self, session: Session, place: Queue, standings: Standings, name: str, standing: Standing
    ) -> None:
        """The name is taken from now on; old tombstones give way where there are too many. Raises Status."""
        self._sweep(session, place, standings, SWEEP_MS, TOMBSTONE_MS)
        if standings.find(name) is not None:
            raise already_exists()
        try:
            standings.put(name, standing)
        except QuotaExceeded:
            self._sweep(session, place, standings, CROWDED_SWEEP_MS, CROWDED_MS)
            standings.put(name, standing)

    def _sweep(
        self, session: Session, place: Queue, standings: Standings, every_ms: int, age_ms: int
    ) -> None:
        key = (place.project, place.id)
        now_ms = session.wall_ms()
        if now_ms - self._swept_ms.get(key, 0) >= every_ms:
            self._swept_ms[key] = now_ms
            standings.sweep(age_ms)


def _routing_of(head: QueueHead, task: Any) -> Any:
    """What the queue says of App Engine targets; None where it does not."""
    if not task.HasField("app_engine_http_request"):
        return None
    queue = kept_of(head.settings)
    is_said = queue.HasField("app_engine_routing_override")
    return queue.app_engine_routing_override if is_said else None


def _name_of(place: Queue, task: Any) -> str:
    """What the client calls it; empty where it does not. Raises Status."""
    if not task.name:
        return ""
    queue, id_ = task_of(task.name)
    if queue != place:
        raise invalid("The queue of the task's name is not the parent.")
    if ids.read(id_) is not None:
        raise invalid("Names such as at-0-0 are those of tasks that nobody named.")
    return id_


# --- told ---


def _finder(call: Call, place: Queue) -> Finder:
    return Finder(call.session, place, find_queue(call.session, place))


def get_task(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place, id_ = task_of(request.name)
    check(call.session, resource_of(place), "cloudtasks.tasks.get")
    return Reply(tell(place, _finder(call, place).find(id_), request.response_view))


def list_tasks(call: Call, request: Any) -> Reply:
    """See the API reference: those that wait, then those in the queue. A token is where the next page begins."""
    place = queue_of(request.parent)
    check(call.session, resource_of(place), "cloudtasks.tasks.list")
    head = find_queue(call.session, place)
    finder = Finder(call.session, place, head)
    size = min(request.page_size or PAGE_MAX, PAGE_MAX)
    if size < 0:
        raise invalid("page_size must not be negative.")
    is_waiting, at = _read_token(request.page_token)
    if is_waiting:
        found, token = _list_waiting(call.session, place, finder, at, size)
    else:
        found, token = _list_queue(finder, head.partition_count, ids.Place(*at), size)
    told = [tell(place, each, request.response_view) for each in found]
    return Reply(ListTasksResponse(tasks=told, next_page_token=token))


def _read_token(token: str) -> tuple[bool, tuple[int, int]]:
    """(whether the page is of those that wait, where it begins). Raises Status."""
    if not token:
        return True, (0, 0)
    kind, _, rest = token.partition("-")
    numbers = rest.split("-")
    is_good = len(numbers) == 2 and all(each.isascii() and each.isdigit() for each in numbers)
    if kind not in {"w", "q"} or not is_good or len(rest) > TOKEN_CHARS_MAX:
        raise invalid("The page token is invalid.")
    return kind == "w", (int(numbers[0]), int(numbers[1]))


def _list_waiting(
    session: Session, place: Queue, finder: Finder, at: tuple[int, int], size: int
) -> tuple[list[Found], str]:
    stream, offset = at
    command = ListSchedules(
        namespace=place.project, name=place.id, stream=stream, offset=offset, count_max=size
    )
    page = session.submit(command)
    found = [
        finder.waiting(
            decoded(each.info.format, each.info.body, each.stored_ms), (each.stream, each.offset)
        )
        for each in page.found
    ]
    kept = [each for each in found if each is not None]
    if page.next is not None:
        return kept, f"w-{page.next[0]}-{page.next[1]}"
    begin = ids.Place(0, 0)
    if not kept:
        return _list_queue(finder, finder.partition_count, begin, size)
    return kept, "q-0-0" if finder.has(begin) else ""


def _list_queue(
    finder: Finder, partitions: int, at: ids.Place, size: int
) -> tuple[list[Found], str]:
    """As many as are looked at at once, none of which may be a task any more."""
    while at.partition < partitions:
        peeked = finder.peek(at, size)
        if peeked:
            found = [finder.there(at.partition, each) for each in peeked]
            token = f"q-{at.partition}-{peeked[-1].offset + 1}"
            at = ids.Place(at.partition, peeked[-1].offset + 1)
            return [each for each in found if each is not None], token if finder.has(at) else ""
        at = ids.Place(at.partition + 1, 0)
    return [], ""


# --- ended ---


def delete_task(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place, id_ = task_of(request.name)
    session = call.session
    check(session, resource_of(place), "cloudtasks.tasks.delete")
    finder = _finder(call, place)
    with by_broker(call):  # who may delete it need not see it
        found = finder.find(id_)
    if found.waiting is not None:
        take_back(session, place, found.waiting)
    finder.standings.finish(id_, found.standing, is_left=found.waiting is None)
    return written(session, Empty())
