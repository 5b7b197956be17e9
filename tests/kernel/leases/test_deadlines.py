from typing import Any

import pytest
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import Cancel, DeclareQueue, Lease, Renew, Settle
from dragoman.kernel.leases.commands import LeaseDeferred
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.seek import Seek
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import (
    InvalidArgument,
    LeaseExpired,
    OffsetOutOfRange,
    PartitionNotFound,
    QuotaExceeded,
    ResourceLocked,
)


def renewal(delivery: Delivery, start: int, end: int, duration_ms: int) -> Renew:
    return Renew(
        subscription=delivery.holder.subscription.id,
        partition=delivery.partition,
        holder=delivery.holder.id,
        runs=[(start, end)],
        lease_duration_ms=duration_ms,
    )


def test_a_lease_ends_at_its_deadline_and_not_before() -> None:
    queue = Queue()
    queue.publish(b"a")
    (lease,) = queue.lease(1, lease_duration_ms=1000)
    queue.pass_ms(999)
    assert queue.take(1) == []
    queue.pass_ms(1)
    (again,) = queue.lease(1)
    assert again.tries == [1]
    assert queue.settle(lease) == 0


def test_the_next_deadline_is_known_to_whoever_waits() -> None:
    queue = Queue()
    queue.publish(b"a")
    queue.pass_ms(1)
    queue.lease(1, lease_duration_ms=1000)
    assert queue.kernel.deadlines()[0] == 1001


def test_a_settled_message_is_not_returned_by_its_deadline() -> None:
    queue = Queue()
    queue.publish(b"a", b"b")
    (lease,) = queue.lease(2, lease_duration_ms=1000)
    lease.end = 1
    queue.settle(lease)
    queue.pass_ms(1000)
    assert queue.take(2) == [b"b"]


def test_a_renewed_lease_lasts_longer_and_only_for_the_messages_renewed() -> None:
    queue = Queue()
    queue.publish(b"a", b"b", b"c")
    (lease,) = queue.lease(3, lease_duration_ms=1000)
    queue.pass_ms(500)
    queue.kernel.submit(renewal(lease, 1, 2, 1000), queue.session)
    queue.pass_ms(500)
    assert queue.take(3) == [b"a", b"c"]
    queue.pass_ms(500)
    assert queue.take(3) == [b"b"]


def test_a_lease_may_be_renewed_to_end_sooner() -> None:
    queue = Queue()
    queue.publish(b"a")
    (lease,) = queue.lease(1, lease_duration_ms=10_000)
    queue.kernel.submit(renewal(lease, 0, 1, 10), queue.session)
    queue.pass_ms(10)
    assert queue.take(1) == [b"a"]


def test_a_lost_lease_cannot_be_renewed() -> None:
    queue = Queue()
    queue.publish(b"a", b"b")
    (lease,) = queue.lease(2, lease_duration_ms=1000)
    with pytest.raises(InvalidArgument):
        queue.kernel.submit(renewal(lease, 0, 2, 0), queue.session)
    lease.end = 1
    queue.settle(lease)
    with pytest.raises(LeaseExpired):
        queue.kernel.submit(renewal(lease, 0, 2, 1000), queue.session)
    queue.pass_ms(1000)
    with pytest.raises(LeaseExpired):
        queue.kernel.submit(renewal(lease, 1, 2, 1000), queue.session)


def test_a_deadline_outlives_the_connection() -> None:
    queue = Queue()
    queue.publish(b"a")
    (lease,) = queue.lease(1, lease_duration_ms=1000)
    queue.kernel.close_session(queue.session)
    queue.session = queue.kernel.open_session()
    assert queue.take(1) == []
    assert queue.settle(lease) == 1


def test_a_message_whose_attempts_are_spent_at_its_deadline_is_dead_lettered() -> None:
    queue = Queue(attempts_max=2, attempts_counted="failed", dead_letter=Address("dead"))
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish(b"a")
    for _ in range(2):
        queue.lease(1, lease_duration_ms=1000)
        queue.pass_ms(1000)
    assert queue.take(1) == []
    assert queue.take(1, name="dead") == [b"a|delivery_limit"]


def test_a_consumer_gets_what_another_let_run_out() -> None:
    queue = Queue()
    queue.publish(b"a")
    queue.lease(1, lease_duration_ms=1000)
    queue.consume(lease_duration_ms=500)
    assert queue.delivered() == []
    queue.pass_ms(1000)
    assert bodies(queue.delivered()) == [b"a"]
    queue.pass_ms(500)
    assert bodies(queue.delivered()) == [b"a"]


def test_a_lease_ends_with_the_connection_where_the_one_before_had_a_deadline() -> None:
    queue = Queue()
    queue.publish(b"a")
    (lease,) = queue.lease(1, lease_duration_ms=1000)
    queue.settle(lease, "release")
    (bound,) = queue.lease(1)
    queue.pass_ms(2000)
    assert queue.settle(bound) == 1


