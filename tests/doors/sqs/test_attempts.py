"""Attempts are remembered as long as there is room."""

from types import SimpleNamespace
from typing import Any

from dragoman.doors.sqs import attempts
from dragoman.doors.sqs.attempts import Attempts
from dragoman.kernel.api import FindLease, LeaseInfo
from dragoman.wire.aws.shapes import Received


class Session:
    """A broker where everything is held."""

    def wall_ms(self) -> int:
        return 0

    def submit(self, command: Any) -> Any:
        return LeaseInfo("LEASED", True, 0) if isinstance(command, FindLease) else None


def test_the_oldest_attempt_makes_room() -> None:
    known = Attempts()
    session: Any = Session()
    queue: Any = SimpleNamespace(head=SimpleNamespace(id=7))
    body = "x" * (attempts.ATTEMPTS_BYTES_MAX // 4)
    for number in range(5):
        known.keep(queue, f"{number}", [], [Received("m", "h", "d", body)], 0)
    assert known.again(session, queue, "0", 1) is None
    assert known.again(session, queue, "1", 1) is None
    assert known.again(session, queue, "4", 1) is not None
    known.keep(queue, "4", [], [], 0)
    assert known.again(session, queue, "4", 1) == []
