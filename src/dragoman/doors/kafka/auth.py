"""SASL: who a client is, by one of three ways.

    PLAIN         a user of the configuration, or made by tools; Event Hubs' clients say `$ConnectionString` and the
                  string as password
    SCRAM         users that clients have made
    OAUTHBEARER   who shows a token that a key of the operator's set has signed

A login that has an end is proved anew on the same connection (KIP-368); else the connection ends with the next request
behind it.

A refusal is answered late, since clients come back at once: REFUSAL_DELAY_MS, as Kafka does. The operator is told.
"""

from typing import Any, Final, NamedTuple

from dragoman.doors.kafka import scramusers
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.doors.shared import users
from dragoman.doors.shared.guessing import tell_failed
from dragoman.doors.shared.notyet import NotYet
from dragoman.model.levels import APPLIED
from dragoman.security.scram import HASHES
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

PLAIN: Final = "PLAIN"
OAUTHBEARER: Final = "OAUTHBEARER"
MECHANISMS: Final = (PLAIN, *HASHES, OAUTHBEARER)
REFUSED_TOKEN: Final = b'{"status":"invalid_token"}'
REFUSAL_DELAY_MS: Final = 100  # connection.failed.authentication.delay.ms
CONNECTION_STRING: Final = "$ConnectionString"
LENGTH_BYTES: Final = 4  # before a token that comes as it is
PARTS: Final = 3  # authorization id, user, password (RFC 4616)
_USER_FIELD: Final = "SharedAccessKeyName="
_KEY_FIELD: Final = "SharedAccessKey="


class Attempt:
    """A client's bytes that are not answered yet: its password is looked at, or it was refused and is told so late."""

    __slots__ = ("_is_refused", "_request", "_talk", "_token", "deadline_ms")

    def __init__(self, talk: Talk, request: Request | None, token: bytes) -> None:
        """Without a request the token came as it is, after a handshake of version 0, and so is the answer."""
        self._talk = talk
        self._request = request
        self._token = token
        self._is_refused = False
        self.deadline_ms: int | None = None

    def look(self) -> bool:
        """Judge, and answer unless the answer comes late; once it is refused nothing but time ends it."""
        if self._is_refused:
            return False
        talk = self._talk
        try:
            proof = _judged(talk, self._token)
        except NotYet:
            return False
        is_another = talk.proved and proof.principal not in (None, talk.principal)
        if is_another or (proof.principal is None and not proof.said):
            self._is_refused = True  # nobody becomes another (KIP-368)
            tell_failed(talk.session, talk.connection, talk.mechanism, talk.claimed)
            self.deadline_ms = talk.session.elapsed_ms() + REFUSAL_DELAY_MS
            return False
        lifetime_ms = 0 if proof.principal is None else _begin(talk, proof)
        if self._request is None:
            talk.is_raw = proof.principal is None
            talk.send(0, APPLIED, [len(proof.said).to_bytes(LENGTH_BYTES, "big") + proof.said])
        else:
            talk.answer(self._request, _answer(0, None, proof.said, lifetime_ms))
        return True

    def expire(self) -> None:
        """Say that it is refused, where there are words for it, then close."""
        code = ErrorCode.SASL_AUTHENTICATION_FAILED
        if self._request is not None:
            self._talk.answer(self._request, _answer(code, code.message, b"", 0))
        self._talk.is_closing = True

    def answered(self, ticket: int, result: object) -> bool:
        """It waits for no ticket."""
        return False


def _answer(code: int, message: str | None, said: bytes, lifetime_ms: int) -> Message:
    return {
        "error_code": code,
        "error_message": message,
        "auth_bytes": said,
        "session_lifetime_ms": lifetime_ms,
    }


