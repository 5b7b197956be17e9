"""What AMQP 1.0's sections say, as the envelope has it."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from tests.wire.amqp10.strategies import values

from dragoman import formats
from dragoman.formats.amqp10 import VALUES_MAX, decode
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, AMQP10, KAFKA, SQS
from dragoman.model.message import Message, Typed
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Header, Properties
from dragoman.wire.amqp10.sections import pack_entry, slice_message
from dragoman.wire.amqp10.values import (
    Array,
    Decimal64,
    Described,
    Symbol,
    Timestamp,
    UInt,
    ULong,
)

ID = UUID(int=7)


def section(code: int, value: Any) -> bytes:
    return encode(Described(ULong(code), value))


def entry_of(*parts: bytes) -> bytes:
    return pack_entry(slice_message(b"".join(parts)))


RICH = entry_of(
    to_bytes(Header(durable=True, priority=9, ttl=1_000)),
    section(
        0x72,
        {
            Symbol("x-opt-partition-key"): "k",
            Symbol("x-opt-scheduled-enqueue-time"): Timestamp(5),
            Symbol("x-opt-other"): Array(UInt, [UInt(1)]),
        },
    ),
    to_bytes(
        Properties(
            ID,
            b"me",
            "to",
            "label",
            "back",
            ULong(4),
            "a/b",
            "gzip",
            99,
            77,
            "session",
            3,
            "replies",
        )
    ),
    section(0x74, {"n": UInt(1), "price": Decimal64(bytes(8)), "traceparent": "00-1-2-01"}),
    section(0x75, b"one"),
    section(0x75, b"two"),
    section(0x78, {Symbol("sum"): b"\1"}),
)


def test_every_section_has_its_place() -> None:
    found = decode(RICH, 10_000)
    assert (found.durable, found.priority, found.expires_at_ms) == (True, 9, 11_000)
    assert (found.key, found.deliver_at_ms) == (b"k", 5)
    assert (found.id, found.to, found.type, found.reply_to) == (str(ID), "to", "label", "back")
    assert found.correlation == Typed("u64", 4)
    assert (found.content_type, found.content_encoding) == ("a/b", "gzip")
    assert (found.created_at_ms, found.group, found.reply_group) == (77, "session", "replies")
    assert (found.body, found.shape) == (b"onetwo", "data")
    assert found.headers == [("n", Typed("u32", 1))]
    assert found.trace == ("00-1-2-01", None)
    assert found.user is None, "anybody may claim that"


@pytest.mark.parametrize("through", [AMQP091, KAFKA, SQS])
def test_what_no_other_protocol_has_a_place_for_comes_back(through: int) -> None:
    options = RenderOptions("q", 10_000)
    (there,) = formats.translate(AMQP10, RICH, through, options, 10_000)
    (back,) = formats.translate(through, there, AMQP10, options, 10_000)
    one, other = slice_message(RICH[22:]), slice_message(back[22:])
    assert (
        one.data[one.properties : one.application]
        == other.data[other.properties : other.application]
    )
    assert one.data[one.body :] == other.data[other.body :]
    assert decode(back, 10_000).rest == decode(RICH, 10_000).rest


@given(values)
def test_a_body_of_any_value_is_kept_whole(value: Any) -> None:
    entry = entry_of(section(0x77, value))
    (there,) = formats.translate(AMQP10, entry, KAFKA, RenderOptions("q", 0))
    message = formats.decode(KAFKA, there)
    assert message.shape == "value"
    if message.rest is None or len(message.rest["amqp10"]) < 1_000:
        (back,) = formats.translate(KAFKA, there, AMQP10, RenderOptions("q", 0))
        assert section(0x77, value) in back


@pytest.mark.parametrize(
    ("value", "body"),
    [("text", b"text"), (None, None), (b"raw", b"raw"), (7, b"7"), ([1, "a"], b'[1,"a"]')],
)
def test_values_are_readable_elsewhere(value: Any, body: bytes | None) -> None:
    assert decode(entry_of(section(0x77, value))).body == body


@pytest.mark.parametrize(
    "parts",
    [
        section(0x73, [1]),
        section(0x73, [True]),
        section(0x70, [1]),
        section(0x74, {1: 2}),
        section(0x72, {"text": 1}),
    ],
)
def test_sections_of_other_types_are_refused(parts: bytes) -> None:
    with pytest.raises(FormatError):
        decode(entry_of(parts, section(0x75, b"x")))


@pytest.mark.parametrize(
    "rest", [b"", b"\x40", encode({"body": 1}), encode({"other": b""}), b"\xd1"]
)
def test_a_rest_that_somebody_made_up_is_no_part_of_the_message(rest: bytes) -> None:
    message = Message(b"x")
    message.rest = {"amqp10": rest}
    (entry,) = formats.render([(message, None)], AMQP10, RenderOptions("q"))
    assert decode(entry).rest == {"amqp10": rest}, "but it is kept"


@pytest.mark.parametrize("many", [[1] * VALUES_MAX, {str(at): 1 for at in range(VALUES_MAX)}])
def test_a_body_of_very_many_values_is_handed_on_as_it_is_encoded(many: Any) -> None:
    body = encode(Described(ULong(0x77), many))
    entry = pack_entry(slice_message(body))
    assert decode(entry).body == body
    for through in (AMQP091, KAFKA, SQS):
        there = formats.translate(AMQP10, entry, through, RenderOptions())[0]
        back = formats.translate(through, there, AMQP10, RenderOptions())[0]
        assert body in back
