"""The management API as a service over HTTP: its routes, who asks, how refusals are told.

Whoever asks proves who it is by HTTP Basic, as AMQP's clients do by PLAIN, and may do what that principal may, or what
its tags open. While nobody is configured anybody else is who they say. A page of another origin may not ask through
somebody's browser.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from dragoman.doors.amqp091 import limits
from dragoman.doors.amqp091.errors import ACCESS_REFUSED, Refused, refusal_of
from dragoman.doors.amqp091.management import (
    bindings,
    consumers,
    definitions,
    governing,
    messages,
    overview,
    people,
    rights,
    topology,
)
from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Missing,
    NotThere,
    Seen,
    VhostNotFound,
)
from dragoman.doors.amqp091.management.rates import Rates
from dragoman.doors.amqp091.management.tags import NotAuthorised, rank_of
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.amqp091.vhosts import ROOT
from dragoman.doors.shared import users
from dragoman.doors.shared.rest.basic import principal_of
from dragoman.doors.shared.rest.call import Call, Request, Response, Route, json_response
from dragoman.model.errors import AccessRefused, KernelError, NotFound
from dragoman.telemetry.counters import Meters
from dragoman.wire.amqp091.errors import AmqpError

BODY_BYTES_MAX: Final = 32 << 20  # definitions of a large broker
GUEST: Final = "guest"  # who asks without saying who, while nobody is configured
ACCESS: Final = "Access refused."
CHALLENGE: Final = ((b"www-authenticate", b'Basic realm="RabbitMQ Management"'),)
BELOW: Final = tuple(
    f"/api/{name}".encode()
    for name in (
        "aliveness-test",
        "auth",
        "bindings",
        "channels",
        "cluster-name",
        "connections",
        "consumers",
        "definitions",
        "deprecated-features",
        "exchanges",
        "extensions",
        "feature-flags",
        "global-parameters",
        "health",
        "healthchecks",
        "nodes",
        "operator-policies",
        "overview",
        "parameters",
        "permissions",
        "policies",
        "queues",
        "topic-permissions",
        "user-limits",
        "users",
        "vhost-limits",
        "vhosts",
        "whoami",
    )
)
"""Paths that are answered here even when nothing serves them."""

Handler = Callable[[Ask], Response]


class NotAuthorized(Exception):
    """401: nobody we know."""


def handlers(missing: Callable[[], list[str]]) -> Sequence[tuple[str, str, Handler]]:
    """(method, template below /api, handler) of every route."""
    well = overview.health(missing)
    return (
        ("GET", "overview", overview.get_overview),
        ("GET", "cluster-name", overview.get_cluster_name),
        ("GET", "nodes", overview.list_nodes),
        ("GET", "nodes/{name}", overview.get_node),
        ("GET", "extensions", overview.nothing),
        ("GET", "feature-flags", overview.nothing),
        ("GET", "deprecated-features", overview.nothing),
        ("GET", "deprecated-features/used", overview.nothing),
        ("GET", "whoami", people.whoami),
        ("GET", "auth", lambda _: json_response(200, {"oauth_enabled": False})),
        ("GET", "connections", overview.list_connections),
        ("GET", "connections/{name}", overview.get_connection),
        ("DELETE", "connections/{name}", overview.close_connection),
        ("GET", "connections/{name}/channels", overview.list_channels_of),
        ("GET", "connections/username/{user}", overview.list_connections_of),
        ("DELETE", "connections/username/{user}", overview.close_connections_of),
        ("GET", "channels", overview.list_channels),
        ("GET", "channels/{name}", overview.get_channel),
        ("GET", "consumers", consumers.list_consumers),
        ("GET", "consumers/{vhost}", consumers.list_consumers),
        ("GET", "aliveness-test/{vhost}", overview.aliveness),
        ("GET", "health/checks/port-listener/{name}", overview.port_health),
        ("GET", "health/checks/protocol-listener/{name}", overview.protocol_health),
        *(("GET", f"health/checks/{name}", well) for name in CHECKS),
        *(("GET", f"health/checks/{name}", overview.alone(well)) for name in CHECKS_OF_CLUSTERS),
        ("GET", "healthchecks/node", well),
        ("GET", "healthchecks/node/{name}", well),
        *_of_topology(),
        *_of_governing(),
        *_of_people(),
        ("GET", "definitions", definitions.export),
        ("GET", "definitions/{vhost}", definitions.export),
        ("POST", "definitions", definitions.load),
        ("POST", "definitions/{vhost}", definitions.load),
        ("PUT", "definitions", definitions.load),
    )


CHECKS: Final = (
    "alarms",
    "local-alarms",
    "virtual-hosts",
    "ready-to-serve-clients",
    "is-in-service",
)

CHECKS_OF_CLUSTERS: Final = ("node-is-quorum-critical", "node-is-mirror-sync-critical")


def _of_topology() -> Sequence[tuple[str, str, Handler]]:
    where = bindings.bindings_where
    one = "{vhost}/{name}"
    ends = "bindings/{vhost}/e/{source}/{kind}/{target}"
    return (
        ("GET", "vhosts", topology.list_vhosts),
        ("GET", "vhosts/{vhost}", topology.get_vhost),
        ("PUT", "vhosts/{vhost}", topology.put_vhost),
        ("DELETE", "vhosts/{vhost}", topology.delete_vhost),
        ("GET", "vhosts/{vhost}/connections", overview.list_connections),
        ("GET", "vhosts/{vhost}/channels", overview.list_channels),
        ("GET", "queues", topology.list_queues),
        ("GET", "queues/{vhost}", topology.list_queues),
        ("GET", f"queues/{one}", topology.get_queue),
        ("PUT", f"queues/{one}", topology.put_queue),
        ("DELETE", f"queues/{one}", topology.delete_queue),
        ("DELETE", f"queues/{one}/contents", topology.purge_queue),
        ("GET", f"queues/{one}/bindings", where(destination="name", destination_type="=queue")),
        ("POST", f"queues/{one}/get", messages.get_messages),
        ("POST", f"queues/{one}/actions", topology.act_on_queue),
        ("GET", "exchanges", topology.list_exchanges),
        ("GET", "exchanges/{vhost}", topology.list_exchanges),
        ("GET", f"exchanges/{one}", topology.get_exchange),
        ("PUT", f"exchanges/{one}", topology.put_exchange),
        ("DELETE", f"exchanges/{one}", topology.delete_exchange),
        ("POST", f"exchanges/{one}/publish", messages.post_message),
        ("GET", f"exchanges/{one}/bindings/source", where(source="name")),
        (
            "GET",
            f"exchanges/{one}/bindings/destination",
            where(destination="name", destination_type="=exchange"),
        ),
        ("GET", "bindings", bindings.list_bindings),
        ("GET", "bindings/{vhost}", bindings.list_bindings),
        ("GET", ends, bindings.list_between),
        ("POST", ends, bindings.post_binding),
        ("GET", f"{ends}/{{key}}", bindings.get_binding),
        ("DELETE", f"{ends}/{{key}}", bindings.delete_binding),
    )


def _of_governing() -> Sequence[tuple[str, str, Handler]]:
    found: list[tuple[str, str, Handler]] = []
    for name, kind in (
        ("policies", governing.POLICIES),
        ("operator-policies", governing.OPERATOR_POLICIES),
    ):
        found += [
            ("GET", name, kind.list),
            ("GET", f"{name}/{{vhost}}", kind.list),
            ("GET", f"{name}/{{vhost}}/{{name}}", kind.get),
            ("PUT", f"{name}/{{vhost}}/{{name}}", kind.put),
            ("DELETE", f"{name}/{{vhost}}/{{name}}", kind.delete),
        ]
    place = "parameters/{component}/{vhost}/{name}"
    return (
        *found,
        ("GET", "parameters", governing.list_parameters),
        ("GET", "parameters/{component}", governing.list_parameters),
        ("GET", "parameters/{component}/{vhost}", governing.list_parameters),
        ("GET", place, governing.get_parameter),
        ("PUT", place, governing.put_parameter),
        ("DELETE", place, governing.delete_parameter),
        ("GET", "global-parameters", governing.list_globals),
        ("GET", "global-parameters/{name}", governing.get_global),
        ("PUT", "global-parameters/{name}", governing.put_global),
        ("DELETE", "global-parameters/{name}", governing.delete_global),
    )


def _of_people() -> Sequence[tuple[str, str, Handler]]:
    one, topic = "permissions/{vhost}/{user}", "topic-permissions/{vhost}/{user}"
    found: list[tuple[str, str, Handler]] = []
    for of, hole in ((limits.OF_VHOST, "vhost"), (limits.OF_USER, "user")):
        list_limits, put_limit, delete_limit = people.limit_handlers(of, hole)
        found += [
            ("GET", f"{hole}-limits", list_limits),
            ("GET", f"{hole}-limits/{{{hole}}}", list_limits),
            ("PUT", f"{hole}-limits/{{{hole}}}/{{name}}", put_limit),
            ("DELETE", f"{hole}-limits/{{{hole}}}/{{name}}", delete_limit),
        ]
    return (
        *found,
        ("GET", "users", people.list_users),
        ("GET", "users/without-permissions", people.list_without_permissions),
        ("POST", "users/bulk-delete", people.delete_users),
        ("GET", "users/{user}", people.get_user),
        ("PUT", "users/{user}", people.put_user),
        ("DELETE", "users/{user}", people.delete_user),
        ("GET", "permissions", rights.list_permissions),
        ("GET", "permissions/{vhost}", rights.list_permissions),
        ("GET", "vhosts/{vhost}/permissions", rights.list_permissions),
        ("GET", "users/{user}/permissions", rights.list_permissions),
        ("GET", one, rights.get_permission),
        ("PUT", one, rights.put_permission),
        ("DELETE", one, rights.delete_permission),
        ("GET", "topic-permissions", rights.list_topics),
        ("GET", "topic-permissions/{vhost}", rights.list_topics),
        ("GET", "vhosts/{vhost}/topic-permissions", rights.list_topics),
        ("GET", "users/{user}/topic-permissions", rights.list_topics),
        ("GET", topic, rights.get_topics),
        ("PUT", topic, rights.put_topic),
        ("DELETE", topic, rights.delete_topics),
    )


class ManagementFace:
    """See the module. `missing` says what keeps the broker from being well."""

    name = "rabbitmq-management"

    def __init__(self, roster: Roster, missing: Callable[[], list[str]], meters: Meters) -> None:
        self._roster = roster
        self._meters = meters
        self._rates = Rates()
        self._missing = missing

    def routes(self) -> Sequence[Route]:
        """All below /api."""
        return [
            Route(
                method,
                f"/api/{template}{ending}",
                self._handler(method, template, handler),
                body_bytes_max=BODY_BYTES_MAX,
            )
            for method, template, handler in handlers(self._missing)
            for ending in ("", "/")
        ]

    def _handler(self, method: str, template: str, handler: Handler) -> Callable[[Call], Response]:
        def serve(call: Call) -> Response:
            who = _who(call)
            user = users.found_made(call.session, who)
            rank = None if user is None else rank_of(user.tags, method, template)
            ask = Ask(call, who, rank, Seen(self._roster, self._meters, self._rates))
            try:
                return handler(ask)
            except KernelError as error:
                raise _met(ask, error) from error

        return serve

    def refuse(self, request: Request, error: Exception) -> Response:
        """Each error as RabbitMQ tells it."""
        if isinstance(error, NotAuthorized):
            told = {"error": "not_authorized", "reason": "Login failed"}
            return json_response(401, told, CHALLENGE)
        if isinstance(error, NotThere):
            return json_response(404, {"error": "Object Not Found", "reason": "Not Found"})
        if isinstance(error, NotAuthorised):
            return json_response(401, {"error": "not_authorised", "reason": str(error)})
        if isinstance(error, Refused) and error.code == ACCESS_REFUSED:
            return json_response(401, {"error": "not_authorised", "reason": ACCESS})
        if isinstance(error, VhostNotFound):
            return json_response(404, {"error": "not_found", "reason": "vhost_not_found"})
        if isinstance(error, Missing):
            return json_response(404, {"error": "not_found", "reason": str(error)})
        reason = _reason(error)
        if reason is None:
            fault = {"error": "Internal Server Error", "reason": "its log has more"}
            return json_response(500, fault)
        kind = error.error if isinstance(error, BadRequest) else "bad_request"
        return json_response(400, {"error": kind, "reason": reason})

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Paths that look like the API's."""
        if not request.path.startswith(BELOW):
            return None
        if allowed:
            return Response(405)
        return json_response(404, {"error": "Object Not Found", "reason": "Not Found"})


