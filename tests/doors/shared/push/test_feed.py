from math import ceil
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.doors.shared.push.pushing import STREAM, URL, Pushing
from tests.fakes.outbound import FakeOutbound
from tests.runtime.node import publish

from dragoman.doors.shared.push.feed import BUSY_MS, FAULT_MS, REQUESTS_MAX, runs_of
from dragoman.doors.shared.push.renderer import Plan, PushMessage
from dragoman.kernel.api import Address, DeclareQueue


def test_a_message_is_a_request_and_an_answer_settles_it() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one", b"two")
    assert pushing.outbound.bodies == [b"one", b"two"]
    assert pushing.counts() == (0, 2)
    assert pushing.answer(204).url == URL + "all"
    assert pushing.counts() == (0, 1)
    pushing.answer(200)
    assert pushing.counts() == (0, 0)
    assert pushing.door.is_idle


def test_no_more_is_leased_than_the_target_takes() -> None:
    pushing = Pushing()
    pushing.outbound.rooms[URL + "all"] = 3
    pushing.subscribe()
    pushing.publish(*[b"x"] * 10)
    assert pushing.counts() == (7, 3)
    pushing.answer()
    assert pushing.counts() == (6, 3)


def test_where_there_is_no_room_one_is_sent_all_the_same() -> None:
    pushing = Pushing(outbound=FakeOutbound(room_else=0))
    pushing.subscribe()
    pushing.publish(b"one", b"two")
    assert pushing.outbound.bodies == [b"one"]
    pushing.answer()
    assert pushing.outbound.bodies == [b"two"]


def test_a_failing_target_is_probed_by_one_message() -> None:
    pushing = Pushing()
    pushing.outbound.rooms[URL + "all"] = 4
    pushing.subscribe()
    pushing.publish(*[b"x"] * 10)
    pushing.outbound.rooms[URL + "all"] = 1
    for _ in range(4):
        pushing.answer(503)
    assert pushing.counts() == (5, 1)
    pushing.outbound.rooms[URL + "all"] = 4
    pushing.answer()
    assert pushing.counts() == (1, 4)


def test_what_is_released_comes_again_when_its_time_has_come() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one")
    pushing.answer(503)
    assert (pushing.outbound.bodies, pushing.counts()) == ([], (0, 0))
    pushing.pass_ms(999)
    assert pushing.outbound.bodies == []
    pushing.pass_ms(1)
    assert pushing.outbound.bodies == [b"one"]
    pushing.answer(503)
    pushing.pass_ms(1_999)
    assert pushing.outbound.bodies == []
    pushing.pass_ms(1)
    pushing.answer(200)
    assert pushing.face.attempts == [1, 2, 3]


def test_attempts_are_counted_by_the_kernel_and_the_last_is_a_dead_letter() -> None:
    pushing = Pushing()
    pushing.client.submit(DeclareQueue(name="dead"))
    pushing.subscribe(attempts_max=2, dead_letter=Address("dead"))
    pushing.publish(b"one")
    pushing.answer(503)
    pushing.pass_ms(1_000)
    pushing.answer(503)
    assert (pushing.counts(), pushing.queue("dead").ready) == ((0, 0), 1)


def test_what_is_rejected_is_a_dead_letter_at_once() -> None:
    pushing = Pushing()
    pushing.client.submit(DeclareQueue(name="dead"))
    pushing.subscribe(dead_letter=Address("dead"))
    pushing.publish(b"one", b"unspeakable")
    assert pushing.queue("dead").ready == 1
    pushing.answer(400)
    assert pushing.queue("dead").ready == 2


def test_what_found_no_place_to_wait_comes_again_and_that_was_no_attempt() -> None:
    pushing = Pushing()
    pushing.subscribe(attempts_max=1)
    pushing.publish(b"one")
    pushing.answer(0, failure="busy")
    assert pushing.face.attempts == []
    pushing.pass_ms(BUSY_MS)
    assert pushing.outbound.bodies == [b"one"]


def test_a_fault_of_the_face_costs_only_the_message_that_it_happened_on() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"fault", b"one")
    assert pushing.outbound.bodies == [b"one"]
    pushing.answer(500)
    assert [str(fault) for fault in pushing.faults] == ["a fault of the face"] * 2
    pushing.pass_ms(FAULT_MS)
    assert pushing.outbound.bodies == [b"one"]


def batching(count_max: int, bytes_max: int = 0) -> Pushing:
    pushing = Pushing()
    pushing.outbound.rooms[URL + "all"] = 2
    pushing.face.plans["all"] = Plan(URL + "all", count_max=count_max, bytes_max=bytes_max)
    pushing.subscribe()
    return pushing


def test_messages_that_come_together_go_together() -> None:
    pushing = batching(3)
    pushing.publish(b"1", b"2", b"3", b"4")
    assert pushing.outbound.bodies == [b"1,2,3", b"4"]


def test_what_comes_while_the_target_has_enough_gathers_to_one_batch() -> None:
    pushing = batching(3)
    for body in b"123456789":
        pushing.publish(bytes([body]))
    assert pushing.outbound.bodies == [b"1", b"2"]
    assert pushing.counts() == (4, 5)
    pushing.answer()
    assert pushing.outbound.bodies == [b"2", b"3,4,5"]
    pushing.answer()
    pushing.answer()
    pushing.answer()
    assert pushing.outbound.bodies == [b"9"]


def test_a_batch_is_bounded_in_bytes_but_for_its_first_message() -> None:
    pushing = batching(10, bytes_max=4)
    pushing.outbound.rooms[URL + "all"] = 9
    pushing.publish(b"12", b"34", b"5", b"much too long", b"6")
    assert pushing.outbound.bodies == [b"12,34", b"5", b"much too long", b"6"]