def serve_handshake(talk: Talk, request: Request, message: Message) -> Message:
    """SaslHandshake. After version 0 tokens follow as they are, with their length before them, until it is over."""
    wanted = message["mechanism"]
    code = 0
    if wanted not in MECHANISMS:
        code = ErrorCode.UNSUPPORTED_SASL_MECHANISM
    elif talk.proved and wanted != talk.proved:
        code = ErrorCode.ILLEGAL_SASL_STATE  # who proves it anew does so as before (KIP-368)
    else:
        talk.mechanism = wanted
        talk.exchange = None
        talk.claimed = ""
        talk.is_raw = request.version == 0
    return {"error_code": code, "mechanisms": list(MECHANISMS)}


def serve_authenticate(talk: Talk, request: Request, message: Message) -> Message | None:
    """SaslAuthenticate."""
    if not talk.mechanism:
        code = ErrorCode.ILLEGAL_SASL_STATE
        return _answer(code, code.message, b"", 0)
    _attempt(talk, request, bytes(message["auth_bytes"]))
    return None


def serve_token(talk: Talk, token: bytes) -> None:
    """A token as it is, in the place of a request."""
    _attempt(talk, None, token)


def _attempt(talk: Talk, request: Request | None, token: bytes) -> None:
    attempt = Attempt(talk, request, token)
    if not attempt.look():
        talk.park(attempt)


class Proof(NamedTuple):
    """What came of a client's bytes: who it is, or what it is told first; neither, it has failed."""

    principal: str | None
    said: bytes = b""
    until_ms: int | None = None  # wall time, where what was shown has an end


def _judged(talk: Talk, token: bytes) -> Proof:
    """Raises NotYet."""
    if talk.mechanism == PLAIN:
        return Proof(_principal(talk, token))
    if talk.mechanism == OAUTHBEARER:
        return _bearer(talk, token)
    return Proof(*scramusers.answer(talk, token))


def _begin(talk: Talk, proof: Proof) -> int:
    """The client is who it says; for how long, 0 without an end (KIP-368)."""
    assert proof.principal is not None
    session = talk.session
    talk.log_in(proof.principal)
    talk.proved = talk.mechanism
    ends = [] if proof.until_ms is None else [max(proof.until_ms - session.wall_ms(), 1)]
    most_ms = session.node().reauthenticate_ms
    if most_ms:
        ends.append(most_ms)
    lifetime_ms = min(ends, default=0)
    talk.until_ms = session.elapsed_ms() + lifetime_ms if lifetime_ms else None
    return lifetime_ms


def _bearer(talk: Talk, message: bytes) -> Proof:
    """A client's first message (RFC 7628, section 3.1): `n,a=NAME,` and fields between ^A. One whose token is not good
    is told so in JSON, says ^A, and is refused then (section 3.2.3).
    """
    if talk.exchange is not None:
        return Proof(None)
    fields = message.split(b"\x01")
    token = ""
    for field in fields[1:]:
        name, _, value = field.partition(b"=")
        scheme, _, rest = value.partition(b" ")
        if name == b"auth" and scheme.lower() == b"bearer":
            token = rest.strip().decode("ascii", "replace")
    found = talk.session.node().bearer(token, talk.session.wall_ms()) if token else None
    claimed = fields[0].split(b",")[1:2] if fields[0].count(b",") == 2 else [b"?"]
    talk.claimed = claimed[0].removeprefix(b"a=").decode("utf-8", "replace")
    if found is None or (claimed[0] and claimed[0] != b"a=" + found[0].encode()):
        talk.exchange = REFUSED_TOKEN
        return Proof(None, REFUSED_TOKEN)
    return Proof(found[0], b"", found[1])


def _principal(talk: Talk, token: bytes) -> str | None:
    """Who the credentials are of; None when they are wrong. Raises NotYet."""
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
    talk.claimed = user
    return users.authenticate(talk.session, user, password)


def _connection_string(text: str) -> tuple[str, bytes]:
    """Key name and key of `Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...`."""
    user, key = "", b""
    for field in text.split(";"):
        if field.startswith(_USER_FIELD):
            user = field[len(_USER_FIELD) :]
        elif field.startswith(_KEY_FIELD):
            key = field[len(_KEY_FIELD) :].encode()
    return user, key
