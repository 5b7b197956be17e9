"""Azure Resource Manager for Event Grid: `azure-mgmt-eventgrid` and its like, on our own port.

    GET PUT PATCH DELETE   RESOURCE                 GET   LIST                     POST   RESOURCE/ACTION

Whatever is asked for is carried out before it is answered, but for the handshake of a webhook: such a subscription is
`Creating`, and the client asks again until it is something else (`Retry-After`).
"""

from collections.abc import Callable, Mapping
from typing import Final

from dragoman.doors.eventgrid.access import Access
from dragoman.doors.eventgrid.kinds import base_of
from dragoman.doors.eventgrid.resources import Resources, is_subscription
from dragoman.doors.eventgrid.topics import PROVIDER, TOPICS
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place, place_of
from dragoman.doors.shared.arm.store import Json, page_of, read_body
from dragoman.doors.shared.rest.call import Call, RawHeader, Response, json_response
from dragoman.model.levels import WRITTEN

ACTIONS: Final = ("listkeys", "regeneratekey", "getfullurl", "getdeliveryattributes")
CATALOGUES: Final = frozenset(("operations", "topictypes", "eventtypes"))
RETRY_AFTER: Final[RawHeader] = (b"retry-after", b"1")
PENDING: Final = "Creating"
READS: Final = frozenset(("GET", "HEAD"))


class Management:
    """The one handler of all paths of the provider."""

    def __init__(self, resources: Resources, access: Access) -> None:
        self._resources = resources
        self._access = access
        self._methods: Mapping[str, Callable[[Call, Place], Response]] = {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
            "POST": self._act,
        }

    def handle(self, call: Call) -> Response:
        """Raises ArmError, EventGridError, KernelError."""
        self._access.check_manager(call)
        place = place_of(call.request.path, PROVIDER, ACTIONS)
        response = self._methods[call.request.method](call, place)
        if call.request.method not in READS:
            response.after(call.session.position(), WRITTEN)
        return response

    def _get(self, call: Call, place: Place) -> Response:
        if not place.is_list:
            return _told(200, self._resources.told(call.session, place))
        if place.types[-1] in CATALOGUES:  # nothing that anybody could need here
            return json_response(200, {"value": []})
        found = self._resources.all(call.session, place)
        request = call.request
        return json_response(200, page_of(found, request.path, request.query, str(base_of(call))))

    def _put(self, call: Call, place: Place) -> Response:
        body = read_body(call.request.body)
        shown, is_new = self._resources.put(call.session, base_of(call), place, body)
        is_made = (
            is_new or is_subscription(place) or place.types == TOPICS
        )  # as Azure's clients expect
        return _told(201 if is_made else 200, shown)

    def _patch(self, call: Call, place: Place) -> Response:
        body = read_body(call.request.body)
        shown = self._resources.patch(call.session, base_of(call), place, body)
        return _told(201 if is_subscription(place) else 200, shown)

    def _delete(self, call: Call, place: Place) -> Response:
        self._resources.delete(call.session, place)
        return Response(204)

    def _act(self, call: Call, place: Place) -> Response:
        session, resources = call.session, self._resources
        match place.action:
            case "listkeys":
                return json_response(200, resources.keys(session, place))
            case "regeneratekey":
                name = read_body(call.request.body).get("keyName")
                return json_response(200, resources.regenerate(session, place, name))
            case "getfullurl":
                url = resources.destination(session, place).get("endpointUrl")
                return json_response(200, {"endpointUrl": url})
            case "getdeliveryattributes":
                target = resources.destination(session, place)
                attributes = target.get("deliveryAttributeMappings") or []
                return json_response(200, {"value": attributes})
            case _:
                raise ArmError(404, "InvalidResourceType", "There is no such action.")


def _told(status: int, shown: Json) -> Response:
    """A resource; while it is being made, when to ask again."""
    pending = shown.get("properties", {}).get("provisioningState") == PENDING
    return json_response(status, shown, (RETRY_AFTER,) if pending else ())