def test_each_message_of_a_batch_is_judged_by_its_own_attempt() -> None:
    pushing = batching(3)
    pushing.publish(b"1")
    pushing.answer(503)
    pushing.outbound.rooms[URL + "all"] = 0
    pushing.publish(b"2")  # under way; what comes now gathers behind it
    pushing.pass_ms(1_000)
    pushing.publish(b"3")
    pushing.answer(200)
    pushing.face.attempts.clear()
    assert pushing.outbound.bodies == [b"1,3"]
    pushing.answer(503)
    assert sorted(pushing.face.attempts) == [1, 2]
    pushing.pass_ms(1_000)
    assert pushing.outbound.bodies == [b"3"]


def test_where_each_message_names_its_target_the_face_says_how_many_go_at_once() -> None:
    pushing = Pushing()
    pushing.face.plans["all"] = Plan("", requests_max=2)
    pushing.subscribe()
    pushing.publish(*[b"x"] * 5)
    assert pushing.counts() == (3, 2)
    pushing.answer()
    assert pushing.counts() == (2, 2)


def test_a_face_may_allow_more_at_once_than_goes_where_nobody_says_how_many() -> None:
    for requests_max, at_once in ((0, REQUESTS_MAX), (200, 200)):
        pushing = Pushing()
        pushing.face.plans["all"] = Plan("", requests_max=requests_max)
        pushing.subscribe()
        pushing.publish(*[b"x"] * 300)
        assert pushing.counts() == (300 - at_once, at_once)


def paced(rate: float, burst: int, **more: Any) -> Pushing:
    pushing = Pushing()
    pushing.face.plans["all"] = Plan("", rate=rate, burst=burst, **more)
    pushing.subscribe()
    return pushing


def test_a_rate_allows_a_burst_and_then_one_request_after_another() -> None:
    pushing = paced(10, 3)
    pushing.publish(*[b"x"] * 6)
    assert len(pushing.outbound.bodies) == 3
    assert pushing.counts() == (3, 3)
    pushing.pass_ms(99)
    assert len(pushing.outbound.bodies) == 3
    pushing.pass_ms(1)
    assert len(pushing.outbound.bodies) == 4
    pushing.pass_ms(200)
    assert len(pushing.outbound.bodies) == 6


def test_what_a_rate_allowed_and_nobody_took_is_kept_up_to_a_burst() -> None:
    pushing = paced(10, 3)
    pushing.publish(*[b"x"] * 3)
    pushing.pass_ms(10_000)
    pushing.publish(*[b"x"] * 9)
    assert len(pushing.outbound.bodies) == 6


class Times(list[Any]):
    """Requests under way, and when each was sent."""

    def __init__(self, pushing: Pushing) -> None:
        super().__init__()
        self.pushing = pushing
        self.sent: list[int] = []

    def append(self, request: Any) -> None:
        self.sent.append(self.pushing.node.clock.now_ms)
        super().append(request)


LIFE = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 12)),
        st.tuples(st.just("answer"), st.integers(1, 5)),
        st.tuples(st.just("pass"), st.integers(1, 400)),
    ),
    max_size=20,
)


@settings(max_examples=25)
@given(
    st.sampled_from([0.5, 3, 10, 100, 500]),
    st.integers(1, 10),
    st.integers(0, 4),
    st.integers(1, 3),
    LIFE,
)
def test_a_rate_is_never_passed_and_what_it_allows_is_sent_whatever_is_answered_when(
    rate: float, burst: int, requests_max: int, count_max: int, life: list[tuple[str, int]]
) -> None:
    pushing = paced(rate, burst, requests_max=requests_max, count_max=count_max)
    under_way = pushing.outbound.under_way = Times(pushing)
    for what, count in life:
        if what == "publish":
            pushing.publish(*[b"x"] * count)
        elif what == "pass":
            pushing.pass_ms(count)
        for _ in range(min(count, len(under_way)) if what == "answer" else 0):
            pushing.answer()
    sent = under_way.sent
    while sum(pushing.counts()):
        while under_way:
            pushing.answer()
        before = len(sent)
        pushing.pass_ms(ceil(1000 / rate) + 1)
        assert len(sent) > before or not sum(pushing.counts())
    for at, first_ms in enumerate(sent):
        for more, then_ms in enumerate(sent[at:]):
            assert more + 1 <= burst + (then_ms - first_ms) * rate / 1000 + 1e-6


def test_a_message_of_a_kafka_batch_is_told_by_its_place_in_it() -> None:
    message = PushMessage(1, b"batch", 7, 0, 107, 0, 1, 3)
    assert (message.index, message.offset) == (7, 107)


def test_what_was_on_its_way_when_pushing_ended_is_given_back() -> None:
    pushing = Pushing()
    pushing.subscribe(early=False)
    publish(pushing.client, STREAM, b"one")
    pushing.node.turn()  # leased, and kept by the runtime until it is written
    assert (pushing.counts(), pushing.outbound.bodies) == ((0, 1), [])
    pushing.alter(push="")
    assert (pushing.counts(), pushing.outbound.bodies) == ((1, 0), [])


def test_runs_are_of_neighbours_by_holder_and_partition() -> None:
    def message(holder: int, partition: int, offset: int) -> PushMessage:
        return PushMessage(0, b"", 0, partition, offset, 0, 1, holder)

    messages = [message(1, 0, 5), message(1, 0, 4), message(1, 0, 7), message(2, 0, 6)]
    messages += [message(1, 1, 5)]
    assert runs_of(messages) == {
        (1, 0): [(4, 6), (7, 8)],
        (2, 0): [(6, 7)],
        (1, 1): [(5, 6)],
    }
