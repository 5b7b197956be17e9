"""Basic authentication (RFC 7617): a name and its secret with each request."""

from base64 import b64decode
from binascii import Error

from dragoman.doors.shared.rest.call import Call


def principal_of(call: Call, credentials: bytes) -> str | None:
    """Who the credentials behind `Basic` prove to be; None nobody, also where they cannot be read."""
    try:
        name, colon, secret = b64decode(credentials, validate=True).partition(b":")
        user = name.decode()
    except (Error, ValueError):
        return None
    return call.session.node().authenticate(user, secret) if colon else None
