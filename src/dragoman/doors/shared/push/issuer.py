"""Tokens that tell a target who calls it: the broker's own issuer, for every service that pushes with tokens. Cold.

    identity token   OpenID Connect: iss, aud, azp, sub, email, email_verified, iat, exp       `id_token`
    access token     the same without audience, with a scope                                  `access_token`

The key is a document, made when the first token is asked for, so that it outlives the process and targets may keep what
they know of it. A token is signed once and used until it is soon over. Who checks tokens finds the key at the
addresses of `certs`. Nothing here asks whether a service account may be named: nobody else has any.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.api import NO_VERSION, Document, GetDocument, PutDocument, Session
from dragoman.model.errors import DocumentNotFound

if TYPE_CHECKING:
    from dragoman.security.jwt import SigningKey

KIND: Final = "issuer.key"
NAME: Final = "1"
LIFE_S: Final = 3_600
RENEWED_S: Final = 600  # before a token is over, so that whoever gets it has some time left
TOKENS_MAX: Final = 4_096  # remembered
SUBJECT_DIGITS: Final = 21


class Issuer:
    """Signs tokens; remembers the key, and those that still last."""

    def __init__(self) -> None:
        self._key: SigningKey | None = None
        self._of: Document | None = None  # whose key it is
        self._tokens: dict[
            tuple[str, str, str], tuple[int, str]
        ] = {}  # with the time they last to, s

    def key(self, session: Session) -> "tuple[SigningKey, Document]":
        """The key and the document that holds it; both are made where there are none. Raises KernelError."""
        from dragoman.security.jwt import SigningKey, make_key  # noqa: PLC0415 - most never sign

        try:
            document: Document = session.submit(GetDocument(kind=KIND, name=NAME))
        except DocumentNotFound:
            put = PutDocument(kind=KIND, name=NAME, body=make_key(), expected=NO_VERSION)
            document = session.submit(put)
        if self._key is None or self._of is not document:
            self._tokens.clear()
            self._key, self._of = SigningKey(document.body), document
        return self._key, document

    def id_token(self, session: Session, email: str, audience: str) -> str:
        """Tells `audience` that the service account `email` calls. Raises KernelError."""
        return self._token(session, "id", email, {"aud": audience})

    def access_token(self, session: Session, email: str, scope: str) -> str:
        """Lets its bearer act as the service account `email`, as far as `scope` goes. Raises KernelError."""
        return self._token(session, "access", email, {"scope": scope})

    def _token(self, session: Session, kind: str, email: str, more: Mapping[str, str]) -> str:
        key, _ = self.key(session)
        (what,) = more.values()
        now_s = session.wall_ms() // 1000
        issuer = session.node().issuer
        known = self._tokens.get((kind, email, what))
        if known is not None and now_s < known[0] - RENEWED_S:
            return known[1]
        claims: dict[str, Any] = {
            "iss": issuer,
            **more,
            "azp": subject_of(email),
            "sub": subject_of(email),
            "email": email,
            "email_verified": True,
            "iat": now_s,
            "exp": now_s + LIFE_S,
        }
        if len(self._tokens) >= TOKENS_MAX:
            self._tokens.clear()
        token = key.sign(claims)
        self._tokens[kind, email, what] = (now_s + LIFE_S, token)
        return token


def subject_of(email: str) -> str:
    """The number of a service account: as long as Google's, and the same for the same account everywhere."""
    number = int.from_bytes(sha256(email.encode()).digest()[:16], "big")
    low = 10 ** (SUBJECT_DIGITS - 1)
    return str(low + number % (9 * low))
