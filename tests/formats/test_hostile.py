"""Bytes that are not what their tag says: one error, whatever they are."""

import contextlib
import struct
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.formats.strategies import messages

from dragoman import formats
from dragoman.formats import canonical, kafka
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import (
    AMQP091,
    AMQP10,
    CANONICAL,
    CLOUDEVENT,
    EVENTGRID,
    KAFKA,
    PUBSUB,
    SQS,
)
from dragoman.model.message import Message, Typed, is_value
from dragoman.ports.translator import Death
from dragoman.wire.kafka.records import BatchBuilder

KNOWN = (AMQP10, AMQP091, KAFKA, SQS, PUBSUB, CANONICAL, CLOUDEVENT, EVENTGRID)
FORMATS = st.sampled_from([*KNOWN, 77])


def rich() -> Message:
    message = Message(b"body", [("a", {"b": [1, Typed("i8", 2)]}), ("c", "d"), ("e", b"\xff")])
    message.created_at_ms = 5
    message.type = message.app = message.content_type = "t"
    message.priority = 3
    return message


ENTRIES = {each: formats.render([(rich(), None)], each, RenderOptions("q"))[0] for each in KNOWN}


def opens_or_refuses(format_: int, entry: bytes) -> None:
    try:
        found = formats.decode_all(format_, entry)
    except FormatError:
        return
    for message in found:
        assert all(is_value(value) for _, value in message.headers)
        formats.render([(message, None)], AMQP091, RenderOptions("q"))
        formats.render([(message, None)], AMQP10, RenderOptions("q"))
        formats.render([(message, None)], KAFKA, RenderOptions("q"))
        formats.render([(message, None)], CLOUDEVENT, RenderOptions("q"))
        formats.render([(message, None)], EVENTGRID, RenderOptions("q"))
        formats.render([(message, None)], SQS, RenderOptions("q"))
        formats.render([(message, None)], PUBSUB, RenderOptions("q"))


@given(FORMATS, st.binary(max_size=120))
@example(CANONICAL, b"\x81\xa7headers\x91\x92\xa1a\xc7\x02\x01[1")
@example(CANONICAL, b"\x91" * 100_000)
def test_any_bytes_are_opened_or_refused(format_: int, entry: bytes) -> None:
    opens_or_refuses(format_, entry)


@given(st.sampled_from(sorted(ENTRIES)), st.integers(0, 300), st.integers(0, 255))
def test_a_damaged_message_is_opened_or_refused(format_: int, at: int, byte: int) -> None:
    entry = bytearray(ENTRIES[format_])
    entry[at % len(entry)] = byte
    opens_or_refuses(format_, bytes(entry))


WHOLE = sorted(set(ENTRIES) - {PUBSUB})  # a part of a protobuf message may be one, too


@pytest.mark.parametrize("format_", WHOLE)
def test_a_message_cut_anywhere_is_refused(format_: int) -> None:
    entry = ENTRIES[format_]
    for size in range(len(entry)):
        with pytest.raises(FormatError):
            formats.decode_all(format_, entry[:size])


@pytest.mark.parametrize("format_", sorted(ENTRIES))
def test_bytes_behind_a_message_are_refused(format_: int) -> None:
    with pytest.raises(FormatError):
        formats.decode_all(format_, ENTRIES[format_] + b"\0")


@given(FORMATS, st.binary(max_size=80))
def test_the_translator_raises_what_its_port_says(format_: int, entry: bytes) -> None:
    translator = FormatTranslator()
    death = Death("rejected", "q", 5, "")
    asks: tuple[Callable[[], object], ...] = (
        lambda: translator.fields(format_, entry, 0).headers,
        lambda: translator.fields(format_, entry, 0).attribute("type"),
        lambda: translator.open_batch(format_, entry),
        lambda: translator.route_key(format_, entry),
        lambda: translator.further_keys(format_, entry + b"\x02CC"),
        lambda: translator.dead_letter(format_, entry, death),
        lambda: translator.with_headers(format_, entry, (("a", "b"),)),
    )
    for ask in asks:
        with contextlib.suppress(InvalidArgument):
            ask()


@given(messages())
def test_the_canonical_form_reads_only_what_fits_its_field(message: Message) -> None:
    entry = msgspec.msgpack.encode({"priority": 9, "body": "text"})
    with pytest.raises(FormatError):
        canonical.decode(entry)
    assert canonical.decode(canonical.encode(message)).body == message.body


def test_an_unknown_field_of_the_canonical_form_is_ignored() -> None:
    assert canonical.decode(msgspec.msgpack.encode({"later": 1, "type": "t"})).type == "t"


@pytest.mark.parametrize(
    "found",
    [
        [],
        {"headers": 1},
        {"headers": [["a"]]},
        {"headers": [[1, 2]]},
        {"trace": ["a"]},
        {"stored_at_us": None},
    ],
)
def test_what_is_no_canonical_message_is_refused(found: object) -> None:
    with pytest.raises(FormatError):
        canonical.decode(msgspec.msgpack.encode(found))


def test_a_bomb_is_refused() -> None:
    builder = BatchBuilder()
    builder.add(None, bytes(kafka.OPENED_BYTES_MAX), 0, [])
    for codec in (1, 2, 3, 4):
        with pytest.raises(FormatError):
            formats.decode_all(KAFKA, builder.build(codec))


def test_a_batch_that_says_it_holds_more_records_than_allowed_is_refused() -> None:
    entry = bytearray(ENTRIES[KAFKA])
    entry[57:61] = struct.pack(">i", kafka.MESSAGES_MAX + 1)
    with pytest.raises(FormatError, match="more than"):
        formats.decode_all(KAFKA, bytes(entry))


def test_a_message_that_is_not_there_is_refused() -> None:
    for format_, entry in ENTRIES.items():
        with pytest.raises(FormatError):
            formats.decode(format_, entry, 1)
        with pytest.raises(FormatError):
            formats.decode(format_, entry, -1)


def test_headers_nested_too_deep_are_refused() -> None:
    field = b"V"
    for _ in range(40):
        field = b"A" + struct.pack(">I", len(field)) + field
    table = b"\x01a" + field
    header = struct.pack(">HHQHI", 60, 0, 0, 0x2000, len(table)) + table
    with pytest.raises(FormatError, match="nested"):
        formats.decode(AMQP091, b"\0\0" + struct.pack(">I", len(header)) + header)


def test_a_format_nobody_knows_is_refused_both_ways() -> None:
    with pytest.raises(FormatError):
        formats.decode(9, b"")
    with pytest.raises(FormatError):
        formats.render([(Message(), None)], 9, RenderOptions("q"))
