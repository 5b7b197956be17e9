"""A task as a message of its queue, and any message of a queue as a request.

    HttpRequest                     message
    body                            body
    Content-Type, -Encoding         content_type, content_encoding
    other headers                   headers, all of them text
    task name                       id, dedup
    schedule_time                   deliver_at
    create_time                     created_at
    url, method, deadline, ..       rest["cloudtasks"], for the dispatch: `Way`

A message that another protocol brought goes to the queue's own target (`Queue.http_target`), as POST with those of its
headers that HTTP can say.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from dragoman.doors.cloudtasks.names import PROTOCOL
from dragoman.formats import canonical
from dragoman.formats.values import text_of
from dragoman.model.message import Message

DEADLINE_MS: Final = 600_000
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?", re.ASCII)
_TARGET: Final = re.compile(r"[!-~]{0,2083}", re.ASCII)
_TAKEN: Final = frozenset(
    ("host", "content-length", "connection", "transfer-encoding", "user-agent")
)
_OWN: Final = ("x-cloudtasks-", "x-google-", "x-appengine-")
_FIELDS: Final = (("Content-Type", "content_type"), ("Content-Encoding", "content_encoding"))


class Token(msgspec.Struct, omit_defaults=True):
    """What a request shows of who sends it: an OIDC token for an audience, or an OAuth token with a scope (`what`)."""

    email: str
    what: str = ""
    is_oauth: bool = False


class Way(msgspec.Struct, omit_defaults=True):
    """Where a task goes, beside what the message says.

    retry    its own retry configuration as text
    queue    the namespace and queue that it was made in: its message is another queue's elsewhere
    task     what it is called there; empty: by its place
    made_ms  when it was made there, wall time
    service  of an App Engine target: its name, version and the URL that is relative to it
    """

    url: str
    method: int = 1
    deadline_ms: int = DEADLINE_MS
    retry: str = ""
    queue: tuple[str, str] = ("", "")
    task: str = ""
    made_ms: int = 0
    token: Token | None = None
    service: tuple[str, str, str] | None = None


def is_header(name: str, value: str) -> bool:
    """Whether a request may carry it."""
    return bool(_TOKEN.fullmatch(name) and _VALUE.fullmatch(value))


def is_host(text: str) -> bool:
    """Whether it can stand for a host in a URL."""
    return bool(_HOST.fullmatch(text))


def is_target(text: str) -> bool:
    """Whether it can stand in a URL behind the host."""
    return bool(_TARGET.fullmatch(text))


def is_settable(name: str) -> bool:
    """Whether it is the task's to say, not ours."""
    low = name.lower()
    return low not in _TAKEN and not low.startswith(_OWN)


def message_of(body: bytes, headers: Mapping[str, str], way: Way, due_ms: int) -> Message:
    """A task as a message."""
    message = Message(body)
    said = {name: value for name, value in headers.items() if is_settable(name)}
    for name, field in _FIELDS:
        setattr(message, field, _take(said, name))
    message.headers = list(said.items())
    message.created_at_ms = way.made_ms
    message.deliver_at_ms = due_ms
    if way.task:
        message.id = message.dedup = way.task
    message.rest = {PROTOCOL: msgspec.json.encode(way)}
    return message


def entry_of(message: Message, way: Way | None = None) -> bytes:
    """The message in stored form; `way`: going this way from now on."""
    if way is not None:
        message.rest = (message.rest or {}) | {PROTOCOL: msgspec.json.encode(way)}
    return canonical.encode(message)


def _take(headers: dict[str, str], wanted: str) -> str | None:
    for name in headers:
        if name.lower() == wanted.lower():
            return headers.pop(name)
    return None


def way_of(message: Message) -> Way | None:
    """What a task said of where it goes; None of any other message."""
    raw = (message.rest or {}).get(PROTOCOL)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Way)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def headers_of(message: Message) -> Sequence[tuple[str, str]]:
    """What of a message can be said in HTTP, each name once."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in _FIELDS:
        value = getattr(message, field)
        if value is not None and is_header(name, value):
            found[name.lower()] = (name, value)
    for name, typed in message.headers:
        raw = text_of(typed)
        value = None if raw is None else raw.decode("latin-1")
        if value is not None and is_header(name, value) and is_settable(name):
            found.setdefault(name.lower(), (name, value))
    return list(found.values())
