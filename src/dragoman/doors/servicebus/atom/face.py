"""Administration on the table of HTTP services. Any path may be an entity's; an `api-version` of a year and a month
says that one is: only Service Bus has such.

    GET  /$namespaceinfo   /$Resources/queues|topics   /TOPIC/subscriptions   /TOPIC/subscriptions/NAME/rules
    GET, PUT, DELETE   /QUEUE or TOPIC   /TOPIC/subscriptions/NAME   /TOPIC/subscriptions/NAME/rules/NAME

A PUT with `If-Match` changes what is there, one without makes it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote

from dragoman.doors.servicebus.atom.access import turned_away
from dragoman.doors.servicebus.atom.asked import Asked
from dragoman.doors.servicebus.atom.errors import AtomError, refusal
from dragoman.doors.servicebus.atom.kinds import KINDS, Kind
from dragoman.doors.servicebus.atom.namespace import namespace
from dragoman.doors.shared.rest.call import Call, Parked, Request, Response, Route
from dragoman.doors.shared.rest.late import Late

BODY_BYTES_MAX: Final = 256 << 10
_VERSION: Final = re.compile(rb"(?:^|&)api-version=20[0-9]{2}-[0-9]{2}(?:&|$)")
SUBSCRIPTIONS: Final = "subscriptions"
RULES: Final = "rules"
RESOURCES: Final = "$resources"
NAMESPACE: Final = "$namespaceinfo"


class AtomFace:
    """See `rest.call.Face`."""

    name = "servicebus"

    def routes(self) -> Sequence[Route]:
        """One for all paths."""
        return [Route("*", "*", self.handle, guard=is_ours, body_bytes_max=BODY_BYTES_MAX)]

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `rest.call.Face`."""
        return refusal(error)

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Nothing is asked that the guard does not know."""
        return None

    def handle(self, call: Call) -> Response | Parked:
        """Raises AtomError, KernelError."""
        turned: Late | None = turned_away(call)
        if turned is not None:
            return turned
        asked = Asked(call)
        method = call.request.method
        parts = unquote(call.request.path.decode("latin-1")).strip("/").split("/")
        if len(parts) == 1 and parts[0].lower() == NAMESPACE and method == "GET":
            return namespace(asked)
        kind, names = read_path(parts)
        operation: Callable[[Asked, list[str]], Response] | None = {
            "GET": kind.get if names[-1] else kind.page,
            "PUT": kind.put,
            "DELETE": kind.delete,
        }.get(method)
        if operation is None or (method != "GET" and not names[-1]):
            raise AtomError(405, f"{method} is not for this resource.")
        return operation(asked, names)


def read_path(parts: list[str]) -> tuple[Kind, list[str]]:
    """Whose path it is, and the names in it; the last is empty where all are meant. Raises AtomError."""
    lower = [part.lower() for part in parts]
    if lower[0] == RESOURCES:
        if len(parts) == 2 and lower[1] in KINDS:
            return KINDS[lower[1]], [""]
        raise AtomError(404, f"SubCode=40400. Not Found. There are no {'/'.join(parts)}.")
    for at in range(1, len(parts)):
        if lower[at] != SUBSCRIPTIONS:
            continue
        topic, rest = "/".join(parts[:at]), parts[at + 1 :]
        if len(rest) <= 1:
            return KINDS[SUBSCRIPTIONS], [topic, *(rest or [""])]
        if len(rest) <= 3 and rest[1].lower() == RULES:
            return KINDS[RULES], [topic, rest[0], *(rest[2:] or [""])]
    return KINDS["entity"], ["/".join(parts)]


def is_ours(request: Request) -> bool:
    """Whether a request is meant for administration: messages are posted elsewhere."""
    if request.method == "POST" and request.path.lower().endswith(b"/messages"):
        return False
    return b"api-version=" in request.query and _VERSION.search(request.query) is not None
