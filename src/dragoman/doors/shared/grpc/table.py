"""One table for all services: a path to a method and its service."""

from collections.abc import Sequence

from dragoman.doors.shared.grpc.call import Call, Method, Service, Status
from dragoman.model.errors import KernelError
from dragoman.wire.grpc.codes import INTERNAL, UNKNOWN


class Entry:
    """A method, and whose it is."""

    __slots__ = ("method", "service")

    def __init__(self, method: Method, service: Service) -> None:
        self.method = method
        self.service = service

    def status_of(self, call: Call, error: Exception) -> Status:
        """A handler's error in its service's words. A fault of ours is told to the operator."""
        if isinstance(error, Status):
            return error
        try:
            status = self.service.refuse(call, error)
        except Exception as worse:  # noqa: BLE001 - whatever it is, this call has an answer
            status, error = Status(INTERNAL, "Something went wrong here."), worse
        if status.code in {INTERNAL, UNKNOWN} and not isinstance(error, KernelError):
            call.session.fault(error)
        return status


class Table:
    """All methods of all services, by path."""

    def __init__(self, services: Sequence[Service]) -> None:
        """Raises ValueError where two have the same path."""
        self.services = services
        self._entries: dict[bytes, Entry] = {}
        for service in services:
            for method in service.methods():
                path = f"/{service.name}/{method.name}".encode()
                if path in self._entries:
                    raise ValueError(f"{path.decode()} is served twice")
                self._entries[path] = Entry(method, service)

    def find(self, path: bytes) -> Entry | None:
        """Whose path it is."""
        return self._entries.get(path)

    def entries(self) -> Sequence[Entry]:
        """All of them."""
        return list(self._entries.values())
