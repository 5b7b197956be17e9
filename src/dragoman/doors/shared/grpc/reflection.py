"""gRPC's reflection: which services there are, and the descriptors of what they say (grpc.reflection v1, v1alpha).

Descriptors are those of our own tables. A client that asks and does not read is answered as it reads, and told to stop
when it has asked for too much ahead.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from dragoman.doors.shared.grpc.call import Call, Kind, Method, Sender, Status, Stream
from dragoman.doors.shared.grpc.status import status_of
from dragoman.kernel.api import Delivery
from dragoman.wire.grpc.codes import NOT_FOUND, RESOURCE_EXHAUSTED
from dragoman.wire.protobuf.pool import POOL, Package
from dragoman.wire.protobuf.reflection import REFLECTIONS

ASKED_MAX: Final = 1_000  # ahead of what was answered, by one call


class ReflectionService:
    """One version of it. `names` are of all services that are registered."""

    protocol = "grpc"

    def __init__(self, package: Package, names: Callable[[], Sequence[str]]) -> None:
        self.name = f"{package.name}.ServerReflection"
        self.package = package
        self.names = names

    def methods(self) -> Sequence[Method]:
        """The one that there is."""
        rpc = self.package.services["ServerReflection"]["ServerReflectionInfo"]
        return (Method(rpc.name, Kind.BIDI, rpc.request, rpc.response, self._talk),)

    def refuse(self, call: Call, error: Exception) -> Status:
        """See `call.Service`."""
        return status_of(error)

    def _talk(self, call: Call, sender: Sender) -> Stream:
        return _Talk(self, sender)

    def answer(self, asked: Any) -> Any:
        """One question's answer; what there is not is told in it."""
        response = self.package["ServerReflectionResponse"](
            valid_host=asked.host, original_request=asked
        )
        what = asked.WhichOneof("message_request")
        try:
            self._fill(response, what, asked)
        except KeyError:
            response.error_response.error_code = NOT_FOUND
            response.error_response.error_message = "there is no such thing"
        return response

    def _fill(self, response: Any, what: str | None, asked: Any) -> None:
        if what == "list_services":
            response.list_services_response.SetInParent()
            for name in sorted(self.names()):
                response.list_services_response.service.add(name=name)
        elif what == "file_by_filename":
            files = _with_needed(POOL.FindFileByName(asked.file_by_filename))
            response.file_descriptor_response.file_descriptor_proto.extend(files)
        elif what == "file_containing_symbol":
            files = _with_needed(POOL.FindFileContainingSymbol(asked.file_containing_symbol))
            response.file_descriptor_response.file_descriptor_proto.extend(files)
        elif what == "all_extension_numbers_of_type":
            name = asked.all_extension_numbers_of_type
            POOL.FindMessageTypeByName(name)
            response.all_extension_numbers_response.base_type_name = name
        else:
            raise KeyError(what)  # nothing is extended here


def _with_needed(file: Any) -> list[bytes]:
    """A file and all that it imports, each once."""
    found: dict[str, bytes] = {}
    waiting = [file]
    while waiting:
        one = waiting.pop()
        if one.name not in found:
            found[one.name] = one.serialized_pb
            waiting += one.dependencies
    return list(found.values())


class _Talk:
    """One call."""

    def __init__(self, service: ReflectionService, sender: Sender) -> None:
        self.tick_ms: int | None = None
        self._service = service
        self._sender = sender
        self._asked: deque[Any] = deque()
        self._is_half_closed = False

    def received(self, message: Any) -> None:
        """A question."""
        if len(self._asked) >= ASKED_MAX:
            raise Status(RESOURCE_EXHAUSTED, "too much is asked ahead")
        self._asked.append(message)
        self.writable()

    def half_closed(self) -> None:
        """No more questions."""
        self._is_half_closed = True
        self.writable()

    def writable(self) -> None:
        """Answer as far as there is room."""
        while self._asked and self._sender.room_bytes() > 0:
            self._sender.send(self._service.answer(self._asked.popleft()))
        if self._is_half_closed and not self._asked:
            self._sender.finish()

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Nothing is."""

    def progressed(self) -> None:
        """It waits for nothing."""

    def answered(self, ticket: int, result: object) -> None:
        """It asks for nothing."""

    def tick(self) -> None:
        """It has no time."""

    def abandon(self) -> None:
        """There is nothing to give up."""


def reflections(names: Callable[[], Sequence[str]]) -> list[ReflectionService]:
    """Both versions."""
    return [ReflectionService(package, names) for package in REFLECTIONS]
