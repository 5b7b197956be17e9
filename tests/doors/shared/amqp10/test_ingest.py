from typing import Any

import pytest
from tests.doors.shared.amqp10.client import message

from dragoman.doors.shared.amqp10.ingest import take
from dragoman.formats.amqp10 import decode
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Header
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp, ULong


def test_life_place_and_time_are_found() -> None:
    taken = take(
        message(
            b"x",
            Header(priority=9, ttl=500),
            annotations={
                Symbol("x-opt-partition-key"): "k",
                Symbol("x-opt-scheduled-enqueue-time"): Timestamp(77),
            },
            group_id="g",
        )
    )
    assert (taken.ttl_ms, taken.priority, taken.key, taken.due_ms) == (500, 9, "k", 77)
    assert taken.properties.group_id == "g"


def test_a_plain_message_asks_for_nothing() -> None:
    taken = take(message(b"x"))
    assert (taken.ttl_ms, taken.priority, taken.key, taken.due_ms) == (0, 0, "", 0)
    assert take(message(b"x", Header())).priority == 0, "the default is no priority of its own"


def test_what_only_a_broker_may_say_is_taken_out() -> None:
    own = Symbol("x-opt-sequence-number")
    other = Symbol("x-opt-mine")
    kept = decode(take(message(b"x", annotations={own: 5, other: 6}, subject="s")).entry)
    assert kept.rest is not None and b"x-opt-mine" in kept.rest["amqp10"]
    assert b"sequence" not in kept.rest["amqp10"] and kept.type == "s"
    assert decode(take(message(b"x", annotations={own: 5})).entry).rest is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        encode(Described(ULong(0x73), [1])) + message(b"x"),
        encode(Described(ULong(0x70), [1])) + message(b"x"),
    ],
)
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    if payload:
        with pytest.raises(DecodeError):
            take(payload)
    else:
        assert take(payload).entry, "nothing at all is a message without a body"


@pytest.mark.parametrize(
    "more", [{"subject": "s" * 70_000}, {"annotations": {"x": [None] * 70_000}}]
)
def test_what_is_looked_into_is_bounded(more: Any) -> None:
    with pytest.raises(DecodeError, match="too large"):
        take(message(b"x", **more))
    with pytest.raises(DecodeError, match="more than"):
        take(message(b"x", application={f"{at}": True for at in range(6_000)}))
    assert take(message(b"x", application={"x": "s" * 70_000})).entry
    footer = encode(Described(ULong(0x78), {Symbol("x"): "s" * 70_000}))
    with pytest.raises(DecodeError, match="too large"):
        take(message(b"x") + footer)
    with pytest.raises(DecodeError, match="too large"):
        take(message(b"x", application={"x": "s" * (1 << 20)}))
