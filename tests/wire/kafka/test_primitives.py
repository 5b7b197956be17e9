"""Unsigned varints and tagged fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.primitives import (
    read_tag,
    read_unsigned_varint_rest,
    skip_tagged_fields,
    write_unsigned_varint,
)


@given(value=st.integers(0, (1 << 35) - 1))
def test_a_varint_comes_back(value: int) -> None:
    data = write_unsigned_varint(value)
    if value < 128:
        assert data == bytes((value,))
    else:
        assert read_unsigned_varint_rest(data, 1, data[0]) == (value, len(data))


def test_a_varint_of_more_than_five_bytes_is_refused() -> None:
    with pytest.raises(KafkaCodecError):
        read_unsigned_varint_rest(b"\xff\xff\xff\xff\x01", 0, 0xFF)


def test_tagged_fields_are_stepped_over() -> None:
    data = b"\x00\x02ab" + b"\x80\x01\x81\x01" + bytes(129) + b"next"
    assert skip_tagged_fields(data, 0, 2) == len(data) - 4


def test_a_tagged_field_longer_than_the_bytes_is_refused() -> None:
    with pytest.raises(KafkaCodecError):
        read_tag(b"\x00\x03ab", 0)


def test_an_absurd_count_of_tagged_fields_ends_with_the_bytes() -> None:
    with pytest.raises(IndexError):
        skip_tagged_fields(b"\xff\xff\xff\x0f" + bytes(20), 0, 0xFF)
