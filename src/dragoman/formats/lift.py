"""Headers that are fields: taken out of a message's headers on the way in, kept free of impostors on the way out.

Protocols spell some fields of the envelope as headers (`x-partition-key`, Kafka's `content-type`,
CloudEvents attributes, `traceparent`, our own `dragoman-meta`). Of a name the first header that suits
becomes the field; others stay headers. An ordinary header that would be taken for a field if it were
written (`is_reserved`) is not written natively: the meta carries it.

CloudEvents attributes (binary mode) are fields only where `PREFIXspecversion` is there: without it they are headers
that happen to look alike.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from dragoman.formats.meta import META_NAME, apply_meta, read_meta
from dragoman.model.message import Header, Message, Value

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
COMMON_NAMES: Final = frozenset((META_NAME, TRACEPARENT, TRACESTATE))
_ATTRIBUTE: Final = re.compile(r"[a-z0-9]+")
_SPEC_VERSION: Final = "specversion"

Setter = Callable[[Message, Value], bool]
"""Makes a header's value the field; False when it does not suit."""


class Spelling:
    """How one protocol spells fields as headers."""

    __slots__ = ("_spec_version", "event_prefix", "names", "setters")

    def __init__(self, event_prefix: str, setters: Mapping[str, Setter]) -> None:
        self.event_prefix = event_prefix
        self._spec_version = event_prefix + _SPEC_VERSION
        self.setters: Mapping[str, Setter] = {**setters, TRACEPARENT: _set_trace}
        self.names: frozenset[str] = COMMON_NAMES | frozenset(setters)

    def is_suspect(self, name: str) -> bool:
        """Whether a header of that name may be more than a header."""
        return name in self.names or name.startswith(self.event_prefix)

    def is_reserved(self, name: str, message: Message) -> bool:
        """Whether an ordinary header of `message` would be taken for something else if it were written."""
        if name in self.names:
            return True
        if not name.startswith(self.event_prefix):
            return False
        attribute = name[len(self.event_prefix) :]
        if message.event is None:
            return attribute == _SPEC_VERSION
        return _ATTRIBUTE.fullmatch(attribute) is not None

    def lift(self, message: Message) -> None:
        """Make fields of the headers that are fields, then apply the meta and remove it."""
        setters = self.setters
        kept: list[Header] = []
        found: list[Setter] = []
        is_event = False
        meta = None
        for name, value in message.headers:
            setter = setters.get(name)
            if setter is not None:
                if setter not in found and setter(message, value):
                    found.append(setter)
                    continue
            elif name == META_NAME and meta is None and isinstance(value, str | bytes):
                meta = read_meta(value)
                if meta is not None:
                    continue
            elif name == self._spec_version and type(value) is str:
                is_event = True
            kept.append((name, value))
        if message.trace is not None:
            kept = _lift_state(message, kept)
        message.headers = self._lift_event(message, kept) if is_event else kept
        if meta is not None:
            apply_meta(message, *meta)

    def event_headers(self, message: Message) -> list[Header]:
        """The CloudEvents attributes as headers: those that `lift` would take back."""
        event = message.event
        if event is None or not _is_attribute(_SPEC_VERSION, event.get(_SPEC_VERSION)):
            return []
        return [(self.event_prefix + k, v) for k, v in event.items() if _is_attribute(k, v)]

    def _lift_event(self, message: Message, headers: list[Header]) -> list[Header]:
        prefix = self.event_prefix
        event: dict[str, Value] = {}
        kept: list[Header] = []
        for name, value in headers:
            attribute = name[len(prefix) :] if name.startswith(prefix) else ""
            suits = _is_attribute(attribute, value) and attribute not in event
            if suits:
                event[attribute] = value
            else:
                kept.append((name, value))
        message.event = dict(sorted(event.items()))
        return kept


def trace_headers(message: Message) -> list[Header]:
    """The trace context as headers (W3C Trace Context)."""
    if message.trace is None:
        return []
    parent, state = message.trace
    if not is_utf8(parent):
        return []
    if state is not None and not is_utf8(state):
        state = None
    return (
        [(TRACEPARENT, parent)] if state is None else [(TRACEPARENT, parent), (TRACESTATE, state)]
    )


def set_text(field: str) -> Setter:
    """A setter for a field that is text."""

    def setter(message: Message, value: Value) -> bool:
        if type(value) is not str:
            return False
        setattr(message, field, value)
        return True

    return setter


def set_key(message: Message, value: Value) -> bool:
    """The setter of the key, which is text or bytes."""
    if type(value) is str:
        message.key = value.encode()
    elif type(value) is bytes:
        message.key = value
    else:
        return False
    return True


def is_utf8(text: str) -> bool:
    """Whether the text can be written; surrogate escapes stand for bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_attribute(attribute: str, value: Value) -> bool:
    if type(value) is str:
        return _ATTRIBUTE.fullmatch(attribute) is not None and is_utf8(value)
    return (
        attribute != _SPEC_VERSION
        and _ATTRIBUTE.fullmatch(attribute) is not None
        and value is not None
        and not isinstance(value, bytes | list | dict)
    )


def _set_trace(message: Message, value: Value) -> bool:
    if type(value) is not str:
        return False
    message.trace = (value, None)
    return True


def _lift_state(message: Message, headers: list[Header]) -> list[Header]:
    for at, (name, value) in enumerate(headers):
        if name == TRACESTATE and type(value) is str and message.trace is not None:
            message.trace = (message.trace[0], value)
            return headers[:at] + headers[at + 1 :]
    return headers
