"""Who may administer: whoever holds a key, by a shared access signature for the namespace or the entity, or a token
that a key of the operator's has signed.

Where no keys are configured anybody may. Who is refused waits for the answer: guessing takes its time.
"""

from typing import Final
from urllib.parse import unquote

from dragoman.doors.servicebus.atom.errors import AtomError, refusal
from dragoman.doors.shared.amqp10.addresses import covers, is_of_host
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.doors.shared.grants import grant_of
from dragoman.doors.shared.rest.call import Call
from dragoman.doors.shared.rest.late import Late
from dragoman.security.sharedaccess import TokenRefused

UNAUTHORIZED: Final = 401
FORWARDING: Final = (
    b"servicebussupplementaryauthorization",
    b"servicebusdlqsupplementaryauthorization",
)
"""Tokens for the entities that another forwards to."""


def turned_away(call: Call) -> Late | None:
    """Whoever may not do what he asks."""
    node = call.session.node()
    if node.is_open():
        return None
    path = unquote(call.request.path.decode("latin-1"))
    token = call.request.header(b"authorization") or b""
    try:
        _check(call, token, path)
        for name in FORWARDING:
            more = call.request.header(name)
            if more is not None:
                _check(call, more, "")
    except TokenRefused as error:
        answer = refusal(AtomError(UNAUTHORIZED, f"SubCode=40100. Unauthorized. {error}."))
        return Late(answer, call.session.elapsed_ms() + FAILED_LOGIN_MS)
    return None


def _check(call: Call, token: bytes, path: str) -> None:
    """Raises TokenRefused."""
    host = call.request.header(b"host")
    grant = grant_of(
        call.session,
        call.connection,
        token.decode("latin-1"),
        lambda resource: (not path or covers(resource, path)) and is_of_host(resource, host),
    )
    call.session.act_as(grant.key, call.connection.peer[0])
