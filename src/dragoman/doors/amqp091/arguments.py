"""Arguments of queues and consumers: what they may be, and what they mean to the kernel.

Each argument is a row of `QUEUE_ARGUMENTS`: which queue types take it, what it may be, whether a redeclaration must
repeat it. Types, ranges and texts are RabbitMQ's. Arguments without a row are kept and mean nothing.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.traits import EXPIRATION_MS_MAX
from dragoman.wire.amqp091.fieldtable import Field, FieldTable

TYPE_NAMES: Final[Mapping[str, str]] = {
    "t": "bool",
    "b": "byte",
    "B": "unsignedbyte",
    "s": "short",
    "u": "unsignedshort",
    "I": "signedint",
    "i": "unsignedint",
    "l": "long",
    "L": "long",
    "f": "float",
    "d": "double",
    "D": "decimal",
    "S": "longstr",
    "x": "binary",
    "A": "array",
    "T": "timestamp",
    "F": "table",
    "V": "void",
}
INTEGERS: Final = frozenset("bBsuIilL")
CLASSIC, QUORUM, STREAM = "classic", "quorum", "stream"
ALL: Final = frozenset((CLASSIC, QUORUM, STREAM))
QUEUES: Final = frozenset((CLASSIC, QUORUM))
PRIORITIES_MAX: Final = 255
SEGMENT_BYTES_MAX: Final = 3_000_000_000  # of streams, as RabbitMQ
FILTER_BYTES_MIN, FILTER_BYTES_MAX = 16, 255
_AGE: Final = re.compile(r"([1-9][0-9]{0,9})([YMDhms])")
_UNIT_MS: Final[Mapping[str, int]] = {
    "Y": 365 * 86_400_000,
    "M": 30 * 86_400_000,
    "D": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
}


class Argument(NamedTuple):
    """`why_not` says what is wrong with a value, None when nothing is."""

    types: frozenset[str]
    why_not: Callable[[Field], str | None]


def _integer(field: Field) -> str | None:
    if field.letter in INTEGERS:
        return None
    return f'"expected integer, got {TYPE_NAMES[field.letter]}"'


def _count(field: Field) -> str | None:
    wrong = _integer(field)
    if wrong is None and field.value < 0:
        return f"{{value_negative,{field.value}}}"
    return wrong


def _positive(field: Field) -> str | None:
    return _count(field) or ("{value_zero,0}" if field.value == 0 else None)


def _life(field: Field) -> str | None:
    wrong = _count(field)
    if wrong is None and field.value > EXPIRATION_MS_MAX:
        return f"{{value_too_large,{field.value}}}"
    return wrong


def _unused_life(field: Field) -> str | None:
    return _life(field) or _positive(field)


def _priorities(field: Field) -> str | None:
    wrong = _count(field)
    if wrong is None and field.value > PRIORITIES_MAX:
        return f"{{max_value_exceeded,{field.value}}}"
    return wrong


def _unacceptable(field: Field) -> str:
    return f"{{unacceptable_type,{TYPE_NAMES[field.letter]}}}"


def _text(field: Field) -> str | None:
    return None if field.letter == "S" else _unacceptable(field)


def _flag(field: Field) -> str | None:
    return None if field.letter == "t" else _unacceptable(field)


def _one_of(*allowed: str, otherwise: str) -> Callable[[Field], str | None]:
    """A text out of `allowed`; `otherwise` may name the value as {0}."""

    def why_not(field: Field) -> str | None:
        wrong = _text(field)
        if wrong is None and plain(field) not in allowed:
            return otherwise.format(plain(field))
        return wrong

    return why_not


def _version(field: Field) -> str | None:
    wrong = _integer(field)
    if wrong is None and field.value not in {1, 2}:
        return f"\"unsupported queue version '{field.value}'\""
    return wrong


def age_ms(text: str) -> int:
    """A span of time as streams spell it: `7D`, `30s`; 0 for what is none."""
    found = _AGE.fullmatch(text)
    return int(found[1]) * _UNIT_MS[found[2]] if found else 0


def _age(field: Field) -> str | None:
    return _text(field) or (None if age_ms(plain(field)) else "invalid_max_age")


_LOCATORS: Final = ("client-local", "balanced", "least-leaders", "random")

QUEUE_ARGUMENTS: Final[Mapping[str, Argument]] = {
    "x-expires": Argument(QUEUES, _unused_life),
    "x-message-ttl": Argument(QUEUES, _life),
    "x-dead-letter-exchange": Argument(QUEUES, _text),
    "x-dead-letter-routing-key": Argument(QUEUES, _text),
    "x-dead-letter-strategy": Argument(
        frozenset((QUORUM,)),
        _one_of("at-most-once", "at-least-once", otherwise="invalid_dlx_strategy"),
    ),
    "x-max-length": Argument(QUEUES, _count),
    "x-max-length-bytes": Argument(ALL, _count),
    "x-max-priority": Argument(frozenset((CLASSIC,)), _priorities),
    "x-overflow": Argument(
        QUEUES,
        _one_of("drop-head", "reject-publish", "reject-publish-dlx", otherwise="invalid_overflow"),
    ),
    "x-queue-mode": Argument(
        frozenset((CLASSIC,)),
        _one_of("default", "lazy", otherwise="\"unsupported queue mode '{0}'\""),
    ),
    "x-queue-version": Argument(frozenset((CLASSIC,)), _version),
    "x-single-active-consumer": Argument(QUEUES, _flag),
    "x-queue-type": Argument(
        ALL, _one_of(CLASSIC, QUORUM, STREAM, otherwise="\"unsupported queue type '{0}'\"")
    ),
    "x-delivery-limit": Argument(frozenset((QUORUM,)), _integer),
    "x-quorum-initial-group-size": Argument(frozenset((QUORUM,)), _positive),
    "x-initial-cluster-size": Argument(frozenset((STREAM,)), _positive),
    "x-queue-leader-locator": Argument(
        frozenset((QUORUM, STREAM)), _one_of(*_LOCATORS, otherwise="invalid_queue_locator_arg")
    ),
    "x-consumer-timeout": Argument(QUEUES, _positive),
    "x-max-age": Argument(frozenset((STREAM,)), _age),
    "x-stream-max-segment-size-bytes": Argument(frozenset((STREAM,)), _count),
    "x-stream-filter-size-bytes": Argument(frozenset((STREAM,)), _count),
}


def plain(field: Field) -> Any:
    """The value without its wire type."""
    if field.letter in {"S", "x"}:
        return field.value.decode(errors="replace")
    return field.value


def queue_type(arguments: FieldTable) -> str:
    """Classic unless said otherwise."""
    field = arguments.get("x-queue-type")
    return CLASSIC if field is None or field.letter != "S" else str(plain(field))


def check_queue(arguments: FieldTable, name: str, vhost: str) -> None:
    """Raises Refused (406) for an argument of the wrong type, out of range, or of another queue type."""
    place = f"for queue '{name}' in vhost '{vhost}'"
    kind = queue_type(arguments)
    for key, field in arguments.items():
        row = QUEUE_ARGUMENTS.get(key)
        if row is None:
            continue
        if kind in ALL and kind not in row.types:
            text = f"invalid arg '{key}' {place} of queue type rabbit_{kind}_queue"
            raise Refused(PRECONDITION_FAILED, text)
        wrong = row.why_not(field)
        if wrong and key == "x-dead-letter-exchange":
            text = f"invalid type '{TYPE_NAMES[field.letter]}' for arg '{key}' in queue '{name}' in vhost '{vhost}'"
            raise Refused(PRECONDITION_FAILED, text)
        if wrong:
            raise Refused(PRECONDITION_FAILED, f"invalid arg '{key}' {place}: {wrong}")
    if "x-dead-letter-routing-key" in arguments and "x-dead-letter-exchange" not in arguments:
        text = f"invalid arg 'x-dead-letter-routing-key' {place}: routing_key_but_no_dlx_defined"
        raise Refused(PRECONDITION_FAILED, text)


def priority_of(arguments: FieldTable, queue: str, vhost: str) -> int:
    """A consumer's x-priority. Raises Refused (406)."""
    field = arguments.get("x-priority")
    if field is None:
        return 0
    wrong = _integer(field)
    if wrong:
        text = f"invalid arg 'x-priority' for queue '{queue}' in vhost '{vhost}': {wrong}"
        raise Refused(PRECONDITION_FAILED, text)
    return int(field.value)


