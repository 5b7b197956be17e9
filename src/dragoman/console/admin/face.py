"""The admin API as a service: who asks, what was sent, the operation, the answer.

What changes something is answered once that survives the loss of power; what only looks, at once.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from dragoman.console.access import Access, is_local
from dragoman.console.admin import grants, messages, pumps, queues, routes, rules, streams
from dragoman.console.admin.endpoint import Ask, Endpoint, decode_body, decode_query
from dragoman.console.admin.errors import refusal
from dragoman.console.admin.openapi import document
from dragoman.doors.shared import users
from dragoman.doors.shared.rest.call import Call, Parked, Request, Response, Route, json_response
from dragoman.doors.shared.rest.problem import problem
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import SYNCED

ROOT: Final = b"/admin"


def describe(ask: Ask) -> dict[str, Any]:
    """The API in OpenAPI's words."""
    return document(ENDPOINTS)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *streams.ENDPOINTS,
    *queues.ENDPOINTS,
    *routes.ENDPOINTS,
    *pumps.ENDPOINTS,
    *rules.ENDPOINTS,
    *messages.ENDPOINTS,
    *grants.ENDPOINTS,
    Endpoint(
        "GET",
        "/admin/v1/openapi.json",
        describe,
        "Describe this API",
        name="describe",
        answer=dict,
    ),
)
QUERY_FIELDS_MAX: Final = 32


class AdminFace:
    """See the module."""

    name = "admin"

    def __init__(self, access: Access) -> None:
        self._access = access

    def routes(self) -> Sequence[Route]:
        """One per endpoint."""
        return [self._route(endpoint) for endpoint in ENDPOINTS]

    def _route(self, endpoint: Endpoint) -> Route:
        return Route(
            endpoint.method,
            endpoint.template,
            lambda call: self._serve(endpoint, call),
            body_bytes_max=messages.PUBLISH_BYTES_MAX,
        )

    def _serve(self, endpoint: Endpoint, call: Call) -> Response | Parked:
        """Raises Unauthorized, ForeignOrigin, KernelError."""
        who = self._access.check(call)
        is_made = users.found_made(call.session, who) is not None  # no user of the operator's
        if is_local(call.connection.peer[0]) and not is_made:
            call.session.act_as_broker()  # the operator, who has the files as well
        else:
            call.session.act_as(who, call.connection.peer[0])
        query = decode_query(endpoint.query, _pairs(call.request.query))
        body = None if endpoint.body is None else decode_body(endpoint.body, call.request.body)
        result: Any = endpoint.handler(Ask(call, query, body, who))
        if hasattr(result, "deadline_ms"):
            parked: Parked = result
            return parked
        answer = (
            Response(204) if endpoint.answer is None else json_response(endpoint.status, result)
        )
        if endpoint.method == "GET":
            return answer
        return answer.after(call.session.position(), SYNCED)

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `Face`."""
        return refusal(error)

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Paths below our own."""
        if request.path != ROOT and not request.path.startswith(ROOT + b"/"):
            return None
        path = request.path.decode(errors="replace")
        if allowed:
            return problem(405, "method-not-allowed", f"{path} has {', '.join(allowed)}")
        return problem(404, "not-found", f"no {path} here; /admin/v1/openapi.json lists what is")


def _pairs(query: bytes) -> dict[str, str]:
    """The last of each name. Raises InvalidArgument."""
    if not query:
        return {}
    try:
        return dict(
            parse_qsl(
                query.decode(),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=QUERY_FIELDS_MAX,
            )
        )
    except ValueError as error:
        raise InvalidArgument(f"query: {error}") from error
