import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.grpc.codes import INTERNAL, RESOURCE_EXHAUSTED
from dragoman.wire.grpc.messages import (
    BadMessage,
    MessageReader,
    encode_message,
    is_known,
    only_message,
    unpack,
)


def test_a_message_has_a_prefix() -> None:
    assert encode_message(b"abc") == b"\x00\x00\x00\x00\x03abc"
    assert only_message(b"\x00\x00\x00\x00\x03abc", 3) == b"abc"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x00\x00\x00\x04abc", b"\x00\x00\x00\x00\x02abc", b"\x01\x00\x00\x00\x03abc"],
)
def test_anything_else_is_not_the_only_one(data: bytes) -> None:
    assert only_message(data, 100) is None


def test_long_messages_are_packed_when_asked_for() -> None:
    packed = encode_message(bytes(10_000), b"gzip")
    assert packed[0] == 1 and len(packed) < 200
    assert gzip.decompress(packed[5:]) == bytes(10_000)
    assert encode_message(b"short", b"gzip")[0] == 0
    assert encode_message(bytes(10_000), b"identity")[0] == 0


@given(
    st.lists(st.binary(max_size=600), max_size=6),
    st.sampled_from([b"gzip", b"deflate", b"identity"]),
    st.data(),
)
def test_messages_are_read_however_they_are_cut(
    bodies: list[bytes], encoding: bytes, draw: st.DataObject
) -> None:
    content = b"".join(encode_message(body, encoding) for body in bodies)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    reader = MessageReader(encoding, 600)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        found += reader.read(content[start:end])
    assert found == bodies
    assert reader.held_bytes == 0


def test_what_is_too_large_is_refused_before_it_is_there() -> None:
    with pytest.raises(BadMessage) as caught:
        MessageReader(b"", 10).read(b"\x00\x00\x00\x00\x0b")
    assert caught.value.code == RESOURCE_EXHAUSTED


def test_a_bomb_is_refused_while_it_grows() -> None:
    with pytest.raises(BadMessage) as caught:
        unpack(gzip.compress(bytes(10_000_000)), b"gzip", 1_000)
    assert caught.value.code == RESOURCE_EXHAUSTED


PACKED = gzip.compress(b"x", mtime=0)  # the same in every process, and so in every test's name


@pytest.mark.parametrize(
    "packed",
    [b"", b"nonsense", PACKED[:-1], PACKED + b"x", zlib.compress(b"x")],
)
def test_what_is_packed_otherwise_is_refused(packed: bytes) -> None:
    with pytest.raises(BadMessage) as caught:
        unpack(packed, b"gzip", 100)
    assert caught.value.code == INTERNAL


def test_encodings_that_are_known() -> None:
    assert is_known(b"gzip") and is_known(b"deflate") and is_known(b"identity")
    assert not is_known(b"snappy")
