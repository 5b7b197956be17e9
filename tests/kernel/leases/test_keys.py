from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import Cancel, PurgeQueue, TrimStream
from dragoman.kernel.leases.commands import LeaseDeferred
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.seek import Seek
from dragoman.kernel.settings import StreamSettings


def keys_of(queue: Queue) -> Keys:
    order = queue.kernel.state.subscription("default", queue.name).windows[0].order
    assert isinstance(order, Keys)
    return order


def test_a_key_with_a_message_in_flight_is_locked_for_other_leases() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2", "b.1")
    first = queue.lease(1)
    assert bodies(first) == [b"a.1"]
    assert queue.take(10) == [b"b.1"]
    assert queue.take(10) == []
    queue.settle(first[0])
    assert queue.take(10) == [b"a.2"]


def test_a_key_goes_on_when_what_it_waits_for_is_trimmed() -> None:
    queue = Queue(order="key")
    queue.consume(credit_max=1)
    queue.publish_keys("a.1", "a.2")
    (first,) = queue.delivered()
    queue.settle(first, "release", delay_ms=60_000)
    assert queue.delivered() == [], "it waits for its turn again, and its key with it"
    partition = queue.kernel.state.stream("default", "q").partitions[0]
    partition.committed = partition.end
    queue.kernel.submit(TrimStream(name="q", partition=0, offset=1), queue.session)
    assert bodies(queue.delivered()) == [b"a.2"]


def test_one_lease_may_take_several_messages_of_a_key() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "b.1", "a.2", "b.2", "a.3")
    taken = queue.take(10)
    assert sorted(taken) == [b"a.1", b"a.2", b"a.3", b"b.1", b"b.2"]
    assert [body for body in taken if body.startswith(b"a")] == [b"a.1", b"a.2", b"a.3"]


def test_who_takes_one_batch_has_all_of_a_key_before_another_is_locked() -> None:
    queue = Queue(order="key")
    for message in ("a.1", "b.1", "a.2", "c.1", "a.3", "b.2"):
        queue.publish_keys(message)
    assert queue.take(3) == [b"a.1", b"a.2", b"a.3"]
    queue.consume(credit_max=3, once=True)
    assert bodies(queue.delivered()) == [b"b.1", b"b.2", b"c.1"]


def test_who_consumes_on_is_given_keys_in_turn() -> None:
    queue = Queue(order="key")
    for message in ("a.1", "b.1", "a.2", "b.2"):
        queue.publish_keys(message)
    queue.consume(credit_max=4)
    assert bodies(queue.delivered()) == [b"a.1", b"b.1", b"a.2", b"b.2"]


def test_keys_take_turns() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2", "b.1", "c.1")
    served = []
    for _ in range(4):
        (delivery,) = queue.lease(1)
        served += delivery.bodies
        queue.settle(delivery)
    assert served == [b"a.1", b"b.1", b"c.1", b"a.2"]


def test_messages_without_a_key_lock_nothing() -> None:
    queue = Queue(order="key")
    queue.publish_keys(".1", ".2", ".3")
    assert [queue.take(1) for _ in range(4)] == [[b".1"], [b".2"], [b".3"], []]


def test_a_returned_message_goes_back_before_later_ones_of_its_key() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2", "a.3")
    (delivery,) = queue.lease(2)
    queue.settle(delivery, "release")
    assert queue.take(3) == [b"a.1", b"a.2", b"a.3"]


def test_a_key_stays_locked_until_all_its_messages_in_flight_are_settled() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "b.1", "a.2")
    taken = {one.bodies[0]: one for one in queue.lease(3)}
    assert set(taken) == {b"a.1", b"b.1", b"a.2"}
    queue.publish_keys("a.3")
    queue.settle(taken[b"a.1"], "release")
    assert queue.take(10) == []
    queue.settle(taken[b"a.2"])
    assert queue.take(10) == [b"a.1", b"a.3"]


def test_while_a_message_waits_for_its_retry_nobody_gets_later_ones_of_its_key() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2", "b.1")
    (delivery,) = queue.lease(1)
    queue.settle(delivery, "release", delay_ms=1000)
    assert queue.take(10) == [b"b.1"]
    queue.pass_ms(1000)
    assert queue.take(10) == [b"a.1", b"a.2"]


def test_a_deferred_message_does_not_hold_its_key() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2")
    (delivery,) = queue.lease(1)
    queue.settle(delivery, "defer")
    assert queue.take(10) == [b"a.2"]


