from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.lane import NONE, Lane, Spans

OFFSETS = 40
Run = tuple[int, int]
runs = st.tuples(st.integers(0, OFFSETS), st.integers(1, 6)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


def runs_of(offsets: set[int]) -> list[Run]:
    found: list[Run] = []
    for offset in sorted(offsets):
        if found and found[-1][1] == offset:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return found


@given(st.lists(st.tuples(st.booleans(), runs), max_size=60))
def test_spans_hold_what_a_set_of_offsets_would(steps: list[tuple[bool, Run]]) -> None:
    spans, model = Spans(), set[int]()
    for adds, (start, end) in steps:
        wanted = set(range(start, end))
        if adds:
            if model & wanted:
                continue
            spans.add(start, end)
            model |= wanted
        else:
            assert spans.remove(start, end) == len(model & wanted)
            model -= wanted
        assert spans.runs() == runs_of(model)
        assert spans.low() == min(model, default=NONE)
        assert spans.meets(start, end) == bool(model & wanted)
    again = Spans()
    again.unpack(*spans.packed())
    assert again.runs() == spans.runs()


def test_a_long_backlog_of_neighbours_is_one_run() -> None:
    spans = Spans()
    for start in range(0, 100_000, 100):
        spans.append(start, start + 100)
    assert spans.runs() == [(0, 100_000)]


def test_runs_gone_at_the_front_are_given_up_in_time() -> None:
    spans = Spans()
    for start in range(0, 20_000, 2):
        spans.append(start, start + 1)
    for start in range(0, 19_998, 2):
        spans.remove(start, start + 1)
    assert spans.runs() == [(19_998, 19_999)]
    assert len(spans.starts) < 3_000


def test_a_returned_message_is_the_head_before_later_fresh_ones() -> None:
    lane = Lane()
    lane.fresh.append(10, 20)
    lane.put_back(3, 5)
    assert lane.head(100) == (3, 5, False)
    lane.put_back(30, 31)
    assert lane.returned is not None
    lane.returned.remove(3, 5)
    assert lane.head(100) == (10, 20, True)
    lane.fresh.remove(10, 20)
    assert lane.head(100) == (30, 31, False)


def test_an_empty_lane_has_no_lowest_offset() -> None:
    assert Lane().low() == NONE
