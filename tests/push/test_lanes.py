from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from dragoman.push import lanes as lanes_module
from dragoman.push.lanes import LIMITS, UNPACED, WAITING_BYTES_MAX, Lanes, Limits
from dragoman.push.standing import LATE_MS, Event, Lane, Target

FEW = {lane: Limits(2, UNPACED) for lane in Lane}


class FakeItem:
    def __init__(self, target: Target, size_bytes: int = 1) -> None:
        self.target = target
        self.size_bytes = size_bytes
        self.lane = Lane.FRESH
        self.started_ms = 0


def target_of(key: str, *events: Event) -> Target:
    target = Target(key)
    for event in events:
        target.note(event)
    return target


LIVELY = [Event.ANSWERED] * 6


def put(lanes: Lanes, target: Target, count: int = 1) -> list[FakeItem]:
    items = [FakeItem(target) for _ in range(count)]
    assert all(lanes.put(item) for item in items)
    return items


def taken(lanes: Lanes, now_ms: int = 0) -> Iterator[FakeItem]:
    while (item := lanes.take(now_ms)) is not None:
        assert isinstance(item, FakeItem)
        yield item


def test_a_target_is_sent_no_more_than_its_limit_at_once() -> None:
    lanes = Lanes(FEW)
    target = target_of("a", Event.ANSWERED)
    first, second, third = put(lanes, target, 3)
    assert list(taken(lanes)) == [first, second]
    lanes.end(first, Event.FAILED)
    assert list(taken(lanes)) == []  # one is still under way, and one is all it gets now
    lanes.end(second, Event.FAILED)
    assert list(taken(lanes, 1_000)) == [third]


def test_targets_take_turns_whatever_waits_for_them() -> None:
    lanes = Lanes({lane: Limits(4, UNPACED) for lane in Lane})
    greedy, modest = target_of("a", *LIVELY), target_of("b", *LIVELY)
    put(lanes, greedy, 50)
    put(lanes, modest, 2)
    assert [item.target.key for item in taken(lanes)] == ["a", "b", "a", "b"]


def test_a_full_lane_leaves_the_others_alone() -> None:
    lanes = Lanes(FEW)
    for number in range(10):
        put(lanes, target_of(f"bad{number}", Event.SILENT))
    live = target_of("live", *LIVELY)
    put(lanes, live)
    started = [item.target.key for item in taken(lanes)]
    assert started == ["live", "bad0", "bad1"]


def test_what_is_under_way_for_long_takes_no_place_from_the_lively() -> None:
    lanes = Lanes(FEW)
    stuck = put(lanes, target_of("stuck", *LIVELY), 2)
    assert list(taken(lanes)) == stuck
    waiting = put(lanes, target_of("live", *LIVELY))
    assert list(taken(lanes)) == []
    assert lanes.next_ms(0) == LATE_MS
    lanes.shift(LATE_MS - 1)
    assert list(taken(lanes, LATE_MS - 1)) == []
    lanes.shift(LATE_MS)
    assert list(taken(lanes, LATE_MS)) == waiting
    for item in stuck:
        lanes.end(item, Event.SILENT)
    put(lanes, target_of("late", Event.SILENT))
    assert len(list(taken(lanes, LATE_MS))) == 1


def test_a_full_late_lane_takes_nothing_over() -> None:
    lanes = Lanes(FEW)
    for number in range(2):
        put(lanes, target_of(f"late{number}", Event.SILENT))
    put(lanes, target_of("stuck", *LIVELY), 2)
    assert len(list(taken(lanes))) == 4
    lanes.shift(10 * LATE_MS)
    assert lanes.next_ms(10 * LATE_MS) is None
    put(lanes, target_of("live", *LIVELY))
    assert list(taken(lanes, 10 * LATE_MS)) == []


def test_doubtful_targets_are_started_at_a_pace() -> None:
    lanes = Lanes({lane: Limits(1_000, 200) for lane in Lane})
    for number in range(100):
        put(lanes, target_of(f"bad{number}", Event.FAILED))
    started: list[int] = []
    now_ms = 0
    while len(started) < 100:
        started += [now_ms for _ in taken(lanes, now_ms)]
        now_ms = max(lanes.next_ms(now_ms) or now_ms, now_ms + 1)
    assert 450 <= started[-1] <= 505
    put(lanes, target_of("later", Event.FAILED))
    assert len(list(taken(lanes, now_ms + 60_000))) == 1  # and idle time is not saved up
    put(lanes, target_of("later still", Event.FAILED))
    assert list(taken(lanes, now_ms + 60_000)) == []


