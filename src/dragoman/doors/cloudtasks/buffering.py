"""BufferTask: a request to a queue becomes its task, body and content type as they came. REST alone has it.

    POST /v2/projects/P/locations/L/queues/Q/tasks:buffer        a task that nobody named
    POST /v2/projects/P/locations/L/queues/Q/tasks/T:buffer      one called T

Where it goes its queue says (`http_target`).
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks.errors import invalid, precondition, refusal
from dragoman.doors.cloudtasks.names import Queue, queue_of
from dragoman.doors.cloudtasks.placing import TASK_BYTES_MAX
from dragoman.doors.cloudtasks.protos import Task
from dragoman.doors.cloudtasks.queues import find_queue, kept_of, resource_of
from dragoman.doors.cloudtasks.services import Service
from dragoman.doors.shared.grpc.access import check_access
from dragoman.doors.shared.grpc.call import Call
from dragoman.doors.shared.grpc.jsonform import error_response, write_message
from dragoman.doors.shared.grpc.policies import check
from dragoman.doors.shared.rest import call as rest

VERSIONS: Final = ("v2", "v2beta3")
QUEUE: Final = "projects/{project}/locations/{location}/queues/{queue}"
CONTENT_TYPE: Final = b"content-type"


class BufferFace:
    """See the module, and `rest.call.Face`."""

    name = "cloudtasks.buffer"

    def __init__(self, service: Service) -> None:
        self._tasks = service.tasks
        (self._method,) = [each for each in service.methods() if each.name == "CreateTask"]

    def routes(self) -> Sequence[rest.Route]:
        """Of each version, with and without a name."""
        return [
            rest.Route("POST", f"/{version}/{QUEUE}/{end}", self._buffer)
            for version in VERSIONS
            for end in ("tasks:buffer", "tasks/{task}:buffer")
        ]

    def _buffer(self, call: rest.Call) -> rest.Response:
        check_access(Call(self._method, call.session, call.connection, call.request.headers, None))
        place = queue_of(QUEUE.format_map(call.parameters))
        check(call.session, resource_of(place), "cloudtasks.tasks.create")
        head = find_queue(call.session, place)
        if not kept_of(head.settings).http_target.uri_override.HasField("host"):
            raise precondition("The queue has no http_target with a host in its uri_override.")
        task = _task_of(place, call)
        reply = self._tasks.make(call.session, place, head, task, Task.BASIC, is_buffered=True)
        told = b'{"task":' + write_message(reply.message, has_numbers=False) + b"}"
        return rest.Response(200, told, (rest.JSON,), position=reply.position, level=reply.level)

    def refuse(self, request: rest.Request, error: Exception) -> rest.Response:
        """In Google's words."""
        return error_response(refusal(error))

    def not_found(self, request: rest.Request, allowed: Sequence[str]) -> rest.Response | None:
        """The transcoder's affair."""
        return None


def _task_of(place: Queue, call: rest.Call) -> Any:
    body = call.request.body
    if len(body) > TASK_BYTES_MAX:
        raise invalid(f"The task is larger than {TASK_BYTES_MAX} bytes.")
    task = Task()
    if "task" in call.parameters:
        task.name = f"{place}/tasks/{call.parameters['task']}"
    task.http_request.body = body
    kind = call.request.header(CONTENT_TYPE)
    if kind is not None:
        task.http_request.headers["Content-Type"] = kind.decode("latin-1")
    return task
