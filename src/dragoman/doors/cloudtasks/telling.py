"""A task as its client sees it: without the body unless the view is FULL."""

from typing import Any, Final

from dragoman.doors.cloudtasks.finding import Found
from dragoman.doors.cloudtasks.mapping import DEADLINE_MS, Way, headers_of, is_settable, way_of
from dragoman.doors.cloudtasks.names import Queue
from dragoman.doors.cloudtasks.protos import Task, from_text, set_time
from dragoman.doors.cloudtasks.standing import Standing
from dragoman.model.message import Message
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS

NO_CODE: Final = 2  # UNKNOWN: a response that was no success, as google.rpc.Status
RETRY_CONFIG: Final[Any] = CLOUDTASKS["RetryConfig"]


def tell_new(task: Any, name: str, way: Way, created_ms: int, due_ms: int, view: int) -> None:
    """Make of what a client sent what it is told."""
    task.name = name
    request = task.http_request if way.service is None else task.app_engine_http_request
    request.http_method = way.method
    for known in [known for known in request.headers if not is_settable(known)]:
        del request.headers[known]
    for field in ("dispatch_count", "response_count", "first_attempt", "last_attempt"):
        task.ClearField(field)
    _finish(task, request, way, created_ms, due_ms, view)


def tell(place: Queue, found: Found, view: int) -> Any:
    """A task that is there."""
    standing = found.standing
    way = way_of(found.message) or Way("")
    task = Task(
        name=f"{place}/tasks/{found.id}",
        dispatch_count=standing.dispatches,
        response_count=standing.responses,
    )
    request = _request(task, way, found.message)
    if way.retry:
        task.retry_config.CopyFrom(from_text(RETRY_CONFIG, way.retry))
    if standing.dispatches:
        _tell_attempts(task, standing)
    _finish(task, request, way, standing.created_ms, standing.due_ms, view)
    return task


def _request(task: Any, way: Way, message: Message) -> Any:
    if way.service is None:
        request = task.http_request
        request.url = way.url
    else:
        request = task.app_engine_http_request
        service, version, request.relative_uri = way.service
        request.app_engine_routing.service = service
        request.app_engine_routing.version = version
    request.http_method = way.method
    request.body = message.body or b""
    for name, value in headers_of(message):
        request.headers[name] = value
    token = way.token
    if token is not None and token.is_oauth:
        request.oauth_token.service_account_email = token.email
        request.oauth_token.scope = token.what
    elif token is not None:
        request.oidc_token.service_account_email = token.email
        request.oidc_token.audience = token.what
    return request


def _finish(task: Any, request: Any, way: Way, created_ms: int, due_ms: int, view: int) -> None:
    task.view = view or Task.BASIC
    if task.view != Task.FULL:
        request.ClearField("body")
    set_time(task.schedule_time, due_ms)
    set_time(task.create_time, created_ms - created_ms % 1000)
    if way.service is None or way.deadline_ms != DEADLINE_MS:
        task.dispatch_deadline.seconds, rest = divmod(way.deadline_ms, 1000)
        task.dispatch_deadline.nanos = rest * 1_000_000


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
