from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.leases.made import Queue

from dragoman.kernel.entities import Holder, Pool, Stream, Subscription
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


def stream_of(partitions: int = 1) -> Stream:
    return Stream(1, "default", "s", b"u", StreamSettings(partitions=partitions))


def holder_of(credit_max: int = 0, pool: Pool | None = None) -> Holder:
    subscription = Subscription(2, stream_of(), "s", SubscriptionSettings())
    holder = Holder(3, 1, subscription, None)
    holder.active = True
    holder.credit_max = credit_max
    holder.pool = pool
    return holder


def test_without_a_limit_there_is_always_room() -> None:
    assert holder_of().room(50) == 50


@given(st.integers(1, 20), st.integers(0, 30), st.integers(1, 20), st.integers(0, 30))
def test_room_is_what_every_limit_leaves_and_never_negative(
    credit: int, leased: int, pool_credit: int, pool_leased: int
) -> None:
    pool = Pool(9, 1, pool_credit)
    holder = holder_of(credit, pool)
    holder.leased, pool.leased = leased, pool_leased
    assert holder.room(10) == max(min(10, credit - leased, pool_credit - pool_leased), 0)
    holder.no_ack = True
    assert holder.room(10) == 10, "who acknowledges nothing has no credit to use up"


def test_one_that_is_held_back_or_resting_has_no_room() -> None:
    holder = holder_of()
    holder.held_back = True
    assert holder.room(10) == 0
    holder.held_back = False
    holder.active = False
    assert holder.room(10) == 0


def test_a_queue_is_a_subscription_of_its_streams_name() -> None:
    stream = stream_of()
    assert Subscription(2, stream, "s", SubscriptionSettings()).is_queue
    assert not Subscription(3, stream, "other", SubscriptionSettings()).is_queue


def test_what_settings_ask_of_a_subscription_is_known_from_the_start() -> None:
    stream = stream_of()
    plain = Subscription(2, stream, "s", SubscriptionSettings())
    assert (plain.is_ordered, plain.is_keyed, plain.is_mortal) == (False, False, False)
    keyed = Subscription(3, stream, "k", SubscriptionSettings(order="key", ttl_ms=0))
    assert (keyed.is_ordered, keyed.is_keyed, keyed.is_mortal) == (True, True, True)
    chosen = Subscription(4, stream, "f", SubscriptionSettings(filter={"a": "b"}))
    assert (chosen.is_ordered, chosen.is_keyed) == (True, False)


def test_counts_of_all_partitions_are_added_up() -> None:
    queue = Queue(stream=StreamSettings(partitions=3))
    for partition in range(3):
        queue.publish(b"x", b"y", partition=partition)
    queue.lease(1)
    subscription = queue.kernel.state.subscription("default", "q")
    assert (subscription.ready(), subscription.leased(), subscription.delayed()) == (5, 1, 0)


def test_the_lowest_hold_counts_and_one_that_knows_no_such_partition_keeps_everything() -> None:
    stream = stream_of(2)
    assert stream.held(0, 10) == 10
    stream.holds = {1: [7, 3], 2: [5]}
    assert stream.held(0, 10) == 5
    assert stream.held(1, 10) == 0


def test_a_key_has_one_partition_and_keys_have_them_all() -> None:
    stream = stream_of(4)
    keys = [b"key-%d" % n for n in range(1_000)]
    first = [stream.partition_of_key(key).index for key in keys]
    assert first == [stream.partition_of_key(key).index for key in keys]
    assert min(Counter(first).values()) > 150
