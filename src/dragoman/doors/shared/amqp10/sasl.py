"""Who a client says it is (part 5, section 5.3). No credentials are judged here but by the node.

PLAIN        authzid NUL user NUL password (RFC 4616): a user of the broker, or a key's name and secret
ANONYMOUS    nobody; a client without SASL is nobody, too
MSSBCBS      nobody yet: claims come through `$cbs`
EXTERNAL     whom the client's certificate names (`Connection.certified`); without one nobody
"""

from typing import Final

from dragoman.doors.shared import users
from dragoman.doors.shared.guessing import limited, tell_failed
from dragoman.kernel.api import Connection, Session
from dragoman.wire.amqp10.performatives import SaslInit

NOBODY: Final = frozenset(("ANONYMOUS", "MSSBCBS"))


class LoginRefused(Exception):
    """The client is not who it says."""


def principal_of(init: SaslInit, session: Session, connection: Connection) -> str | None:
    """Who it is; None is nobody, who may claim more later. Raises LoginRefused, and NotYet."""
    if init.mechanism in NOBODY:
        return None
    if init.mechanism == "EXTERNAL":
        return connection.certified or None
    parts = (init.initial_response or b"").split(b"\0")
    if init.mechanism != "PLAIN" or len(parts) != 3:
        tell_failed(session, connection, init.mechanism, "")
        raise LoginRefused(init.mechanism)
    user, password = parts[1].decode(errors="replace"), parts[2]
    found = limited(
        session, connection, "PLAIN", user, lambda: users.authenticate(session, user, password)
    )
    if found is None:
        raise LoginRefused(init.mechanism)
    return found
