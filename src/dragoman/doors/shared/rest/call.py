"""What a handler of an HTTP service is given, and what it gives back.

    handler(call) -> Response            answered, once what it tells is durable enough
                  -> Parked              answered later: something was delivered, a stream moved, time was over
                  raises                 its face's `refuse` makes the answer

Handlers are sans-IO and never wait: a long poll is a `Parked`. Requests of one connection are answered in their order;
those behind a parked one wait, as HTTP/1.1 asks (RFC 9112, section 9.3.2).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from dragoman.kernel.api import Connection, Delivery, Session
from dragoman.model.levels import APPLIED
from dragoman.wire.http.request import RawHeader as RawHeader  # noqa: PLC0414 - part of what a handler sees
from dragoman.wire.http.request import Request as Request  # noqa: PLC0414

JSON: Final = (b"content-type", b"application/json")


class Response:
    """An answer. It leaves once the journal's `position` has reached `level`.

    `headers` need no content-length, connection or date: the door adds them. HEAD is answered by GET's handler; its
    body is left out.
    """

    __slots__ = ("body", "headers", "level", "position", "status")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        headers: Sequence[RawHeader] = (),
        *,
        position: int = 0,
        level: int = APPLIED,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.position = position
        self.level = level

    def after(self, position: int, level: int) -> "Response":
        """This answer, to leave no sooner than when `position` has reached `level`."""
        self.level = max(self.level, level)
        self.position = max(self.position, position)
        return self


def json_response(status: int, value: object, headers: Sequence[RawHeader] = ()) -> Response:
    """`value`, anything msgspec can encode, as JSON."""
    return Response(status, msgspec.json.encode(value), (JSON, *headers))


class Call:
    """One request being answered.

    parameters  of the route's template, percent-decoded
    """

    __slots__ = ("connection", "parameters", "request", "session")

    def __init__(
        self,
        request: Request,
        session: Session,
        connection: Connection,
        parameters: Mapping[str, str],
    ) -> None:
        self.request = request
        self.session = session
        self.connection = connection
        self.parameters = parameters


class Parked(Protocol):
    """A request whose answer comes later. Each of the first three answers when it can, else returns None.

    Deliveries reach it because it is the `tag` of the holder that it made, or has that as its own `tag`; what it no
    longer needs (a consumer, a watch) it gives up before it answers. `deadline_ms` is elapsed time, None never; it is
    read after each call.
    """

    deadline_ms: int | None

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        """All that this turn hands to its holder, a run of one partition each: nothing comes after an answer."""
        ...

    def progressed(self) -> Response | None:
        """Something asked for by `Session.want` or `Session.watch` has happened, or a holder's queue has gone away."""
        ...

    def answered(self, ticket: int, result: object) -> Response | None:
        """What a command promised by a ticket."""
        ...

    def expire(self) -> Response:
        """The deadline has come."""
        ...

    def abandon(self) -> None:
        """Nobody waits for the answer any more. The session is still open, and closes next."""
        ...


def tag_of(parked: Parked) -> object:
    """What deliveries for it are tagged with: itself, unless it stands for something else."""
    return getattr(parked, "tag", parked)


Handler = Callable[[Call], Response | Parked]


class Route:
    """Where a handler is reached.

    method          `*` with the template `*`: whatever its guard holds for, asked before all others
    template        `/queues/{name}/messages`; `{name}` is one segment, `{name}:verb` one that ends so, `{name+}` the
                    rest of the path, one segment at least
    guard           asked with the whole request where two services use one path: the first that holds is taken
    body_bytes_max  refused with 413 before more is read; of several routes of one path and method the largest counts
    """

    __slots__ = ("body_bytes_max", "guard", "handler", "method", "template")

    def __init__(
        self,
        method: str,
        template: str,
        handler: Handler,
        *,
        guard: Callable[[Request], bool] | None = None,
        body_bytes_max: int = 0,
    ) -> None:
        self.method = method
        self.template = template
        self.handler = handler
        self.guard = guard
        self.body_bytes_max = body_bytes_max or BODY_BYTES_MAX


BODY_BYTES_MAX: Final = 4 << 20
"""SQS's 1 MiB form-encoded, at its worst three times as long."""


class Face(Protocol):
    """One service: what it serves, and how it says no."""

    name: str

    def routes(self) -> Sequence[Route]: ...

    def refuse(self, request: Request, error: Exception) -> Response:
        """A handler's error in the service's own words: KernelError, the face's own, or (a fault of ours) anything."""
        ...

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """The path is nobody's, or only for the methods `allowed`: the answer, where the request looks like one to
        this service; None leaves it to the next face.
        """
        ...
