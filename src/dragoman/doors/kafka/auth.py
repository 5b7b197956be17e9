"""SASL: SCRAM for users that clients have made, and PLAIN for those of the configuration, also as Event Hubs' clients
speak it, with the user `$ConnectionString` and the string as password.

A refusal is answered late, since clients come back at once: REFUSAL_DELAY_MS, as Kafka does.
"""

from typing import Any, Final

from dragoman.doors.kafka import scramusers
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.security.scram import HASHES
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

PLAIN: Final = "PLAIN"
MECHANISMS: Final = (PLAIN, *HASHES)
REFUSAL_DELAY_MS: Final = 100  # connection.failed.authentication.delay.ms
CONNECTION_STRING: Final = "$ConnectionString"
PARTS: Final = 3  # authorization id, user, password (RFC 4616)
_USER_FIELD: Final = "SharedAccessKeyName="
_KEY_FIELD: Final = "SharedAccessKey="


class Refusal:
    """A failed authentication, to be answered when its time has come; the connection ends with it."""

    __slots__ = ("_message", "_request", "_talk", "deadline_ms")

    def __init__(self, talk: Talk, request: Request, message: Message) -> None:
        self._talk = talk
        self._request = request
        self._message = message
        self.deadline_ms: int | None = talk.session.elapsed_ms() + REFUSAL_DELAY_MS

    def look(self) -> bool:
        """Nothing but time ends it."""
        return False

    def expire(self) -> None:
        """Say it, then close."""
        self._talk.answer(self._request, self._message)
        self._talk.is_closing = True

    def answered(self, ticket: int, result: object) -> bool:
        """It waits for no ticket."""
        return False


def serve_handshake(talk: Talk, request: Request, message: Message) -> Message:
    """SaslHandshake. Version 0 would go on with bytes in no frame: what follows must be framed here too."""
    if message["mechanism"] not in MECHANISMS:
        code = ErrorCode.UNSUPPORTED_SASL_MECHANISM
        return {"error_code": code, "mechanisms": list(MECHANISMS)}
    talk.mechanism = message["mechanism"]
    talk.exchange = None
    return {"error_code": 0, "mechanisms": list(MECHANISMS)}


def serve_authenticate(talk: Talk, request: Request, message: Message) -> Message | None:
    """SaslAuthenticate."""
    if not talk.mechanism:
        code = ErrorCode.ILLEGAL_SASL_STATE
        return {"error_code": code, "error_message": code.message, "auth_bytes": b""}
    token = bytes(message["auth_bytes"])
    if talk.mechanism == PLAIN:
        principal, said = _principal(talk, token), b""
    else:
        principal, said = scramusers.answer(talk, token)
    if principal is None and not said:
        code = ErrorCode.SASL_AUTHENTICATION_FAILED
        refusal = {"error_code": code, "error_message": code.message, "auth_bytes": b""}
        talk.park(Refusal(talk, request, refusal))
        return None
    if principal is not None:
        talk.log_in(principal)
    return {"error_code": 0, "error_message": None, "auth_bytes": said}


def _principal(talk: Talk, token: bytes) -> str | None:
    """Who the credentials are of; None when they are wrong."""
    parts = token.split(b"\0")
    if len(parts) != PARTS:
        return None
    try:
        user = parts[1].decode()
        password = parts[2]
        if user == CONNECTION_STRING:
            user, password = _connection_string(password.decode())
    except UnicodeDecodeError:
        return None
    return talk.session.node().authenticate(user, password)


def _connection_string(text: str) -> tuple[str, bytes]:
    """Key name and key of `Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...`."""
    user, key = "", b""
    for field in text.split(";"):
        if field.startswith(_USER_FIELD):
            user = field[len(_USER_FIELD) :]
        elif field.startswith(_KEY_FIELD):
            key = field[len(_KEY_FIELD) :].encode()
    return user, key
