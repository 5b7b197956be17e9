import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.commands import DeclareQueue, DeleteQueue
from dragoman.kernel.leases.commands import CreateSubscription, DeleteSubscription
from dragoman.kernel.replies import QueueInfo
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, StreamNotFound, SubscriptionNotFound


def create(
    queue: Queue, name: str = "s", *, from_end: bool = False, **settings: object
) -> QueueInfo:
    command = CreateSubscription(
        name="q",
        subscription=name,
        settings=SubscriptionSettings(**settings),  # type: ignore[arg-type]
        from_end=from_end,
    )
    info: QueueInfo = queue.kernel.submit(command, queue.session)
    return info


def test_every_subscription_gets_every_message() -> None:
    queue = Queue()
    create(queue)
    queue.publish(b"a")
    assert queue.take(1) == queue.take(1, subscription="s") == [b"a"]


def test_a_subscription_begins_with_what_is_retained_or_at_the_end() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    queue.publish(b"a")
    assert create(queue, "all").ready == 1
    assert create(queue, "new", from_end=True).ready == 0


def test_what_a_stream_that_keeps_nothing_has_left_for_others_is_not_a_new_readers() -> None:
    queue = Queue()
    queue.publish(b"a")
    assert create(queue, "all").ready == 0
    queue.kernel.submit(DeleteQueue(name="q"), queue.session)
    again = queue.kernel.submit(DeclareQueue(name="q"), queue.session)
    assert again.ready == 0


def test_an_existing_subscription_is_returned_as_it_is() -> None:
    queue = Queue()
    assert create(queue, ttl_ms=5).created
    again = create(queue, ttl_ms=7)
    assert (again.created, again.settings.ttl_ms) == (False, 5)


def test_entries_stay_until_every_subscription_is_done_with_them() -> None:
    queue = Queue()
    create(queue)
    queue.publish(b"a")
    partition = queue.kernel.state.streams_named["default", "q"].partitions[0]
    queue.settle(queue.lease(1)[0])
    queue.kernel.release()
    assert partition.size == 1
    queue.settle(queue.lease(1, subscription="s")[0])
    queue.kernel.release()
    assert partition.size == 0


def test_a_deleted_subscription_leaves_its_stream() -> None:
    queue = Queue()
    create(queue)
    queue.publish(b"a")
    gone = queue.kernel.submit(DeleteSubscription(name="q", subscription="s"), queue.session)
    assert gone.ready == 1
    assert queue.take(1) == [b"a"]
    with pytest.raises(SubscriptionNotFound):
        queue.take(1, subscription="s")


def test_what_cannot_be_is_refused() -> None:
    queue = Queue()
    with pytest.raises(InvalidArgument):
        create(queue, "q")
    with pytest.raises(InvalidArgument):
        create(queue, "")
    with pytest.raises(InvalidArgument):
        create(queue, exclusive=True)
    with pytest.raises(InvalidArgument):
        create(queue, order="priority", priorities=256)
    with pytest.raises(InvalidArgument):
        create(queue, filter={"x-match": "some"})
    with pytest.raises(InvalidArgument):
        create(queue, revoke_followers=True)
    with pytest.raises(StreamNotFound):
        queue.kernel.submit(CreateSubscription(name="none", subscription="s"), queue.session)
    with pytest.raises(SubscriptionNotFound):
        queue.kernel.submit(DeleteSubscription(name="q", subscription="q"), queue.session)


def test_what_a_new_reader_with_an_order_finds_expires_in_its_time() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    queue.publish(b"a", b"b", expires_ms=[0, queue.kernel.now_ms + 100])
    create(queue, order="priority", priorities=3)
    assert queue.take(1, subscription="s") == [b"a"]
    queue.pass_ms(101)
    assert queue.kernel.state.subscription("default", "q", "s").ready() == 0
