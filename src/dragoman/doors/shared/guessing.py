"""Whoever shows a secret may be guessing: an address that has shown too many wrong ones is not listened to for a while.

The count is the broker's, of all doors together (`Node.guesses`): who guesses at one has guessed at all.
"""

from collections.abc import Callable

from dragoman.kernel.api import Connection, Session


def limited(
    session: Session, connection: Connection, prove: Callable[[], str | None]
) -> str | None:
    """Who `prove` says it is; None nobody. Asked by an address that has guessed too often, it is not asked."""
    guesses = session.node().guesses
    host, now_ms = connection.peer[0], session.elapsed_ms()
    if not guesses.may_try(host, now_ms):
        return None
    who = prove()
    if who is None:
        guesses.failed(host, now_ms)
    return who
