"""`$cbs`: a client of Service Bus or Event Hubs claims what it may use, by a token for an audience.

    servicebus.windows.net:sastoken   see `security.sharedaccess`
    jwt                               one that a key of `[security] oauth_keys` has signed: all its principal may use

Where no keys are configured every token is taken. A refusal keeps its client waiting: guessing takes its time.
"""

from typing import Final

from dragoman.doors.shared.amqp10.addresses import ADDRESS_CHARS_MAX, covers, host_of
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.doors.shared.amqp10.profile import Answer, Peer, Request
from dragoman.doors.shared.grants import grant_of
from dragoman.security.sharedaccess import TokenRefused
from dragoman.wire.amqp10.errors import UNAUTHORIZED_ACCESS
from dragoman.wire.amqp10.values import Int, Symbol

PATH: Final = "$cbs"
OPERATION: Final = "put-token"
JWT: Final = "jwt"
AUTH_FAILED: Final = "com.microsoft:auth-failed"
CLAIMS_MAX: Final = 5_000  # of one connection
ACCEPTED: Final = 202
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401


class Claims:
    """See `profile.Service`."""

    is_open = True

    def ask(self, peer: Peer, request: Request) -> Answer:
        """Take a token."""
        audience = request.application.get("name")
        token = request.body
        is_text = type(audience) is str and type(token) is str
        if request.application.get("operation") != OPERATION or not is_text:
            return _answer(BAD_REQUEST, "put-token with a name and a token")
        try:
            until_ms = expiry_of(peer, str(audience), str(token))
        except TokenRefused as error:
            answer = _answer(UNAUTHORIZED, str(error))
            is_jwt = request.application.get("type") == JWT
            condition = UNAUTHORIZED_ACCESS if is_jwt else AUTH_FAILED
            answer.application["error-condition"] = Symbol(condition)
            answer.delay_ms = FAILED_LOGIN_MS
            return answer
        if len(str(audience)) > ADDRESS_CHARS_MAX:
            return _answer(BAD_REQUEST, f"an audience has at most {ADDRESS_CHARS_MAX} characters")
        if len(peer.claims) >= CLAIMS_MAX and audience not in peer.claims:
            return _answer(BAD_REQUEST, f"a connection claims at most {CLAIMS_MAX} audiences")
        peer.claims[str(audience)] = until_ms
        return _answer(ACCEPTED, "Accepted")


def _answer(status: int, text: str) -> Answer:
    return Answer({"status-code": Int(status), "status-description": text})


def expiry_of(peer: Peer, audience: str, token: str) -> int:
    """Until when (wall ms) a token opens its audience; 0 for ever. Raises TokenRefused."""
    if peer.session.node().is_open():
        return 0
    host = host_of(audience)
    grant = grant_of(
        peer.session,
        peer.connection,
        token,
        lambda resource: covers(resource, audience) and host_of(resource) in {"", host},
    )
    if peer.principal is None:
        peer.speak_as(grant.key)
    return grant.until_ms
