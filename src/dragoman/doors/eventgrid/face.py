"""Event Grid on the table of HTTP services: which paths it serves, and how it says no."""

from collections.abc import Mapping, Sequence
from typing import Final

from dragoman.doors.eventgrid.access import Access
from dragoman.doors.eventgrid.errors import EventGridError, error_response, refusal
from dragoman.doors.eventgrid.events import PUBLISH_BYTES_MAX
from dragoman.doors.eventgrid.handshake import VALIDATE_PATH, validate
from dragoman.doors.eventgrid.management import Management
from dragoman.doors.eventgrid.publishing import Publishing
from dragoman.doors.eventgrid.pulling import Pulling
from dragoman.doors.eventgrid.resources import Resources
from dragoman.doors.eventgrid.settling import Settling
from dragoman.doors.eventgrid.topics import PROVIDER, Topics
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.errors import refusal as arm_refusal
from dragoman.doors.shared.arm.ids import is_of
from dragoman.doors.shared.arm.store import Store
from dragoman.doors.shared.receipts import Receipts
from dragoman.doors.shared.rest.call import Request, Response, Route

EVENTS: Final = "/api/events"
SUBSCRIPTION: Final = "/topics/{topic}/eventsubscriptions/{subscription}"
MANAGED: Final = ("/subscriptions/{rest+}", "//subscriptions/{rest+}", "/providers/{rest+}")
METHODS: Final = ("GET", "PUT", "PATCH", "DELETE", "POST")
BODY_BYTES_MAX: Final = 2 * PUBLISH_BYTES_MAX
"""Of a publish: what is a little too large is refused in Event Grid's words, what is much too large in HTTP's."""


class EventGridFace:
    """See `rest.call.Face`. `keys` are the operator's; `is_open` says that there are no credentials at all."""

    name = "eventgrid"

    def __init__(self, keys: Mapping[str, str], *, is_open: bool) -> None:
        access = Access(keys, is_open=is_open)
        self.store = Store(PROVIDER, "eventgrid")
        topics = Topics(self.store)
        receipts = Receipts()
        self._publishing = Publishing(topics, access)
        self._pulling = Pulling(topics, access, receipts)
        self._settling = Settling(self._pulling, receipts)
        self._management = Management(Resources(self.store), access)

    def routes(self) -> Sequence[Route]:
        """Those of namespaces are there with and without the namespace in front."""
        publish = self._publishing
        found = [
            Route("POST", template, publish.to_topic, body_bytes_max=BODY_BYTES_MAX)
            for template in (EVENTS, "/{topic}" + EVENTS)
        ]
        for prefix in ("", "/{namespace}"):
            found.append(
                Route(
                    "POST",
                    prefix + "/topics/{topic}:publish",
                    publish.to_namespace,
                    body_bytes_max=BODY_BYTES_MAX,
                )
            )
            for verb, handler in (
                (":receive", self._pulling.receive),
                (":acknowledge", self._settling.acknowledge),
                (":release", self._settling.release),
                (":reject", self._settling.reject),
                (":renewLock", self._settling.renew),
            ):
                found.append(Route("POST", prefix + SUBSCRIPTION + verb, handler))
        found += [Route(method, VALIDATE_PATH, validate) for method in ("GET", "POST")]
        for template in MANAGED:
            for method in METHODS:
                found.append(Route(method, template, self._management.handle, guard=_is_managed))
        return found

    def refuse(self, request: Request, error: Exception) -> Response:
        """In the words of the data plane, or of Resource Manager."""
        if isinstance(error, EventGridError) or not _is_managed(request):
            return refusal(error)
        return arm_refusal(error)

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Paths that only Event Grid has."""
        if _is_managed(request):
            return arm_refusal(
                ArmError(405 if allowed else 404, "InvalidResourceType", "There is no such path.")
            )
        path = request.path.decode("latin-1").lower()
        if not (path.endswith(EVENTS) or "/eventsubscriptions" in path):
            return None
        if allowed:
            text = f"Only {', '.join(allowed)} here."
            return error_response(405, "MethodNotAllowed", text, "MethodNotAllowed")
        return error_response(404, "NotFound", "There is nothing at this path.", "NotFound")


def _is_managed(request: Request) -> bool:
    return is_of(request.path, PROVIDER)
