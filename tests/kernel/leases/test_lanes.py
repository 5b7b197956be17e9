from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import DeclareQueue, PurgeQueue, TrimStream
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.seek import Seek
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import KAFKA

RED = {"colour": "red"}


def test_the_highest_priority_is_served_first_and_equal_ones_in_order() -> None:
    queue = Queue(order="priority", priorities=9)
    queue.publish(b"a", b"b", b"c", b"d", b"e", priorities=[0, 5, 9, 5, 0])
    assert queue.take(10) == [b"c", b"b", b"d", b"a", b"e"]


def test_a_priority_above_the_highest_counts_as_the_highest() -> None:
    queue = Queue(order="priority", priorities=2)
    queue.publish(b"two", b"nine", priorities=[2, 9])
    assert queue.take(10) == [b"two", b"nine"]


def test_messages_without_a_priority_come_last() -> None:
    queue = Queue(order="priority", priorities=2)
    queue.publish(b"none")
    queue.publish(b"one", priorities=[1])
    assert queue.take(10) == [b"one", b"none"]


def test_a_returned_message_goes_before_later_ones_of_its_priority_and_after_higher_ones() -> None:
    queue = Queue(order="priority", priorities=9)
    queue.publish(b"a", b"b", priorities=[3, 3])
    first = queue.lease(1)
    queue.publish(b"high", priorities=[4])
    assert queue.settle(first[0], "release") == 1
    again = queue.lease(3)
    assert bodies(again) == [b"high", b"a", b"b"]
    assert [delivery.tries for delivery in again] == [None, [1], None]


def test_what_is_over_the_length_limit_goes_from_the_lowest_priority_oldest_first() -> None:
    queue = Queue(order="priority", priorities=9, length_max=3)
    queue.publish(b"a", b"b", b"c", priorities=[1, 1, 9])
    queue.publish(b"d", b"e", priorities=[9, 1])
    assert queue.take(10) == [b"c", b"d", b"e"]


def test_the_head_of_every_priority_expires_and_what_lies_behind_it_with_it() -> None:
    queue = Queue(order="priority", priorities=9, ttl_ms=100)
    queue.publish(b"low", b"low", priorities=[0, 0])
    queue.pass_ms(50)
    queue.publish(b"high", priorities=[9])
    queue.pass_ms(60)
    assert queue.info().ready == 1
    assert queue.take(10) == [b"high"]
    queue.publish(b"late", priorities=[1])
    queue.pass_ms(101)
    assert queue.info().ready == 0


def test_purge_leaves_what_is_leased() -> None:
    queue = Queue(order="priority", priorities=9)
    queue.publish(b"a", b"b", b"c", priorities=[0, 5, 9])
    held = queue.lease(1)
    assert queue.kernel.submit(PurgeQueue(name="q"), queue.session) == 2
    assert (queue.info().ready, queue.info().leased) == (0, 1)
    queue.settle(held[0], "release")
    assert queue.take(10) == [b"c"]


def test_a_trim_is_done_in_every_lane() -> None:
    queue = Queue(order="priority", priorities=9)
    queue.publish(b"a", b"b", b"c", b"d", priorities=[0, 9, 0, 9])
    queue.kernel.state.streams_named["default", "q"].partitions[0].committed = 4
    queue.kernel.submit(TrimStream(name="q", partition=0, offset=2), queue.session)
    assert queue.info().ready == 2
    assert queue.take(10) == [b"d", b"c"]


def test_rejected_messages_of_any_priority_are_dead_lettered() -> None:
    queue = Queue(order="priority", priorities=9, dead_letter=Address("dead"))
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish(b"a", b"b", priorities=[0, 9])
    queue.settle(queue.lease(1)[0], "reject")
    assert queue.take(1, name="dead") == [b"b|rejected"]


def test_a_filtered_queue_holds_exactly_what_matches() -> None:
    queue = Queue(filter=RED)
    queue.publish(b"a;colour=red", b"b;colour=blue", b"c", b"d;colour=red")
    assert queue.info().ready == 2
    assert queue.take(10) == [b"a;colour=red", b"d;colour=red"]


def test_what_nobody_takes_is_not_kept() -> None:
    queue = Queue(filter=RED)
    queue.publish(b"a;colour=blue", b"b;colour=blue")
    queue.kernel.release()
    assert queue.kernel.state.streams_named["default", "q"].partitions[0].size == 0


def test_subscriptions_of_one_stream_share_its_entries_each_by_its_own_filter() -> None:
    queue = Queue()
    for name, colour in (("reds", "red"), ("blues", "blue")):
        settings = SubscriptionSettings(filter={"colour": colour})
        queue.kernel.submit(
            CreateSubscription(name="q", subscription=name, settings=settings), queue.session
        )
    queue.publish(b"1;colour=red", b"2;colour=blue", b"3")
    assert queue.take(10, subscription="reds") == [b"1;colour=red"]
    assert queue.take(10, subscription="blues") == [b"2;colour=blue"]
    assert len(queue.take(10)) == 3
    assert queue.kernel.state.streams_named["default", "q"].partitions[0].size == 26


def test_a_filter_and_priorities_work_together() -> None:
    queue = Queue(filter=RED, order="priority", priorities=9)
    queue.publish(b"a;colour=red", b"b;colour=blue", b"c;colour=red", priorities=[1, 9, 5])
    assert queue.take(10) == [b"c;colour=red", b"a;colour=red"]


def test_a_batch_is_opened_for_its_filters_and_stored_whole() -> None:
    queue = Queue(filter=RED)
    queue.publish(b"a;colour=red\nb\nc;colour=red", packed=3, partition=0)
    taken = queue.lease(10)
    assert [(one.start, one.end) for one in taken] == [(0, 1), (2, 3)]
    assert taken[0].bodies == [b"a;colour=red\nb\nc;colour=red"]
    assert queue.info().ready == 0


def test_a_filter_is_judged_when_published_and_not_later() -> None:
    queue = Queue()
    queue.publish(b"early;colour=red")
    queue.kernel.submit(
        CreateSubscription(
            name="q",
            subscription="reds",
            settings=SubscriptionSettings(filter=RED),
            from_end=True,
        ),
        queue.session,
    )
    queue.publish(b"late;colour=red")
    assert queue.take(10, subscription="reds") == [b"late;colour=red"]


def test_a_reader_that_attaches_to_a_stream_finds_what_it_keeps_in_order() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    queue.publish(b"a", b"b", priorities=[1, 7])
    queue.publish(b"c\nd", packed=2, format=KAFKA, partition=0)
    settings = SubscriptionSettings(order="priority", priorities=9)
    queue.kernel.submit(
        CreateSubscription(name="q", subscription="s", settings=settings), queue.session
    )
    assert [(one.start, one.end) for one in queue.lease(10, subscription="s")] == [
        (1, 2),
        (0, 1),
        (2, 4),
    ]


def test_after_a_seek_messages_are_ready_again_in_their_lanes_as_far_as_they_match() -> None:
    queue = Queue(
        order="priority", priorities=9, filter=RED, stream=StreamSettings(retention_ms=-1)
    )
    queue.publish(b"1;colour=red", b"2;colour=blue", b"3;colour=red", priorities=[1, 9, 5])
    for delivery in queue.lease(3):
        queue.settle(delivery)
    queue.kernel.submit(Seek(name="q", offset=0), queue.session)
    assert queue.take(10) == [b"3;colour=red", b"1;colour=red"]