def test_deferred_messages_are_taken_by_offset_and_nothing_else_is() -> None:
    queue = Queue()
    queue.publish(*[b"%d" % number for number in range(6)])
    (lease,) = queue.lease(5)
    queue.settle(lease, "defer")
    take = LeaseDeferred(name="q", offsets=[4, 1, 2], lease_duration_ms=1000)
    taken = queue.kernel.submit(take, queue.session)
    assert [(one.start, one.end) for one in taken] == [(1, 3), (4, 5)]
    for wrong in (5, 1, 77):
        with pytest.raises(OffsetOutOfRange):
            queue.kernel.submit(LeaseDeferred(name="q", offsets=[0, wrong]), queue.session)
    with pytest.raises(PartitionNotFound):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=[0], partition=1), queue.session)
    with pytest.raises(InvalidArgument):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=range(5000)), queue.session)
    assert queue.settle(taken[0]) == 2
    queue.pass_ms(1000)
    assert queue.take(10) == [b"5"]
    assert queue.info().deferred == 3


def _deferred(queue: Queue, *offsets: int, **options: Any) -> list[Delivery]:
    command = LeaseDeferred(name="q", offsets=offsets, **options)
    taken: list[Delivery] = queue.kernel.submit(command, queue.session)
    return taken


def test_a_message_stays_deferred_until_it_is_settled_and_each_time_counts() -> None:
    queue = Queue(attempts_max=4, attempts_counted="failed", dead_letter=Address("dead"))
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish(b"0", b"1")
    queue.settle(queue.lease(1)[0], "defer")
    (held,) = _deferred(queue, 0)
    queue.settle(held, "release", failed=True, delay_ms=500)  # waiting is for what comes by itself
    (held,) = _deferred(queue, 0, lease_duration_ms=1000)
    assert (held.tries, held.fails) == ([1], [1])
    queue.pass_ms(1000)
    (held,) = _deferred(queue, 0)
    assert (held.tries, held.fails) == ([2], [2])
    queue.kernel.close_session(queue.session)
    queue.session = queue.kernel.open_session()
    (held,) = _deferred(queue, 0)
    assert (held.tries, held.fails) == ([3], [2])
    queue.settle(held, "release", failed=True)
    (held,) = _deferred(queue, 0)
    assert queue.take(9) == [b"1"]
    queue.settle(held, "release", failed=True)
    with pytest.raises(OffsetOutOfRange):
        _deferred(queue, 0)
    assert queue.take(1, name="dead") == [b"0|delivery_limit"]


def test_what_was_deferred_once_is_like_any_other_message_after_going_back() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=60_000))
    queue.publish(b"0", b"1")
    queue.settle(queue.lease(1)[0], "defer")
    (held,) = _deferred(queue, 0)
    queue.settle(held)
    queue.kernel.submit(Seek(name="q", offset=0), queue.session)
    (again,) = queue.lease(1)
    assert queue.settle(again, "release") == 1
    assert queue.take(9) == [b"0", b"1"]


def test_a_given_back_batch_is_ready_again_but_for_what_was_deferred() -> None:
    queue = Queue(order="fair")
    queue.publish(b"0", b"1", b"2")
    holder = queue.consume(lease_duration_ms=1000)
    lease = queue.delivered()[0]
    lease.start, lease.end = 1, 2
    queue.settle(lease, "defer")
    queue.kernel.submit(Cancel(holder=holder.id), queue.session)
    _deferred(queue, 1, lease_duration_ms=1000)
    queue.pass_ms(1000)
    assert queue.info().deferred == 1
    assert queue.take(9) == [b"0", b"2"]


def test_a_deferred_message_expires_when_somebody_asks_for_it() -> None:
    queue = Queue(ttl_ms=1000, dead_letter=Address("dead"))
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish(b"0", b"1")
    queue.settle(queue.lease(1)[0], "defer")
    queue.pass_ms(500)
    queue.publish(b"2")
    (last,) = queue.lease(2)[1:]
    queue.settle(last, "defer")
    queue.pass_ms(500)
    assert queue.info().deferred == 2
    assert _deferred(queue, 0, 2) == []
    assert queue.take(9, name="dead") == [b"0|expired"]
    assert bodies(_deferred(queue, 2)) == [b"2"]
    with pytest.raises(OffsetOutOfRange):
        _deferred(queue, 0)


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize("lease_ms", [0, 1_000])
def test_a_deferred_message_is_deferred_again_after_a_restart(
    lease_ms: int, *, is_saved: bool
) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0", b"1", b"2")
    node.settle()
    (lease,) = session.submit(Lease(name="q", count_max=2))
    session.settle(Settle(lease.holder.subscription.id, 0, lease.holder.id, [(0, 2)], "defer"))
    session.submit(LeaseDeferred(name="q", offsets=[1], lease_duration_ms=lease_ms))
    node.settle()
    if is_saved:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    node.settle()
    node.clock.now_ms += lease_ms
    node.turn()
    taken = session.submit(Lease(name="q", count_max=9))
    assert bodies(taken) == [b"2"]
    (held,) = session.submit(LeaseDeferred(name="q", offsets=[0, 1]))
    assert (held.bodies, held.tries) == ([b"0", b"1"], [0, 1])


