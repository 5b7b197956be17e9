"""The services over gRPC, put together when somebody first speaks HTTP/2. A door of such a service adds it here."""

from collections.abc import Sequence

from dragoman.app.config import ServeOptions
from dragoman.app.faces import Serving, missing, running_of
from dragoman.doors.cloudtasks.beta import BetaService
from dragoman.doors.cloudtasks.locations import LocationsService
from dragoman.doors.cloudtasks.operations import OperationsService
from dragoman.doors.cloudtasks.services import Service as CloudTasks
from dragoman.doors.pubsub.services import make_services as pubsub
from dragoman.doors.shared.grpc.call import Service
from dragoman.doors.shared.grpc.health import HealthService
from dragoman.doors.shared.grpc.reflection import reflections


def make_services(parts: Serving, options: ServeOptions) -> Sequence[Service]:
    """All of them, in any order: each has its own paths."""
    services: list[Service] = []

    def names() -> Sequence[str]:
        return [service.name for service in services]

    cloudtasks = CloudTasks(running_of(parts), options.app_engine)
    services += [*pubsub(), cloudtasks, BetaService(cloudtasks)]
    services += [OperationsService(), LocationsService()]
    services += [HealthService(names, lambda: not missing(parts)), *reflections(names)]
    return services
