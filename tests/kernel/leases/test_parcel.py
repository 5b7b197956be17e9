"""Leases kept as they were handed out: against chunks that say it message by message."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.parcel import (
    PARCELS_MAX,
    Parcels,
    end_apart,
    holds_apart,
    lease_apart,
    runs_of,
)
from dragoman.kernel.leases.states import DONE, LEASED
from dragoman.kernel.leases.window import Window


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), max_size=8),
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 12)), max_size=8),
)
def test_the_first_of_a_holder_are_found_and_ended_in_their_order(
    handed: list[tuple[int, int]], settled: list[tuple[int, int]]
) -> None:
    parcels, model = Parcels(), dict[int, list[int]]()
    offset = 0
    for holder, count in handed:
        offsets = [offset + 2 * number for number in range(count)]
        offset += 2 * count + 1
        parcels.add(holder, 0, offsets)
        model.setdefault(holder, []).extend(offsets)
    for holder, count in settled:
        mine = model.get(holder, [])
        wanted = mine[:count]
        assert not parcels.begins_with(holder, [*wanted, offset])
        if wanted:
            assert parcels.begins_with(holder, wanted)
            assert not parcels.begins_with(holder, [*wanted[:-1], wanted[-1] + 1])
            parcels.drop(holder, len(wanted))
            del mine[: len(wanted)]
        left = [at for theirs in model.values() for at in theirs]
        assert sorted(at for one in parcels.all() for at in one.offsets[one.at :]) == sorted(left)
        assert parcels.count == len(parcels.all())
        if left:
            assert parcels.low() == min(left)


def window_of(*parcels: tuple[int, list[int]]) -> Window:
    window = Window(0)
    window.advance(0, 10_000, DONE, 0)
    for holder, offsets in parcels:
        lease_apart(window, offsets, 5, holder)
    return window


def test_whatever_is_asked_is_answered_as_if_chunks_had_always_said_it() -> None:
    window = window_of((7, [1, 3, 9_000]), (8, [2]))
    assert (window.floor(), window.counts[LEASED]) == (1, 4)
    assert window.parcels is not None
    assert [window.state(offset) for offset in (0, 1, 2, 3, 9_000)] == [0, 1, 1, 1, 1]
    assert window.parcels is None
    assert (window.holder_of(2), window.holder_of(9_000)) == (8, 7)
    assert list(window.runs(LEASED, 7)) == [(1, 2), (3, 4), (9_000, 9_001)]
    assert window.tagged(9_000, 9_001) == [(5, 9_000, 9_001)]
    assert (window.floor(), window.counts[LEASED]) == (1, 4)


def test_runs_and_pieces_are_asked_of_parcels_too() -> None:
    assert list(window_of((7, [1, 3])).runs(LEASED)) == [(1, 2), (3, 4)]
    assert window_of((7, [1, 3])).within(LEASED, 0, 10) == [(1, 2), (3, 4)]
    assert window_of((7, [1, 3])).held(3, 4, 7)
    assert not window_of((7, [1, 3])).is_done(3, 4)
    assert window_of((7, [1, 3])).next_run(LEASED, 0, 9) == (1, 2)
    tidied = window_of((7, [1, 3]))
    tidied.tidy()
    assert [chunk.open for chunk in tidied.chunks] == [2]


def test_what_is_ended_in_its_order_never_meets_a_chunk() -> None:
    window = window_of((7, [1, 3, 5]), (7, [8]))
    assert holds_apart(window, [1, 3], 7)
    assert not holds_apart(window, [3], 7)
    assert not holds_apart(window, [1], 8)
    end_apart(window, 7, 2)
    assert (window.floor(), window.counts[LEASED]) == (5, 2)
    assert holds_apart(window, [5, 8], 7)
    end_apart(window, 7, 2)
    assert window.parcels is None
    assert (window.chunks, window.floor(), window.counts[LEASED]) == ([], 10_000, 0)


def test_what_is_taken_apart_has_no_time_of_an_earlier_lease() -> None:
    window = Window(0)
    window.advance(0, 1, LEASED, 3)
    window.hold_until(0, 1, 500, 100)
    window.move(0, 1, LEASED, DONE)
    window.advance(1, 100, DONE, 0)
    lease_apart(window, [50, 60], 0, 7)
    window.unpack()
    assert window.held_until() == []


def test_parcels_are_taken_apart_before_they_are_too_many() -> None:
    window = window_of(*[(7, [10 * number, 10 * number + 5]) for number in range(PARCELS_MAX + 1)])
    assert window.parcels is not None
    assert window.parcels.count == 1
    assert window.counts[LEASED] == 2 * (PARCELS_MAX + 1)


def test_neighbours_are_one_run() -> None:
    assert runs_of([1, 2, 3, 7, 9, 10]) == [(1, 4), (7, 8), (9, 11)]
    assert runs_of([1, 2, 3, 7], 2) == [(3, 4), (7, 8)]
