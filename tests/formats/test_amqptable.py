import struct
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from pamqp import decode as pamqp_decode
from pamqp import encode as pamqp_encode
from tests.formats.strategies import VALUES

from dragoman.formats.amqptable import (
    is_exact,
    read_headers,
    read_value,
    value_end,
    write_value,
)
from dragoman.formats.errors import FormatError
from dragoman.model.message import Typed, Value
from dragoman.wire.amqp091.fieldtable import TABLE_DEPTH_MAX

LETTERS: list[tuple[bytes, Value]] = [
    (b"t\x01", True),
    (b"t\x00", False),
    (b"b\xff", Typed("i8", -1)),
    (b"B\xff", Typed("u8", 255)),
    (b"s\xff\xfe", Typed("i16", -2)),
    (b"u\xff\xfe", Typed("u16", 65_534)),
    (b"I\xff\xff\xff\xff", Typed("i32", -1)),
    (b"i\xff\xff\xff\xff", Typed("u32", 4_294_967_295)),
    (b"l\x00\x00\x00\x00\x00\x00\x00\x05", 5),
    (b"f\x3f\x80\x00\x00", Typed("f32", 1.0)),
    (b"d\x3f\xf0\x00\x00\x00\x00\x00\x00", 1.0),
    (b"D\x02\x00\x00\x3a\x8e", Decimal("149.90")),
    (b"S\x00\x00\x00\x02hi", "hi"),
    (b"x\x00\x00\x00\x02\xff\x00", b"\xff\x00"),
    (b"T\x00\x00\x00\x00\x00\x00\x00\x09", Typed("timestamp", 9_000)),
    (b"A\x00\x00\x00\x03t\x01V", [True, None]),
    (b"F\x00\x00\x00\x03\x01aV", {"a": None}),
    (b"V", None),
]
WRITTEN_AS: list[tuple[Value, bytes]] = [
    (Typed("u64", 7), b"l\x00\x00\x00\x00\x00\x00\x00\x07"),
    (Typed("u64", 1 << 63), b"S\x00\x00\x00\x139223372036854775808"),
    (Typed("char", "c"), b"S\x00\x00\x00\x01c"),
    (Typed("symbol", "s"), b"S\x00\x00\x00\x01s"),
    (UUID(int=1), b"S\x00\x00\x00\x2400000000-0000-0000-0000-000000000001"),
    (Typed("timestamp", -1), b"S\x00\x00\x00\x181969-12-31T23:59:59.999Z"),
    (Typed("timestamp", 9_999), b"T\x00\x00\x00\x00\x00\x00\x00\x09"),
    (Decimal(-1), b"S\x00\x00\x00\x02-1"),
]


@pytest.mark.parametrize(("field", "value"), LETTERS)
def test_every_letter_is_read_and_written_as_the_same_bytes(field: bytes, value: Value) -> None:
    assert read_value(field) == value
    assert write_value(value) == field


@pytest.mark.parametrize(("value", "field"), WRITTEN_AS)
def test_what_has_no_letter_is_written_as_near_as_it_can_be(value: Value, field: bytes) -> None:
    assert write_value(value) == field
    assert not is_exact(value)


def test_text_that_is_no_utf8_is_bytes() -> None:
    assert read_value(b"S\x00\x00\x00\x01\xff") == b"\xff"


def test_the_older_letter_of_long_integers_is_understood() -> None:
    assert read_value(b"L\x00\x00\x00\x00\x00\x00\x00\x05") == 5


@given(VALUES)
def test_pamqp_finds_the_same_end_of_whatever_we_write(value: Value) -> None:
    field = write_value(value)
    assert value_end(field + b"behind", 0, len(field) + 6) == len(field)
    try:
        size, _ = pamqp_decode.embedded_value(field)
    except (UnicodeDecodeError, ValueError, OverflowError, OSError):
        reject()  # text that is none and times beyond the calendar are not for it
    assert size == len(field)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.text(max_size=9) | st.integers(-(2**63), 2**63 - 1),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1, max_size=20), PLAIN, max_size=5))
def test_tables_that_pamqp_writes_are_read(table: dict[str, Any]) -> None:
    data = pamqp_encode.field_table(table)
    found = read_headers(data, 4, len(data))
    assert {name: plain(value) for name, value in found} == table


def plain(value: Value) -> Any:
    """Without the widths that pamqp chooses."""
    if isinstance(value, Typed):
        return value.value
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def test_of_a_name_given_twice_the_outermost_table_keeps_both_and_an_inner_one_the_last() -> None:
    pair = b"\x01aS\x00\x00\x00\x011" + b"\x01aS\x00\x00\x00\x012"
    assert read_headers(pair, 0, len(pair)) == [("a", "1"), ("a", "2")]
    inner = b"F" + struct.pack(">I", len(pair)) + pair
    assert read_value(inner) == {"a": "2"}


@pytest.mark.parametrize(
    "table",
    [
        b"\x05ab",
        b"\x01aS\x00\x00",
        b"\x01aS\x00\x00\x00\x09short",
        b"\x01ad\x00",
        b"\x01aD\x00",
        b"\x01aF\x00\x00\x00\x09",
        b"\x01a?\x00\x00\x00\x00",
        b"\x01aF\x00\x00\x00\x01\x05",
    ],
)
def test_a_table_cut_short_or_of_unknown_letters_is_refused(table: bytes) -> None:
    with pytest.raises((FormatError, IndexError)):
        read_headers(table, 0, len(table))


def test_nesting_is_bounded_from_the_first_container_on() -> None:
    def nested(depth: int) -> bytes:
        field = b"V"
        for _ in range(depth):
            field = b"A" + struct.pack(">I", len(field)) + field
        return field

    read_value(nested(TABLE_DEPTH_MAX - 1))
    with pytest.raises(FormatError, match="nested"):
        read_value(nested(TABLE_DEPTH_MAX))


@given(VALUES)
def test_what_is_called_exact_comes_back_as_it_was(value: Value) -> None:
    if is_exact(value):
        found = read_value(write_value(value))
        assert found == value or value != value  # noqa: PLR0124 - not a number
        assert type(found) is type(value)
