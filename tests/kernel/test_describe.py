from tests.kernel.leases.made import Queue

from dragoman.kernel.commands import DeclareRoute, DescribeStream
from dragoman.kernel.describe import queue_info, route_info, stream_info
from dragoman.kernel.settings import RouteSettings, StreamSettings


def test_a_queue_counts_its_messages_by_their_state() -> None:
    queue = Queue(retry_ms=1_000)
    queue.publish(*[b"%d" % n for n in range(10)])
    held, back = queue.lease(3), queue.lease(2)
    for delivery in back:
        queue.settle(delivery, "release")
    info = queue.info()
    assert (info.ready, info.leased, info.waiting, info.consumers) == (5, 3, 2, 0)
    queue.settle(held[0], "ack")
    assert queue.info().leased == 0
    queue.consume()
    assert queue.info().consumers == 1


def test_a_queue_tells_how_old_its_oldest_message_is_whatever_its_state() -> None:
    queue = Queue()
    assert queue.info().oldest_ms == 0
    for now_ms in (5_000, 6_000):
        queue.kernel.now_ms = now_ms
        queue.publish(b"x")
    assert queue.info().oldest_ms == 5_000
    (first,) = queue.lease(1)
    assert queue.info().oldest_ms == 5_000, "held, and still the queue's"
    queue.settle(first, "ack")
    assert queue.info().oldest_ms == 6_000


def test_what_has_just_been_made_says_so() -> None:
    queue = Queue()
    subscription = queue.kernel.state.subscription("default", "q")
    assert queue_info(subscription, created=True).created
    assert not queue_info(subscription).created
    assert stream_info(subscription.stream, created=True).created


def test_a_stream_shows_each_partition_by_itself() -> None:
    queue = Queue(stream=StreamSettings(partitions=2))
    queue.publish(b"abc", partition=1)
    info = queue.kernel.submit(DescribeStream(name="q"), queue.session)
    assert [(each.start, each.end) for each in info.partitions] == [(0, 0), (0, 1)]
    assert info.partitions[1].size_bytes == 3
    assert (info.name, info.settings.partitions) == ("q", 2)


def test_a_route_is_told_by_what_it_is() -> None:
    kernel = Queue().kernel
    kernel.submit(DeclareRoute(name="r", settings=RouteSettings(kind="topic")), 1)
    info = route_info(kernel.state.routing.get("default", "r"))
    assert (info.namespace, info.name, info.created) == ("default", "r", False)
    assert info.settings.kind == "topic"
