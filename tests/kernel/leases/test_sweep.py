from tests.kernel.leases.made import Queue

from dragoman.kernel.settings import StreamSettings


def turned(queue: Queue) -> int:
    """Ready messages after the end of a turn."""
    while queue.kernel.sweep() or queue.kernel.trim_crowded():
        pass
    return queue.info().ready


def test_the_head_expires_by_itself_and_then_the_next_one() -> None:
    queue = Queue(early=True, ttl_ms=100)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0")
    queue.kernel.now_ms = 1_050
    queue.publish(b"1")
    queue.kernel.now_ms = 1_101
    assert turned(queue) == 1
    queue.kernel.now_ms = 1_151
    assert turned(queue) == 0


def test_behind_a_head_that_lives_nothing_expires_until_it_is_taken() -> None:
    queue = Queue(early=True)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0", b"1", expires_ms=[0, 1_010])
    queue.kernel.now_ms = 2_000
    assert turned(queue) == 2
    queue.lease(1)
    assert turned(queue) == 0


def test_a_returned_message_expires_as_well() -> None:
    queue = Queue(early=True, ttl_ms=100)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0")
    (delivery,) = queue.lease(1)
    queue.kernel.now_ms = 1_200
    assert turned(queue) == 0
    queue.settle(delivery, "release")
    assert turned(queue) == 0
    assert queue.take(1) == []


def test_each_partition_has_a_head_of_its_own() -> None:
    queue = Queue(early=True, stream=StreamSettings(partitions=2))
    queue.kernel.now_ms = 1_000
    queue.publish(b"0", partition=0, expires_ms=[9_000])
    queue.publish(b"1", partition=1, expires_ms=[1_010])
    queue.kernel.now_ms = 1_011
    assert turned(queue) == 1
    assert queue.take(2) == [b"0"]


def test_over_its_length_a_queue_drops_its_oldest_at_the_end_of_the_turn() -> None:
    queue = Queue(early=True, length_max=2)
    queue.publish(b"0", b"1", b"2", b"3")
    assert turned(queue) == 2
    assert queue.take(5) == [b"2", b"3"]


def test_what_a_consumer_takes_at_once_is_over_no_limit() -> None:
    queue = Queue(early=True, length_max=1)
    queue.consume()
    queue.publish(b"0", b"1", b"2")
    assert len(queue.delivered()[0].bodies) == 3


def test_over_its_bytes_a_queue_drops_its_oldest_until_they_fit() -> None:
    queue = Queue(early=True, bytes_max=10)
    queue.publish(b"12345678", b"12345", b"123")
    assert turned(queue) == 2
    assert queue.take(5) == [b"12345", b"123"]


def test_returned_messages_count_for_the_limit() -> None:
    queue = Queue(early=True, length_max=2)
    queue.publish(b"0", b"1")
    (delivery,) = queue.lease(2)
    queue.publish(b"2", b"3")
    queue.settle(delivery, "release")
    assert turned(queue) == 2
    assert queue.take(5) == [b"2", b"3"]


def test_deadlines_that_were_overtaken_do_not_pile_up() -> None:
    queue = Queue(early=True, ttl_ms=86_400_000)
    queue.kernel.now_ms = 1_000
    for _ in range(5_000):
        queue.publish(b"0")
        (delivery,) = queue.lease(1)
        queue.settle(delivery)
        turned(queue)
    assert len(queue.kernel.state.expiring) < 2_000
