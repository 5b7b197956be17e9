"""Rows of the state store are read as this version writes them, and as earlier ones did."""

import zlib
from array import array

import msgspec
import pytest

from dragoman.kernel.leases.chunk import SPAN
from dragoman.runtime.snapshot import ChunkRow, chunk_of


@pytest.mark.parametrize("code", ["B", "H"])
def test_counters_are_read_in_one_byte_and_in_two(code: str) -> None:
    counters = zlib.compress(array(code, [7] * SPAN).tobytes())
    row = ChunkRow(zlib.compress(bytes(SPAN)), counters)
    chunk = chunk_of(1, msgspec.msgpack.encode(row))
    assert chunk.tries == array("H", [7] * SPAN)
    assert chunk.fails is None
