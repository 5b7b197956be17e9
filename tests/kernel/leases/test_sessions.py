from typing import Any

import pytest
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.node import TestNode

from dragoman.kernel.commands import (
    Cancel,
    DeclareQueue,
    DescribeQueue,
    Lease,
    Publish,
    Settle,
)
from dragoman.kernel.leases.commands import (
    AcceptSession,
    GetSessionState,
    LeaseDeferred,
    ListSessions,
    ReleaseSession,
    RenewSession,
    SessionLock,
    SetSessionState,
)
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, LeaseExpired, ResourceLocked
from dragoman.model.levels import CANONICAL
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState


def sessions(**settings: Any) -> Queue:
    return Queue(order="session", **settings)


def accept(queue: Queue, key: bytes | None = None, **options: Any) -> SessionLock:
    lock = queue.kernel.submit(AcceptSession(name="q", key=key, **options), queue.session)
    assert isinstance(lock, SessionLock)
    return lock


def test_messages_of_a_session_are_taken_within_it_in_order() -> None:
    queue = sessions()
    queue.publish_keys("a.1", "b.1", "a.2")
    lock = accept(queue, b"a")
    assert queue.take(10, within=lock.holder.id) == [b"a.1", b"a.2"]


def test_the_next_ready_session_is_the_one_that_has_waited_longest() -> None:
    queue = sessions()
    queue.publish_keys("b.1", "a.1", "b.2")
    assert [accept(queue).key, accept(queue).key] == [b"b", b"a"]
    assert queue.kernel.submit(AcceptSession(name="q"), queue.session) is None


def test_a_locked_session_is_refused_to_others_until_it_is_released() -> None:
    queue = sessions()
    queue.publish_keys("a.1")
    lock = accept(queue, b"a")
    with pytest.raises(ResourceLocked):
        accept(queue, b"a")
    (held,) = queue.lease(1, within=lock.holder.id)
    queue.kernel.submit(ReleaseSession(holder=lock.holder.id), queue.session)
    assert queue.settle(held) == 0
    again = accept(queue, b"a")
    (delivery,) = queue.lease(1, within=again.holder.id)
    assert (delivery.bodies, delivery.tries) == ([b"a.1"], [1])


def test_a_session_without_messages_can_be_accepted_and_gets_those_to_come() -> None:
    queue = sessions()
    lock = accept(queue, b"a")
    assert queue.take(1, within=lock.holder.id) == []
    queue.publish_keys("a.1")
    assert queue.take(1, within=lock.holder.id) == [b"a.1"]


def test_nothing_is_taken_without_a_session() -> None:
    queue = sessions()
    queue.publish_keys("a.1")
    for refused in (lambda: queue.take(1), queue.consume):
        with pytest.raises(InvalidArgument):
            refused()
    with pytest.raises(InvalidArgument):
        queue.kernel.submit(LeaseDeferred(name="q", offsets=[]), queue.session)


def test_a_queue_without_sessions_has_none_to_accept() -> None:
    queue = Queue()
    with pytest.raises(InvalidArgument):
        accept(queue, b"a")
    with pytest.raises(InvalidArgument):
        queue.take(1, within=3)


def test_the_receiver_keeps_its_session_when_all_is_settled() -> None:
    queue = sessions()
    queue.publish_keys("a.1")
    lock = accept(queue, b"a")
    queue.settle(queue.lease(1, within=lock.holder.id)[0])
    queue.publish_keys("a.2")
    assert queue.take(1, within=lock.holder.id) == [b"a.2"]


def test_a_lock_ends_with_its_connection() -> None:
    queue = sessions()
    queue.publish_keys("a.1")
    lock = accept(queue, b"a")
    queue.lease(1, within=lock.holder.id)
    queue.kernel.close_session(queue.session)
    queue.session = queue.kernel.open_session()
    assert accept(queue).key == b"a"
    with pytest.raises(LeaseExpired):
        queue.take(1, within=lock.holder.id)


