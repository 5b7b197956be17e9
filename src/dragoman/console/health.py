"""`/health/live` and `/health/ready`, for supervisors and load balancers. Open to anybody: nothing is told but yes or
no, and why not.

    live     the loop turns: 200, or no answer at all
    ready    recovered, every port bound, room on the disk, journal writing: 200, otherwise 503 with what is missing
"""

from collections.abc import Callable, Sequence

from dragoman.doors.shared.rest.call import Call, Request, Response, Route, json_response
from dragoman.doors.shared.rest.problem import problem


class HealthFace:
    """`missing` tells what keeps the broker from being ready, a word or two each."""

    name = "health"

    def __init__(self, missing: Callable[[], list[str]]) -> None:
        self._missing = missing

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return (
            Route("GET", "/health/live", self._live),
            Route("GET", "/health/ready", self._ready),
        )

    def _live(self, call: Call) -> Response:
        return json_response(200, {"status": "live"})

    def _ready(self, call: Call) -> Response:
        missing = self._missing()
        if missing:
            return json_response(503, {"status": "not ready", "missing": missing})
        return json_response(200, {"status": "ready"})

    def refuse(self, request: Request, error: Exception) -> Response:
        """Nothing here refuses."""
        return problem(500, "fault")

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Whoever asks for something else is not known by his asking."""
        return None
