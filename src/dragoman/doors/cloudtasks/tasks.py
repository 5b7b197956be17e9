"""Tasks: made, told, listed, run now and deleted.

A task is deleted by saying so in its standing: its message is dropped when it next comes up. It is run now by a copy of
its message, which its standing then names: the one that waits is dropped the same way, so no task runs twice.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from dragoman.doors.cloudtasks import standing as standings
from dragoman.doors.cloudtasks.errors import already_exists, invalid, no_task, not_offered
from dragoman.doors.cloudtasks.mapping import (
    DEADLINE_MS,
    Way,
    entry_of,
    is_header,
    request_of,
    way_of,
)
from dragoman.doors.cloudtasks.names import Queue, queue_of, task_of
from dragoman.doors.cloudtasks.protos import (
    Empty,
    ListTasksResponse,
    Task,
    duration_ms,
    set_time,
    time_ms,
    to_text,
)
from dragoman.doors.cloudtasks.queues import PAGE_MAX, complete_retries, find_queue, written
from dragoman.doors.cloudtasks.standing import TOMBSTONE_MS, Standing, foreign_id, foreign_place
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.formats import decode
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import Address, Peek, Peeked, Publish, Session
from dragoman.model.errors import PartitionNotFound
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message
from dragoman.wire.grpc.codes import RESOURCE_EXHAUSTED

AHEAD_MS_MAX: Final = 30 * 86_400_000
DEADLINE_MS_MIN: Final = 15_000
DEADLINE_MS_MAX: Final = 1_800_000
URL_CHARS_MAX: Final = 2_083
TASK_BYTES_MAX: Final = 1 << 20
NO_CODE: Final = 2  # UNKNOWN: a response that was no success, as google.rpc.Status
SWEEP_MS: Final = TOMBSTONE_MS // 4


class Tasks:
    """Those of a broker; it remembers when it last forgot tombstones, by queue."""

    def __init__(self) -> None:
        self._swept_ms: dict[tuple[str, str], int] = {}

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = queue_of(request.parent)
        session = call.session
        find_queue(session, place)
        task = request.task
        id_ = _id_of(session, place, task)
        self._sweep(session, place)
        known = standings.find(session, place.project, place.id, id_)
        if known is not None:
            raise already_exists()
        now_ms = session.wall_ms()
        due_ms = (
            max(time_ms(task.schedule_time), now_ms) if task.HasField("schedule_time") else now_ms
        )
        way = _way_of(task, due_ms - now_ms)
        way.queue = (place.project, place.id)
        entry = entry_of(task.http_request, id_, way, now_ms, due_ms)
        if len(entry) > TASK_BYTES_MAX:
            raise invalid(f"The task is larger than {TASK_BYTES_MAX} bytes.")
        standing = Standing(0, 0, now_ms, due_ms, is_named=bool(task.name))
        standing = _publish(session, place, entry, standing)
        standings.put(session, place.project, place.id, id_, standing)
        message = decode(CANONICAL, entry)
        return written(session, _told(place, id_, standing, message, request.response_view))

    def _sweep(self, session: Session, place: Queue) -> None:
        key = (place.project, place.id)
        now_ms = session.wall_ms()
        if now_ms - self._swept_ms.get(key, 0) >= SWEEP_MS:
            self._swept_ms[key] = now_ms
            standings.sweep(session, place)

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place, id_ = task_of(request.name)
        find_queue(call.session, place)
        standing, peeked = _find(call.session, place, id_)
        return Reply(_told(place, id_, standing, _message(peeked), request.response_view))

    def list(self, call: Call, request: Any) -> Reply:
        """See the API reference. A token is where the next page begins."""
        place = queue_of(request.parent)
        find_queue(call.session, place)
        size = min(request.page_size or PAGE_MAX, PAGE_MAX)
        token = request.page_token
        if size < 0 or (token and not (token.isascii() and token.isdigit() and len(token) < 19)):
            raise invalid("The page token or the page size is invalid.")
        at = int(token or 0)
        found: list[Any] = []
        is_more = True
        while is_more and len(found) < size:
            peeked = _peek(call.session, place, 0, at, size - len(found))
            is_more = bool(peeked)
            for each in peeked:
                at = each.offset + 1
                found += _listed(call.session, place, each, request.response_view)
        token = str(at) if is_more and _peek(call.session, place, 0, at, 1) else ""
        return Reply(ListTasksResponse(tasks=found, next_page_token=token))

    def delete(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place, id_ = task_of(request.name)
        session = call.session
        find_queue(session, place)
        standing, _ = _find(session, place, id_)
        standings.finish(session, place.project, place.id, id_, standing, is_here=False)
        return written(session, Empty())

    def run(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place, id_ = task_of(request.name)
        session = call.session
        find_queue(session, place)
        standing, peeked = _find(session, place, id_)
        if peeked.state == "LEASED":
            return Reply(_told(place, id_, standing, _message(peeked), request.response_view))
        message = _message(peeked)
        if foreign_place(id_) is not None:
            raise not_offered("Runs of messages that other protocols brought")
        standing.due_ms = session.wall_ms()
        standing = _publish(session, place, peeked.body, standing)
        standings.put(session, place.project, place.id, id_, standing)
        return written(session, _told(place, id_, standing, message, request.response_view))


def _id_of(session: Session, place: Queue, task: Any) -> str:
    if not task.name:
        return str(int.from_bytes(session.token(8)) | 1 << 63)
    queue, id_ = task_of(task.name)
    if queue != place:
        raise invalid("The queue of the task's name is not the parent.")
    if foreign_place(id_) is not None:
        raise invalid("Names such as at-0-0 are those of messages that other protocols brought.")
    return id_


def _way_of(task: Any, ahead_ms: int) -> Way:
    """Raises Status for what makes no sense, or is not offered."""
    if task.HasField("app_engine_http_request"):
        raise not_offered("App Engine targets")
    if not task.HasField("http_request"):
        raise invalid("Task.http_request is required.")
    request = task.http_request
    _check(request)
    if ahead_ms > AHEAD_MS_MAX:
        raise invalid("The schedule_time must not be more than 30 days ahead.")
    deadline_ms = duration_ms(task.dispatch_deadline) or DEADLINE_MS
    if not DEADLINE_MS_MIN <= deadline_ms <= DEADLINE_MS_MAX:
        raise invalid("The dispatch_deadline must be between [15s, 30m].")
    retry = ""
    if task.HasField("retry_config"):
        complete_retries(task.retry_config)
        retry = to_text(task.retry_config)
    return Way(request.url, request.http_method or 1, deadline_ms, retry)


def _check(request: Any) -> None:
    if request.WhichOneof("authorization_header"):
        raise not_offered("Tokens (oauth_token, oidc_token)")
    if len(request.url) > URL_CHARS_MAX:
        raise invalid(f"HttpRequest.url must not be longer than {URL_CHARS_MAX} characters.")
    try:
        parts = urlsplit(request.url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good:
        raise invalid("HttpRequest.url must be an absolute URL of http or https.")
    if request.body and request.http_method not in (0, 1, 4, 6):
        raise invalid("HTTP request body is only allowed with POST, PUT and PATCH.")
    for name, value in request.headers.items():
        if not is_header(name, value):
            raise invalid(f"HttpRequest.headers: {name!r} is no header.")


def _publish(session: Session, place: Queue, entry: bytes, standing: Standing) -> Standing:
    """Where its message is now. Raises KernelError, Status."""
    reply = session.publish(Publish(place.project, Address(place.id), CANONICAL, [entry]))
    if reply.refused >= 0 or reply.offset < 0:
        raise Status(RESOURCE_EXHAUSTED, "The queue has no room.")
    return msgspec.structs.replace(standing, partition=reply.partition, offset=reply.offset)


def _peek(session: Session, place: Queue, partition: int, offset: int, count: int) -> list[Peeked]:
    found: list[Peeked] = session.submit(
        Peek(
            namespace=place.project,
            name=place.id,
            partition=partition,
            offset=offset,
            count_max=count,
        )
    )
    return found


def _find(session: Session, place: Queue, id_: str) -> tuple[Standing, Peeked]:
    """A task that is not over. Raises Status."""
    standing = standings.find(session, place.project, place.id, id_)
    at = foreign_place(id_) if standing is None else (standing.partition, standing.offset)
    if at is None or (standing is not None and standing.over_ms):
        raise no_task()
    try:
        found = _peek(session, place, *at, 1)
    except PartitionNotFound:
        raise no_task() from None
    if not found or found[0].offset != at[1]:
        raise no_task()
    if standing is None:
        if _own_id(session, place, at, found[0]) != id_:
            raise no_task()
        standing = Standing(*at, found[0].stored_ms, found[0].stored_ms)
    return standing, found[0]


def _message(peeked: Peeked) -> Message:
    """As it is where it cannot be read: it is listed all the same, and given up when its turn comes."""
    try:
        return decode(peeked.format, peeked.body, 0, peeked.stored_ms)
    except FormatError:
        return Message(peeked.body)


def _own_id(session: Session, place: Queue, at: tuple[int, int], peeked: Peeked) -> str:
    """What the message at a place is called; empty where its task is over, or is elsewhere since it was run."""
    message = _message(peeked)
    way = way_of(message)
    if way is None or way.queue != (place.project, place.id):
        return foreign_id(*at)
    known = standings.find(session, place.project, place.id, message.id or "")
    is_it = known is not None and (known.partition, known.offset) == at
    return message.id or "" if is_it else ""


def _listed(session: Session, place: Queue, peeked: Peeked, view: int) -> list[Any]:
    """The task of a message; nothing where there is none any more."""
    at = (0, peeked.offset)
    id_ = _own_id(session, place, at, peeked)
    if not id_:
        return []
    standing = standings.find(session, place.project, place.id, id_)
    if standing is None:
        standing = Standing(*at, peeked.stored_ms, peeked.stored_ms)
    return [] if standing.over_ms else [_told(place, id_, standing, _message(peeked), view)]


def _told(place: Queue, id_: str, standing: Standing, message: Message, view: int) -> Any:
    """As the client sees it: without the body unless the view is FULL."""
    way = way_of(message) or Way("")
    task = Task(
        name=f"{place}/tasks/{id_}",
        http_request=request_of(message, way),
        dispatch_count=standing.dispatches,
        response_count=standing.responses,
        view=view or Task.BASIC,
    )
    if task.view != Task.FULL:
        task.http_request.ClearField("body")
    set_time(task.schedule_time, standing.due_ms)
    set_time(task.create_time, standing.created_ms - standing.created_ms % 1000)
    task.dispatch_deadline.seconds, rest = divmod(way.deadline_ms, 1000)
    task.dispatch_deadline.nanos = rest * 1_000_000
    if standing.dispatches:
        _tell_attempts(task, standing)
    return task


def _tell_attempts(task: Any, standing: Standing) -> None:
    """The first by its times alone, the last with what was answered."""
    set_time(task.first_attempt.schedule_time, standing.first_scheduled_ms)
    set_time(task.first_attempt.dispatch_time, standing.first_ms)
    last = task.last_attempt
    set_time(last.schedule_time, standing.last_scheduled_ms)
    set_time(last.dispatch_time, standing.last_ms)
    if standing.answered_ms:
        set_time(last.response_time, standing.answered_ms)
        last.response_status.code = NO_CODE
        last.response_status.message = standing.reason
