"""One message as nobody's protocol spells it, and how one reader stands to it.

    Message    what a sender said; made by one codec, changed by nobody afterwards (`copy` first)
    Delivery   one attempt at one reader: mutable, never stored with the message, never taken from a client
    Value      a header's or property's value, typed; a closed set:

    type        Python                          type        Python
    null        None                            i8 i16 i32  Typed(kind, int)
    bool        bool                            u8..u64     Typed(kind, int)
    i64         int, within 64 bits signed      f32         Typed("f32", float)
    f64         float                           char        Typed("char", str)
    str         str                             symbol      Typed("symbol", str)
    bytes       bytes                           timestamp   Typed("timestamp", ms since 1970, any int)
    decimal     decimal.Decimal, finite         uuid        uuid.UUID
    list        list of Value                   map         dict of str -> Value, order kept

Python's own types stand where they are exact; `Typed` where the width or the meaning would be lost. Text that was not
UTF-8 on its way in keeps its bytes as surrogate escapes (names only; such values are `bytes`). `==` is too lax for
values (1 == True == 1.0): compare with `identical`. Knows no protocol and imports nothing of the project.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

VALUE_DEPTH_MAX: Final = 34
"""Lists and maps inside each other: RabbitMQ's tables go to 32; room for the list or map that carries them."""

INTEGER_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "i8": (-(1 << 7), (1 << 7) - 1),
    "i16": (-(1 << 15), (1 << 15) - 1),
    "i32": (-(1 << 31), (1 << 31) - 1),
    "i64": (-(1 << 63), (1 << 63) - 1),
    "u8": (0, (1 << 8) - 1),
    "u16": (0, (1 << 16) - 1),
    "u32": (0, (1 << 32) - 1),
    "u64": (0, (1 << 64) - 1),
}


class Typed:
    """A value whose type Python's own would not tell: see the table above. Hashable, never changed."""

    __slots__ = ("kind", "value")

    def __init__(self, kind: str, value: Any) -> None:
        self.kind: str = kind
        self.value: Any = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Typed) and identical(self, other)

    def __hash__(self) -> int:
        return hash((self.kind, self.value))

    def __repr__(self) -> str:
        return f"Typed({self.kind!r}, {self.value!r})"


Value = Any
"""One of the table above. mypy has no closed recursive union that stays readable; codecs refuse the rest."""

Header = tuple[str, Value]
Origin = tuple[str, str, int, str]
"""(protocol, address there, position there or -1, exchange or other way in). Never restored from a client."""

# Fields of a message that a hop through another protocol must bring back. Not among them: headers, which have an order
# of their own; what the broker says (stored_at_us, origin); and `user`, which a client may not claim.
CARRIED_FIELDS: Final[tuple[str, ...]] = (
    "body",
    "shape",
    "content_type",
    "content_encoding",
    "key",
    "group",
    "dedup",
    "id",
    "type",
    "subject",
    "source",
    "reply_to",
    "reply_group",
    "correlation",
    "to",
    "app",
    "created_at_ms",
    "deliver_at_ms",
    "expires_at_ms",
    "priority",
    "durable",
    "event",
    "trace",
    "rest",
)
FIELDS: Final = (*CARRIED_FIELDS, "stored_at_us", "user", "origin", "headers")


