"""The window against one byte per offset, and what its drawing promises."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.chunk import SPAN
from dragoman.kernel.leases.states import DEFERRED, DONE, LEASED, READY, RETURNED, WAITING
from dragoman.kernel.leases.window import TRIES_MAX, Window

LENGTHS = st.one_of(st.integers(1, 5), st.integers(SPAN - 2, SPAN + 2), st.just(2 * SPAN + 1))
STATES = (LEASED, RETURNED, WAITING, DEFERRED, DONE)


class Plain:
    """The same, slow and obvious: a state and a holder per offset."""

    def __init__(self) -> None:
        self.states: list[int] = []
        self.holders: list[int] = []

    def runs(self, state: int, holder: int = 0) -> list[int]:
        return [
            offset
            for offset, known in enumerate(self.states)
            if known == state and holder in {0, self.holders[offset]}
        ]


def offsets(window: Window, state: int, holder: int = 0) -> list[int]:
    return [offset for start, end in window.runs(state, holder) for offset in range(start, end)]


@given(st.data())
def test_runs_counts_and_floor_are_those_of_one_byte_per_offset(data: st.DataObject) -> None:
    window, plain = Window(0), Plain()
    for _ in range(data.draw(st.integers(1, 8))):
        length, holder = data.draw(LENGTHS), data.draw(st.integers(1, 3))
        gap = data.draw(st.integers(0, 2))
        start = window.frontier + gap
        state = data.draw(st.sampled_from([LEASED, DONE]))
        window.advance(start, start + length, state, holder)
        plain.states += [DONE] * gap + [state] * length
        plain.holders += [0] * gap + [holder] * length
        source = data.draw(st.sampled_from(STATES[:-1]))
        run = next(iter(window.runs(source)), None)
        if run is not None:
            start, end = run
            end = data.draw(st.integers(start + 1, end))
            target = data.draw(st.sampled_from([s for s in STATES if s != source]))
            window.move(start, end, source, target, holder)
            plain.states[start:end] = [target] * (end - start)
            if target == LEASED:
                plain.holders[start:end] = [holder] * (end - start)
    for state in STATES[:-1]:
        assert offsets(window, state) == plain.runs(state)
        assert window.counts[state] == len(plain.runs(state))
    for holder in (1, 2, 3):
        assert offsets(window, LEASED, holder) == plain.runs(LEASED, holder)
    still = [offset for offset, state in enumerate(plain.states) if state != DONE]
    assert window.floor() == min(still, default=window.frontier)
    assert window.is_done(0, len(plain.states)) == (not still)


def test_past_the_frontier_everything_is_ready_and_costs_nothing() -> None:
    window = Window(10)
    assert window.state(10) == window.state(10**9) == READY
    assert not window.chunks


def test_what_is_wholly_done_below_the_frontier_costs_nothing() -> None:
    window = Window(0)
    window.advance(0, 3 * SPAN, LEASED, 1)
    window.move(0, 3 * SPAN, LEASED, DONE)
    window.tidy()
    assert not window.chunks
    assert window.floor() == 3 * SPAN
    assert window.state(5) == DONE


def test_one_open_message_is_the_floor_whatever_is_done_around_it() -> None:
    window = Window(0)
    window.advance(0, SPAN + 10, LEASED, 1)
    window.move(0, 7, LEASED, DONE)
    window.move(8, SPAN + 10, LEASED, DONE)
    assert window.floor() == 7
    assert not window.is_done(0, 8)
    assert window.is_done(0, 7) and window.is_done(8, SPAN + 10)


def test_only_its_holder_holds_a_message() -> None:
    window = Window(0)
    window.advance(0, 10, LEASED, 1)
    window.advance(10, 20, LEASED, 2)
    assert window.held(0, 10, 1) and window.held(3, 4, 1)
    assert not window.held(0, 11, 1) and not window.held(3, 4, 2)
    assert not window.held(15, 21, 2)  # past the frontier


def test_the_lowest_returned_run_comes_first_and_no_longer_than_asked_for() -> None:
    window = Window(0)
    window.advance(0, 20, LEASED, 1)
    window.move(12, 15, LEASED, RETURNED)
    assert window.next_returned(10) == (12, 15)
    window.move(3, 8, LEASED, RETURNED)
    assert window.next_returned(2) == (3, 5)
    assert window.next_returned(10) == (3, 8)


def test_tries_are_counted_per_message_and_stop_at_their_limit() -> None:
    window = Window(0)
    window.advance(0, 3, LEASED, 1)
    window.count_try(1, 2, failed=False)
    window.chunks[0].tries[1] = TRIES_MAX - 1  # type: ignore[index]
    for _ in range(5):
        window.count_try(1, 2, failed=False)
    window.count_try(2, 3, failed=True)
    assert [window.tried(offset) for offset in range(3)] == [0, TRIES_MAX, 1]
    assert [window.failed(offset) for offset in range(3)] == [0, 0, 1]


def test_a_seek_opens_what_was_done() -> None:
    window = Window(0)
    window.advance(0, 10, DONE, 0)
    window.reopen(4, 6)
    assert list(window.runs(RETURNED)) == [(4, 6)]
    assert window.next_returned(10) == (4, 6)
    assert window.floor() == 4


def test_neighbours_in_two_chunks_are_one_run() -> None:
    window = Window(0)
    window.advance(0, SPAN + 10, LEASED, 1)
    assert len(window.chunks) == 2
    assert list(window.runs(LEASED)) == [(0, SPAN + 10)]
    window.move(SPAN - 5, SPAN + 5, LEASED, RETURNED)
    assert window.next_returned(7) == (SPAN - 5, SPAN + 2)
    assert window.next_returned(100) == (SPAN - 5, SPAN + 5)
    assert window.within(RETURNED, 0, SPAN + 1) == [(SPAN - 5, SPAN + 1)]
