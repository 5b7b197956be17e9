"""What a reader and a writer are. An end belongs to one thread: its client may do with more of its own.

A message travels as an `Entry`: bytes in the form in which a broker stores what that protocol's clients send. So the
same protocol in and out changes nothing, and any other is `formats`' to translate.

A reader hands out a message once, and forgets it when told that it is at its destination (`settle`). What was never
settled is there again for the next copy: at least once, never less.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

BATCH_MAX: Final = 500  # messages read, written and confirmed together


class Entry(NamedTuple):
    """A message on its way. `stored_ms` is when its broker got it, which relative times count from."""

    format: int
    data: bytes
    stored_ms: int = 0


class Taken(NamedTuple):
    """A message that a reader has handed out; `token` is the reader's own, to settle it by."""

    entry: Entry
    token: Any


class Reader(Protocol):
    """Where messages come from."""

    @property
    def expected(self) -> int | None:
        """How many there were when it was opened; None where that cannot be told."""
        ...

    @property
    def is_done(self) -> bool:
        """Whether all that was there when it was opened has been handed out. Never, where only silence tells."""
        ...

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """The next messages, at most so many, as soon as there are any. None are asked for to keep a connection
        alive. Raises CommandError.
        """
        ...

    def settle(self, taken: Sequence[Taken]) -> None:
        """They are where they should be. Raises CommandError."""
        ...

    def close(self) -> None:
        """What was not settled goes back, where the protocol can say so."""
        ...


class Writer(Protocol):
    """Where messages go."""

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Once all are confirmed or refused: of each why it was refused, empty where it was not. Raises CommandError
        when nobody can tell what became of them.
        """
        ...

    def count(self) -> int | None:
        """How many messages the destination has had, so that two calls tell how many came in between; None where it
        cannot count.
        """
        ...

    def close(self) -> None:
        """Nothing is under way any more."""
        ...
