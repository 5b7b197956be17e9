"""Delivery tags: whatever the order of acks, each message is settled once and the right one."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.shared.unacked import Spans, Unacked

RUNS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2), st.booleans()),
    max_size=8,
)
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["one", "upto", "between", "deliver"]),
        st.integers(1, 40),
        st.integers(0, 6),
    ),
    max_size=30,
)


def offsets_of(spans: Spans) -> set[tuple[int, int, int]]:
    found = [
        (span.holder, span.partition, offset)
        for span in spans.values()
        for start, end in span.all_runs()
        for offset in range(start, end)
    ]
    assert len(found) == len(set(found)), "settled twice"
    return set(found)


class Model:
    """The same, one dictionary."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[int, int, int]] = {}
        self.next_tag = 1
        self.next_offset = 100

    def deliver(self, unacked: Unacked, count: int, holder: int, partition: int, gap: bool) -> None:
        self.next_offset += gap
        first = self.next_tag
        step = 2 if gap and count > 1 else 1  # apart
        offsets = [self.next_offset + step * number for number in range(count)]
        if step == 2:
            unacked.add_apart(first, 7, partition, holder, offsets, 9)
        else:
            unacked.add(first, first + count, 7, partition, holder, self.next_offset, 9)
        for number, offset in enumerate(offsets):
            self.open[first + number] = (holder, partition, offset)
        self.next_tag += count
        self.next_offset += step * count

    def take(self, tags: list[int]) -> set[tuple[int, int, int]]:
        return {self.open.pop(tag) for tag in tags}


@given(RUNS, OPERATIONS)
def test_it_agrees_with_a_dictionary(
    runs: list[tuple[int, int, int, bool]], operations: list[tuple[str, int, int]]
) -> None:
    model, unacked = Model(), Unacked()
    for run in runs:
        model.deliver(unacked, *run)
    for what, tag, length in operations:
        spans: Spans = {}
        if what == "one":
            unknown = unacked.take(tag, tag + length, spans)
            known = []
            for each in range(tag, tag + length + 1):
                if each not in model.open:
                    break
                known.append(each)
            assert unknown == (0 if len(known) == length + 1 else tag + len(known))
            assert offsets_of(spans) == model.take(known)
        elif what == "upto":
            unacked.take_upto(tag, spans)
            assert offsets_of(spans) == model.take([each for each in model.open if each <= tag])
        elif what == "between":
            unacked.take_between(tag, tag + length, spans)
            mine = [each for each in model.open if tag <= each <= tag + length]
            assert offsets_of(spans) == model.take(mine)
        else:
            model.deliver(unacked, 1 + tag % 4, 1 + length % 3, length % 2, gap=tag % 3 == 0)
        assert unacked.count == len(model.open)
        assert (unacked.overdue(1 << 40, 1, {}) > 0) == bool(model.open)
        for each in range(1, model.next_tag + 1):
            assert unacked.has(each) == (each in model.open)


def test_an_ack_of_300_messages_delivered_one_by_one_is_one_run() -> None:
    unacked = Unacked()
    for number in range(300):
        unacked.add(number + 1, number + 2, 7, 0, 3, 1000 + number, 5)
    spans: Spans = {}
    unacked.take_upto(300, spans)
    (span,) = spans.values()
    assert (span.subscription, span.holder, span.runs) == (7, 3, [(1000, 1300)])


def test_used_up_runs_are_let_go_though_the_first_is_still_open() -> None:
    unacked = Unacked()
    for number in range(10_000):
        unacked.add(number + 1, number + 2, 7, 0, number, 0, 5)
    spans: Spans = {}
    for tag in range(2, 10_001):
        unacked.take(tag, tag, spans)
    assert unacked.count == 1
    assert len(unacked._runs) < 600
    assert unacked.has(1)


def test_messages_delivered_long_apart_do_not_share_a_run_so_that_none_seems_older_than_it_is() -> (
    None
):
    unacked = Unacked()
    for minute in range(5):
        unacked.add(minute + 1, minute + 2, 7, 0, 3, minute, minute * 60_000 + 1)
        spans: Spans = {}
        unacked.take_upto(minute, spans)
        assert unacked.overdue(minute * 60_000 + 1_000, 1_000, {}) == 0
        assert unacked.overdue(minute * 60_000 + 1_001, 1_000, {}) == 1_000


def test_a_subscription_may_have_a_time_out_of_its_own() -> None:
    unacked = Unacked()
    unacked.add(1, 2, 7, 0, 3, 0, 1)
    unacked.add(2, 3, 8, 0, 4, 0, 1)
    assert unacked.overdue(501, 1_000, {8: 500}) == 500
    assert unacked.overdue(501, 1_000, {7: 2_000}) == 0
    unacked.take(2, 2, {})
    assert unacked.overdue(501, 1_000, {8: 500}) == 0


def test_segments_say_which_tag_is_which_message() -> None:
    unacked = Unacked()
    unacked.add(1, 5, 7, 0, 3, 100, 9)
    unacked.add(5, 7, 7, 1, 4, 40, 9)
    unacked.take_between(2, 2, {})
    segments = [
        (segment.first, segment.end, segment.holder, segment.partition, segment.offset)
        for segment in unacked.take_segments(1, 5)
    ]
    assert segments == [(1, 2, 3, 0, 100), (3, 5, 3, 0, 102), (5, 6, 4, 1, 40)]
    assert [segment.first for segment in unacked.take_segments(1, 9)] == [6], (
        "the rest is still open"
    )
