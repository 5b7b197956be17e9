"""Chunks of message states as rows of the state store, and back.

chunk   subscription/partition/base -> states of the messages of a chunk, up to the last open one
"""

import zlib
from array import array
from typing import Final

import msgspec

from dragoman.kernel.leases.chunk import SPAN, Chunk
from dragoman.kernel.leases.states import DONE
from dragoman.kernel.leases.window import Window

COMPRESSED_AT: Final = 256  # bytes of a row
_PACK_LEVEL: Final = 1
_ARRAY: Final = 0x90  # of the first byte of a plain row; a compressed one has another
_pack: Final = msgspec.msgpack.Encoder()

Timed = list[tuple[int, int, int, int]]


class ChunkRow(msgspec.Struct, array_like=True):
    """A chunk at a checkpoint: states, counters and lanes of its messages; leases with a deadline as in
    `held_until`, what waits as in `waits_until`; which leased ones were deferred.
    """

    states: bytes
    tries: bytes = b""
    fails: bytes = b""
    lanes: bytes = b""
    leases: Timed = []
    firsts_ms: bytes = b""
    waits: Timed = []
    aside: bytes = b""


def chunk_key(base: int) -> str:
    """The last part of a row's key; sorts by offset."""
    return f"{base:016x}"


def chunk_row(chunk: Chunk) -> bytes:
    """The row of a chunk that has something open."""
    high = len(chunk.states.rstrip(b"\0"))
    row = ChunkRow(
        bytes(chunk.states[:high]),
        _cut(chunk.tries, high),
        _cut(chunk.fails, high),
        _cut(chunk.lanes, high),
        chunk.held_until(),
        _cut(chunk.firsts_ms, high),
        chunk.waits_until(),
        _cut(chunk.aside, high),
    )
    data = _pack.encode(row)
    return data if len(data) < COMPRESSED_AT else zlib.compress(data, _PACK_LEVEL)


def _cut(column: "array[int] | None", high: int) -> bytes:
    return b"" if column is None or not any(column) else column[:high].tobytes()


def adopt(window: Window, key: str, data: bytes) -> None:
    """Give a window the chunk of a row. Raises msgspec.MsgspecError, zlib.error, ValueError."""
    plain = data if data[0] & 0xF0 == _ARRAY else zlib.decompress(data)
    base = int(key, 16)
    window.adopt(_chunk(base, msgspec.msgpack.decode(plain, type=ChunkRow)))
    window.note_saved(base)


def _chunk(base: int, row: ChunkRow) -> Chunk:
    """As its row says."""
    count = len(row.states)
    if not 0 < count <= SPAN:
        raise ValueError(f"{count} states in a chunk")
    chunk = Chunk(base, count)
    chunk.states[:] = row.states
    chunk.tries = _column(chunk, "H", row.tries)
    chunk.fails = _column(chunk, "H", row.fails)
    chunk.lanes = _column(chunk, "Q", row.lanes)
    chunk.firsts_ms = _column(chunk, "Q", row.firsts_ms)
    chunk.aside = _column(chunk, "B", row.aside)
    for start, end, holder, duration_ms in row.leases:
        chunk.hold(start, end, holder, duration_ms)
    for start, end, until_ms, duration_ms in row.waits:
        chunk.wait(start, end, until_ms, duration_ms)
    chunk.open = count - row.states.count(DONE)
    chunk.dirty = False
    return chunk


def _column(chunk: Chunk, code: str, data: bytes) -> "array[int] | None":
    if not data:
        return None
    column = array(code, data)
    if len(column) != len(chunk.states):
        raise ValueError(f"{len(column)} values in a column of {len(chunk.states)}")
    return column
