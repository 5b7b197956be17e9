"""gRPC's health service (grpc.health.v1): all services serve, or none does."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Sender, Status, Stream
from dragoman.doors.shared.grpc.status import status_of
from dragoman.kernel.api import Delivery
from dragoman.wire.grpc.codes import NOT_FOUND
from dragoman.wire.protobuf.reflection import HEALTH

LOOK_MS: Final = 1_000  # between two looks, while somebody watches
CheckResponse: Final[Any] = HEALTH["HealthCheckResponse"]
ListResponse: Final[Any] = HEALTH["HealthListResponse"]


class HealthService:
    """See the module. `names` are of all services; `is_ready` says whether they serve."""

    name = "grpc.health.v1.Health"
    protocol = "grpc"

    def __init__(self, names: Callable[[], Sequence[str]], is_ready: Callable[[], bool]) -> None:
        self._names = names
        self._is_ready = is_ready

    def methods(self) -> Sequence[Method]:
        """All three."""
        rpcs = HEALTH.services["Health"]
        check, listing, watch = rpcs["Check"], rpcs["List"], rpcs["Watch"]
        return (
            Method("Check", Kind.UNARY, check.request, check.response, self._check),
            Method("List", Kind.UNARY, listing.request, listing.response, self._list),
            Method("Watch", Kind.SERVER, watch.request, watch.response, self._watch),
        )

    def refuse(self, call: Call, error: Exception) -> Status:
        """See `call.Service`."""
        return status_of(error)

    def status(self, service: str) -> int:
        """Of one service; of all by the empty name."""
        if service and service not in self._names():
            return int(CheckResponse.SERVICE_UNKNOWN)
        return int(CheckResponse.SERVING if self._is_ready() else CheckResponse.NOT_SERVING)

    def _check(self, call: Call, request: Any) -> Reply:
        status = self.status(request.service)
        if status == CheckResponse.SERVICE_UNKNOWN:
            raise Status(NOT_FOUND, f"unknown service {request.service}")
        return Reply(CheckResponse(status=status))

    def _list(self, call: Call, request: Any) -> Reply:
        response = ListResponse()
        for name in ("", *self._names()):
            response.statuses[name].status = self.status(name)
        return Reply(response)

    def _watch(self, call: Call, sender: Sender) -> Stream:
        return _Watch(self, call, sender)


class _Watch:
    """One that watches: told at once, and whenever it has changed."""

    def __init__(self, service: HealthService, call: Call, sender: Sender) -> None:
        self.tick_ms: int | None = None
        self._service = service
        self._call = call
        self._sender = sender
        self._name = ""
        self._told = -1

    def received(self, message: Any) -> None:
        """Whom it is about."""
        self._name = message.service
        self.tick()

    def tick(self) -> None:
        """Look again."""
        self.tick_ms = self._call.session.elapsed_ms() + LOOK_MS
        status = self._service.status(self._name)
        if status != self._told and self._sender.room_bytes() > 0:
            self._told = status
            self._sender.send(CheckResponse(status=status))

    def half_closed(self) -> None:
        """As it must; it goes on until it is cancelled."""

    def writable(self) -> None:
        """The next look will tell."""

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Nothing is."""

    def progressed(self) -> None:
        """It waits for nothing."""

    def answered(self, ticket: int, result: object) -> None:
        """It asks for nothing."""

    def abandon(self) -> None:
        """There is nothing to give up."""
