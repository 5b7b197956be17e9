import pytest
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.commands import Consume, DescribeQueue, Lease, Settle
from dragoman.kernel.leases.due import TIDY_AT
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState


def test_the_heap_forgets_leases_that_ended_soon() -> None:
    queue = Queue()
    for _ in range(TIDY_AT + 100):
        queue.publish(b"a")
        queue.settle(queue.lease(1, lease_duration_ms=3_600_000)[0])
    assert len(queue.kernel.state.due.heap) <= 100


class Engine:
    def __init__(self) -> None:
        self.parts = (MemoryLog(), MemorySegments(), MemoryState())

    def start(self) -> TestNode:
        return TestNode(*self.parts)


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_a_deadline_outlives_a_restart_with_its_full_duration(*, with_checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1", b"2", b"3")
    (held,) = session.submit(Lease(name="orders", count_max=2, lease_duration_ms=1000))
    (bound,) = session.submit(Lease(name="orders"))
    node.settle()
    node.clock.now_ms += 900
    if with_checkpoint:
        node.checkpoint()
    again = engine.start()
    probe = again.connect()
    again.clock.now_ms += 999
    again.settle()
    info = probe.submit(DescribeQueue(name="orders"))
    assert (info.ready, info.leased) == (1, 2)
    settle = Settle(held.holder.subscription.id, 0, held.holder.id, [(0, 1)], "ack")
    assert probe.settle(settle).settled == 1
    settle = Settle(bound.holder.subscription.id, 0, bound.holder.id, [(2, 3)], "ack")
    assert probe.settle(settle).missing == 1
    again.clock.now_ms += 1
    again.turn()
    probe.submit(Consume(name="orders"))
    again.settle()
    assert bodies(again.deliveries(probe)) == [b"2", b"3"]


def test_a_new_holder_never_gets_the_id_of_one_whose_lease_outlived_a_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1", b"2")
    (held,) = session.submit(Lease(name="orders", lease_duration_ms=1000))
    node.settle()
    again = engine.start()
    probe = again.connect()
    (other,) = probe.submit(Lease(name="orders"))
    assert other.holder.id != held.holder.id
