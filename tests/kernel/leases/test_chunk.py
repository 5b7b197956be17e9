from dragoman.kernel.leases.chunk import SPAN, Chunk
from dragoman.kernel.leases.states import DONE, LEASED, WAITING


def test_a_chunk_says_who_holds_what_and_what_waits_until_when() -> None:
    chunk = Chunk(SPAN, SPAN)
    chunk.states[0:6] = bytes([LEASED, LEASED, LEASED, WAITING, WAITING, DONE])
    assert chunk.held_until() == chunk.waits_until() == []
    chunk.hold(SPAN, SPAN + 2, 7, 100)
    chunk.hold(SPAN + 2, SPAN + 3, 8, 100)
    chunk.wait(SPAN + 3, SPAN + 4, 5_000, 90)
    chunk.wait(SPAN + 4, SPAN + 5, 6_000, 90)
    assert chunk.held_until() == [(SPAN, SPAN + 2, 7, 100), (SPAN + 2, SPAN + 3, 8, 100)]
    assert chunk.waits_until() == [
        (SPAN + 3, SPAN + 4, 5_000, 90),
        (SPAN + 4, SPAN + 5, 6_000, 90),
    ]


def test_messages_in_another_state_have_no_time() -> None:
    chunk = Chunk(0, 1)
    chunk.hold(0, 1, 7, 100)
    assert chunk.held_until() == chunk.waits_until() == []


def test_a_chunk_grows_in_all_its_columns() -> None:
    chunk = Chunk(100, 1)
    chunk.states[0], chunk.holders[0], chunk.open = LEASED, 7, 1
    chunk.hold(100, 101, 7, 90)
    chunk.tries = chunk.column("H")
    chunk.grow(9)
    assert chunk.end() == 110
    assert len(chunk.states) == len(chunk.tries) == 10
    assert len(chunk.holders) == 30
    assert chunk.held_until() == [(100, 101, 7, 90)]


def test_counters_begin_anew_where_a_chunk_does() -> None:
    chunk = Chunk(0, 1)
    chunk.tries = chunk.column("H")
    chunk.tries[0] = 3
    chunk.restart(200)
    assert chunk.base == 200 and chunk.tries is None


def test_a_part_says_what_the_whole_said() -> None:
    chunk = Chunk(0, 6)
    chunk.states[2:5] = bytes([LEASED, DONE, WAITING])
    chunk.hold(2, 3, 7, 90)
    chunk.wait(4, 5, 5_000, 60)
    part = chunk.cut(2, 5)
    assert (part.base, part.end(), part.open) == (2, 5, 2)
    assert part.held_until() == [(2, 3, 7, 90)]
    assert part.waits_until() == [(4, 5, 5_000, 60)]
