"""What a file says exists of Event Grid: resources by their paths, with the properties that Resource Manager knows.

    [eventgrid."topics/orders"]                                inputSchema = "CloudEventSchemaV1_0"
    [eventgrid."topics/orders/eventSubscriptions/hook"]        destination = { endpointType = "WebHook", .. }

Made if they are missing, parents first, left as they are if they are there; they are in every subscription and group.
Cold.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dragoman.app.problems import Problems
from dragoman.doors.eventgrid.kinds import Base
from dragoman.doors.eventgrid.resources import Resources
from dragoman.doors.eventgrid.topics import PROVIDER
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place, place_of
from dragoman.doors.shared.arm.store import Store
from dragoman.kernel.kernel import Kernel
from dragoman.model.errors import KernelError

NO_SESSION: Final = 0
LOCAL: Final = Base("http", "localhost")
Resource = tuple[str, Mapping[str, Any]]
"""A path, as `topics/orders`, and properties."""


class KernelSession:
    """As much of a `kernel.api.Session` as making resources needs, without a connection."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def submit(self, command: Any) -> Any:
        """See `Session.submit`."""
        return self._kernel.submit(command, NO_SESSION)

    def token(self, size_bytes: int) -> bytes:
        """See `Session.token`."""
        return self._kernel.token(size_bytes)

    def wall_ms(self) -> int:
        """See `Session.wall_ms`."""
        return self._kernel.now_ms


def resources_of(table: Any, problems: Problems) -> tuple[Resource, ...]:
    """The section's resources, parents before what hangs on them."""
    found: list[Resource] = []
    for path, properties in problems.table(table, "eventgrid").items():
        where = f'eventgrid."{path}"'
        try:
            place = _place(path)
        except ArmError as error:
            problems.add(where, str(error))
            continue
        if place.is_list:
            problems.add(where, "expected TYPE/NAME, such as topics/orders")
            continue
        found.append((path, problems.table(properties, where)))
    return tuple(sorted(found, key=lambda resource: resource[0].count("/")))


def declare(kernel: Kernel, resources: Iterable[Resource], base: Base) -> list[str]:
    """Make what is missing; a line for each thing that could not be."""
    session: Any = KernelSession(kernel)
    known = Resources(Store(PROVIDER, "eventgrid"))
    problems = []
    for path, properties in resources:
        place = _place(path)
        try:
            if not _is_there(known, session, place):
                known.put(session, base, place, {"properties": dict(properties)})
        except (ArmError, KernelError) as error:
            problems.append(f'eventgrid."{path}": {error}')
    return problems


def _is_there(known: Resources, session: Any, place: Place) -> bool:
    try:
        known.told(session, place)
    except ArmError as error:
        if error.status != 404:
            raise
        return False
    return True


def _place(path: str) -> Place:
    return place_of(f"/providers/{PROVIDER}/{path}".encode(), PROVIDER, ())
