import pytest
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import Lease, Settle, TrimStream
from dragoman.kernel.leases.lease import next_run
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import InvalidArgument, QuotaExceeded


def test_a_lease_takes_the_oldest_first_and_no_more_than_asked_for() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1", b"2")
    assert queue.take(2) == [b"0", b"1"]
    assert queue.take(2) == [b"2"]
    assert queue.take(2) == []


def test_a_run_never_spans_two_blocks() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    queue.kernel.now_ms += 1  # another time, another block
    queue.publish(b"2")
    assert [each.bodies for each in queue.lease(10)] == [[b"0", b"1"], [b"2"]]


def test_messages_of_a_batch_share_its_body() -> None:
    queue = Queue(early=True)
    queue.publish(b"0\n1\n2", packed=3)
    (first,) = queue.lease(2)
    assert (first.start, first.end, first.bodies) == (0, 2, [b"0\n1\n2"])
    assert first.block.packed


def test_who_does_not_acknowledge_is_done_at_once() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    assert queue.take(1, no_ack=True) == [b"0"]
    assert (queue.info().ready, queue.info().leased) == (1, 0)
    assert not queue.kernel.state.holders


def test_expired_messages_are_passed_over_and_the_rest_of_their_block_is_served() -> None:
    queue = Queue(early=True)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0", b"1", b"2", expires_ms=[1_001, 0, 1_001])
    queue.kernel.now_ms = 2_000
    assert queue.take(10) == [b"1"]
    assert queue.info().ready == 0


def test_a_message_that_expires_now_may_still_be_taken_now() -> None:
    queue = Queue(early=True, ttl_ms=0)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0")
    assert queue.take(1) == [b"0"]


def test_deciding_changes_nothing() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1")
    subscription = next(iter(queue.kernel.state.subscriptions.values()))
    runs = [next_run(subscription, 2, 0) for _ in range(2)]
    assert [(run.start, run.end, run.fresh) for run in runs if run] == [(0, 2, True)] * 2
    assert queue.info().ready == 2


def test_partitions_take_turns() -> None:
    queue = Queue(early=True, stream=StreamSettings(partitions=2))
    for number in range(4):
        queue.publish(b"%d" % number, partition=number % 2)
    assert [queue.take(1) for _ in range(4)] == [[b"0"], [b"1"], [b"2"], [b"3"]]


def test_a_trim_takes_leases_back_and_gives_credit_back() -> None:
    queue = Queue(early=True)
    holder = queue.consume(credit_max=2)
    queue.publish(b"0", b"1", b"2", b"3")
    (delivery,) = queue.delivered()
    stream = next(iter(queue.kernel.state.streams.values()))
    stream.partitions[0].committed = 4
    queue.kernel.submit(TrimStream(name="q", partition=0, offset=3), queue.session)
    assert holder.leased == 0
    assert queue.settle(delivery) == 0
    assert bodies(queue.delivered()) == [b"3"]


# --- how many may be held, and since when ---


def test_no_more_are_leased_than_may_be_held() -> None:
    queue = Queue(leased_max=3)
    queue.publish(*[b"%d" % number for number in range(5)])
    first = queue.lease(2)
    assert queue.take(9) == [b"2"]
    with pytest.raises(QuotaExceeded):
        queue.lease(1)
    assert queue.take(1, no_ack=True) == [b"3"]
    queue.settle(first[0])
    assert queue.take(9) == [b"4"]


def test_consumers_wait_while_as_many_are_held_as_may_be() -> None:
    queue = Queue(leased_max=2)
    for _ in range(2):
        queue.consume()
    queue.publish(*[b"%d" % number for number in range(5)])
    held = queue.delivered()
    assert sum(one.end - one.start for one in held) == 2
    assert queue.delivered() == []
    queue.settle(held[0])
    assert queue.info().leased == 2 - (held[0].end - held[0].start)
    assert queue.delivered()
    assert queue.info().leased == 2


def test_a_limit_below_zero_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        Queue(leased_max=-1)


@pytest.mark.parametrize("order", ["none", "key", "priority"])
def test_the_time_of_the_first_lease_is_kept_where_somebody_asks(order: str) -> None:
    queue = Queue(times_kept=True, order=order)
    queue.publish(b"1", b"2")
    start_ms = queue.kernel.now_ms = 1_000
    one = queue.lease(1)[0]
    assert one.firsts_ms == [start_ms]
    queue.pass_ms(10)
    queue.settle(one, "release")
    again = queue.lease(2)
    assert [at for each in again for at in each.firsts_ms or ()] == [start_ms, start_ms + 10]
    plain = Queue()
    plain.publish(b"1")
    assert plain.lease(1)[0].firsts_ms is None


@pytest.mark.parametrize("is_saved", [False, True])
def test_the_time_of_the_first_lease_survives_a_restart(is_saved: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q", times_kept=True)
    publish(session, "q", b"1")
    node.settle()
    (one,) = session.submit(Lease(name="q", lease_duration_ms=60_000))
    session.settle(Settle(one.holder.subscription.id, 0, one.holder.id, [(0, 1)], "release"))
    node.settle()
    if is_saved:
        node.checkpoint()
    leased_ms = node.clock.now_ms
    node = engine.start()
    node.clock.now_ms += 5_000
    session = node.connect()
    node.settle()
    (again,) = session.submit(Lease(name="q"))
    assert again.firsts_ms == [leased_ms]


def test_what_is_asked_of_a_queue_is_counted() -> None:
    queue = Queue()
    assert queue.info().oldest_ms == 0
    queue.kernel.now_ms = 1_000
    queue.publish(b"1")
    queue.kernel.now_ms = 2_000
    queue.publish(b"2", b"3")
    one, *others = [queue.lease(1)[0] for _ in range(3)]
    queue.settle(others[0], "release", delay_ms=100)
    queue.settle(others[1], "defer")
    info = queue.info()
    assert (info.leased, info.waiting, info.deferred, info.dead) == (1, 1, 1, 0)
    assert (info.stream, info.oldest_ms) == ("q", 1_000)
    queue.settle(one)
    assert queue.info().oldest_ms == 2_000