class Message:
    """A message, every field as its sender said it; None where nothing was said.

    body            bytes; None is a tombstone (Kafka's null), which is not the empty body
    shape           data, value, sequence or none: AMQP 1.0's kinds of body; all others send data
    key             placement; group: strict order, one reader at a time; dedup: the same message sent twice
    correlation     any scalar Value
    *_at_ms         wall time, ms since 1970; created_at is the sender's clock, deliver_at and expires_at absolute
    stored_at_us    our clock, µs, 0 when not known here
    durable         None when not said
    event           CloudEvents attributes by bare name (`specversion`, `id`, ...), sorted: they have no order
    trace           (traceparent, tracestate)
    rest            by protocol, what its codec could not place; for readers of that protocol only
    """

    __slots__ = (
        "app",
        "body",
        "content_encoding",
        "content_type",
        "correlation",
        "created_at_ms",
        "dedup",
        "deliver_at_ms",
        "durable",
        "event",
        "expires_at_ms",
        "group",
        "headers",
        "id",
        "key",
        "origin",
        "priority",
        "reply_group",
        "reply_to",
        "rest",
        "shape",
        "source",
        "stored_at_us",
        "subject",
        "to",
        "trace",
        "type",
        "user",
    )

    def __init__(self, body: bytes | None = None, headers: Sequence[Header] = ()) -> None:
        self.body = body
        self.headers: Sequence[Header] = headers  # ordered, duplicates allowed
        self.shape: str = "data"
        self.content_type: str | None = None
        self.content_encoding: str | None = None
        self.key: bytes | None = None
        self.group: str | None = None
        self.dedup: str | None = None
        self.id: str | None = None
        self.type: str | None = None
        self.subject: str | None = None
        self.source: str | None = None
        self.reply_to: str | None = None
        self.reply_group: str | None = None
        self.correlation: Value = None
        self.to: str | None = None
        self.user: str | None = None
        self.app: str | None = None
        self.created_at_ms: int | None = None
        self.stored_at_us: int = 0
        self.deliver_at_ms: int | None = None
        self.expires_at_ms: int | None = None
        self.priority: int | None = None
        self.durable: bool | None = None
        self.event: dict[str, Value] | None = None
        self.trace: tuple[str, str | None] | None = None
        self.rest: dict[str, bytes] | None = None
        self.origin: Origin | None = None

    def copy(self) -> "Message":
        """A message with the same fields, to change one of them. Values are shared."""
        other = Message()
        for name in FIELDS:
            setattr(other, name, getattr(self, name))
        return other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and not differences(self, other, FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        plain = Message()
        said = differences(self, plain, FIELDS)
        return f"Message({', '.join(f'{name}={getattr(self, name)!r}' for name in said)})"


class Dead:
    """Why a message was given up, and where. `history` holds earlier ones, latest first."""

    __slots__ = ("at_ms", "count", "history", "reason", "source", "text")

    def __init__(
        self,
        reason: str,
        source: str,
        at_ms: int,
        text: str = "",
        count: int = 1,
        history: Sequence["Dead"] = (),
    ) -> None:
        self.reason = reason  # the kernel's word: rejected, expired, maxlen, delivery_limit, ...
        self.source = source  # catalogue name of the subscription that gave it up
        self.at_ms = at_ms
        self.text = text
        self.count = count
        self.history = history


class Delivery:
    """One attempt to deliver one message to one reader."""

    __slots__ = ("count", "dead", "first_at_ms", "locked_until_ms", "token")

    def __init__(self, count: int = 1, dead: Dead | None = None) -> None:
        assert count >= 1
        self.count = count  # attempts including this one
        self.first_at_ms = 0
        self.locked_until_ms = 0
        self.token = b""
        self.dead = dead


def identical(one: Value, other: Value) -> bool:
    """Whether two values are the same in type, width, order and sign of zero. A NaN is identical to a NaN."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is str or kind is bytes or one is None or kind is int or kind is bool:
        return bool(one == other)
    if kind is float or kind is Decimal:
        return repr(one) == repr(other)
    if kind is Typed:
        return bool(one.kind == other.kind) and identical(one.value, other.value)
    if kind is dict:
        return len(one) == len(other) and all(map(_same_item, one.items(), other.items()))
    if kind is list or kind is tuple:
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


def _same_item(one: tuple[str, Value], other: tuple[str, Value]) -> bool:
    return one[0] == other[0] and identical(one[1], other[1])


def differences(one: Message, other: Message, fields: Sequence[str] = CARRIED_FIELDS) -> list[str]:
    """Names of the fields in which two messages are not identical. Headers given as list or tuple count alike."""
    return [name for name in fields if not identical(_field(one, name), _field(other, name))]


def _field(message: Message, name: str) -> Value:
    value = getattr(message, name)
    return tuple(value) if name == "headers" else value


def depth_of(value: Value) -> int:
    """How deep lists and maps stand inside each other; 0 for a scalar. Stops past VALUE_DEPTH_MAX."""
    depth = 0
    layer = [value]
    while layer and depth <= VALUE_DEPTH_MAX:
        inner: list[Value] = []
        for item in layer:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not any(isinstance(item, dict | list) for item in layer):
            break
        depth += 1
        layer = inner
    return depth


def is_value(value: Value, depth: int = 0) -> bool:
    """Whether `value` belongs to the closed set, ranges included. For tests and for codecs that take foreign input."""
    kind = type(value)
    if value is None or kind in (bool, float, str, bytes, UUID):
        return True
    if kind is int:
        return _in_range("i64", value)
    if kind is Decimal:
        return bool(value.is_finite())
    if kind is Typed:
        return _is_typed(value)
    if depth >= VALUE_DEPTH_MAX:
        return False
    if kind is list:
        return all(is_value(item, depth + 1) for item in value)
    return kind is dict and all(type(k) is str and is_value(v, depth + 1) for k, v in value.items())


def _is_typed(value: Typed) -> bool:
    if value.kind in INTEGER_RANGES and value.kind != "i64":
        return type(value.value) is int and _in_range(value.kind, value.value)
    match value.kind:
        case "f32":
            return type(value.value) is float
        case "timestamp":
            return type(value.value) is int
        case "char":
            return type(value.value) is str and len(value.value) == 1
        case "symbol":
            return type(value.value) is str
        case _:
            return False


def _in_range(kind: str, value: int) -> bool:
    low, high = INTEGER_RANGES[kind]
    return low <= value <= high
