"""What a client's shared access signature opens. An address that shows too many bad ones is refused for a while."""

from collections.abc import Callable

from dragoman.doors.shared.guessing import tell_failed
from dragoman.kernel.api import Connection, Session
from dragoman.security.sharedaccess import Grant, TokenRefused, read_token, signer_of

MECHANISM = "SAS"
TOO_MANY = "too many attempts have failed from this address; wait"


def grant_of(
    session: Session, connection: Connection, token: str, opens: Callable[[str], bool]
) -> Grant:
    """The grant, if `opens` says that its resource is what is wanted. Raises TokenRefused."""
    node, host, now_ms = session.node(), connection.peer[0], session.elapsed_ms()
    if not node.guesses.may_try(host, now_ms):
        tell_failed(session, connection, MECHANISM, signer_of(token))
        raise TokenRefused(TOO_MANY)
    try:
        return _read(session, token, opens)
    except TokenRefused:
        if token:
            node.guesses.failed(host, now_ms)
            tell_failed(session, connection, MECHANISM, signer_of(token))
        raise


def _read(session: Session, token: str, opens: Callable[[str], bool]) -> Grant:
    """Raises TokenRefused."""
    grant = read_token(token, session.node().secret, session.wall_ms())
    if not opens(grant.resource):
        raise TokenRefused("the token is for another resource")
    return grant
