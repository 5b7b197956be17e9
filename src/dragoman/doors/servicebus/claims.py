r"""`$cbs`: a client claims what it may use, by a token for an audience.

    servicebus.windows.net:sastoken   SharedAccessSignature sr=URI&sig=HMAC-SHA256(key, sr + "\n" + se)&se=UNIX&skn=KEY
    jwt                               taken while nobody has to prove anything, else refused: nobody here can check it

Where no keys are configured every token is taken.
"""

import hmac
from base64 import b64encode
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from dragoman.doors.servicebus.errors import AUTH_FAILED
from dragoman.doors.shared.amqp10.addresses import covers
from dragoman.doors.shared.amqp10.profile import Answer, Peer, Request
from dragoman.wire.amqp10.values import Int, Symbol

PATH: Final = "$cbs"
OPERATION: Final = "put-token"
SCHEME: Final = "SharedAccessSignature "
CLAIMS_MAX: Final = 5_000  # of one connection
ACCEPTED: Final = 202
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401


class TokenRefused(Exception):
    """Why a token is not good."""


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
            return _answer(UNAUTHORIZED, str(error))
        if len(peer.claims) >= CLAIMS_MAX and audience not in peer.claims:
            return _answer(BAD_REQUEST, f"a connection claims at most {CLAIMS_MAX} audiences")
        peer.claims[str(audience)] = until_ms
        return _answer(ACCEPTED, "Accepted")


def _answer(status: int, text: str) -> Answer:
    said: dict[str, object] = {"status-code": Int(status), "status-description": text}
    if status == UNAUTHORIZED:
        said["error-condition"] = Symbol(AUTH_FAILED)
    return Answer(said)


def expiry_of(peer: Peer, audience: str, token: str) -> int:
    """Until when (wall ms) a token opens its audience; 0 for ever. Raises TokenRefused."""
    node = peer.session.node()
    if node.is_open():
        return 0
    if not token.startswith(SCHEME):
        raise TokenRefused("only shared access signatures can be checked here")
    parts = dict(parse_qsl(token[len(SCHEME) :], keep_blank_values=True))
    raw = dict(pair.partition("=")[::2] for pair in token[len(SCHEME) :].split("&"))
    resource, expires = raw.get("sr", ""), raw.get("se", "")
    secret = node.secret(parts.get("skn", ""))
    if secret is None or not expires.isdecimal() or len(expires) > 12:
        raise TokenRefused("no such key, or no time")
    digest = hmac.digest(secret, f"{resource}\n{expires}".encode(), "sha256")
    if not hmac.compare_digest(b64encode(digest), unquote_plus(raw.get("sig", "")).encode()):
        raise TokenRefused("the signature is not the key's")
    until_ms = int(expires) * 1_000
    if until_ms <= peer.session.wall_ms():
        raise TokenRefused("the token has expired")
    if not covers(unquote_plus(resource), audience):
        raise TokenRefused("the token is for another audience")
    return until_ms
