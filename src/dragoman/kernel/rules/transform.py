"""What a rule makes of a message: expressions, and the change that they come to.

    set      a field: text where fields are text, bytes or text for `key`, a whole number for `priority`
             body: text and bytes as they are, anything else as JSON
             expires_in, deliver_in: a duration, or milliseconds; target: the name of a stream
    headers  of any type that headers may have; timestamps and durations as text

Every expression sees the message as it came. Null takes away.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.conditions import Evaluate, compile_expression
from dragoman.kernel.filters.evaluation import BoolKey, OutOfBudget
from dragoman.kernel.filters.expressions import TypeValue, UInt
from dragoman.kernel.filters.times import Duration, Timestamp
from dragoman.kernel.rules.fault import BadMessage
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.model.errors import InvalidArgument
from dragoman.model.limits import DELAY_MS_MAX
from dragoman.ports.translator import Change, FieldSource

BODY: Final = "body"
KEY: Final = "key"
PRIORITY: Final = "priority"
EXPIRES_IN: Final = "expires_in"
DELIVER_IN: Final = "deliver_in"
TARGET: Final = "target"
TEXTS: Final = frozenset(
    {
        "content_encoding",
        "content_type",
        "correlation",
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
SETTABLE: Final = TEXTS | {BODY, KEY, PRIORITY, EXPIRES_IN, DELIVER_IN, TARGET}
TARGETS_MAX: Final = 64  # fields and headers that one rule sets
PRIORITY_MAX: Final = 255
JSON_TYPE: Final = "application/json"
TEXT_CHARS_MAX: Final = 300  # of why an expression failed
NS_PER_MS: Final = 1_000_000


class Outcome:
    """What a message says otherwise, and where and when it goes: -1 and empty where nothing is said."""

    __slots__ = ("change", "deliver_in_ms", "expires_in_ms", "target")

    def __init__(self) -> None:
        self.change = Change()
        self.expires_in_ms = -1
        self.deliver_in_ms = -1
        self.target = ""


class Transform:
    """`set` and `headers` of a rule, ready to run."""

    __slots__ = ("_headers", "_set")

    def __init__(self, settings: RuleSettings) -> None:
        """Raises InvalidArgument, which says where and why."""
        unknown = settings.set.keys() - SETTABLE
        if unknown:
            raise InvalidArgument(f"set: no field {min(unknown)}; there are {sorted(SETTABLE)}")
        if len(settings.set) + len(settings.headers) > TARGETS_MAX:
            raise InvalidArgument(f"a rule sets at most {TARGETS_MAX} fields and headers")
        self._set: Final = [
            (name, _compiled(f"set.{name}", text)) for name, text in settings.set.items()
        ]
        self._headers: Final = [
            (name, _compiled(f"headers.{name}", text)) for name, text in settings.headers.items()
        ]

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not self._set and not self._headers

    def run(self, source: FieldSource) -> Outcome:
        """Raises BadMessage, InvalidArgument on bytes that cannot be read."""
        outcome = Outcome()
        for name, evaluate in self._set:
            value = _value_of(f"set.{name}", evaluate, source)
            _SETTERS.get(name, _set_text)(outcome, source, name, value)
        for name, evaluate in self._headers:
            value = _value_of(f"headers.{name}", evaluate, source)
            outcome.change.headers[name] = header_value(value)
        return outcome


def _compiled(where: str, text: str) -> Evaluate:
    try:
        return compile_expression(expression_of(text))
    except InvalidArgument as error:
        raise InvalidArgument(f"{where}: {error}") from None


def _value_of(where: str, evaluate: Evaluate, source: FieldSource) -> Any:
    try:
        return evaluate(source)
    except InvalidArgument:
        raise
    except (Exception, OutOfBudget) as error:  # noqa: BLE001 - whatever an expression comes to
        why = str(error) or type(error).__name__
        raise BadMessage(where, why[:TEXT_CHARS_MAX]) from None


def _set_body(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    change = outcome.change
    change.has_body = True
    if value is None or isinstance(value, bytes):
        change.body = value
    elif isinstance(value, str):
        change.body = value.encode("utf-8", "surrogatepass")
    else:
        change.body = to_json(value)
        if "content_type" not in change.fields and source.attribute("content_type") is None:
            change.fields["content_type"] = JSON_TYPE


def _set_text(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise BadMessage(f"set.{name}", "is no text")
    outcome.change.fields[name] = value


def _set_key(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if value is not None and not isinstance(value, bytes):
        raise BadMessage("set.key", "is neither text nor bytes")
    outcome.change.fields[name] = value


def _set_priority(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= PRIORITY_MAX:
        raise BadMessage("set.priority", f"is no whole number from 0 to {PRIORITY_MAX}")
    outcome.change.fields[name] = int(value)


def _set_target(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise BadMessage("set.target", "is no name")
    outcome.target = value


def _set_expiry(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    outcome.expires_in_ms = _span_ms(name, value)


def _set_delay(outcome: Outcome, source: FieldSource, name: str, value: Any) -> None:
    outcome.deliver_in_ms = _span_ms(name, value)


def _span_ms(name: str, value: Any) -> int:
    span_ms = value
    if isinstance(value, Duration):
        span_ms = value.ns // NS_PER_MS
    if isinstance(span_ms, bool) or not isinstance(span_ms, int):
        raise BadMessage(f"set.{name}", "is neither a duration nor milliseconds")
    if not 0 <= span_ms <= DELAY_MS_MAX:
        raise BadMessage(f"set.{name}", f"is not within 0 and {DELAY_MS_MAX} ms")
    return int(span_ms)


_SETTERS: Final[Mapping[str, Callable[[Outcome, FieldSource, str, Any], None]]] = {
    BODY: _set_body,
    KEY: _set_key,
    PRIORITY: _set_priority,
    TARGET: _set_target,
    EXPIRES_IN: _set_expiry,
    DELIVER_IN: _set_delay,
}


def header_value(value: Any) -> Any:
    """As a header has it. Raises BadMessage."""
    return _plain(value, lambda key: str(_json_key(key)))


def to_json(value: Any) -> bytes:
    """The value's JSON: bytes in base64, times as RFC 3339 has them. Raises BadMessage."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        pass
    try:
        return _ENCODER.encode(_plain(value))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadMessage(
            "set.body", f"cannot be written as JSON: {error}"[:TEXT_CHARS_MAX]
        ) from None


def _json_key(key: Any) -> Any:
    if isinstance(key, BoolKey):
        return "true" if key.value else "false"
    return int(key) if isinstance(key, UInt) else key


def _plain(value: Any, key_of: Callable[[Any], Any] = _json_key) -> Any:
    """A value of CEL as Python has it; `key_of` spells the keys of maps."""
    if isinstance(value, UInt):
        return int(value)
    if isinstance(value, TypeValue):
        return value.name
    if isinstance(value, Timestamp | Duration):
        return str(value)
    if isinstance(value, dict):
        return {key_of(name): _plain(each, key_of) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, key_of) for each in value]
    return value


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)