def _met(ask: Ask, error: KernelError) -> Exception:
    """What the kernel has refused, in the words of AMQP; what is read or deleted and is not there is just 404."""
    if isinstance(error, AccessRefused):
        return NotAuthorised(ACCESS)
    refusal = refusal_of(error, ask.path.get("vhost", ROOT))
    if not isinstance(error, NotFound):
        return refusal
    is_acted_on = ask.call.request.method in {"POST", "PUT"}
    return Missing(refusal.text) if is_acted_on else NotThere()


def _reason(error: Exception) -> str | list[str] | None:
    """What was wrong with a request, None when it was not the request."""
    if isinstance(error, BadRequest):
        return error.reason
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    if isinstance(error, KeyError):
        return f"[{{key_missing,{error.args[0]}}}]"
    if isinstance(error, Refused):
        return error.text
    return error.reply_text if isinstance(error, AmqpError) else None


def _who(call: Call) -> str:
    """Who asks. Raises NotAuthorized and NotYet."""
    origin = call.request.header(b"origin")
    if origin is not None and origin.rpartition(b"//")[2] != call.request.header(b"host"):
        raise NotAuthorized
    scheme, _, value = (call.request.header(b"authorization") or b"").partition(b" ")
    if not scheme and call.session.node().is_open() and users.find(call.session, GUEST) is None:
        return GUEST
    who = principal_of(call, value) if scheme.lower() == b"basic" else None
    if who is None:
        raise NotAuthorized
    return who
