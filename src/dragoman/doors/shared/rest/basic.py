"""Basic authentication (RFC 7617): a name and its secret with each request. Guessing is limited by address."""

from base64 import b64decode
from binascii import Error

from dragoman.doors.shared import users
from dragoman.doors.shared.guessing import limited
from dragoman.doors.shared.rest.call import Call


def principal_of(call: Call, credentials: bytes) -> str | None:
    """Who the credentials behind `Basic` prove to be; None nobody, also where they cannot be read, or where their
    address has shown too many that were wrong. Raises NotYet.
    """
    try:
        name, colon, secret = b64decode(credentials, validate=True).partition(b":")
        user = name.decode()
    except (Error, ValueError):
        return None
    if not colon:
        return None
    session = call.session
    return limited(
        session, call.connection, "Basic", user, lambda: users.authenticate(session, user, secret)
    )
