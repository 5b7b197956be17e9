"""`--filter` and `--transform`: CEL over each message as the broker's own filters see it (docs/cel.md).

A filter that cannot be told of a message does not take it. A transform sets fields of the envelope:

    body            text and bytes as they are, null for a tombstone, anything else as JSON
    headers.NAME    a header; null takes it away            headers   all of them at once, a map
    key             text or bytes                           expires_in, deliver_in   a duration from now
    FIELD           text, as the envelope calls it: type, subject, id, group, content_type, correlation ...

All expressions of a transform see the message as it came. One that fails makes it a bad message.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.cli.copying.ends import Entry
from dragoman.cli.errors import CommandError
from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.formats.errors import FormatError
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.conditions import compile_expression
from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.filters.evaluation import BoolKey, OutOfBudget
from dragoman.kernel.filters.times import NS, Duration, Timestamp
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message, Value
from dragoman.ports.translator import FieldSource

HEADERS: Final = "headers"
HEADER: Final = "headers."
TEXTS: Final = frozenset(
    {
        "app",
        "content_encoding",
        "content_type",
        "correlation",
        "dedup",
        "group",
        "id",
        "reply_group",
        "reply_to",
        "source",
        "subject",
        "to",
        "type",
    }
)
TIMES: Final[Mapping[str, str]] = {"expires_in": "expires_at_ms", "deliver_in": "deliver_at_ms"}
TARGETS: Final = (*sorted(TEXTS | TIMES.keys()), "body", "key", "priority", HEADERS)
PRIORITY_MAX: Final = 255
NS_PER_MS: Final = NS // 1000

Evaluate = Callable[[FieldSource], Any]


class BadMessage(Exception):
    """A message that a transform fails on, and why."""


class Rules:
    """A filter and a transform, ready to run."""

    def __init__(
        self, condition: str, transform: Mapping[str, str], wall_ms: Callable[[], int]
    ) -> None:
        """Raises CommandError, which says where and why."""
        self._wall_ms = wall_ms
        self._translator = FormatTranslator()
        try:
            said = {"expression": condition} if condition else {}
            self._filter = filter_in("cel", said)
        except InvalidArgument as error:
            raise CommandError(f"--filter: {error}") from error
        self._targets = [(name, _compiled(name, text)) for name, text in transform.items()]

    def takes(self, entry: Entry) -> bool:
        """Whether the filter lets it pass."""
        if self._filter is None:
            return True
        return self._filter.matches(self._source(entry))

    def apply(self, entry: Entry) -> Entry:
        """The message as it is to arrive. Raises BadMessage."""
        if not self._targets:
            return entry
        source = self._source(entry)
        try:
            message = decode(entry.format, entry.data, 0, entry.stored_ms)
            found = [(name, evaluate(source)) for name, evaluate in self._targets]
        except FormatError as error:
            raise BadMessage(f"unreadable: {error}") from error
        except (Exception, OutOfBudget) as error:
            raise BadMessage(f"transform: {error}") from error
        for name, value in found:
            self._set(message, name, value)
        return Entry(CANONICAL, encode(message), entry.stored_ms)

    def _source(self, entry: Entry) -> FieldSource:
        return self._translator.fields(entry.format, entry.data, 0)

    def _set(self, message: Message, name: str, value: Any) -> None:
        """Raises BadMessage for a value that the field cannot have."""
        if name.startswith(HEADER):
            _set_header(message, name.removeprefix(HEADER), value)
        elif name == HEADERS:
            if not isinstance(value, dict):
                raise BadMessage("headers: not a map")
            message.headers = [(str(each), _plain(one)) for each, one in value.items()]
        elif name == "body":
            message.shape = "data"
            message.body = _body(value)
        elif name == "key":
            message.key = _bytes(name, value)
        elif name == "priority":
            message.priority = _priority(value)
        elif name in TIMES:
            setattr(message, TIMES[name], self._from_now(name, value))
        elif value is not None and not isinstance(value, str):
            raise BadMessage(f"{name}: not text")
        else:
            setattr(message, name, value)

    def _from_now(self, name: str, value: Any) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Duration):
            raise BadMessage(f"{name}: not a duration")
        return self._wall_ms() + value.ns // NS_PER_MS


def transform_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Expressions by what they set, from TARGET=EXPRESSION. Raises CommandError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        known = name in TARGETS or (name.startswith(HEADER) and name != HEADER)
        if not equals or not known:
            raise CommandError(
                f"--transform {pair}: expected TARGET=EXPRESSION; a target is headers.NAME or one of"
                f" {', '.join(TARGETS)}"
            )
        found[name] = text
    return found


def _compiled(name: str, text: str) -> Evaluate:
    """Raises CommandError."""
    try:
        return compile_expression(expression_of(text))
    except InvalidArgument as error:
        raise CommandError(f"--transform {name}: {error}") from error


def _set_header(message: Message, name: str, value: Any) -> None:
    kept = [pair for pair in message.headers if pair[0] != name]
    message.headers = kept if value is None else [*kept, (name, _plain(value))]


def _bytes(name: str, value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    raise BadMessage(f"{name}: neither text nor bytes")


def _body(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes | str):
        return _bytes("body", value)
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def _priority(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is bool or not isinstance(value, int) or not 0 <= value <= PRIORITY_MAX:
        raise BadMessage(f"priority: not a number from 0 to {PRIORITY_MAX}")
    return int(value)


def _plain(value: Any) -> Value:
    """What CEL has of its own as what the envelope has: numbers, text, lists, maps."""
    if isinstance(value, Timestamp | Duration):
        return str(value)
    if isinstance(value, dict):
        return {_name(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, int) and type(value) is not bool:
        return int(value)
    if value is None or isinstance(value, bool | float | str | bytes):
        return value
    raise BadMessage(f"nothing that a message can hold: {value!r}")


def _name(key: Any) -> str:
    """A map's key in JSON."""
    if isinstance(key, BoolKey):
        return "true" if key.value else "false"
    return str(key)
