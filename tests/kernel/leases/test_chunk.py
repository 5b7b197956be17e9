from dragoman.kernel.leases.chunk import SPAN, Chunk
from dragoman.kernel.leases.states import DONE, LEASED, WAITING


def test_a_chunk_says_who_holds_what_and_what_waits_until_when() -> None:
    chunk = Chunk(SPAN)
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
    chunk = Chunk(0)
    chunk.hold(0, 1, 7, 100)
    assert chunk.held_until() == chunk.waits_until() == []