def test_a_lock_ends_at_its_deadline_unless_it_is_renewed_and_what_it_held_has_failed() -> None:
    queue = sessions(attempts_max=2, dead_letter=Address("dead"))
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish_keys("a.1")
    lock = accept(queue, b"a", lease_duration_ms=1000)
    queue.lease(1, within=lock.holder.id)
    queue.pass_ms(900)
    assert queue.kernel.submit(RenewSession(holder=lock.holder.id), queue.session) == 1900
    queue.pass_ms(900)
    assert queue.info().leased == 1
    queue.pass_ms(100)
    assert (queue.info().ready, queue.info().leased) == (1, 0)
    with pytest.raises(LeaseExpired):
        queue.kernel.submit(RenewSession(holder=lock.holder.id), queue.session)
    lock = accept(queue, b"a", lease_duration_ms=1000)
    queue.lease(1, within=lock.holder.id)
    queue.pass_ms(1000)
    assert queue.take(1, name="dead") == [b"a.1|delivery_limit"]


def test_messages_of_an_accepted_session_are_delivered_as_they_come() -> None:
    queue = sessions()
    lock = accept(queue, b"a", consume=True, credit_max=2, lease_duration_ms=1000)
    queue.publish_keys("a.1", "b.1", "a.2", "a.3")
    first = queue.delivered()
    assert bodies(first) == [b"a.1", b"a.2"]
    queue.settle(first[0])
    assert bodies(queue.delivered()) == [b"a.3"]
    queue.pass_ms(1000)
    assert queue.kernel.state.cancelled == [lock.holder]
    assert accept(queue, b"a").key == b"a"


def test_a_cancelled_receiver_gives_its_session_up() -> None:
    queue = sessions()
    queue.publish_keys("a.1")
    lock = accept(queue, b"a", consume=True)
    assert bodies(queue.delivered()) == [b"a.1"]
    queue.kernel.submit(Cancel(holder=lock.holder.id), queue.session)
    assert queue.info().ready == 1
    assert accept(queue).key == b"a"


def test_deferred_messages_are_taken_within_their_session() -> None:
    queue = sessions()
    queue.publish_keys("a.1", "a.2")
    lock = accept(queue, b"a")
    (delivery,) = queue.lease(1, within=lock.holder.id)
    queue.settle(delivery, "defer")
    assert queue.take(1, within=lock.holder.id) == [b"a.2"]
    take = LeaseDeferred(name="q", offsets=[0], within=lock.holder.id)
    assert bodies(queue.kernel.submit(take, queue.session)) == [b"a.1"]


def test_a_session_keeps_its_state_for_whoever_accepts_it_next() -> None:
    queue = sessions()
    lock = accept(queue, b"a")
    queue.kernel.submit(SetSessionState(holder=lock.holder.id, state=b"page 7"), queue.session)
    assert queue.kernel.submit(GetSessionState(holder=lock.holder.id), queue.session) == b"page 7"
    queue.kernel.submit(ReleaseSession(holder=lock.holder.id), queue.session)
    assert accept(queue, b"a").state == b"page 7"
    with pytest.raises(LeaseExpired):
        queue.kernel.submit(GetSessionState(holder=lock.holder.id), queue.session)


def test_nothing_is_left_of_a_session_without_messages_and_state() -> None:
    queue = sessions()
    lock = accept(queue, b"a")
    queue.kernel.submit(SetSessionState(holder=lock.holder.id, state=b"x"), queue.session)
    queue.kernel.submit(SetSessionState(holder=lock.holder.id, state=b""), queue.session)
    queue.kernel.submit(ReleaseSession(holder=lock.holder.id), queue.session)
    order = queue.kernel.state.subscription("default", "q").windows[0].order
    assert not order.by_key  # type: ignore[union-attr]


def test_what_is_too_large_for_a_session_is_refused() -> None:
    queue = sessions()
    with pytest.raises(InvalidArgument):
        accept(queue, b"k" * 2000)
    with pytest.raises(InvalidArgument):
        accept(queue, b"a", lease_duration_ms=-1)
    lock = accept(queue, b"a")
    with pytest.raises(InvalidArgument):
        queue.kernel.submit(
            SetSessionState(holder=lock.holder.id, state=bytes(2 << 20)), queue.session
        )


