"""tx: publishes and acks of a channel, gathered and carried out as one set (AMQP 0-9-1 section 1.9).

Gathered are commands, ready to go, and the tags to settle; a rollback forgets both, so that the deliveries are still
unsettled. Bounds are the kernel's for one atomic set.
"""

from typing import Literal

from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.kernel.api import Publish
from dragoman.model.limits import ATOMIC_BYTES_MAX, ATOMIC_COMMANDS_MAX

Verdict = Literal["ack", "release", "reject"]


class Gathered:
    """Messages published alike, with what a return of them needs."""

    __slots__ = ("bodies", "commands", "headers", "mandatory")

    def __init__(
        self, commands: list[Publish], headers: list[bytes], bodies: list[bytes], mandatory: bytes
    ) -> None:
        self.commands = commands
        self.headers = headers
        self.bodies = bodies
        self.mandatory = mandatory


class Transaction:
    """What was gathered since tx.select or the last commit."""

    __slots__ = ("_size", "publishes", "verdicts")

    def __init__(self) -> None:
        self.publishes: list[Gathered] = []
        self.verdicts: list[tuple[int, int, Verdict]] = []  # (first, last tag, what)
        self._size = 0

    def publish(
        self, commands: list[Publish], headers: list[bytes], bodies: list[bytes], mandatory: bytes
    ) -> None:
        """Raises Refused past the bounds of one set."""
        self._size += sum(map(len, bodies))
        if self._size > ATOMIC_BYTES_MAX or len(self.publishes) >= ATOMIC_COMMANDS_MAX:
            raise Refused(PRECONDITION_FAILED, "transaction too large")
        self.publishes.append(Gathered(commands, headers, bodies, mandatory))

    def count(self) -> int:
        """Messages that wait for the commit."""
        return sum(len(each.bodies) for each in self.publishes)

    def settle(self, first: int, last: int, verdict: Verdict) -> None:
        """Tags first <= t <= last, as far as unsettled at commit. Raises Refused past the bounds of one set."""
        if len(self.verdicts) >= ATOMIC_COMMANDS_MAX:
            raise Refused(PRECONDITION_FAILED, "transaction too large")
        self.verdicts.append((first, last, verdict))
