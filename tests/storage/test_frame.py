"""The bytes of a frame: round trips, and every way of not being one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.storage.journal.frame import (
    DIGEST_NONE,
    HEADER_BYTES,
    JOIN_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    Frame,
    decode_header,
    encode,
    verify,
)

LOG_ID = 0x1122334455667788
u64 = st.integers(min_value=0, max_value=2**64 - 1)


def decode(data: bytes, log_id: int = LOG_ID) -> Frame | None:
    header = decode_header(data[:HEADER_BYTES], log_id)
    return None if header is None else verify(header, data[HEADER_BYTES:], 0)


@given(
    position=st.integers(min_value=1, max_value=2**64 - 1),
    incarnation=st.integers(min_value=0, max_value=2**32 - 1),
    digest=st.binary(min_size=8, max_size=8),
    buffers=st.lists(st.binary(max_size=50), max_size=5),
    log_id=u64,
)
def test_a_frame_decodes_to_what_was_encoded(
    position: int, incarnation: int, digest: bytes, buffers: list[bytes], log_id: int
) -> None:
    encoded = encode(log_id, position, position - 1, incarnation, digest, buffers)
    data = b"".join(encoded.buffers)
    assert len(data) == encoded.size_bytes
    frame = decode(data, log_id)
    assert frame is not None
    assert (frame.position, frame.synced_to, frame.incarnation) == (
        position,
        position - 1,
        incarnation,
    )
    assert frame.digest_before == digest
    assert frame.digest == encoded.digest
    assert frame.payload == b"".join(buffers)


def test_every_flipped_bit_is_noticed() -> None:
    data = b"".join(encode(LOG_ID, 7, 5, 3, DIGEST_NONE, [b"payload"]).buffers)
    for bit in range(len(data) * 8):
        rotten = bytearray(data)
        rotten[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(rotten)) is None, bit


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_frame(data: bytes) -> None:
    assert decode(data) is None
    assert decode(b"DRGJ" + data) is None


def test_a_frame_of_another_log_is_none_of_ours() -> None:
    data = b"".join(encode(LOG_ID + 1, 7, 5, 3, DIGEST_NONE, [b"payload"]).buffers)
    assert decode(data) is None


def test_small_buffers_travel_as_one_and_large_ones_are_not_copied() -> None:
    small = encode(LOG_ID, 1, 0, 1, DIGEST_NONE, [b"a"] * 100)
    assert len(small.buffers) == 1
    body = bytes(JOIN_BYTES_MAX + 1)
    large = encode(LOG_ID, 1, 0, 1, DIGEST_NONE, [body, body])
    assert [buffer is body for buffer in large.buffers] == [False, True, True]


def test_a_payload_past_the_limit_is_refused_before_it_is_joined() -> None:
    part = bytes(PAYLOAD_BYTES_MAX // 64)
    with pytest.raises(ValueError, match="at most"):
        encode(LOG_ID, 1, 0, 1, DIGEST_NONE, [*[part] * 64, b"x"])
