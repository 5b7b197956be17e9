"""A task as a message of its queue, and any message of a queue as a request.

    HttpRequest                     message
    body                            body
    Content-Type, -Encoding         content_type, content_encoding
    other headers                   headers, all of them text
    task name                       id, dedup
    schedule_time                   deliver_at
    create_time                     created_at
    url, method, deadline, ..       rest["cloudtasks"], for the dispatch

A message that another protocol brought goes to the queue's own target (`Queue.http_target`), as POST with those of its
headers that HTTP can say.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.cloudtasks.names import PROTOCOL
from dragoman.doors.cloudtasks.protos import METHODS, HttpRequest
from dragoman.formats import canonical
from dragoman.formats.values import text_of
from dragoman.model.message import Message

DEADLINE_MS: Final = 600_000
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*", re.ASCII)
_TAKEN: Final = frozenset(
    ("host", "content-length", "connection", "transfer-encoding", "user-agent")
)
_OWN: Final = ("x-cloudtasks-", "x-google-", "x-appengine-")
_FIELDS: Final = (("Content-Type", "content_type"), ("Content-Encoding", "content_encoding"))


class Way(msgspec.Struct, omit_defaults=True):
    """Where a task goes, beside what the message says. `retry` is its own retry configuration as text, `queue` the
    namespace and queue that it was made in: its message is another queue's elsewhere.
    """

    url: str
    method: int = 1
    deadline_ms: int = DEADLINE_MS
    retry: str = ""
    queue: tuple[str, str] = ("", "")


def is_header(name: str, value: str) -> bool:
    """Whether a request may carry it."""
    return bool(_TOKEN.fullmatch(name) and _VALUE.fullmatch(value))


def is_settable(name: str) -> bool:
    """Whether it is the task's to say, not ours."""
    low = name.lower()
    return low not in _TAKEN and not low.startswith(_OWN)


def entry_of(request: Any, id_: str, way: Way, created_ms: int, due_ms: int) -> bytes:
    """A task's HTTP request in stored form."""
    message = Message(request.body)
    headers = {name: value for name, value in request.headers.items() if is_settable(name)}
    for name, field in _FIELDS:
        setattr(message, field, _take(headers, name))
    message.headers = list(headers.items())
    message.id = message.dedup = id_
    message.created_at_ms = created_ms
    message.deliver_at_ms = due_ms
    message.rest = {PROTOCOL: msgspec.json.encode(way)}
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


def request_of(message: Message, way: Way) -> Any:
    """The message as an HttpRequest."""
    request = HttpRequest(url=way.url, http_method=way.method, body=message.body or b"")
    for name, value in headers_of(message):
        request.headers[name] = value
    return request


def method_of(way: Way) -> str:
    """As HTTP spells it."""
    return METHODS.get(way.method, "POST")
