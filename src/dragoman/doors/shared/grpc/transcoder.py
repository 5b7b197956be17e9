"""The REST face of gRPC services: the same handlers, by path and JSON (google.api.http).

    GET /v1/projects/p/topics/t ---> rule of a method ---> its request ---> handler ---> Reply, as JSON
                                     (its table, `Rpc.rules`)               '-------> Pending, parked

    faces.append(TranscodedFace("pubsub", [(PublisherService(), PUBSUB.services["Publisher"]), ...]))

Methods that stream, and those without a rule, are for gRPC alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.shared.grpc.call import Call, Method, Pending, Reply, Service
from dragoman.doors.shared.grpc.jsonform import (
    Asked,
    error_response,
    read_body,
    set_field,
    write_message,
)
from dragoman.doors.shared.grpc.status import Status, status_of
from dragoman.doors.shared.grpc.table import Entry
from dragoman.doors.shared.grpc.template import Template
from dragoman.doors.shared.rest import call as rest
from dragoman.kernel.api import Delivery
from dragoman.wire.grpc.codes import NOT_FOUND
from dragoman.wire.protobuf.pool import Rpc
from dragoman.wire.protobuf.table import Rule

Served = Sequence[tuple[Service, Mapping[str, Rpc]]]
"""Services, and the tables that say how their methods are reached."""
PREFIXES: Final = ("/v1/projects/", "/v2/projects/", "/v2beta3/projects/")


class TranscodedFace:
    """See the module, and `rest.call.Face`."""

    def __init__(self, name: str, served: Served) -> None:
        self.name = name
        self._routes = [
            bound.route()
            for service, rpcs in served
            for method in service.methods()
            if method.is_unary and method.name in rpcs
            for bound in (
                Bound(Entry(method, service), rpcs[method.name], rule)
                for rule in rpcs[method.name].rules
            )
        ]

    def routes(self) -> Sequence[rest.Route]:
        """One for each rule."""
        return self._routes

    def refuse(self, request: rest.Request, error: Exception) -> rest.Response:
        """What no service was asked about: faults of ours."""
        return error_response(status_of(error))

    def not_found(self, request: rest.Request, allowed: Sequence[str]) -> rest.Response | None:
        """In Google's form, where the path looks like one of theirs."""
        path = request.path.decode("latin-1")
        if not path.startswith(PREFIXES):
            return None
        return error_response(Status(NOT_FOUND, f"Method not found: {request.method} {path}"))


class Bound:
    """One rule of one method."""

    __slots__ = ("_entry", "_rpc", "_rule", "_template")

    def __init__(self, entry: Entry, rpc: Rpc, rule: Rule) -> None:
        self._entry = entry
        self._rpc = rpc
        self._rule = rule
        self._template = Template(rule.template)

    def route(self) -> rest.Route:
        """Where it is reached. JSON spells bytes in base64, a third longer."""
        size = self._entry.method.request_bytes_max * 3 // 2
        return rest.Route(self._rule.verb, self._template.route, self._serve, body_bytes_max=size)

    def _serve(self, call: rest.Call) -> rest.Response | rest.Parked:
        method = self._entry.method
        asked = Call(method, call.session, call.connection, call.request.headers, None)
        answering = Answering(self._entry, asked)
        try:
            request = self._request(call, answering)
            answer = method.handler(asked, request)
        except Exception as error:  # noqa: BLE001 - the service has a word for each
            return answering.refuse(error)
        if isinstance(answer, Reply):
            return answering.reply(answer)
        return Parked(answering, answer)

    def _request(self, call: rest.Call, answering: "Answering") -> Any:
        """The request message, or its bytes where the handler wants those. Raises Status."""
        asked = Asked(call.request.query.decode("latin-1"))
        answering.has_numbers = asked.has_numbers
        message = self._rpc.request()
        read_body(message, call.request.body, self._rule.body)
        for path, values in asked.fields.items():
            set_field(message, path, values)
        for path, value in self._template.fields(call.parameters):
            set_field(message, path, [value])
        return message.SerializeToString() if self._entry.method.request is None else message


class Answering:
    """How one call's answer is spelled."""

    __slots__ = ("_call", "_entry", "has_numbers")

    def __init__(self, entry: Entry, call: Call) -> None:
        self._entry = entry
        self._call = call
        self.has_numbers = False

    def reply(self, reply: Reply) -> rest.Response:
        """What a handler gave."""
        method: Method = self._entry.method
        message = reply.message
        if isinstance(message, bytes):
            message = method.response.FromString(message)
        body = write_message(message, has_numbers=self.has_numbers)
        return rest.Response(200, body, (rest.JSON,), position=reply.position, level=reply.level)

    def refuse(self, error: Exception) -> rest.Response:
        """What it raised."""
        return error_response(self._entry.status_of(self._call, error))


class Parked:
    """A call whose reply comes later. See `rest.call.Parked`; its deliveries are tagged with what the handler gave."""

    __slots__ = ("_answering", "_pending", "tag")

    def __init__(self, answering: Answering, pending: Pending) -> None:
        self._answering = answering
        self._pending = pending
        self.tag = pending

    @property
    def deadline_ms(self) -> int | None:
        """The handler's."""
        return self._pending.deadline_ms

    @deadline_ms.setter
    def deadline_ms(self, value: int | None) -> None:
        self._pending.deadline_ms = value

    def deliver(self, deliveries: list[Delivery]) -> rest.Response | None:
        """See `rest.call.Parked`."""
        return self._ask(lambda: self._pending.deliver(deliveries))

    def progressed(self) -> rest.Response | None:
        """See `rest.call.Parked`."""
        return self._ask(self._pending.progressed)

    def answered(self, ticket: int, result: object) -> rest.Response | None:
        """See `rest.call.Parked`."""
        return self._ask(lambda: self._pending.answered(ticket, result))

    def expire(self) -> rest.Response:
        """See `rest.call.Parked`."""
        response = self._ask(self._pending.expire)
        assert response is not None
        return response

    def abandon(self) -> None:
        """See `rest.call.Parked`."""
        self._pending.abandon()

    def _ask(self, ask: Callable[[], Reply | None]) -> rest.Response | None:
        try:
            reply = ask()
            return None if reply is None else self._answering.reply(reply)
        except Exception as error:  # noqa: BLE001 - as in `Bound`
            self._pending.abandon()
            return self._answering.refuse(error)
