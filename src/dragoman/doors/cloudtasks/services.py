"""google.cloud.tasks.v2.CloudTasks: which method is whose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks import policies, queues, tasks
from dragoman.doors.cloudtasks.batching import Batching
from dragoman.doors.cloudtasks.errors import refusal
from dragoman.doors.cloudtasks.names import PROTOCOL
from dragoman.doors.cloudtasks.operations import Operations
from dragoman.doors.cloudtasks.requests import AppEngine
from dragoman.doors.cloudtasks.running import Running
from dragoman.doors.cloudtasks.tasks import Tasks
from dragoman.doors.shared.grpc.access import check_access
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Status
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS
from dragoman.wire.protobuf.pool import Rpc

Handler = Callable[[Call, Any], Reply]
SERVICE: Final = "CloudTasks"
NO_SERVICES: Final[AppEngine] = {}


class Service:
    """See `shared.grpc.call.Service`."""

    protocol = PROTOCOL

    def __init__(self, running: Running, app_engine: AppEngine = NO_SERVICES) -> None:
        self.executed = running.executed
        self.name = f"{CLOUDTASKS.name}.{SERVICE}"
        self.table: Mapping[str, Rpc] = CLOUDTASKS.services[SERVICE]
        self.tasks = making = Tasks(app_engine)
        self.operations = Operations()
        batching = Batching(self.operations, CLOUDTASKS, making.create, tasks.delete_task)
        handlers: Mapping[str, Handler] = {
            **policies.HANDLERS,
            "BatchCreateTasks": batching.create,
            "BatchDeleteTasks": batching.delete,
            "ListQueues": queues.list_queues,
            "GetQueue": queues.get_queue,
            "CreateQueue": queues.create_queue,
            "UpdateQueue": queues.update_queue,
            "DeleteQueue": queues.delete_queue,
            "PurgeQueue": queues.purge_queue,
            "PauseQueue": queues.pause_queue,
            "ResumeQueue": queues.resume_queue,
            "ListTasks": tasks.list_tasks,
            "GetTask": tasks.get_task,
            "CreateTask": making.create,
            "DeleteTask": tasks.delete_task,
            "RunTask": running.run,
        }
        self._methods = [
            Method(name, Kind.UNARY, rpc.request, rpc.response, guarded(handlers[name]))
            for name, rpc in self.table.items()
            if name in handlers
        ]

    def methods(self) -> Sequence[Method]:
        """All of them."""
        return self._methods

    def refuse(self, call: Call, error: Exception) -> Status:
        """In Google's words."""
        return refusal(error)


def guarded(handler: Handler) -> Handler:
    """The handler, for those who may call."""

    def checked(call: Call, request: Any) -> Reply:
        check_access(call)
        return handler(call, request)

    return checked