def test_one_that_fails_while_it_stands_in_line_goes_to_the_other_line() -> None:
    lanes = Lanes(FEW)
    put(lanes, target_of("other", *LIVELY))
    target = target_of("falling", *LIVELY)
    first, second = put(lanes, target, 2)
    assert len(list(taken(lanes))) == 2  # the lane is full, and `second` stands in its line
    lanes.end(first, Event.FAILED)
    assert list(taken(lanes)) == [second]
    assert second.lane is Lane.FAILING


def test_what_waits_is_bounded_in_count_in_bytes_and_per_target() -> None:
    lanes = Lanes(FEW)
    target = target_of("a")
    count = 0
    while lanes.put(FakeItem(target)):
        count += 1
    assert count == lanes_module.WAITING_PER_TARGET_MAX
    assert lanes.put(FakeItem(target_of("b"), WAITING_BYTES_MAX - count))
    assert not lanes.put(FakeItem(target_of("c")))
    for number in range(lanes_module.WAITING_MAX):
        lanes.put(FakeItem(target_of(f"t{number}"), 0))
    assert lanes.waiting == lanes_module.WAITING_MAX


def test_large_requests_fill_a_lane_before_its_places_do() -> None:
    lanes = Lanes()
    large = [FakeItem(target_of(f"t{n}", *LIVELY), lanes_module.LANE_BYTES_MAX // 2) for n in "abc"]
    for item in large[:2]:
        assert lanes.put(item)
        assert list(taken(lanes)) == [item]
    assert lanes.put(large[2])
    assert list(taken(lanes)) == []
    lanes.shift(LATE_MS)  # both are late by now, and fill that lane
    assert list(taken(lanes, LATE_MS)) == [large[2]]
    late = FakeItem(target_of("late", Event.SILENT), 1)
    assert lanes.put(late)
    assert list(taken(lanes, 2 * LATE_MS)) == []
    lanes.end(large[0], Event.SILENT)
    assert list(taken(lanes, 2 * LATE_MS)) == [late]


def test_where_few_files_may_be_open_lanes_are_shorter_and_none_is_closed() -> None:
    lanes = Lanes(places_max=100)
    for number in range(500):
        put(lanes, target_of(f"t{number}", *LIVELY))
        put(lanes, target_of(f"u{number}"))
    assert 0 < len(list(taken(lanes))) < 100


def test_room_is_what_target_and_lane_have() -> None:
    lanes = Lanes(FEW)
    target = target_of("a", *LIVELY)
    assert lanes.room(target) == 2
    put(lanes, target)
    list(taken(lanes))
    assert lanes.room(target) == 1
    assert lanes.room(target_of("b", Event.FAILED)) == 1


EVENTS = st.sampled_from(list(Event))
STEPS = st.lists(st.tuples(st.integers(0, 5), EVENTS, st.integers(0, 4_000)), max_size=80)


@given(STEPS)
def test_whatever_happens_all_is_sent_in_the_end_and_counts_are_true(
    steps: list[tuple[int, Event, int]],
) -> None:
    lanes = Lanes({lane: Limits(3, limit.starts_per_s) for lane, limit in LIMITS.items()})
    targets = [target_of(str(number)) for number in range(6)]
    under_way: list[FakeItem] = []
    now_ms = sent = 0
    for number, event, passed_ms in steps:
        put(lanes, targets[number])
        now_ms += passed_ms
        lanes.shift(now_ms)
        under_way += taken(lanes, now_ms)
        assert lanes.under_way == len(under_way)
        assert all(target.under_way <= 64 for target in targets)
        if under_way:
            lanes.end(under_way.pop(0), event)
            sent += 1
    while lanes.waiting or under_way:
        for item in under_way:
            lanes.end(item, Event.ANSWERED)
            sent += 1
        now_ms += 10
        under_way = list(taken(lanes, now_ms))
    assert sent == len(steps)
    assert (lanes.waiting_bytes, lanes.under_way, lanes.next_ms(now_ms)) == (0, 0, None)
