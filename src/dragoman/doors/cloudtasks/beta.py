"""google.cloud.tasks.v2beta3: the same handlers, asked and answered in the other version's messages.

    v2beta3's request ──by names of fields──> v2's ──> handler ──> v2's answer ──by names──> v2beta3's

Fields that both have are the same by name. That an App Engine queue's routing is one level deeper, and what v2beta3 has
alone, is here: the type of a queue, its times to live, its statistics (told to whoever asks for them by `read_mask`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks.batching import Batching
from dragoman.doors.cloudtasks.errors import invalid, not_offered, refusal
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.names import PROTOCOL, queue_of
from dragoman.doors.cloudtasks.services import SERVICE, Service, guarded
from dragoman.doors.cloudtasks.statistics import tell_statistics
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Status
from dragoman.wire.protobuf.cloudtasks_v2beta3 import CLOUDTASKS_V2BETA3
from dragoman.wire.protobuf.pool import Rpc

ROUTING: Final = "app_engine_routing_override"
DEEPER: Final = "app_engine_http_queue"
NOT_OURS: Final = ("task_ttl", "tombstone_ttl")
Queue: Final[Any] = CLOUDTASKS_V2BETA3["Queue"]
Handler = Callable[[Call, Any], Reply]


class BetaService:
    """See `shared.grpc.call.Service`."""

    protocol = PROTOCOL

    def __init__(self, service: Service) -> None:
        self.name = f"{CLOUDTASKS_V2BETA3.name}.{SERVICE}"
        self.table: Mapping[str, Rpc] = CLOUDTASKS_V2BETA3.services[SERVICE]
        found = {
            method.name: _translated(self.table[method.name], method, service.executed)
            for method in service.methods()
        }
        one = [found[name].handler for name in ("CreateTask", "DeleteTask")]
        batching = Batching(service.operations, CLOUDTASKS_V2BETA3, *one)
        found["BatchCreateTasks"] = self._method("BatchCreateTasks", batching.create)
        found["BatchDeleteTasks"] = self._method("BatchDeleteTasks", batching.delete)
        self._methods = list(found.values())

    def _method(self, name: str, handler: Handler) -> Method:
        rpc = self.table[name]
        return Method(name, Kind.UNARY, rpc.request, rpc.response, guarded(handler))

    def methods(self) -> Sequence[Method]:
        """All of them."""
        return self._methods

    def refuse(self, call: Call, error: Exception) -> Status:
        """In Google's words."""
        return refusal(error)


def _translated(rpc: Rpc, method: Method, executed: Executed) -> Method:
    """A method of v2 as one of v2beta3."""
    asked_of: Any = method.request

    def handler(call: Call, request: Any) -> Reply:
        _check(request)
        asked = copy(request, asked_of())
        reply: Reply = method.handler(call, asked)
        told = copy(reply.message, rpc.response())
        for queue in _queues_in(told):
            queue.type = Queue.PUSH
            if "stats" in request_mask(request):
                tell_statistics(call.session, executed, queue_of(queue.name), queue.stats)
        reply.message = told
        return reply

    return Method(method.name, Kind.UNARY, rpc.request, rpc.response, handler)


def request_mask(request: Any) -> Sequence[str]:
    """What a reader asks for beside all that is always told."""
    has_mask = "read_mask" in request.DESCRIPTOR.fields_by_name
    return [path.partition(".")[0] for path in request.read_mask.paths] if has_mask else ()


def _queues_in(message: Any) -> Sequence[Any]:
    if message.DESCRIPTOR.name == "Queue":
        return (message,)
    return message.queues if message.DESCRIPTOR.name == "ListQueuesResponse" else ()


def _check(request: Any) -> None:
    """Raises Status for what v2 could not say."""
    fields = request.DESCRIPTOR.fields_by_name
    if "queue" in fields:
        queue = request.queue
        if queue.type == Queue.PULL:
            raise not_offered("Pull queues")
        for name in NOT_OURS:
            if queue.HasField(name):
                raise not_offered(f"Queue.{name} of one's own")
    if "task" in fields and request.task.HasField("pull_message"):
        raise not_offered("Pull messages")


def copy(source: Any, target: Any) -> Any:
    """Give `target` all that it has a name for; it is returned."""
    if source.DESCRIPTOR is target.DESCRIPTOR:
        target.CopyFrom(source)
        return target
    theirs = target.DESCRIPTOR.fields_by_name
    for field, value in source.ListFields():
        if field.name == DEEPER:
            copy(value.app_engine_routing_override, target.app_engine_routing_override)
        elif field.name == ROUTING and DEEPER in theirs:
            copy(value, target.app_engine_http_queue.app_engine_routing_override)
        elif field.name == "update_mask":
            target.update_mask.paths.extend(map(_path, value.paths))
        elif field.name in theirs:
            _copy_field(field, value, target)
    return target


def _path(path: str) -> str:
    if path.startswith(NOT_OURS) or path.partition(".")[0] in ("stats", "type"):
        raise invalid(f"update_mask: {path} is not a field of Queue that can be changed.")
    return ROUTING if path.partition(".")[0] == DEEPER else path


def _copy_field(field: Any, value: Any, target: Any) -> None:
    name = field.name
    if field.message_type is None:
        if field.is_repeated:
            getattr(target, name).extend(value)
        else:
            setattr(target, name, value)
    elif field.message_type.GetOptions().map_entry:
        getattr(target, name).update(value)
    elif field.is_repeated:
        for each in value:
            copy(each, getattr(target, name).add())
    else:
        getattr(target, name).SetInParent()
        copy(value, getattr(target, name))
