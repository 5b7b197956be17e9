"""A block in pieces."""

import pytest

from dragoman.wire.http2.errors import ConnectionFault
from dragoman.wire.http2.fragments import BLOCK_BYTES_MAX, CONTINUATIONS_MAX, Fragments


def test_pieces_are_one_block() -> None:
    fragments = Fragments()
    fragments.begin(3, 1, b"ab")
    fragments.add(b"c")
    assert (fragments.stream, fragments.flags, fragments.end(), fragments.stream) == (
        3,
        1,
        b"abc",
        0,
    )


@pytest.mark.parametrize("piece", [b"", bytes(BLOCK_BYTES_MAX)])
def test_neither_more_pieces_nor_more_bytes_than_their_bounds(piece: bytes) -> None:
    fragments = Fragments()
    fragments.begin(1, 0, b"x")
    with pytest.raises(ConnectionFault):
        add(fragments, [piece] * (CONTINUATIONS_MAX + 1))


def add(fragments: Fragments, pieces: list[bytes]) -> None:
    for piece in pieces:
        fragments.add(piece)
