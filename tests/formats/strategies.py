"""Messages of every shape, for Hypothesis."""

import uuid
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dragoman.model.message import INTEGER_RANGES, Message, Typed

SURROGATES = st.sampled_from(["\udcff", "a\udc80b", "\ud800", "\udcc3\udca9"])
TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from(["", "\0", "é\n", "\ufffd"])
)
ANY_TEXT = st.one_of(TEXT, TEXT, TEXT, SURROGATES)
BYTES = st.one_of(st.binary(max_size=12), st.sampled_from([b"", b"abc", b"\xff\xfe", b"\0"]))
I64 = st.integers(*INTEGER_RANGES["i64"])
TIMES = st.one_of(
    I64, st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000).map(lambda s: s * 1000)
)
F32 = st.floats(width=32)
DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**6),
    st.sampled_from([Decimal("-0"), Decimal("0.00"), Decimal("1E+3"), Decimal("1.50")]),
)
INTEGERS = st.sampled_from([kind for kind in INTEGER_RANGES if kind != "i64"]).flatmap(
    lambda kind: st.builds(Typed, st.just(kind), st.integers(*INTEGER_RANGES[kind]))
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    I64,
    st.floats(),
    ANY_TEXT,
    BYTES,
    DECIMALS,
    st.builds(uuid.UUID, int=st.integers(0, 2**128 - 1)),
    INTEGERS,
    st.builds(Typed, st.just("f32"), F32),
    st.builds(Typed, st.just("char"), st.characters(codec="utf-8")),
    st.builds(Typed, st.just("symbol"), TEXT),
    st.builds(Typed, st.just("timestamp"), st.one_of(TIMES, st.just(2**70))),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
RESERVED = (
    "content-type", "content-encoding", "message-id", "correlation-id", "reply-to", "type", "app-id", "traceparent",
    "tracestate", "dragoman-meta", "ce_specversion", "ce_id", "ce-specversion", "ce-id", "ce_Odd", "ce-", "ce_",
    "dragoman-body", "creation-time", "googled", "googclient_a", "AWS.x", ".a", "a..b",
    "x-partition-key", "x-group-id", "x-deduplication-header", "x-delay", "x-death", "x-delivery-count",
)  # fmt: skip
NAMES = st.one_of(
    ANY_TEXT,
    st.sampled_from(RESERVED),
    st.sampled_from(["tier", "a", "a", "n" * 128, "n" * 129, "é" * 128]),
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=12)
PLAIN_HEADERS = st.lists(
    st.tuples(st.sampled_from(["tier", "a", "b", "type", "x-group-id"]), TEXT), max_size=4
)

_EVENT_NAMES = st.one_of(
    st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), st.sampled_from(["Odd", ""])
)
_EVENT_VALUES = st.one_of(ANY_TEXT, st.booleans(), INTEGERS, BYTES)
EVENTS = st.one_of(
    st.dictionaries(_EVENT_NAMES, _EVENT_VALUES, max_size=3),
    st.dictionaries(_EVENT_NAMES, ANY_TEXT, max_size=3).map(
        lambda event: {"specversion": "1.0", "id": "1", **event}
    ),
).map(lambda event: dict(sorted(event.items())))
LONG = st.one_of(ANY_TEXT, st.sampled_from(["x" * 255, "x" * 256, "é" * 128]))
FIELDS = {
    "shape": st.sampled_from(["data", "value", "sequence", "none"]),
    "content_type": LONG,
    "content_encoding": ANY_TEXT,
    "key": BYTES,
    "group": ANY_TEXT,
    "dedup": ANY_TEXT,
    "id": LONG,
    "type": LONG,
    "subject": ANY_TEXT,
    "source": ANY_TEXT,
    "reply_to": LONG,
    "reply_group": ANY_TEXT,
    "correlation": SCALARS,
    "to": ANY_TEXT,
    "app": ANY_TEXT,
    "created_at_ms": TIMES,
    "deliver_at_ms": TIMES,
    "expires_at_ms": TIMES,
    "priority": st.integers(0, 255),
    "durable": st.booleans(),
    "event": EVENTS,
    "trace": st.tuples(ANY_TEXT, st.none() | ANY_TEXT),
    "rest": st.dictionaries(
        st.sampled_from(["amqp091", "kafka", "amqp10", "sqs"]), BYTES, min_size=1, max_size=2
    ),
}


@st.composite
def messages(
    draw: st.DrawFn,
    fields: dict[str, st.SearchStrategy[Any]] | None = None,
    headers: st.SearchStrategy[list[tuple[str, Any]]] = HEADERS,
) -> Message:
    """A message with a few of `fields` said."""
    fields = FIELDS if fields is None else fields
    message = Message(draw(st.none() | BYTES), draw(headers))
    for name in (
        draw(st.lists(st.sampled_from(sorted(fields)), max_size=5, unique=True)) if fields else ()
    ):
        setattr(message, name, draw(fields[name]))
    return message
