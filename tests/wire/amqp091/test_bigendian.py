from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.amqp091.bigendian import u16, u32, u64


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_numbers_are_read_as_they_were_written(number: int, before: bytes) -> None:
    data = before + number.to_bytes(8, "big") + b"x"
    at = len(before)
    assert u64(data, at) == number
    assert u32(data, at) == number >> 32
    assert u16(data, at) == number >> 48
