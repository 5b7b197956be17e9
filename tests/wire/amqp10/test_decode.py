"""Hostile bytes, and those that are only strange. Round trips are in test_encode."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.wire.amqp10.strategies import values

from dragoman.wire.amqp10.decode import (
    CODES,
    EMPTY_ITEMS_MAX,
    DecodeError,
    count_values,
    decode,
    decode_whole,
    skip,
)
from dragoman.wire.amqp10.encode import DEPTH_MAX, encode
from dragoman.wire.amqp10.values import Array, Described, UInt, identical


@given(st.binary(max_size=200))
@example(b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40")
@example(b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff")
@example(b"\x00" * 100)
@example(b"\xc0\x01\x02" * 60)
def test_any_bytes_are_a_value_or_a_decode_error(data: bytes) -> None:
    try:
        value, end = decode(data)
    except DecodeError:
        return
    assert end <= len(data)
    assert identical(decode_whole(encode(value)), value)


@given(values, st.data())
def test_a_value_cut_short_is_a_decode_error(value: object, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for read in (decode, skip):
        with pytest.raises(DecodeError):
            read(whole[:cut])


@given(values, st.binary(max_size=5))
def test_skipping_ends_where_decoding_does(value: object, tail: bytes) -> None:
    whole = encode(value)
    assert skip(whole + tail, 0) == decode(whole + tail)[1] == len(whole)


def test_every_constructor_of_the_standard_is_read() -> None:
    assert len(CODES) == 39


def test_an_array_of_nothing_is_bounded() -> None:
    def nulls(count: int) -> bytes:
        return b"\xf0\x00\x00\x00\x05" + count.to_bytes(4, "big") + b"\x43"

    assert decode_whole(nulls(EMPTY_ITEMS_MAX)) == Array(UInt, [UInt(0)] * EMPTY_ITEMS_MAX)
    with pytest.raises(DecodeError, match="items in 0 bytes"):
        decode_whole(nulls(EMPTY_ITEMS_MAX + 1))


def nested(depth: int) -> bytes:
    data = b"\x45"
    for _ in range(depth):
        data = b"\xd0" + (len(data) + 4).to_bytes(4, "big") + b"\x00\x00\x00\x01" + data
    return data


def test_nesting_is_bounded() -> None:
    decode_whole(nested(DEPTH_MAX))
    with pytest.raises(DecodeError, match="nested too deep"):
        decode_whole(nested(DEPTH_MAX + 1))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x3f", "no constructor 0x3f"),
        (b"\x56\x02", "neither 0 nor 1"),
        (b"\xa1\x01\xff", "text that is none"),
        (b"\xa3\x01\xc3", "text that is none"),
        (b"\x73\x00\x00\xd8\x00", "no character"),
        (b"\x73\x00\x11\x00\x00", "no character"),
        (b"\xc1\x02\x01\x40", "a name and no value"),
        (b"\xc1\x05\x04\x40\x40\x40\x40", "one name twice"),
        (b"\xc1\x03\x02\x45\x40", "a compound as a name"),
        (b"\xc0\x03\x01\x40\x40", "do not fill their list"),
        (b"\xe0\x04\x01\x56\x01\x01", "cut short|do not fill"),
        (b"\x40\x40", "behind the value"),
    ],
)
def test_what_is_no_value_is_told(data: bytes, text: str) -> None:
    with pytest.raises(DecodeError, match=text):
        decode_whole(data)


def parts(value: object) -> int:
    """How many values there are, by what was decoded."""
    if isinstance(value, Described):
        return 1 + parts(value.descriptor) + parts(value.value)
    if isinstance(value, Array):
        return 1 + len(value.items)
    if isinstance(value, dict):
        return 1 + sum(parts(each) for pair in value.items() for each in pair)
    return 1 + sum(map(parts, value)) if isinstance(value, list) else 1


@given(values)
def test_values_are_counted_without_being_made(value: object) -> None:
    data = encode(value)
    count = parts(value)
    assert count_values(data, 0, len(data), count) == count
    assert count_values(data, 0, len(data), count - 1) == count


def test_past_the_bound_nothing_more_is_looked_at() -> None:
    data = encode([1] * 100) + b"\xff"
    assert count_values(data, 0, len(data), 50) == 51
    with pytest.raises(DecodeError):
        count_values(data, 0, len(data), 500)
