import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.strategies import tables

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import (
    TABLE_DEPTH_MAX,
    TABLE_ITEMS_MAX,
    Field,
    FieldTable,
    decode_table,
    encode_table,
)


def _raw(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@given(tables)
def test_a_table_comes_back_with_its_types_and_its_bytes(table: FieldTable) -> None:
    encoded = encode_table(table)
    decoded, end = decode_table(b"xx" + encoded + b"tail", 2)
    assert decoded == table
    assert end == 2 + len(encoded)
    assert encode_table(decoded) == encoded


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_syntax_error(body: bytes) -> None:
    try:
        table, end = decode_table(_raw(body), 0)
    except AmqpError as error:
        _assert_syntax_error(error)
    else:
        assert end == 4 + len(body)
        assert len(encode_table(table)) == end


def test_the_widths_are_rabbitmqs() -> None:
    raw = bytes.fromhex(
        "01 6c 4c ff ff ff ff ff ff ff fe 01 69 69 ff ff ff fe 01 49 49 ff ff ff fe"
    )
    table, _ = decode_table(_raw(raw), 0)
    assert table == {"l": Field("L", -2), "i": Field("i", 0xFFFFFFFE), "I": Field("I", -2)}
    assert encode_table(table) == _raw(raw)


@pytest.mark.parametrize(
    "body",
    [
        b"\x01aZ",  # no such letter
        b"\x01a",  # no letter
        b"\x05a",  # name too short
        b"\x01aI\x00\x00",  # value too short
        b"\x01aS\x00\x00\x00\x05abc",  # length past the end
        b"\x01aF\xff\xff\xff\xff",
        b"\x01aA\x00\x00\x00\x02Z\x00",
        b"\x01aD\x00",
        b"\x01at\x01\x01at\x01",  # name twice
    ],
)
def test_a_malformed_table_is_a_syntax_error(body: bytes) -> None:
    with pytest.raises(AmqpError) as caught:
        decode_table(_raw(body), 0)
    assert caught.value.code == 502


def test_a_length_past_the_buffer_is_a_syntax_error() -> None:
    for raw in (b"", b"\x00\x00", b"\x00\x00\x00\x01", b"\xff\xff\xff\xff\x01"):
        with pytest.raises(AmqpError):
            decode_table(raw, 0)


def test_nesting_is_bounded() -> None:
    def nested(depth: int) -> bytes:
        body = b""
        for _ in range(depth - 1):
            body = b"\x01aF" + _raw(body)
        return _raw(body)

    assert decode_table(nested(TABLE_DEPTH_MAX), 0)
    with pytest.raises(AmqpError, match="nested"):
        decode_table(nested(TABLE_DEPTH_MAX + 1), 0)
    with pytest.raises(AmqpError, match="nested"):
        decode_table(nested(5000), 0)


def test_the_number_of_values_is_bounded() -> None:
    body = b"\x01aA" + _raw(b"V" * TABLE_ITEMS_MAX)
    with pytest.raises(AmqpError, match="more than"):
        decode_table(_raw(body), 0)


@pytest.mark.parametrize(
    "field", [Field("b", 200), Field("T", -1), Field("Q", 1), Field("f", 1e300), Field("I", "x")]
)
def test_a_value_that_does_not_fit_its_letter_is_not_encoded(field: Field) -> None:
    with pytest.raises(ValueError, match=r"fit|no field type"):
        encode_table({"a": field})


def test_a_name_longer_than_a_shortstr_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="256"):
        encode_table({"n" * 256: Field("V", None)})


def _assert_syntax_error(error: AmqpError) -> None:
    assert error.code == 502
