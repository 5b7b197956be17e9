"""Whoever shows a secret may be guessing: an address that has shown too many wrong ones is not listened to for a while,
and the operator is told.

The count is the broker's, of all doors together (`Node.guesses`): who guesses at one has guessed at all.
"""

from collections.abc import Callable

from dragoman.kernel.api import Connection, Session


def limited(
    session: Session,
    connection: Connection,
    mechanism: str,
    user: str,
    prove: Callable[[], str | None],
) -> str | None:
    """Who `prove` says it is; None nobody. Asked by an address that has guessed too often, it is not asked. `user` is
    who the client says it is, where it does.
    """
    guesses = session.node().guesses
    host, now_ms = connection.peer[0], session.elapsed_ms()
    may_try = guesses.may_try(host, now_ms)
    who = prove() if may_try else None
    if who is None:
        if may_try:
            guesses.failed(host, now_ms)
        tell_failed(session, connection, mechanism, user)
    return who


def tell_failed(session: Session, connection: Connection, mechanism: str, user: str) -> None:
    """The operator is told of a login that has failed, if it is time."""
    session.node().login_failed(mechanism, user, connection, session.elapsed_ms())