def test_sessions_of_several_partitions_are_found_where_their_messages_are() -> None:
    queue = sessions(stream=StreamSettings(partitions=4))
    queue.publish_keys(*[f"{key}.1" for key in "abcdef"])
    assert {accept(queue).key for _ in range(6)} == {b"a", b"b", b"c", b"d", b"e", b"f"}
    for key in (b"x", b"y", b"z"):
        lock = accept(queue, key)
        queue.publish_keys(f"{key.decode()}.1")
        assert queue.take(5, within=lock.holder.id) == [key + b".1"]


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_state_outlives_a_restart_and_a_lock_does_not(*, with_checkpoint: bool) -> None:
    parts = (MemoryLog(), MemorySegments(), MemoryState())
    node = TestNode(*parts)
    session = node.connect()
    session.submit(DeclareQueue(name="q", settings=SubscriptionSettings(order="session")))
    publish = Publish("default", Address("q"), CANONICAL, [b"a.1", b"a.2"])
    publish.keys = [b"a", b"a"]
    session.publish(publish)
    lock = session.submit(AcceptSession(name="q", key=b"a"))
    session.submit(SetSessionState(holder=lock.holder.id, state=b"page 7"))
    node.settle()
    if with_checkpoint:
        node.checkpoint()
    probe = TestNode(*parts).connect()
    again = probe.submit(AcceptSession(name="q"))
    assert (again.key, again.state) == (b"a", b"page 7")


def test_a_deferred_message_is_had_within_its_own_session_only() -> None:
    queue = sessions()
    queue.publish_keys("a.1", "b.1")
    lock, other = accept(queue, b"a"), accept(queue, b"b")
    (held,) = queue.lease(1, within=lock.holder.id)
    queue.settle(held, "defer")
    with pytest.raises(ResourceLocked):
        queue.kernel.submit(
            LeaseDeferred(name="q", offsets=[held.start], within=other.holder.id), queue.session
        )
    command = LeaseDeferred(name="q", offsets=[held.start], within=lock.holder.id)
    assert bodies(queue.kernel.submit(command, queue.session)) == [b"a.1"]


def test_a_session_is_in_one_partition_whether_it_has_a_name_or_comes_in_a_batch() -> None:
    queue = sessions(stream=StreamSettings(partitions=4))
    for _ in range(8):
        queue.publish(b"1;key=a\n2;key=b", packed=2)
        queue.publish(b"3", b"4", keys=[b"", b""])
    windows = queue.kernel.state.subscription("default", "q").windows
    for name in (b"a", b"b", b""):
        orders = [window.order for window in windows]
        assert [name in order.by_key for order in orders if isinstance(order, Keys)].count(
            True
        ) == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_a_deferred_message_is_done_with_once_a_session_that_does_not_acknowledge_has_it(
    *, restarted: bool
) -> None:
    parts = (MemoryLog(), MemorySegments(), MemoryState())
    node = TestNode(*parts)
    session = node.connect()
    session.submit(DeclareQueue(name="q", settings=SubscriptionSettings(order="session")))
    publish = Publish("default", Address("q"), CANONICAL, [b"a.1", b"a.2"])
    publish.keys = [b"a", b"a"]
    session.publish(publish)
    lock = session.submit(AcceptSession(name="q", key=b"a"))
    (held,) = session.submit(Lease(name="q", count_max=1, within=lock.holder.id))
    runs = [(held.start, held.end)]
    session.settle(Settle(lock.holder.subscription.id, 0, held.holder.id, runs, "defer"))
    session.submit(ReleaseSession(holder=lock.holder.id))
    taker = session.submit(AcceptSession(name="q", key=b"a", no_ack=True))
    take = LeaseDeferred(name="q", offsets=[0], within=taker.holder.id)
    assert bodies(session.submit(take)) == [b"a.1"]
    node.settle()
    if restarted:
        session = TestNode(*parts).connect()
    info = session.submit(DescribeQueue(name="q"))
    assert (info.ready, info.deferred, info.leased) == (1, 0, 0)


def test_sessions_with_messages_or_with_state_are_listed() -> None:
    queue = sessions()
    queue.publish_keys("a.1", "b.1", "a.2")
    lock = accept(queue, b"c")
    command = SetSessionState(holder=lock.holder.id, state=b"s")
    queue.kernel.submit(command, queue.session)

    def listed(**more: Any) -> Any:
        return queue.kernel.submit(ListSessions(name="q", **more), queue.session)

    assert listed() == [b"a", b"b"]
    assert listed(skip=1, count_max=5) == [b"b"]
    assert listed(with_state=True) == [b"c"]
    with pytest.raises(InvalidArgument):
        Queue().kernel.submit(ListSessions(name="q"), 0)
