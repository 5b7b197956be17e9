"""google.cloud.location.Locations: all locations are this one place, told as they are asked for. It is `local`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks.errors import refusal
from dragoman.doors.cloudtasks.names import PROTOCOL, Location, location_of
from dragoman.doors.shared.grpc.access import check_access
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Status
from dragoman.wire.protobuf.cloud import LOCATIONS
from dragoman.wire.protobuf.pool import Rpc

SERVICE: Final = "Locations"
OWN: Final = "local"
Told: Final[Any] = LOCATIONS["Location"]
ListLocationsResponse: Final[Any] = LOCATIONS["ListLocationsResponse"]


def _tell(place: Location) -> Any:
    name = f"projects/{place.project}/locations/{place.location}"
    return Told(name=name, location_id=place.location, display_name=place.location)


def get_location(call: Call, request: Any) -> Reply:
    """See the API reference."""
    check_access(call)
    return Reply(_tell(location_of(request.name)))


def list_locations(call: Call, request: Any) -> Reply:
    """See the API reference."""
    check_access(call)
    own = location_of(f"{request.name}/locations/{OWN}")
    return Reply(ListLocationsResponse(locations=[_tell(own)]))


class LocationsService:
    """See `shared.grpc.call.Service`."""

    protocol = PROTOCOL
    name = f"{LOCATIONS.name}.{SERVICE}"

    def __init__(self) -> None:
        self.table: Mapping[str, Rpc] = LOCATIONS.services[SERVICE]

    def methods(self) -> Sequence[Method]:
        """Both."""
        handlers = {"ListLocations": list_locations, "GetLocation": get_location}
        return [
            Method(name, Kind.UNARY, rpc.request, rpc.response, handlers[name])
            for name, rpc in self.table.items()
        ]

    def refuse(self, call: Call, error: Exception) -> Status:
        """In Google's words."""
        return refusal(error)
