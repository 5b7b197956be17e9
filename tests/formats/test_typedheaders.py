"""Event Hubs' way with headers: typed for Kafka's readers, binary for those of AMQP 1.0."""

import pytest
from hypothesis import given
from tests.formats.strategies import HEADERS, TEXT, messages

from dragoman.formats import decode_all, kafka
from dragoman.formats.options import RenderOptions
from dragoman.formats.typedheaders import dump_value, load_value, set_binary
from dragoman.model.levels import KAFKA
from dragoman.model.message import Header, Message, Typed, Value
from dragoman.wire.amqp10.decode import decode_whole
from dragoman.wire.kafka.records import read_records


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ("hello", b"\xa1\x05hello"),
        (b"\xff", b"\xa0\x01\xff"),
        (True, b"\x41"),
        (None, b"\x40"),
        (5, b"\x55\x05"),
        (Typed("i32", 5), b"\x54\x05"),
        (Typed("timestamp", 1), b"\x83" + bytes(7) + b"\x01"),
    ],
)
def test_a_value_is_its_encoding_with_the_constructor(value: Value, raw: bytes) -> None:
    assert dump_value(value) == raw
    assert load_value(raw) == value


def test_what_is_no_value_of_amqp_is_bytes() -> None:
    assert load_value(b"\xa1\x05hel") == b"\xa1\x05hel"
    assert load_value(b"") == b""


@given(HEADERS)
def test_every_header_that_amqp_can_say_comes_back_as_it_was(headers: list[Header]) -> None:
    for _, value in headers:
        raw = dump_value(value)
        decode_whole(raw)  # whatever it is, Kafka's readers can decode it
        assert dump_value(load_value(raw)) == raw


@given(messages())
def test_a_typed_record_with_its_meta_is_the_message(message: Message) -> None:
    (entry,) = [kafka.render([(message, None)], RenderOptions(typed_headers=True))]
    (record,) = read_records(entry)
    for name, value in message.headers:
        raws = [raw for known, raw in record.headers if known == name]
        if raws and name not in kafka.SPELLING.names and not name.startswith("ce_"):
            assert dump_value(value) in raws
    assert decode_all(KAFKA, entry)


@given(TEXT)
def test_kafkas_headers_are_binary(text: str) -> None:
    message = Message(b"")
    message.headers = [("a", text), ("b", b"\xff"), ("c", None)]
    set_binary(message)
    assert message.headers == [("a", text.encode()), ("b", b"\xff"), ("c", None)]
