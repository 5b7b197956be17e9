"""Users that clients and tools have made: one store for all protocols. Those of the configuration are not among them.

    user -> password     for whoever shows it: PLAIN of every protocol, HTTP Basic
            scram        for those who prove that they know it (Kafka), by mechanism
            tags         of RabbitMQ's: what the management API is open to them for

Kept as documents of the default namespace, changed by whoever may alter that namespace. A user that is kept must show
its password even while anybody else is who they say.
"""

import hmac
from typing import Final

import msgspec

from dragoman.doors.shared.notyet import NotYet
from dragoman.kernel.api import (
    ALTER,
    ANY,
    DEFAULT_NAMESPACE,
    NAMESPACE,
    ROUTE,
    STREAM,
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    Need,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound, QuotaExceeded
from dragoman.security.passwords import SALT_BYTES, hash_password, is_password
from dragoman.security.scram import Credential

KIND: Final = "user"  # of the documents: one per user, by name
TAKES: Final = Need(DEFAULT_NAMESPACE, NAMESPACE, "", ALTER)


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one. `password` as `security.passwords` has it; empty: none opens."""

    password: str = ""
    tags: tuple[str, ...] = ()
    scram: dict[str, Credential] = msgspec.field(default_factory=dict)


_decode: Final = msgspec.json.Decoder(User).decode


def find(session: Session, name: str) -> User | None:
    """None when there is none of that name."""
    if not name:
        return None
    try:
        document: Document = session.submit(GetDocument(kind=KIND, name=name))
    except DocumentNotFound:
        return None
    return _decode(document.body)


def found_made(session: Session, name: str) -> User | None:
    """As `find`, but for names that the configuration has."""
    return None if session.node().knows(name) else find(session, name)


def admits(session: Session, namespace: str, user: str) -> bool:
    """Whether RabbitMQ's doors let a user into the virtual host that is that namespace: who may do nothing there at all
    may not. One that tools have made must have been permitted something even while the namespace is not guarded;
    anybody else may come in then.
    """
    if not session.is_guarded(namespace):
        return found_made(session, user) is None
    return any(session.may_anywhere(Need(namespace, kind, "", ANY)) for kind in (STREAM, ROUTE))


def all_of(session: Session) -> dict[str, User]:
    """By name."""
    found: list[Document] = session.submit(ListDocuments(kind=KIND))
    return {document.name: _decode(document.body) for document in found}


def put(session: Session, name: str, user: User) -> None:
    """Make or change one. Raises KernelError."""
    body = msgspec.json.encode(user)
    session.submit(PutDocument(kind=KIND, name=name, body=body, takes=TAKES))


def delete(session: Session, name: str) -> None:
    """Raises DocumentNotFound and other KernelErrors."""
    session.submit(DeleteDocument(kind=KIND, name=name, takes=TAKES))


# --- passwords ---


def authenticate(session: Session, name: str, password: bytes) -> str | None:
    """The principal that shows this password, or None: a user that is kept, or one of the configuration, which goes
    before. Raises NotYet.
    """
    user = found_made(session, name)
    if user is None:
        return session.node().authenticate(name, password)
    return name if _opens(session, user.password, password) else None


def _opens(session: Session, kept: str, password: bytes) -> bool:
    if not kept or not password:
        return False
    try:
        found = session.aside(
            _key(session, kept.encode(), password), lambda: is_password(kept, password)
        )
    except QuotaExceeded:
        return False
    if found is None:
        raise NotYet
    return bool(found)


def hashed(session: Session, name: str, password: bytes) -> str:
    """What to keep of a user's new password. Raises NotYet, and QuotaExceeded while too many are hashed."""
    salt = session.token(SALT_BYTES)
    key = _key(session, f"of {name}".encode(), password)
    found = session.aside(key, lambda: hash_password(password, salt))
    if found is None:
        raise NotYet
    return str(found)


def _key(session: Session, about: bytes, password: bytes) -> bytes:
    """Names the work without saying the password."""
    size = len(about).to_bytes(4, "big")
    return hmac.digest(session.secret("passwords"), size + about + password, "sha256")
