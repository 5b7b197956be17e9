"""Lanes as a byte a message: against a plain list of (lane, offset)."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.lane import Spans
from dragoman.kernel.leases.lanes import Lanes, encode
from dragoman.kernel.leases.ranks import PAGE, RUN_MIN, Ranks
from dragoman.kernel.leases.states import DONE, LEASED, READY, RETURNED
from dragoman.kernel.leases.window import Window

TOP = 3
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "first", "last", "apart", "back", "gap", "save"]),
        st.lists(st.integers(-1, TOP + 1), min_size=1, max_size=20),
        st.integers(1, 30),
    ),
    max_size=30,
)


class Model:
    """What is ready, and who has come back, sorted when asked."""

    def __init__(self, start: int) -> None:
        self.end = start
        self.ready: dict[int, int] = {}  # offset -> lane
        self.leased: dict[int, int] = {}
        self.returned: set[int] = set()

    def append(self, lanes: list[int]) -> None:
        for lane in lanes:
            self.ready[self.end] = min(max(lane, 0), TOP)
            self.end += 1

    def lane(self, lane: int) -> list[int]:
        return sorted(offset for offset, own in self.ready.items() if own == lane)

    def served(self, *, lowest: bool = False) -> list[int]:
        lanes = sorted(set(self.ready.values()), reverse=not lowest)
        return self.lane(lanes[0]) if lanes else []

    def take(self, offsets: list[int]) -> None:
        for offset in offsets:
            self.leased[offset] = self.ready.pop(offset)
            self.returned.discard(offset)


class Both:
    def __init__(self, start: int) -> None:
        self.order = Ranks(TOP)
        self.window = Window(start, self.order)
        self.model = Model(start)

    def append(self, lanes: list[int]) -> None:
        base = self.model.end
        self.window.advance(base, base + len(lanes), DONE, 0)
        self.order.append(self.window, base, [(base, base + len(lanes))], lanes, None)
        self.model.append(lanes)

    def pick(self, count: int, *, lowest: bool = False) -> None:
        pick = (
            self.order.last(self.window, count)
            if lowest
            else self.order.first(self.window, count, None)
        )
        wanted = self.model.served(lowest=lowest)
        if pick is None:
            assert not wanted
            return
        start, end, fresh = pick
        taken = list(range(start, end))
        assert wanted[: len(taken)] == taken
        assert all((offset in self.model.returned) != fresh for offset in taken)
        source = READY if fresh else RETURNED
        self.order.shift(self.window, start, end, source, LEASED, 9)
        self.model.take(taken)

    def apart(self, count: int) -> None:
        found = self.order.apart(count)
        if found is None:
            return
        wanted = self.model.served()
        assert wanted[: len(found)] == found
        assert not self.model.returned & set(found)
        assert len(found) == count or len(found) <= len(wanted)
        lane = self.order.take(found)
        assert lane == self.model.ready[found[0]]
        for offset in found:
            self.window.enter(offset, offset + 1, LEASED, 9)
            self.window.tag(offset, offset + 1, lane)
        self.model.take(found)

    def give_back(self, number: int) -> None:
        held = sorted(self.model.leased)
        if held:
            offset = held[number % len(held)]
            self.order.shift(self.window, offset, offset + 1, LEASED, RETURNED, 0)
            self.model.ready[offset] = self.model.leased.pop(offset)
            self.model.returned.add(offset)

    def save(self) -> None:
        again = Ranks(TOP)
        again.load(self.window, self.order.dump())
        self.order = self.window.order = again

    def check(self) -> None:
        fresh = sorted(self.model.ready.keys() - self.model.returned)
        told = [at for start, end in self.order.fresh(self.window) for at in range(start, end)]
        assert told == fresh
        assert self.order.low() == min(fresh, default=-1)
        for offset in (self.model.end - 1, *fresh[:1]):
            assert self.order.meets(offset, offset + 1) == (offset in fresh)


@given(st.sampled_from([0, PAGE - 5, 3 * PAGE - 1]), STEPS)
def test_it_serves_as_a_sorted_list_would(
    start: int, steps: list[tuple[str, list[int], int]]
) -> None:
    both = Both(start)
    for what, lanes, count in steps:
        if what == "append":
            both.append(lanes)
        elif what == "gap":
            both.model.end += count
        elif what in {"first", "last"}:
            both.pick(count, lowest=what == "last")
        elif what == "apart":
            both.apart(count)
        elif what == "back":
            both.give_back(count)
        else:
            both.save()
        both.check()


def test_a_byte_for_each_message_is_all_it_costs() -> None:
    both = Both(0)
    for _ in range(10):
        both.append([0, 1, 2, 3] * (PAGE // 8))
    assert sum(len(page.data) for page in both.order.pages) == 5 * PAGE
    assert len(both.order.pages) == 5


def test_a_page_of_which_nothing_is_ready_goes() -> None:
    both = Both(0)
    both.append([0] * PAGE + [1] * 10)
    both.order.shift(both.window, 0, PAGE, READY, DONE, 0)
    assert both.order.bases == [PAGE]
    assert both.order.low() == PAGE


def test_neighbours_go_as_a_run_and_what_lies_apart_together() -> None:
    both = Both(0)
    both.append([1] * RUN_MIN + [0, 1] * 3)
    assert both.order.apart(100) is None
    assert both.order.first(both.window, 100, None) == (0, RUN_MIN, True)
    both.pick(100)
    assert both.order.apart(100) == [RUN_MIN + 1, RUN_MIN + 3, RUN_MIN + 5]
    assert both.order.apart(2) == [RUN_MIN + 1, RUN_MIN + 3]


def test_what_has_come_back_is_served_before_what_lies_behind_it() -> None:
    both = Both(0)
    both.append([1, 0, 1, 0, 1])
    both.apart(2)
    both.give_back(1)  # the second of them
    assert both.order.apart(5) is None
    both.pick(5)
    assert both.model.leased.keys() == {0, 2}


def test_a_backlog_that_was_saved_as_runs_is_read() -> None:
    runs = Lanes(TOP)
    runs.append(Window(6), 0, [(0, 6)], [3, 0, 0, 3, 1, 0], None)
    ranks = Ranks(TOP)
    ranks.load(Window(6), runs.dump())
    assert [ranks.lane_of(offset) for offset in range(7)] == [3, 0, 0, 3, 1, 0, -1]


def test_a_backlog_that_was_saved_as_pages_is_read_as_runs() -> None:
    both = Both(PAGE - 3)
    both.append([3, 0, 0, 3, 1, 0])
    runs = Lanes(TOP)
    runs.load(both.window, both.order.dump())
    found = [lane.fresh.runs() for lane in runs.lanes]
    at = PAGE - 3
    assert found[0] == [(at + 1, at + 3), (at + 5, at + 6)]
    assert found[3] == [(at, at + 1), (at + 3, at + 4)]


def test_more_runs_than_ends_are_not_read() -> None:
    spans = Spans()
    spans.append(0, 2)
    starts, _ = spans.packed()
    try:
        Ranks(TOP).load(Window(2), encode([(0, starts, b"")]))
    except ValueError:
        return
    raise AssertionError("was read")
