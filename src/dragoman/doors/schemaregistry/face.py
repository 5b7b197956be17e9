"""Routes of the registry's API, who may ask, and how the answer leaves: once what was decided is on the disk.

    Authorization: Basic base64(name:secret)      a user, or a key; anybody while none is configured

A page of another origin may not ask through somebody's browser.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.schemaregistry import configs, subjects
from dragoman.doors.schemaregistry.errors import Refused, refusal
from dragoman.doors.shared.rest.basic import principal_of
from dragoman.doors.shared.rest.call import Call, Request, Response, Route
from dragoman.model.levels import SYNCED

MEDIA: Final = (b"content-type", b"application/vnd.schemaregistry.v1+json")
CHALLENGE: Final = (b"www-authenticate", b'Basic realm="Schema Registry"')
BODY_BYTES_MAX: Final = 1 << 20
PREFIXES: Final = (
    b"/subjects",
    b"/schemas",
    b"/config",
    b"/mode",
    b"/compatibility",
    b"/contexts",
    b"/associations",
    b"/dek-registry",
)
Ask = Callable[[Call], Any]

SUBJECT: Final = "/subjects/{subject}"
VERSION: Final = SUBJECT + "/versions/{version}"
ROUTES: Final[Sequence[tuple[str, str, Ask]]] = (
    ("GET", "/subjects", subjects.list_subjects),
    ("POST", SUBJECT, subjects.find),
    ("DELETE", SUBJECT, subjects.delete_subject),
    ("GET", SUBJECT + "/versions", subjects.list_versions),
    ("POST", SUBJECT + "/versions", subjects.register),
    ("GET", VERSION, subjects.get_version),
    ("DELETE", VERSION, subjects.delete_version),
    ("GET", VERSION + "/schema", subjects.get_text),
    ("GET", VERSION + "/referencedby", subjects.list_referring),
    ("GET", "/schemas", subjects.list_schemas),
    ("GET", "/schemas/types", subjects.list_types),
    ("GET", "/schemas/ids/{id}", subjects.get_by_id),
    ("GET", "/schemas/ids/{id}/schema", subjects.get_text_by_id),
    ("GET", "/schemas/ids/{id}/subjects", subjects.subjects_of_id),
    ("GET", "/schemas/ids/{id}/versions", subjects.versions_of_id),
    ("GET", "/contexts", subjects.list_contexts),
    ("GET", "/config", configs.get_level),
    ("PUT", "/config", configs.put_level),
    ("DELETE", "/config", configs.delete_level),
    ("GET", "/config/{subject}", configs.get_level),
    ("PUT", "/config/{subject}", configs.put_level),
    ("DELETE", "/config/{subject}", configs.delete_level),
    ("GET", "/mode", configs.get_mode),
    ("PUT", "/mode", configs.put_mode),
    ("GET", "/mode/{subject}", configs.get_mode),
    ("PUT", "/mode/{subject}", configs.put_mode),
    ("POST", "/compatibility/subjects/{subject}/versions", configs.check),
    ("POST", "/compatibility/subjects/{subject}/versions/{version}", configs.check),
)


class SchemaRegistryFace:
    """See the module, and `rest.call.Face`."""

    name = "schemaregistry"

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return [
            Route(method, template, _answering(ask), body_bytes_max=BODY_BYTES_MAX)
            for method, template, ask in ROUTES
        ]

    def refuse(self, request: Request, error: Exception) -> Response:
        """In the registry's words."""
        return _refused(refusal(error))

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Of paths that are the registry's."""
        if not request.path.startswith(PREFIXES):
            return None
        status = 405 if allowed else 404
        said = "Method Not Allowed" if allowed else "Not Found"
        return _refused(Refused(status, f"HTTP {status} {said}"))


def _refused(error: Refused) -> Response:
    body = msgspec.json.encode({"error_code": error.code, "message": str(error)})
    headers = (MEDIA, CHALLENGE) if error.status == 401 else (MEDIA,)
    return Response(error.status, body, headers)


def _answering(ask: Ask) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        _check(call)
        body = msgspec.json.encode(ask(call))
        response = Response(200, body, (MEDIA,))
        return response.after(call.session.position(), SYNCED)

    return answer


def _check(call: Call) -> None:
    """Raises Refused."""
    request = call.request
    origin = request.header(b"origin")
    if origin is not None and origin.partition(b"://")[2] != request.header(b"host"):
        raise Refused(403, "A page of another origin may not ask")
    node = call.session.node()
    if node.is_open():
        return
    scheme, _, value = (request.header(b"authorization") or b"").partition(b" ")
    who = principal_of(call, value) if scheme.lower() == b"basic" else None
    if who is None:
        raise Refused(401, "Unauthorized")
    call.session.act_as(who, call.connection.peer[0])
