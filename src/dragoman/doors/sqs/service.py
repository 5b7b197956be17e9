"""What the handlers of all connections share: traits of queues, receives that can be repeated, the last minute."""

from typing import Final

from dragoman.doors.sqs.attempts import Attempts
from dragoman.doors.sqs.minute import Minute
from dragoman.doors.sqs.queue import Queues
from dragoman.kernel.api import Session, Tokens

PURPOSE: Final = "sqs"  # of the secret that receipt handles are written under


class Service:
    """`is_strict` keeps AWS's waits of a minute after DeleteQueue and PurgeQueue."""

    __slots__ = ("_tokens", "attempts", "deleted", "purged", "queues")

    def __init__(self, *, is_strict: bool = True) -> None:
        self.queues = Queues()
        self.attempts = Attempts()
        self.deleted = Minute(is_strict=is_strict)
        self.purged = Minute(is_strict=is_strict)
        self._tokens: Tokens | None = None

    def tokens(self, session: Session) -> Tokens:
        """Writes and reads receipt handles."""
        if self._tokens is None:
            self._tokens = Tokens(session.secret(PURPOSE))
        return self._tokens
