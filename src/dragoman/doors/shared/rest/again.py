"""A request whose handler could not say yet: served anew from its beginning once what it waits for is known."""

from collections.abc import Callable
from typing import Final

from dragoman.doors.shared.notyet import NotYet
from dragoman.doors.shared.rest.call import Parked, Response
from dragoman.doors.shared.rest.problem import problem
from dragoman.kernel.api import Delivery

AGAIN_MS: Final = 30_000  # as long as what is worked out may take, with all that is before it


class Again:
    """See `call.Parked`. `serve` raises NotYet while nothing is known; a handler that parks then stands behind this."""

    def __init__(self, serve: Callable[[], Response | Parked], elapsed_ms: int) -> None:
        self._serve = serve
        self._parked: Parked | None = None
        self.deadline_ms: int | None = elapsed_ms + AGAIN_MS

    def progressed(self) -> Response | None:
        """It may be known now."""
        if self._parked is not None:
            return self._behind(self._parked.progressed)
        try:
            answer = self._serve()
        except NotYet:
            return None
        if isinstance(answer, Response):
            return answer
        self._parked = answer
        self.deadline_ms = answer.deadline_ms
        return None

    def _behind(self, ask: Callable[[], Response | None]) -> Response | None:
        assert self._parked is not None
        answer = ask()
        self.deadline_ms = self._parked.deadline_ms
        return answer

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        """See `call.Parked`. Nobody who needs a password leases messages by HTTP: deliveries know their holder."""
        raise AssertionError(deliveries)

    def answered(self, ticket: int, result: object) -> Response | None:
        """See `call.Parked`."""
        parked = self._parked
        return None if parked is None else self._behind(lambda: parked.answered(ticket, result))

    def expire(self) -> Response:
        """See `call.Parked`."""
        if self._parked is not None:
            return self._parked.expire()
        return problem(503, "busy", "too many passwords are looked at; try again")

    def abandon(self) -> None:
        """See `call.Parked`."""
        if self._parked is not None:
            self._parked.abandon()
