"""The services over gRPC, put together when somebody first speaks HTTP/2. A door of such a service adds it here."""

from collections.abc import Sequence

from dragoman.app.config import ServeOptions
from dragoman.app.faces import Serving
from dragoman.doors.shared.grpc.call import Service


def make_services(parts: Serving, options: ServeOptions) -> Sequence[Service]:
    """All of them, in any order: each has its own paths."""
    return []
