"""Sending by HTTP, to hubs and to any other stream or queue: Service Bus's requests are the same.

    POST /HUB/messages   /HUB/partitions/N/messages   /HUB/publishers/NAME/messages        201, with nothing in it

An `api-version`, a shared access signature or a type of Microsoft's says that a request is meant so.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.eventhubs.addresses import Target
from dragoman.doors.eventhubs.errors import error_of, status_of
from dragoman.doors.eventhubs.posted import BATCH_TYPE, events_in
from dragoman.doors.eventhubs.sending import EventHubsSink
from dragoman.doors.shared.amqp10.addresses import covers, is_of_host
from dragoman.doors.shared.amqp10.batches import BATCH_FORMAT
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.doors.shared.amqp10.profile import Incoming, Peer, Refused
from dragoman.doors.shared.grants import grant_of
from dragoman.doors.shared.rest.call import Call, Request, Response, Route, json_response
from dragoman.doors.shared.rest.late import Late
from dragoman.model.errors import KernelError
from dragoman.security.sharedaccess import TokenRefused
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Rejected
from dragoman.wire.amqp10.sections import DATA
from dragoman.wire.amqp10.values import Described, ULong

CREATED: Final = 201
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
BODY_BYTES_MAX: Final = 1 << 20
PATHS: Final = ("/{hub}", "/{hub}/partitions/{partition}", "/{hub}/publishers/{publisher}")
_TOKEN: Final = b"sharedaccesssignature "
_TYPES: Final = (b"application/atom+xml", BATCH_TYPE.encode())


class EventHubsFace:
    """See `rest.call.Face`. `creates`: a hub is made when it is first used."""

    name = "eventhubs"

    def __init__(self, *, creates: bool) -> None:
        self._creates = creates

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return [
            Route(
                "POST",
                f"{path}/messages",
                self.send,
                guard=is_meant,
                body_bytes_max=BODY_BYTES_MAX,
            )
            for path in PATHS
        ]

    def send(self, call: Call) -> Response | Late:
        """Publish what the request holds. Raises KernelError, Refused."""
        said = call.parameters
        target = Target(said["hub"], said.get("partition", ""), said.get("publisher", ""))
        try:
            _check(call, target.hub)
        except TokenRefused as error:
            return Late(
                _refusal(UNAUTHORIZED, str(error)), call.session.elapsed_ms() + FAILED_LOGIN_MS
            )
        request = call.request
        events = events_in(
            request.body,
            _text(request.header(b"content-type")),
            _text(request.header(b"brokerproperties")),
            [(_text(name), _text(value)) for name, value in request.headers],
        )
        sink = EventHubsSink(Peer(call.session, call.connection), target, creates=self._creates)
        if len(events) == 1:
            incoming = Incoming(b"", 0, events[0], settled=False)
        else:
            incoming = Incoming(b"", BATCH_FORMAT, b"".join(map(_data, events)), settled=False)
        (intake,) = sink.take([incoming])
        if intake.command is None:
            assert isinstance(intake.state, Rejected) and intake.state.error is not None
            return _refusal(BAD_REQUEST, intake.state.error.description or "")
        reply = call.session.publish(intake.command)
        return Response(CREATED).after(reply.position, reply.level)

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `rest.call.Face`."""
        if isinstance(error, Refused):
            return _refusal(BAD_REQUEST, error.error.description or "")
        if isinstance(error, KernelError):
            return _refusal(status_of(error), error_of(error).description or "")
        return _refusal(500, type(error).__name__)

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Nothing is asked that the guard does not know."""
        return None


def is_meant(request: Request) -> bool:
    """Whether a request is one of Azure's."""
    kind = (request.header(b"content-type") or b"").lower()
    token = (request.header(b"authorization") or b"").lower()
    return b"api-version=" in request.query or token.startswith(_TOKEN) or kind.startswith(_TYPES)


def _check(call: Call, hub: str) -> None:
    """Raises TokenRefused."""
    if call.session.node().is_open():
        return
    token = _text(call.request.header(b"authorization"))
    host = call.request.header(b"host")
    grant = grant_of(
        call.session,
        call.connection,
        token,
        lambda resource: covers(resource, hub) and is_of_host(resource, host),
    )
    call.session.act_as(grant.key, call.connection.peer[0])


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("latin-1")


def _data(event: bytes) -> bytes:
    return encode(Described(ULong(DATA), event))


def _refusal(status: int, text: str) -> Response:
    return json_response(status, {"Error": {"Code": str(status), "Detail": text}})
