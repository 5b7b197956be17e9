"""Who may ask: a user by name and password, or a program by the token of a key. Anybody while nothing is configured,
which `serve` allows on loopback only.

    Authorization: Basic base64(name:secret)      a user of [users], or a key of [keys] by its name
    Authorization: Bearer SECRET                  a key of [keys], whichever it is

Guessing is limited by address. A page of another origin may not ask through somebody's browser, whatever credentials
that adds (or needs none).
"""

import hmac
from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.guessing import limited
from dragoman.doors.shared.rest.basic import principal_of
from dragoman.doors.shared.rest.call import Call, Response
from dragoman.doors.shared.rest.problem import problem

CHALLENGE: Final = ((b"www-authenticate", b'Basic realm="dragoman", Bearer'),)


class Unauthorized(Exception):
    """No credentials, or wrong ones."""


class ForeignOrigin(Exception):
    """A browser asks for a page that is not ours."""


class Access:
    """Checks requests against what the operator configured; `keys` is by name."""

    def __init__(self, keys: Mapping[str, str], *, is_open: bool) -> None:
        self._keys = {name: secret.encode() for name, secret in keys.items()}
        self._is_open = is_open

    def check(self, call: Call) -> str:
        """The name of who asks. Raises Unauthorized, ForeignOrigin."""
        _check_origin(call)
        if self._is_open:
            return ""
        scheme, _, value = (call.request.header(b"authorization") or b"").partition(b" ")
        kind = scheme.lower()
        who = None
        if kind == b"basic":
            who = principal_of(call, value)
        elif kind == b"bearer":
            token = value.strip()
            who = limited(call.session, call.connection, "Bearer", "", lambda: self._bearer(token))
        if who is None:
            raise Unauthorized
        return who

    def _bearer(self, token: bytes) -> str | None:
        """Every key is compared, so that the time taken tells nothing."""
        found = None
        for name, secret in self._keys.items():
            if hmac.compare_digest(secret, token):
                found = name
        return found


def is_local(host: str) -> bool:
    """Whether who asks is on this machine; an empty address is a test's, in memory."""
    return host in {"", "localhost", "::1", "::ffff:127.0.0.1"} or host.startswith("127.")


def _check_origin(call: Call) -> None:
    """Programs send none; browsers do, but for plain reads of their own page."""
    origin = call.request.header(b"origin")
    if origin is not None and origin.rpartition(b"//")[2] != call.request.header(b"host"):
        raise ForeignOrigin


def refused(error: Exception) -> Response | None:
    """What `check` raises as an answer: 401 with what would be taken, 403; None for any other error."""
    if isinstance(error, Unauthorized):
        return problem(401, "unauthorized", "a user's name and password, or a key", CHALLENGE)
    if isinstance(error, ForeignOrigin):
        return problem(403, "foreign-origin", "a page of another origin may not ask")
    return None
