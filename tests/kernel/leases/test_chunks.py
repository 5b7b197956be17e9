"""Chunks cover what is open, and little else."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.chunk import SPAN
from dragoman.kernel.leases.chunks import GAP_MAX, SPARSE_MIN, Chunks
from dragoman.kernel.leases.states import DONE, LEASED

PIECES = st.lists(
    st.tuples(st.one_of(st.integers(0, 300), st.integers(0, 20_000)), st.integers(1, 5_000)),
    min_size=1,
    max_size=12,
)


def fill(chunks: Chunks, start: int, end: int) -> None:
    """As a window does, where nothing is open yet."""
    while start < end:
        index = chunks.place(start, end)
        chunk = chunks.chunks[index]
        low = start - chunk.base
        count = min(end - start, len(chunk.states) - low)
        chunk.states[low : low + count] = bytes([LEASED]) * count
        chunk.open += count
        start += count


def opened(chunks: Chunks) -> set[int]:
    return {
        chunk.base + at
        for chunk in chunks.chunks
        for at, state in enumerate(chunk.states)
        if state != DONE
    }


def is_sound(chunks: Chunks) -> bool:
    ends = [0, *(chunk.end() for chunk in chunks.chunks)]
    return (
        chunks.bases == [chunk.base for chunk in chunks.chunks]
        and all(end <= base for end, base in zip(ends, chunks.bases, strict=False))
        and all(len(c.states) - c.states.count(DONE) == c.open for c in chunks.chunks)
        and all(len(c.holders) == len(c.states) for c in chunks.chunks)
        and all(len(chunk.states) <= SPAN for chunk in chunks.chunks)
    )


@given(PIECES)
def test_what_is_filled_in_any_order_is_covered_once(pieces: list[tuple[int, int]]) -> None:
    chunks, filled = Chunks(), set[int]()
    for start, count in pieces:
        end = start
        while end < start + count and end not in filled:
            end += 1
        fill(chunks, start, end)
        filled |= set(range(start, end))
        assert is_sound(chunks)
        assert opened(chunks) == filled
    for offset in (*filled, 0, 30_000):
        chunk = chunks.chunk_at(offset)
        state = DONE if chunk is None else chunk.states[offset - chunk.base]
        assert (state == LEASED) == (offset in filled)
    total = sum(high - low for _, low, high in chunks.pieces(0, 30_000))
    assert total == sum(len(chunk.states) for chunk in chunks.chunks)


@given(st.sets(st.integers(0, SPAN - 1), min_size=1, max_size=60))
def test_a_sparse_chunk_is_cut_to_what_is_open(kept: set[int]) -> None:
    chunks = Chunks()
    fill(chunks, 0, SPAN)
    for offset in range(SPAN):
        if offset not in kept:
            chunks.chunks[0].states[offset] = DONE
    chunks.chunks[0].open = len(kept)
    chunks.tidy()
    assert is_sound(chunks)
    assert opened(chunks) == kept
    assert sum(len(chunk.states) for chunk in chunks.chunks) < (GAP_MAX + 2) * len(kept)


def test_messages_far_apart_have_short_chunks() -> None:
    chunks = Chunks()
    for number in range(100):
        fill(chunks, number * SPARSE_MIN * 2, number * SPARSE_MIN * 2 + 1)
    assert [len(chunk.states) for chunk in chunks.chunks] == [1] * 100


def test_messages_with_short_gaps_share_a_chunk_while_it_is_not_sparse() -> None:
    chunks = Chunks()
    for number in range(100):
        fill(chunks, number * GAP_MAX, number * GAP_MAX + 1)
    assert len(chunks.chunks) == 1
    far = chunks.chunks[0].end() + GAP_MAX
    fill(chunks, far, far + 1)
    assert len(chunks.chunks) == 2


def test_neighbours_share_a_chunk_as_long_as_it_may_be() -> None:
    chunks = Chunks()
    for number in range(SPAN + 1):
        fill(chunks, 7 + number, 8 + number)
    assert [len(chunk.states) for chunk in chunks.chunks] == [SPAN, 1]


def test_the_last_chunk_begins_anew_once_it_is_done_and_others_go() -> None:
    chunks = Chunks()
    fill(chunks, 0, 10)
    chunks.chunks[0].states[:] = bytes(10)
    chunks.chunks[0].open = 0
    fill(chunks, 1000, 1020)
    assert chunks.bases == [1000]
    assert len(chunks.chunks[0].states) == 20
    chunks.chunks[0].states[:] = bytes(20)
    chunks.chunks[0].open = 0
    chunks.tidy()
    assert not chunks.chunks and not chunks.bases