def test_followers_of_a_returned_message_are_revoked_where_that_is_asked_for() -> None:
    queue = Queue(order="key", revoke_followers=True)
    queue.publish_keys("a.1", "b.1", "a.2", "b.2", "a.3")
    taken = {one.bodies[0]: one for one in queue.lease(10)}
    queue.settle(taken[b"a.2"], "release")
    assert queue.settle(taken[b"a.3"]) == 0
    assert queue.settle(taken[b"a.1"]) == 1
    assert queue.take(10) == [b"a.2", b"a.3"]
    assert queue.settle(taken[b"b.1"]) == 1


def test_a_follower_whose_attempts_are_spent_dies_and_is_not_revoked_as_well() -> None:
    queue = Queue(order="key", revoke_followers=True, attempts_max=2, attempts_counted="leased")
    queue.publish_keys("a.1", "a.2")
    holder = queue.consume()
    (both,) = queue.delivered()
    both.start = 1
    queue.settle(both, "release")  # its first attempt
    assert bodies(queue.delivered()) == [b"a.2"]
    both.start = 0
    assert queue.settle(both, "release") == 2
    queue.kernel.submit(Cancel(holder=holder.id), queue.session)
    assert queue.take(10) == [b"a.1"]


def test_a_deferred_message_that_is_given_back_takes_no_followers_along_and_is_taken_along() -> (
    None
):
    queue = Queue(order="key", revoke_followers=True)
    queue.publish_keys("a.1", "a.2", "a.3")
    for _ in range(2):
        (one,) = queue.lease(1)
        queue.settle(one, "defer")
    take = LeaseDeferred(name="q", offsets=[0], lease_duration_ms=1000)
    (held,) = queue.kernel.submit(take, queue.session)
    queue.settle(held, "release")
    assert queue.info().deferred == 2
    holder = queue.consume()
    (third,) = queue.delivered()
    queue.settle(third, "release")
    assert queue.info().deferred == 2
    assert bodies(queue.delivered()) == [b"a.3"]
    assert holder.leased == 1


def test_two_consumers_never_have_messages_of_one_key_at_once() -> None:
    queue = Queue(order="key")
    one, two = queue.consume(credit_max=2), queue.consume(credit_max=2)
    queue.publish_keys(*[f"{key}.{number}" for number in range(10) for key in "abc"])
    seen: list[bytes] = []
    in_flight = queue.delivered()
    while in_flight:
        holders: dict[bytes, set[int]] = {}
        for delivery in in_flight:
            for body in delivery.bodies:
                holders.setdefault(body[:1], set()).add(delivery.holder.id)
        assert all(len(ids) == 1 for ids in holders.values())
        assert {one.id, two.id} >= set().union(*holders.values())
        seen += bodies(in_flight)
        for delivery in in_flight:
            queue.settle(delivery)
        in_flight = queue.delivered()
    assert len(seen) == 30
    assert [body for body in seen if body[:1] == b"a"] == [b"a.%d" % number for number in range(10)]


def test_a_consumer_goes_on_with_a_key_it_has_and_another_does_not_get_it() -> None:
    queue = Queue(order="key")
    queue.consume(credit_max=1)
    queue.publish_keys("a.1")
    (first,) = queue.delivered()
    queue.kernel.submit(Cancel(holder=first.holder.id), queue.session)
    other = queue.consume(credit_max=5)
    queue.publish_keys("a.2", "b.1")
    assert [(d.holder, d.bodies) for d in queue.delivered()] == [(other, [b"b.1"])]
    queue.settle(first)
    assert bodies(queue.delivered()) == [b"a.2"]


def test_nothing_is_left_of_a_key_without_messages() -> None:
    queue = Queue(order="key")
    queue.publish_keys(*[f"{number}.x" for number in range(100)])
    order = keys_of(queue)
    assert len(order.by_key) == 100
    for delivery in queue.lease(100):
        queue.settle(delivery)
    assert (order.by_key, order.by_number, {k: len(v) for k, v in order.rings.items()}) == (
        {},
        {},
        {0: 0},
    )


def test_a_purge_takes_ready_messages_of_all_keys() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2", "b.1")
    (held,) = queue.lease(1)
    assert queue.kernel.submit(PurgeQueue(name="q"), queue.session) == 2
    assert queue.info().ready == 0
    queue.publish_keys("a.3")
    assert queue.take(10) == []
    queue.settle(held)
    assert queue.take(10) == [b"a.3"]