def test_deferred_messages_are_not_taken_beyond_what_may_be_held() -> None:
    queue = Queue(leased_max=2)
    queue.publish(b"0", b"1", b"2", b"3")
    for _ in range(2):
        (lease,) = queue.lease(2)
        queue.settle(lease, "defer")
    with pytest.raises(QuotaExceeded):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=[0, 1, 2]), queue.session)
    (held,) = queue.kernel.submit(LeaseDeferred(name="q", offsets=[0, 1]), queue.session)
    assert (held.start, held.end) == (0, 2)
    with pytest.raises(QuotaExceeded):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=[2]), queue.session)
    queue.settle(held)
    queue.kernel.submit(LeaseDeferred(name="q", offsets=[2]), queue.session)


def test_a_lease_that_never_ends_is_refused() -> None:
    queue = Queue()
    for duration_ms in (-1, 1 << 60):
        with pytest.raises(InvalidArgument):
            queue.lease(1, lease_duration_ms=duration_ms)


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_message_that_waits_for_a_retry_waits_on_after_a_restart(*, is_saved: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0", b"1")
    node.settle()
    first, second = (session.submit(Lease(name="q"))[0] for _ in range(2))
    for one, delay_ms in ((first, 60_000), (second, 1_000)):
        runs = [(one.start, one.end)]
        settle = Settle(one.holder.subscription.id, 0, one.holder.id, runs, "release")
        settle.delay_ms = delay_ms
        session.settle(settle)
    node.settle()
    if is_saved:
        node.checkpoint()
    stopped_ms = node.clock.now_ms
    for later_ms, wanted in ((20_000, [b"1"]), (59_999, []), (60_000, [b"0"])):
        node = engine.start()
        node.clock.now_ms = stopped_ms + later_ms
        session = node.connect()
        node.settle()
        node.turn()
        taken = session.submit(Lease(name="q", count_max=9))
        assert [body for one in taken for body in one.bodies] == wanted
        for one in taken:
            ack(session, one)
        node.settle()


def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_he_was_to() -> None:
    queue = Queue()
    queue.kernel.now_ms, queue.kernel.elapsed_ms = 1_000_000, 5_000
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "release", delay_ms=1_000)
    queue.kernel.begin(2)
    queue.kernel.now_ms, queue.kernel.elapsed_ms = 500_000, 10
    queue.pass_ms(0)
    queue.pass_ms(999)
    assert queue.info().waiting == 1
    queue.pass_ms(1)
    assert (queue.info().waiting, queue.take(1)) == (0, [b"0"])


def test_a_deferred_message_is_not_had_while_others_of_its_key_are_in_flight() -> None:
    queue = Queue(order="key")
    queue.publish_keys("a.1", "a.2")
    (first,) = queue.lease(1)
    queue.settle(first, "defer")
    (second,) = queue.lease(1)
    with pytest.raises(ResourceLocked):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=[0]), queue.session)
    queue.settle(second)
    assert bodies(queue.kernel.submit(LeaseDeferred(name="q", offsets=[0]), queue.session)) == [
        b"a.1"
    ]


def test_what_begins_to_wait_before_the_first_look_of_a_life_is_waited_for_once() -> None:
    queue = Queue()
    queue.publish(b"0")
    queue.kernel.begin(2)
    queue.settle(queue.lease(1)[0], "release", delay_ms=1_000)
    queue.pass_ms(0)
    queue.pass_ms(1_000)
    assert queue.take(1) == [b"0"]


def test_what_expires_after_its_release_puts_no_dead_letter_over_a_limit_for_long() -> None:
    queue = Queue(ttl_ms=10, dead_letter=Address("dead"))
    settings = SubscriptionSettings(length_max=1)
    queue.kernel.submit(DeclareQueue(name="dead", settings=settings), queue.session)
    queue.publish(b"1", b"2")
    (held,) = queue.lease(2)
    queue.kernel.now_ms += 20
    queue.settle(held, "release")
    while queue.kernel.trim_crowded():
        pass
    dead = queue.kernel.state.subscription("default", "dead")
    assert (dead.ready(), dead.windows[0].frontier) == (1, 1)


def test_a_message_that_is_held_too_long_again_and_again_rests_twice_as_long_up_to_a_bound() -> (
    None
):
    queue = Queue(retry_ms=1_000, retry_ms_max=3_000)
    queue.publish(b"a")
    for rest_ms in (1_000, 2_000, 3_000, 3_000):
        queue.lease(1, lease_duration_ms=100)
        queue.pass_ms(100)
        queue.pass_ms(rest_ms - 1)
        assert queue.info().ready == 0
        queue.pass_ms(1)
        assert queue.info().ready == 1


def test_messages_that_were_tried_differently_rest_differently_after_one_deadline() -> None:
    queue = Queue(retry_ms=1_000, retry_ms_max=60_000)
    queue.publish(b"a")
    queue.lease(1, lease_duration_ms=100)
    queue.pass_ms(100)
    queue.pass_ms(1_000)
    queue.publish(b"b")
    queue.lease(2, lease_duration_ms=100)
    queue.pass_ms(100)
    queue.pass_ms(1_000)
    assert queue.info().ready == 1
    queue.pass_ms(1_000)
    assert queue.info().ready == 2
