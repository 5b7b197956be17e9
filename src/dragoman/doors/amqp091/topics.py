"""Topic permissions: which keys of a topic exchange a user may publish with (write) and bind by (read). Cold.

    a user without any for an exchange          every key, as far as the exchange itself may be used
    `{username}`, `{vhost}` in a pattern        stand for the user and the virtual host

A pattern finds a key when it matches any part of it. They are documents of the virtual host's namespace, put and
deleted by the management API, which then has every connection forget what it knows of them.
"""

import re
from typing import Final, Protocol
from urllib.parse import quote

import msgspec

from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.kernel.api import DeleteDocument, Document, ListDocuments, PutDocument, Session

KIND: Final = "amqp091.topic-permission"  # of their documents, named USER/EXCHANGE
TOPIC: Final = "topic"  # the kind of exchange they are about
WRITE: Final = "write"
READ: Final = "read"
PATTERN_CHARS_MAX: Final = 1_000


class TopicPermission(msgspec.Struct, frozen=True):
    """What a user may do with an exchange's topics."""

    user: str
    exchange: str
    write: str
    read: str


class Asks(Protocol):
    """Whose topics they are: a connection whose virtual host is open."""

    session: Session
    namespace: str
    vhost: str
    principal: str


class Topics:
    """What one connection knows of its user's topic permissions."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, re.Pattern[str]]] | None = None  # by exchange, operation

    def forget(self) -> None:
        """They may have changed."""
        self._known = None

    def is_free(self, asks: Asks, exchange: str) -> bool:
        """Whether the user may use every key of the exchange."""
        if self._known is None:
            self._known = _patterns(asks)
        return exchange not in self._known

    def may(self, asks: Asks, exchange: str, key: str, operation: str) -> bool:
        """Whether the user may use the key."""
        if self.is_free(asks, exchange):
            return True
        assert self._known is not None
        return self._known[exchange][operation].search(key) is not None


def _patterns(asks: Asks) -> dict[str, dict[str, re.Pattern[str]]]:
    told = {"{username}": re.escape(asks.principal), "{vhost}": re.escape(asks.vhost)}

    def pattern(text: str) -> re.Pattern[str]:
        for word, meant in told.items():
            text = text.replace(word, meant)
        return re.compile(text or NOTHING)

    return {
        one.exchange: {WRITE: pattern(one.write), READ: pattern(one.read)}
        for one in all_of(asks.session, asks.namespace, asks.principal)
    }


NOTHING: Final = r"(?!)"  # an empty pattern finds no key


# --- the store ---


def all_of(session: Session, namespace: str, user: str = "") -> list[TopicPermission]:
    """Those of a user, or of all."""
    prefix = f"{quote(user, safe='')}/" if user else ""
    command = ListDocuments(namespace=namespace, kind=KIND, prefix=prefix)
    found: list[Document] = session.submit(command)
    return [msgspec.json.decode(one.body, type=TopicPermission) for one in found]


def put(session: Session, namespace: str, permission: TopicPermission) -> None:
    """Raises Refused (406) for what is no pattern, and KernelError."""
    for text in (permission.write, permission.read):
        check_pattern(text)
    body = msgspec.json.encode(permission)
    name = _name(permission)
    session.submit(PutDocument(namespace=namespace, kind=KIND, name=name, body=body))


def delete(session: Session, namespace: str, permission: TopicPermission) -> None:
    """Raises DocumentNotFound."""
    session.submit(DeleteDocument(namespace=namespace, kind=KIND, name=_name(permission)))


def _name(permission: TopicPermission) -> str:
    return f"{quote(permission.user, safe='')}/{permission.exchange}"


def check_pattern(text: str) -> None:
    """Raises Refused (406)."""
    try:
        if len(text) > PATTERN_CHARS_MAX:
            raise ValueError("too long")  # noqa: TRY301 - told like any other fault of it
        re.compile(text)
    except (re.error, ValueError, RecursionError) as error:
        raise Refused(PRECONDITION_FAILED, f"invalid_regexp: {text!r}: {error}") from error
