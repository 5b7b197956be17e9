import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.entities import Holder
from dragoman.kernel.state import HOLDER_BITS, LOOK_MS, STALE_MAX
from dragoman.model.errors import StreamNotFound, SubscriptionNotFound


def test_what_has_no_such_name_is_refused_by_its_kind() -> None:
    state = Queue().kernel.state
    assert state.stream("default", "q").subscriptions == [state.subscription("default", "q")]
    with pytest.raises(StreamNotFound):
        state.stream("default", "gone")
    for stream, name in (("gone", ""), ("q", "gone")):
        with pytest.raises(SubscriptionNotFound):
            state.subscription("default", stream, name)


def test_a_queue_is_armed_for_the_soonest_time_alone() -> None:
    state = Queue().kernel.state
    subscription = state.subscription("default", "q")
    for wall_ms in (500, 900, 300, 300):
        state.arm(subscription, wall_ms)
    assert subscription.armed_ms == 300
    assert sorted(state.expiring) == [(300, subscription.id), (500, subscription.id)]


def test_deadlines_that_were_overtaken_do_not_pile_up() -> None:
    state = Queue().kernel.state
    subscription = state.subscription("default", "q")
    for wall_ms in range(10 * STALE_MAX, 0, -1):
        state.arm(subscription, wall_ms)
        assert len(state.expiring) <= 2 * len(state.subscriptions) + STALE_MAX
    assert state.expiring[0] == (1, subscription.id)


def test_only_where_messages_can_expire_is_a_new_head_looked_at() -> None:
    for ttl_ms, expected in ((-1, 0), (5_000, LOOK_MS)):
        state = Queue(ttl_ms=ttl_ms).kernel.state
        subscription = state.subscription("default", "q")
        state.look(subscription)
        assert subscription.armed_ms == expected


def test_only_where_there_is_a_limit_can_a_queue_be_crowded() -> None:
    for queue, crowded in ((Queue(), 0), (Queue(length_max=5), 1), (Queue(bytes_max=5), 1)):
        state = queue.kernel.state
        state.crowd(state.subscription("default", "q"))
        assert len(state.crowded) == crowded


def test_a_queue_waits_once_to_be_served_and_only_while_somebody_consumes() -> None:
    queue = Queue()
    state = queue.kernel.state
    subscription = state.subscription("default", "q")
    state.activate(subscription)
    assert not state.active
    queue.consume()
    state.active.clear()
    subscription.queued = False
    state.activate(subscription)
    state.activate(subscription)
    assert list(state.active) == [subscription]


def test_a_holder_is_known_to_all_who_ask_and_forgotten_by_all() -> None:
    state = Queue().kernel.state
    subscription = state.subscription("default", "q")
    holders = [Holder(number, 5, subscription, None) for number in (71, 72)]
    for holder in holders:
        state.add_holder(holder)
    assert set(state.holders_of[5]) == {71, 72} <= set(state.holders)
    for holder in (*holders, *holders):
        state.drop_holder(holder)
    assert 5 not in state.holders_of
    assert not subscription.holders
    assert 71 not in state.holders


def test_no_holder_has_an_id_of_an_earlier_life() -> None:
    state = Queue().kernel.state
    state.begin_life(3)
    assert state.holder_next == 3 << HOLDER_BITS
    state.holder_next += 10
    state.begin_life(3)
    assert state.holder_next == (3 << HOLDER_BITS) + 10


def test_retries_of_one_partition_are_forgotten_and_the_rest_stay_in_order() -> None:
    state = Queue().kernel.state
    state.retry = [(1, 7, 0, 0, 1), (2, 7, 1, 0, 1), (3, 8, 0, 0, 1), (4, 7, 0, 1, 2)]
    state.forget_retries(7, 0)
    assert state.retry == [(2, 7, 1, 0, 1), (3, 8, 0, 0, 1)]


def test_blocks_that_nobody_can_ask_for_are_given_back_to_memory_or_to_the_disk() -> None:
    queue = Queue()
    state = queue.kernel.state
    queue.publish(b"a" * 100)
    queue.publish(b"b" * 100)
    resident, stored = state.resident, state.usage.stored_bytes
    (block,) = state.stream("default", "q").partitions[0].blocks
    state.forget([block])
    assert state.resident == resident - block.cost()
    assert state.usage.stored_bytes == stored - block.size
    block.place = (1, 0, 100)
    state.forget([block])
    assert state.gone == [block]
