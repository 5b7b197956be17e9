from typing import Any

import pytest
from tests.kernel.leases.made import Queue
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import CreateStream, DescribeQueue, Lease, Settle
from dragoman.kernel.leases.peek import OPEN, FindLease, LeaseInfo, Peek, Peeked, PeekStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import (
    InvalidArgument,
    OffsetOutOfRange,
    PartitionNotFound,
    ResourceLocked,
    StreamNotFound,
    SubscriptionNotFound,
)
from dragoman.model.levels import SYNCED
from dragoman.model.limits import PEEK_BYTES_MAX, PEEK_COUNT_MAX


def test_a_peek_shows_states_and_leases_nothing() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", *[b"%d" % number for number in range(5)])
    (delivery,) = session.submit(Lease(name="q", count_max=3))
    subscription, holder = delivery.holder.subscription.id, delivery.holder.id
    session.settle(Settle(subscription, 0, holder, [(0, 1)], "ack"))
    session.settle(Settle(subscription, 0, holder, [(1, 2)], "defer"))
    node.settle()
    node.checkpoint()
    found = session.submit(Peek(name="q", count_max=10))
    shown = [(each.offset, each.state, each.body) for each in found]
    assert shown == [
        (1, "DEFERRED", b"1"),
        (2, "LEASED", b"2"),
        (3, "READY", b"3"),
        (4, "READY", b"4"),
    ]
    info = session.submit(DescribeQueue(name="q"))
    assert (info.ready, info.leased) == (2, 1)
    assert [each.offset for each in session.submit(Peek(name="q", offset=3))] == [3]


def shown(queue: Queue, *states: str, **more: Any) -> list[tuple[int, str]]:
    peek = Peek(name="q", states=states, **{"count_max": 100, **more})
    return [(found.offset, found.state) for found in queue.kernel.submit(peek, queue.session)]


@pytest.mark.parametrize("order", ["none", "key", "priority", "fair"])
def test_messages_are_found_by_their_state(order: str) -> None:
    queue = Queue(order=order, delay_ms=100)
    queue.publish(*[b"%d" % number for number in range(6)], keys=[b""] * 6)
    queue.pass_ms(100)
    queue.publish(b"6", keys=[b""])
    held = [queue.lease(1)[0] for _ in range(4)]
    queue.settle(held[0])
    queue.settle(held[1], "release")
    queue.settle(held[2], "release", delay_ms=50)
    everything = [
        (1, "RETURNED"),
        (2, "WAITING"),
        (3, "LEASED"),
        (4, "READY"),
        (5, "READY"),
        (6, "DELAYED"),
    ]
    assert shown(queue) == shown(queue, *OPEN) == everything
    for state in OPEN:
        assert shown(queue, state) == [found for found in everything if found[1] == state]
    assert shown(queue, "READY", "RETURNED", offset=2, count_max=1) == [(4, "READY")]
    assert shown(queue, count_max=0) == []
    assert (queue.info().ready, queue.info().delayed) == (3, 1)
    with pytest.raises(InvalidArgument):
        shown(queue, "DONE")


def test_what_lies_far_behind_what_is_done_is_found_at_once() -> None:
    queue = Queue()
    count = 50_000
    queue.publish(*[b""] * count)
    first = queue.lease(1)[0]
    for one in queue.lease(count - 2):
        queue.settle(one)
    assert shown(queue) == [(0, "LEASED"), (count - 1, "READY")]
    queue.settle(first, "defer")
    assert shown(queue, "DEFERRED") == [(0, "DEFERRED")]


