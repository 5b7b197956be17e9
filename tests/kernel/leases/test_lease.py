from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import TrimStream
from dragoman.kernel.leases.lease import next_run
from dragoman.kernel.settings import StreamSettings


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