def test_overflow_drops_the_oldest_whoever_has_its_key() -> None:
    queue = Queue(order="key", length_max=2)
    queue.publish_keys("a.1", "a.2", "b.1")
    assert queue.take(10) == [b"a.2", b"b.1"]


def test_expiry_takes_the_oldest_of_every_key() -> None:
    queue = Queue(order="key", ttl_ms=100)
    queue.publish_keys("a.1", "a.2", "b.1")
    queue.lease(1)
    queue.pass_ms(101)
    assert (queue.info().ready, queue.info().leased) == (0, 1)


def test_a_trim_frees_the_keys_of_what_is_gone() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2")
    queue.lease(1)
    queue.kernel.state.streams_named["default", "q"].partitions[0].committed = 2
    queue.kernel.submit(TrimStream(name="q", partition=0, offset=1), queue.session)
    assert queue.take(10) == [b"a.2"]


def test_a_key_and_a_filter_work_together() -> None:
    queue = Queue(order="key", filter={"colour": "red"})
    queue.publish(b"1;colour=red", b"2;colour=blue", b"3;colour=red", keys=[b"a", b"a", b"a"])
    first = queue.lease(1)
    assert queue.take(10) == []
    queue.settle(first[0])
    assert queue.take(10) == [b"3;colour=red"]


def test_keys_are_read_from_the_messages_where_the_publisher_gave_none() -> None:
    queue = Queue(order="key")
    queue.publish(b"1;key=a", b"2;group=b,key=a", b"3;key=a")
    assert queue.take(1) == [b"1;key=a"]
    assert queue.take(10) == [b"2;group=b,key=a"]


def test_a_batch_is_opened_for_its_keys() -> None:
    queue = Queue(order="key")
    queue.publish(b"1;key=a\n2;key=b\n3;key=a", packed=3, partition=0)
    assert [(one.start, one.end) for one in queue.lease(1)] == [(0, 1)]
    assert [(one.start, one.end) for one in queue.lease(10)] == [(1, 2)]


def test_all_messages_of_a_key_go_to_one_partition() -> None:
    queue = Queue(order="key", stream=StreamSettings(partitions=4))
    queue.publish_keys(*[f"{key}.{number}" for number in range(5) for key in "abcdef"])
    places: dict[bytes, set[int]] = {}
    for delivery in queue.lease(30):
        for body in delivery.bodies:
            places.setdefault(body[:1], set()).add(delivery.partition)
    assert len(places) == 6
    assert all(len(partitions) == 1 for partitions in places.values())
    assert len(set().union(*places.values())) > 1


def test_after_a_seek_messages_are_ready_again_in_their_keys() -> None:
    queue = Queue(order="key", stream=StreamSettings(retention_ms=-1))
    queue.publish_keys("a.1", "b.1", "a.2")
    held = queue.lease(3)
    queue.kernel.submit(Seek(name="q", offset=1), queue.session)
    assert queue.settle(held[0]) == 0
    assert queue.info().ready == 2
    assert queue.take(10) == [b"b.1", b"a.2"]


# --- fair ---


def test_a_key_with_a_long_backlog_delays_no_other() -> None:
    queue = Queue(order="fair")
    queue.publish_keys(*[f"noisy.{number}" for number in range(100)])
    queue.publish_keys("a.1", "b.1", ".1", "a.2")
    taken = queue.take(7)
    assert taken == [b"noisy.0", b"a.1", b"b.1", b".1", b"noisy.1", b"a.2", b"noisy.2"]


def test_a_fair_key_is_not_locked_and_keeps_no_order_when_messages_come_back() -> None:
    queue = Queue(order="fair")
    queue.publish_keys("a.1", "a.2", "a.3")
    (first,) = queue.lease(1)
    assert queue.take(1) == [b"a.2"]
    queue.settle(first, "release", delay_ms=100)
    assert queue.take(1) == [b"a.3"]
    queue.pass_ms(100)
    assert queue.take(1) == [b"a.1"]


def test_consumers_are_handed_keys_in_turn() -> None:
    queue = Queue(order="fair")
    queue.publish_keys(*[f"noisy.{number}" for number in range(50)], "a.1")
    queue.consume(credit_max=2)
    assert bodies(queue.delivered()) == [b"noisy.0", b"a.1"]


def test_one_key_alone_is_handed_out_in_runs() -> None:
    queue = Queue(order="fair")
    queue.publish_keys("a.1", "a.2", "a.3")
    (delivery,) = queue.lease(3)
    assert delivery.end - delivery.start == 3
