"""A service over HTTP that does a little of everything a handler may: for hostile bytes to meet."""

import re
from collections.abc import Sequence

import msgspec

from dragoman.doors.shared.rest.call import Call, Request, Response, Route, json_response
from dragoman.doors.shared.rest.problem import problem
from dragoman.kernel.api import Address, Consume, DeclareQueue, Delivery, Publish, Session
from dragoman.model.errors import KernelError
from dragoman.model.levels import CANONICAL, SYNCED

WAIT_MS = 5_000
FIELD = re.compile(rb"[a-z]{1,10}=[^&]{0,10}")


class Poll:
    """A receive that waits."""

    def __init__(self, session: Session, name: str) -> None:
        self.deadline_ms: int | None = session.elapsed_ms() + WAIT_MS
        self._session = session
        self._holder = session.submit(
            Consume(name=name, tag=self, credit_max=10, lease_duration_ms=1_000, no_ack=True)
        )

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        return json_response(200, [len(d.bodies) for d in deliveries])

    def progressed(self) -> Response | None:
        return None

    def answered(self, ticket: int, result: object) -> Response | None:
        return None

    def expire(self) -> Response:
        return Response(204)

    def abandon(self) -> None: ...


class Playground:
    """Queues by name: publish, receive, and what refuses."""

    name = "playground"

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/queues/{name}", self.publish, body_bytes_max=10_000),
            Route("GET", "/queues/{name}", self.receive),
            Route("POST", "/", self.json, guard=lambda request: request.body[:1] == b"{"),
            Route("POST", "/", self.form, guard=lambda request: b"=" in request.body),
        )

    def publish(self, call: Call) -> Response:
        name = call.parameters["name"]
        call.session.submit(DeclareQueue(name=name))
        body = call.request.body
        reply = call.session.publish(Publish("default", Address(name), CANONICAL, [body]))
        return Response(201).after(reply.position, SYNCED)

    def receive(self, call: Call) -> Poll:
        return Poll(call.session, call.parameters["name"])

    def json(self, call: Call) -> Response:
        return json_response(200, msgspec.json.decode(call.request.body))

    def form(self, call: Call) -> Response:
        if FIELD.match(call.request.body) is None:
            raise ValueError("no field")
        return Response(200, call.request.body)

    def refuse(self, request: Request, error: Exception) -> Response:
        if isinstance(error, KernelError | ValueError | msgspec.MsgspecError):
            return problem(400, "refused", str(error))
        return problem(500, "fault")

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        return None
