"""A window goes through its rows and comes back the same."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.chunk import SPAN
from dragoman.kernel.leases.states import DONE, LEASED, READY, WAITING
from dragoman.kernel.leases.window import Window
from dragoman.runtime.chunkrows import COMPRESSED_AT, ChunkRow, adopt, chunk_key, chunk_row


def told(window: Window) -> list[object]:
    """All that a window says."""
    offsets = [
        offset for state in range(1, READY) for run in window.runs(state) for offset in range(*run)
    ]
    notes = [
        (at, window.state(at), window.tried(at), window.failed(at), window.first_ms(at))
        for at in sorted(offsets)
    ]
    lanes = [window.tagged(start, end) for start, end in window.runs(WAITING)]
    return [notes, lanes, window.held_until(), window.waits_until(), window.counts]


def copied(window: Window) -> Window:
    """As its rows say."""
    again = Window(window.frontier)
    for chunk in window.chunks:
        if chunk.open:
            adopt(again, chunk_key(chunk.base), chunk_row(chunk))
    assert again.bases == [chunk.base for chunk in window.chunks if chunk.open]
    return again


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300), st.integers(0, 4))))
def test_a_window_is_as_its_rows_say(steps: list[tuple[int, int, int]]) -> None:
    window = Window(0)
    for gap, count, kind in steps:
        start = window.frontier + gap
        end = start + count
        window.advance(start, end, LEASED, 7)
        if kind == 1:
            window.hold_until(start, end, 30_000, 30_000)
            window.note_first(start, end, 1_234)
        if kind >= 2:
            window.count_try(start, end, failed=kind == 3)
            window.move(start, end, LEASED, WAITING if kind < 4 else DONE)
        if kind in {2, 3}:
            window.hold_until(start, end, 99_000, 1_000)
            window.tag(start, end, kind)
    assert told(copied(window)) == told(window)


def test_a_row_of_one_message_is_short_and_a_long_one_is_compressed() -> None:
    window = Window(1 << 30)
    window.advance(1 << 30, (1 << 30) + 1, LEASED, 1)
    window.hold_until(1 << 30, (1 << 30) + 1, 30_000, 30_000)
    (chunk,) = window.chunks
    assert len(chunk_row(chunk)) < 48
    full = Window(0)
    full.advance(0, SPAN, LEASED, 1)
    full.count_try(0, SPAN, failed=True)
    assert len(chunk_row(full.chunks[0])) < COMPRESSED_AT


@pytest.mark.parametrize(
    "row",
    [
        ChunkRow(b""),
        ChunkRow(bytes([LEASED]) * (SPAN + 1)),
        ChunkRow(bytes([LEASED]) * 2, tries=bytes(2)),
    ],
)
def test_rows_that_say_too_much_or_too_little_are_refused(row: ChunkRow) -> None:
    with pytest.raises(ValueError, match=r"chunk|column"):
        adopt(Window(SPAN), chunk_key(0), msgspec.msgpack.encode(row))
