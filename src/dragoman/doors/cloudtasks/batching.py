"""BatchCreateTasks and BatchDeleteTasks: one request after another by the methods for one, and what came of each.

Not atomic, as the API reference says. What failed is told by its number in the request; an operation none of whose
requests succeeded has an error.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks.errors import invalid, refusal
from dragoman.doors.cloudtasks.names import Location, Queue, queue_of, task_of
from dragoman.doors.cloudtasks.operations import Operation, Operations
from dragoman.doors.cloudtasks.protos import Empty, set_time
from dragoman.doors.cloudtasks.queues import find_queue
from dragoman.doors.shared.grpc.call import Call, Reply, Status, written
from dragoman.model.errors import KernelError
from dragoman.wire.grpc.codes import ABORTED
from dragoman.wire.protobuf.pool import Package

CREATED_MAX: Final = 100
DELETED_MAX: Final = 1_000
Handler = Callable[[Call, Any], Reply]


class Batching:
    """Of one version of the service: its messages, and its methods for one."""

    def __init__(
        self, operations: Operations, package: Package, create: Handler, delete: Handler
    ) -> None:
        self._operations = operations
        self._package = package
        self._create = create
        self._delete = delete

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = queue_of(request.parent)
        _check_count(request.requests, CREATED_MAX)
        if any(each.parent not in {"", request.parent} for each in request.requests):
            raise invalid("The parent of each request must be that of the batch.")
        for each in request.requests:
            each.parent = request.parent
        metadata = self._package["BatchCreateTasksMetadata"]()
        response = self._package["BatchCreateTasksResponse"]()

        def finish(replies: Sequence[Any]) -> Any:
            response.tasks.extend(replies)
            return response

        return self._do(call, place, request, request.requests, self._create, metadata, finish)

    def delete(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = queue_of(request.parent)
        _check_count(request.names, DELETED_MAX)
        if any(task_of(name)[0] != place for name in request.names):
            raise invalid("All tasks must be of the queue that is the parent.")
        asked = [self._package["DeleteTaskRequest"](name=name) for name in request.names]
        metadata = self._package["BatchDeleteTasksMetadata"]()
        return self._do(call, place, request, asked, self._delete, metadata, lambda _: Empty())

    def _do(
        self,
        call: Call,
        place: Queue,
        request: Any,
        asked: Sequence[Any],
        handler: Handler,
        metadata: Any,
        finish: Callable[[Sequence[Any]], Any],
    ) -> Reply:
        session = call.session
        find_queue(session, place)
        parent = Location(place.project, place.location)
        known = self._operations.known(session, parent, request.request_id)
        if known is not None:
            return written(session, known)
        set_time(metadata.start_time, session.wall_ms())
        replies = _each(call, asked, handler, metadata.failed_requests)
        set_time(metadata.end_time, session.wall_ms())
        metadata.state = metadata.State.Value(_state(len(asked), len(replies)))
        operation = Operation(done=True)
        operation.metadata.Pack(metadata)
        if replies:
            operation.response.Pack(finish(replies))
        else:
            operation.error.code = ABORTED
            operation.error.message = (
                f"None of the requests succeeded, refer to {metadata.DESCRIPTOR.name}.failed_requests for individual"
                " error details"
            )
        self._operations.keep(call, parent, request.request_id, operation)
        return written(session, operation)


def _check_count(asked: Sequence[Any], count_max: int) -> None:
    if not 0 < len(asked) <= count_max:
        raise invalid(f"A batch has 1 to {count_max} requests.")


def _each(call: Call, asked: Sequence[Any], handler: Handler, failed: Any) -> Sequence[Any]:
    """The answers of those that succeed; the others are noted."""
    replies: list[Any] = []
    for number, one in enumerate(asked):
        try:
            replies.append(handler(call, one).message)
        except (Status, KernelError) as error:
            status = refusal(error)
            failed[number].code = status.code
            failed[number].message = status.message
    return replies


def _state(asked: int, succeeded: int) -> str:
    if succeeded == asked:
        return "SUCCEEDED"
    return "PARTIALLY_SUCCEEDED" if succeeded else "FAILED"