def test_a_reply_has_a_bound_and_the_next_goes_on_behind_it() -> None:
    queue = Queue()
    queue.publish(*[b""] * (PEEK_COUNT_MAX + 1))
    assert len(shown(queue, count_max=PEEK_COUNT_MAX + 1)) == PEEK_COUNT_MAX
    queue = Queue()
    for _ in range(4):
        queue.kernel.now_ms += 1  # a block each
        queue.publish(bytes(PEEK_BYTES_MAX // 2))
    assert [offset for offset, _ in shown(queue)] == [0, 1]
    assert [offset for offset, _ in shown(queue, offset=2)] == [2, 3]


def test_a_stream_is_looked_into_whoever_reads_it() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    settings = StreamSettings(retention_ms=-1, level=SYNCED)
    session.submit(CreateStream(name="s", settings=settings))
    publish(session, "s", b"0", b"1")
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    publish(session, "s", b"2")
    node.settle()
    found = session.submit(PeekStream(name="s", offset=1, count_max=9))
    assert [(each.offset, each.body, each.state) for each in found] == [
        (1, b"1", ""),
        (2, b"2", ""),
    ]
    assert session.submit(PeekStream(name="s", offset=3)) == []
    declare(session, "s")
    (one,) = session.submit(Lease(name="s"))
    ack(session, one)
    assert [each.offset for each in session.submit(PeekStream(name="s"))] == [0]
    for command, error in (
        (PeekStream(name="t"), StreamNotFound),
        (PeekStream(name="s", partition=1), PartitionNotFound),
        (Peek(name="s", partition=-1), PartitionNotFound),
    ):
        with pytest.raises(error):
            session.submit(command)


def test_what_is_another_sessions_own_is_not_shown() -> None:
    node = Engine().start()
    session, other = node.connect(), node.connect()
    declare(session, "q", exclusive=True)
    assert session.submit(PeekStream(name="q")) == []
    for command in (PeekStream(name="q"), Peek(name="q")):
        with pytest.raises(ResourceLocked):
            other.submit(command)


def test_a_batch_is_opened() -> None:
    queue = Queue()
    queue.publish(b"0\n1", packed=2)
    found: list[Peeked] = queue.kernel.submit(Peek(name="q", offset=1), queue.session)
    assert [each.body for each in found] == [b"1"]


# --- what a token is worth ---


def test_whoever_has_a_token_is_told_how_its_message_stands() -> None:
    queue = Queue()
    queue.publish(b"0", b"1")
    (old,) = queue.lease(1)
    subscription = old.holder.subscription.id

    def find(holder: int, offset: int = 0) -> LeaseInfo:
        command = FindLease(subscription=subscription, partition=0, offset=offset, holder=holder)
        info = queue.kernel.submit(command, queue.session)
        assert isinstance(info, LeaseInfo)
        return info

    assert find(old.holder.id) == LeaseInfo("LEASED", True, 0)
    queue.settle(old, "release", delay_ms=100)
    assert find(old.holder.id) == LeaseInfo("WAITING", False, 1)
    queue.pass_ms(100)
    assert find(old.holder.id) == LeaseInfo("RETURNED", False, 1)
    (new,) = queue.lease(1)
    assert find(old.holder.id) == LeaseInfo("LEASED", False, 1)
    assert find(new.holder.id) == LeaseInfo("LEASED", True, 1)
    queue.settle(new)
    assert find(new.holder.id).state == "DONE"
    assert find(0, 1) == LeaseInfo("READY", False, 0)
    for offset in (-1, 2):
        with pytest.raises(OffsetOutOfRange):
            find(0, offset)
    for number, partition, error in (
        (subscription, 1, PartitionNotFound),
        (999, 0, SubscriptionNotFound),
    ):
        command = FindLease(subscription=number, partition=partition, offset=0, holder=1)
        with pytest.raises(error):
            queue.kernel.submit(command, queue.session)


def test_settling_costs_the_same_however_much_is_held() -> None:
    queue = Queue()
    queue.publish(*[b""] * 20_000)
    held = queue.lease(20_000, lease_duration_ms=60_000)
    seen = [one for one in held if one.start <= 10_000 < one.end]
    settle = Settle(seen[0].holder.subscription.id, 0, seen[0].holder.id, [(10_000, 10_001)], "ack")
    assert queue.kernel.settle(settle).settled == 1
    assert queue.kernel.settle(settle).missing == 1
