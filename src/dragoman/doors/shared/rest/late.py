"""An answer that is known, and told a little later: a refusal of credentials, for guessing takes its time."""

from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import Delivery


class Late:
    """See `call.Parked`: `answer` is told at `deadline_ms` of elapsed time, and nothing changes that."""

    def __init__(self, answer: Response, deadline_ms: int) -> None:
        self._answer = answer
        self.deadline_ms: int | None = deadline_ms

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        """Nothing is delivered to it."""
        raise AssertionError(deliveries)

    def progressed(self) -> Response | None:
        """Nothing changes it."""
        return None

    def answered(self, ticket: int, result: object) -> Response | None:
        """Nothing was promised."""
        raise AssertionError(ticket)

    def expire(self) -> Response:
        """See `call.Parked`."""
        return self._answer

    def abandon(self) -> None:
        """See `call.Parked`."""
