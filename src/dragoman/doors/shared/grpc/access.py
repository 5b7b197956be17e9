"""Who may call: anybody until keys are configured; then whoever shows a key.

authorization: Bearer NAME:SECRET      credentials with a token, over TLS
x-goog-api-key: NAME:SECRET            the client option `api_key`
"""

import hmac
from typing import Final

from dragoman.doors.shared.grpc.call import Call, Status
from dragoman.wire.grpc.codes import UNAUTHENTICATED

_BEARER: Final = b"Bearer "


def check_access(call: Call) -> None:
    """Raises Status."""
    node = call.session.node()
    if node.is_open():
        return
    said = call.header(b"x-goog-api-key") or b""
    bearer = call.header(b"authorization") or b""
    if not said and bearer.startswith(_BEARER):
        said = bearer[len(_BEARER) :]
    name, _, secret = said.partition(b":")
    known = node.secret(name.decode("latin-1"))
    if known is None or not hmac.compare_digest(known, secret):
        raise Status(
            UNAUTHENTICATED,
            "Request had invalid authentication credentials. Expected a key as NAME:SECRET, in x-goog-api-key or as a"
            " bearer token.",
        )
    call.principal = name.decode("latin-1")
    call.speak()
