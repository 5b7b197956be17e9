"""What a client's token opens. An address that shows too many bad ones is refused for a while.

SharedAccessSignature ...    what its resource names, in the name of the key that has signed it
a JWT, also behind Bearer    whatever its principal may use, if a key of `[security] oauth_keys` has signed it
"""

from collections.abc import Callable

from dragoman.doors.shared.guessing import tell_failed
from dragoman.kernel.api import Connection, Session
from dragoman.security.sharedaccess import SCHEME, Grant, TokenRefused, read_token, signer_of

MECHANISM = "SAS"
BEARER = "Bearer "
TOO_MANY = "too many attempts have failed from this address; wait"


def grant_of(
    session: Session, connection: Connection, token: str, opens: Callable[[str], bool]
) -> Grant:
    """The grant; of a signature, if `opens` says that its resource is what is wanted. Raises TokenRefused."""
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
    node, now_ms = session.node(), session.wall_ms()
    if not token.startswith(SCHEME):
        found = node.bearer(token.removeprefix(BEARER), now_ms)
        if found is None:
            raise TokenRefused(
                "neither a shared access signature nor a token that a known key signed"
            )
        return Grant(found[0], "", found[1])
    grant = read_token(token, node.secret, now_ms)
    if not opens(grant.resource):
        raise TokenRefused("the token is for another resource")
    return grant
