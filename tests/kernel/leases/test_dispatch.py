"""Who gets what: fairness, priority, stalls, and a queue woken while another is served."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace
from tests.fakes.kernel import make_kernel
from tests.kernel.leases.made import Queue

from dragoman.kernel.commands import Cancel, Consume, CreateStream, DeclareQueue, Publish, SetCredit
from dragoman.kernel.consumers import hold_back
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.dispatch import SERVED_MIN, TURN_MAX
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL

MESSAGES = 100_000
AT_ONCE = 1_000


def given_out(queue: Queue, *, settled: bool = True) -> Counter[int]:
    """Messages per holder in one dispatch."""
    counts: Counter[int] = Counter()
    for delivery in queue.delivered():
        counts[delivery.holder.id] += delivery.end - delivery.start
        if settled:
            queue.settle(delivery, "ack")
    queue.kernel.drain_records()
    return counts


def test_equal_consumers_with_credit_share_within_five_per_cent() -> None:
    queue = Queue(early=True)
    holders = [queue.consume(credit_max=100) for _ in range(7)]
    counts: Counter[int] = Counter()
    for _ in range(MESSAGES // AT_ONCE):
        queue.publish(*[b"x"] * AT_ONCE)
        while more := given_out(queue):
            counts += more
    fair = MESSAGES / len(holders)
    assert sum(counts.values()) == MESSAGES
    assert all(abs(counts[holder.id] - fair) <= 0.05 * fair for holder in holders), counts


def test_single_messages_go_round() -> None:
    queue = Queue(early=True)
    holders = [queue.consume(credit_max=10) for _ in range(4)]
    counts: Counter[int] = Counter()
    for _ in range(400):
        queue.publish(b"x")
        counts += given_out(queue)
    assert [counts[holder.id] for holder in holders] == [100] * 4


def test_a_stalled_consumer_costs_the_others_nothing() -> None:
    queue = Queue(early=True)
    stuck = queue.consume(credit_max=5)
    others = [queue.consume(credit_max=100) for _ in range(2)]
    queue.publish(*[b"x"] * 15)
    given_out(queue, settled=False)
    for other in others:
        other.leased = 0
    queue.publish(*[b"x"] * 100)
    counts = given_out(queue)
    assert counts[stuck.id] == 0
    assert all(abs(counts[other.id] - 50) <= 2 for other in others), counts


def test_one_whose_connection_takes_no_bytes_is_passed_over() -> None:
    queue = Queue(early=True)
    held, free = queue.consume(), queue.kernel.submit(Consume(name="q"), 99)
    hold_back(queue.kernel, queue.session, back=True)
    queue.publish(*[b"x"] * 10)
    assert given_out(queue) == {free.id: 10}
    hold_back(queue.kernel, queue.session, back=False)
    queue.publish(*[b"x"] * 10)
    assert given_out(queue) == {held.id: 5, free.id: 5}


def test_one_that_joins_is_at_its_share_at_once() -> None:
    queue = Queue(early=True)
    first = queue.consume(credit_max=1_000)
    queue.publish(*[b"x"] * 500)
    given_out(queue)
    second = queue.consume(credit_max=1_000)
    queue.publish(*[b"x"] * 500)
    counts = given_out(queue)
    assert counts[first.id] == counts[second.id] == 250


def test_the_highest_priority_with_room_comes_first() -> None:
    queue = Queue(early=True)
    low, high = queue.consume(priority=0), queue.consume(priority=5, credit_max=3)
    queue.publish(*[b"x"] * 10)
    counts = given_out(queue, settled=False)
    assert (counts[high.id], counts[low.id]) == (3, 7)


def test_credit_is_never_exceeded_and_more_of_it_wakes_the_queue() -> None:
    queue = Queue(early=True)
    holder = queue.consume(credit_max=3)
    queue.publish(*[b"x"] * 10)
    assert given_out(queue, settled=False) == {holder.id: 3}
    assert not given_out(queue, settled=False)
    queue.kernel.submit(SetCredit(holder=holder.id, credit_max=5), queue.session)
    assert given_out(queue, settled=False) == {holder.id: 2}


def test_what_was_returned_is_handed_out_first_in_its_place() -> None:
    queue = Queue(early=True)
    holder = queue.consume(credit_max=3)
    queue.publish(b"0", b"1", b"2", b"3", b"4")
    (delivery,) = queue.delivered()
    queue.settle(delivery, "release")
    queue.kernel.submit(Cancel(holder=holder.id), queue.session)
    queue.consume()
    again = queue.delivered()
    assert [body for each in again for body in each.bodies] == [b"0", b"1", b"2", b"3", b"4"]
    assert [each.tries for each in again] == [[1, 1, 1], None]


def test_a_queue_that_dead_letters_wake_is_served_in_the_same_turn_and_forgotten_by_nobody() -> (
    None
):
    kernel = make_kernel()
    kernel.now_ms = 1_000
    for name, settings in (
        ("source", SubscriptionSettings(early=True, ttl_ms=1, dead_letter=Address("grave"))),
        ("grave", SubscriptionSettings(early=True)),
        ("other", SubscriptionSettings(early=True)),
    ):
        kernel.submit(DeclareQueue(name=name, settings=settings, stream=StreamSettings()), 1)
        kernel.submit(Consume(name=name), 1)
    kernel.publish(Publish("default", Address("source"), 0, [b"late"]))
    kernel.publish(Publish("default", Address("other"), 0, [b"here"]))
    kernel.now_ms = 2_000
    kernel.dispatch()
    found = [body for each in kernel.drain_deliveries()[1] for body in each.bodies]
    assert sorted(found) == [b"here", b"late|expired"]


def test_bodies_handed_out_do_not_grow_with_their_block() -> None:
    queue = Queue(early=True)
    queue.consume()
    queue.publish(b"0")
    (delivery,) = queue.delivered()
    queue.publish(b"1")
    assert delivery.bodies == [b"0"]


def test_a_consumer_that_can_get_nothing_does_not_keep_others_from_their_keys() -> None:
    queue = Queue(early=True, order="key")
    low = queue.consume(credit_max=10)
    queue.publish_keys("a.1")
    assert [each.holder.id for each in queue.delivered()] == [low.id]
    queue.consume(priority=5)
    queue.publish_keys("a.2")
    assert [(each.holder.id, each.bodies) for each in queue.delivered()] == [(low.id, [b"a.2"])]


def many(count: int, **settings: Any) -> Kernel:
    """So many readers of one stream, each with a consumer."""
    kernel = make_kernel()
    kernel.submit(CreateStream(name="s"), 1)
    made = SubscriptionSettings(early=True, **settings)
    for number in range(count):
        name = str(number)
        kernel.submit(CreateSubscription(name="s", subscription=name, settings=made), 1)
        kernel.submit(Consume(name="s", subscription=name), 1)
    return kernel


def served(kernel: Kernel) -> list[str]:
    """Who was handed something, in order."""
    deliveries = kernel.drain_deliveries().get(1, [])
    return [delivery.holder.subscription.name for delivery in deliveries]


@pytest.mark.slow
def test_a_turn_serves_so_many_and_the_next_one_begins_with_the_others() -> None:
    most = TURN_MAX // SERVED_MIN
    kernel = many(2 * most + 1)
    kernel.publish(Publish("default", Address("s"), CANONICAL, [b"1"]))
    turns = []
    while True:
        more = kernel.dispatch()
        turns.append(served(kernel))
        if not more:
            break
        kernel.publish(Publish("default", Address("s"), CANONICAL, [b"2"]))
        if len(turns) > 5:
            break
    assert [len(turn) for turn in turns[:3]] == [most, most, most]
    assert len(set(turns[0] + turns[1] + turns[2][:1])) == 2 * most + 1, (
        "each once before any twice"
    )


@pytest.mark.slow
def test_what_a_turn_did_not_come_to_is_not_too_much_for_its_queue_yet() -> None:
    most = TURN_MAX // SERVED_MIN
    kernel = many(most + 10, length_max=1)
    kernel.publish(Publish("default", Address("s"), CANONICAL, [b"1", b"2"]))
    assert kernel.dispatch()
    while kernel.trim_crowded() and len(kernel.state.crowded) > 10:
        pass
    first = served(kernel)
    assert not kernel.dispatch()
    assert len(first) == most
    assert len(served(kernel)) == 10
    while kernel.trim_crowded():
        pass
    subscriptions = kernel.state.subscriptions.values()
    assert {known.leased() for known in subscriptions if known.name != "s"} == {2}


def test_consumers_share_by_the_weights_of_their_protocols() -> None:
    queue = Queue(early=True, weights={"sqs": 3})
    kernel = queue.kernel
    queue.session = kernel.open_session()
    kernel.state.protocols[queue.session] = "sqs"
    heavy = queue.consume(credit_max=100)
    queue.session = kernel.open_session()
    light = queue.consume(credit_max=100)
    counts: Counter[int] = Counter()
    for _ in range(200):
        queue.publish(b"x")
        counts += given_out(queue)
    assert (counts[heavy.id], counts[light.id]) == (150, 50)
    queue.publish(*[b"x"] * 80)
    counts = given_out(queue)
    assert abs(counts[heavy.id] - 60) <= 3, counts


def test_a_change_of_weights_counts_at_once() -> None:
    queue = Queue(early=True)
    kernel = queue.kernel
    kernel.state.protocols[queue.session] = "sqs"
    heavy = queue.consume(credit_max=100)
    queue.session = kernel.open_session()
    queue.consume(credit_max=100)
    settings = replace(queue.info().settings, weights={"sqs": 9})
    kernel.submit(AlterSubscription(name=queue.name, settings=settings), queue.session)
    counts: Counter[int] = Counter()
    for _ in range(100):
        queue.publish(b"x")
        counts += given_out(queue)
    assert counts[heavy.id] == 90


@pytest.mark.parametrize("weights", [{"sqs": 0}, {"sqs": 1_001}, {str(n): 1 for n in range(33)}])
def test_weights_that_are_none_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match="weight"):
        Queue(weights=weights)
