"""What a client asks of a task: checked, and as its `Way`, body and headers."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from dragoman.doors.cloudtasks.errors import invalid, not_offered
from dragoman.doors.cloudtasks.mapping import DEADLINE_MS, Way, is_header, is_target
from dragoman.doors.cloudtasks.protos import duration_ms, to_text
from dragoman.doors.cloudtasks.queues import complete_retries
from dragoman.doors.cloudtasks.tokens import token_asked

DEADLINE_MS_MIN: Final = 15_000
DEADLINE_MS_MAX: Final = 1_800_000
URL_CHARS_MAX: Final = 2_083
WITH_BODY: Final = frozenset((0, 1, 4, 6))  # POST, PUT, PATCH; POST where nothing is said
APP_ENGINE_DEADLINE_MS_MAX: Final = 86_415_000


AppEngine = Mapping[str, str]
"""The URL of each App Engine service, by its name."""
DEFAULT_SERVICE: Final = "default"


def way_asked(
    task: Any, app_engine: AppEngine, routing: Any = None, *, is_buffered: bool = False
) -> tuple[Way, bytes, Mapping[str, str]]:
    """(where it goes, its body, its headers); `routing` is the queue's own, of App Engine targets; `is_buffered`: the
    queue says where to. Raises Status for what makes no sense, or is not there.
    """
    kind = task.WhichOneof("message_type")
    if kind is None:
        raise invalid("Task.http_request or Task.app_engine_http_request is required.")
    request = getattr(task, kind)
    is_http = kind == "http_request"
    way = (
        _http(request, is_buffered=is_buffered)
        if is_http
        else _app_engine(request, app_engine, routing)
    )
    if request.body and request.http_method not in WITH_BODY:
        raise invalid("HTTP request body is only allowed with POST, PUT and PATCH.")
    for name, value in request.headers.items():
        if not is_header(name, value):
            raise invalid(f"The headers: {name!r} is no header.")
    way.method = request.http_method or 1
    way.deadline_ms = duration_ms(task.dispatch_deadline) or DEADLINE_MS
    longest_ms = DEADLINE_MS_MAX if is_http else APP_ENGINE_DEADLINE_MS_MAX
    if not DEADLINE_MS_MIN <= way.deadline_ms <= longest_ms:
        raise invalid(f"The dispatch_deadline must be between [15s, {longest_ms // 1000}s].")
    if task.HasField("retry_config"):
        complete_retries(task.retry_config)
        way.retry = to_text(task.retry_config)
    return way, request.body, request.headers


def _http(request: Any, *, is_buffered: bool) -> Way:
    if is_buffered and not request.url:
        return Way("")  # its queue says where to
    if len(request.url) > URL_CHARS_MAX:
        raise invalid(f"HttpRequest.url must not be longer than {URL_CHARS_MAX} characters.")
    try:
        parts = urlsplit(request.url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good:
        raise invalid("HttpRequest.url must be an absolute URL of http or https.")
    return Way(request.url, token=token_asked(request))


def _app_engine(request: Any, app_engine: AppEngine, routing: Any) -> Way:
    uri = request.relative_uri or "/"
    if not uri.startswith("/") or not is_target(uri):
        raise invalid(
            "AppEngineHttpRequest.relative_uri must begin with '/', and be spelled as in a URL."
        )
    asked = request.app_engine_routing if routing is None else routing
    service = asked.service or DEFAULT_SERVICE
    base = app_engine.get(service)
    if base is None:
        raise not_offered(f"App Engine targets without a URL for the service {service!r}")
    return Way(base.rstrip("/") + uri, service=(asked.service, asked.version, uri))