# Kept as text with the queue, and compared with a redeclaration's.


def to_note(arguments: FieldTable) -> str:
    """Scalar arguments as JSON: name to [letter, value]."""
    kept = {
        name: [field.letter, plain(field)]
        for name, field in arguments.items()
        if field.letter not in {"A", "F", "D"}
    }
    return json.dumps(kept, sort_keys=True)


def from_note(note: str) -> dict[str, Field]:
    """As they were, texts as bytes."""
    kept: dict[str, list[Any]] = json.loads(note or "{}")
    return {
        name: Field(letter, value.encode() if letter in {"S", "x"} else value)
        for name, (letter, value) in kept.items()
    }


def difference(current: FieldTable, received: FieldTable, keys: tuple[str, ...]) -> str:
    """`inequivalent arg ...` without its place, of the first key that differs; empty when none does."""
    for key in keys:
        now, new = current.get(key), received.get(key)
        if key == "x-queue-type" and CLASSIC in {now and plain(now), new and plain(new)}:
            now, new = now or Field("S", b"classic"), new or Field("S", b"classic")
            if plain(now) != plain(new):
                return _different(key, received.get(key), current.get(key))
        elif not _same(now, new):
            return _different(key, new, now)
    return ""


def _same(now: Field | None, new: Field | None) -> bool:
    if now is None or new is None:
        return now is new
    alike = now.letter == new.letter or {now.letter, new.letter} <= INTEGERS
    return alike and bool(plain(now) == plain(new))


def _different(key: str, received: Field | None, current: Field | None) -> str:
    if received is not None and current is not None:
        return f"{key}\0received '{_shown(received)}' but current is '{_shown(current)}'"
    return f"{key}\0received {_typed(received)} but current is {_typed(current)}"


def _typed(field: Field | None) -> str:
    if field is None:
        return "none"
    return f"the value '{_shown(field)}' of type '{TYPE_NAMES[field.letter]}'"


def _shown(field: Field) -> str:
    value = plain(field)
    return str(value).lower() if isinstance(value, bool) else str(value)
