"""Who may call: anybody until keys are configured; then whoever shows a key. Guessing is limited by address.

authorization: Bearer NAME:SECRET      credentials with a token, over TLS
authorization: Bearer TOKEN            one that a key of `[security] oauth_keys` has signed
x-goog-api-key: NAME:SECRET            the client option `api_key`
"""

import hmac
from contextlib import AbstractContextManager
from typing import Final

from dragoman.doors.shared.asbroker import as_broker
from dragoman.doors.shared.grpc.call import Call, Status
from dragoman.doors.shared.guessing import limited
from dragoman.wire.grpc.codes import UNAUTHENTICATED

_BEARER: Final = b"Bearer "


def by_broker(call: Call) -> AbstractContextManager[None]:
    """Within, the door acts for itself: see `doors.shared.asbroker`."""
    return as_broker(call.session, call.principal, call.connection.peer[0])


def check_access(call: Call) -> None:
    """Raises Status."""
    if call.session.node().is_open():
        return
    said = call.header(b"x-goog-api-key") or b""
    bearer = call.header(b"authorization") or b""
    if not said and bearer.startswith(_BEARER):
        said = bearer[len(_BEARER) :]
    who = _limited(call, said) if said else None
    if who is None:
        raise Status(
            UNAUTHENTICATED,
            "Request had invalid authentication credentials. Expected a key as NAME:SECRET, in x-goog-api-key or as a"
            " bearer token.",
        )
    call.principal = who
    call.speak()


def _limited(call: Call, said: bytes) -> str | None:
    name, colon, _ = said.decode("latin-1").partition(":")  # of a token nothing is told
    user = name if colon else ""
    return limited(call.session, call.connection, "Bearer", user, lambda: _proved(call, said))


def _proved(call: Call, said: bytes) -> str | None:
    node = call.session.node()
    text, colon, secret = said.partition(b":")
    name = text.decode("latin-1")
    if not colon:
        found = node.bearer(name, call.session.wall_ms())
        return None if found is None else found[0]
    known = node.secret(name)
    return name if known is not None and hmac.compare_digest(known, secret) else None
