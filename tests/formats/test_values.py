"""Values as text, as typed JSON, and through a field table."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import given, settings
from tests.formats.strategies import VALUES

from dragoman.formats.amqptable import is_exact, read_value, write_value
from dragoman.formats.values import digest_of, from_json, text_of, to_json
from dragoman.model.message import Typed, Value, identical, is_value


@settings(max_examples=1000)
@given(VALUES)
def test_a_value_survives_typed_json_and_exact_ones_a_field_table(value: Value) -> None:
    assert is_value(value)
    assert identical(from_json(to_json(value)), value)
    written = read_value(write_value(value))
    assert is_value(written)
    if is_exact(value):
        assert identical(written, value)
    assert isinstance(digest_of(value), str)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), (True, b"true"), (149.9, b"149.9"), (7, b"7"), ("\u00e9", b"\xc3\xa9"), (b"\xff", b"\xff"),
        ("\udcff", b"\xff"), ("\ud800", b"?"), (Typed("f32", 149.89999389648438), b"149.9"), (Typed("i8", -1), b"-1"),
        (Typed("timestamp", 1_714_564_800_250), b"2024-05-01T12:00:00.250Z"), (Typed("timestamp", -1), b"1969-12-31T23:59:59.999Z"),
        (Typed("timestamp", 10**18), b"1000000000000000000"), (Decimal("1.50"), b"1.50"),
        (uuid.UUID(int=1), b"00000000-0000-0000-0000-000000000001"), (Typed("char", "x"), b"x"),
        ([1, Typed("u8", 2), b"a", float("nan")], b'[1,2,"YQ==","nan"]'), ({"a": {"b": None}}, b'{"a":{"b":null}}'),
    ],
)  # fmt: skip
def test_the_text_of_a_value_is_what_a_person_expects(value: Value, text: bytes | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        (Typed("u64", 1), "l"), (Typed("u64", 1 << 63), "S"), (Typed("timestamp", 1500), "T"), (Typed("timestamp", -1), "S"),
        (Decimal("1.5"), "D"), (Decimal("-1.5"), "S"), (Decimal("1E+3"), "S"), (Decimal(1 << 32), "S"), (uuid.UUID(int=1), "S"),
        (Typed("symbol", "s"), "S"), (Typed("f32", 1e300), "d"), (b"", "x"), ({}, "F"), ([], "A"), (None, "V"),
    ],
)  # fmt: skip
def test_what_a_field_table_lacks_is_written_as_near_as_it_can_be(
    value: Value, letter: str
) -> None:
    assert write_value(value)[:1] == letter.encode()


@pytest.mark.parametrize(
    "found",
    [None, [], ["str"], ["str", 1], ["i64", 1 << 63], ["i64", True], ["bool", 1], ["f64", "zz"], ["null", 1], ["bytes", "a"],
     ["list", 1], ["map", [["a"]]], ["map", [[1, ["null", None]]]], ["symbol", 1], ["f32", None], ["timestamp", 1.5]],
)  # fmt: skip
def test_what_is_no_typed_value_is_refused(found: object) -> None:
    with pytest.raises(ValueError):
        from_json(found)
