from tests.runtime.node import TestNode, ack, declare, publish

from dragoman.kernel.commands import Consume, DescribeQueue, FindEpoch, Lease
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState


class Engine:
    def __init__(self) -> None:
        self.log, self.segments, self.state = MemoryLog(), MemorySegments(), MemoryState()

    def start(self) -> TestNode:
        return TestNode(self.log, self.segments, self.state)


def bodies_of(node: TestNode, name: str, count: int) -> list[bytes]:
    session = node.connect()
    session.submit(Consume(name=name, credit_max=count))
    node.settle()
    return [body for delivery in node.deliveries(session) for body in delivery.bodies]


def test_what_was_published_is_there_after_a_restart_from_the_journal_alone() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1", b"2")
    node.settle()
    assert bodies_of(engine.start(), "orders", 10) == [b"1", b"2"]


def test_a_checkpoint_moves_bodies_to_segments_and_a_restart_reads_them_back_in_order() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    for number in range(1000):
        publish(session, "orders", b"%d" % number)
        node.turn()
    node.settle()
    node.checkpoint()
    publish(session, "orders", b"after")
    node.settle()
    again = engine.start()
    assert again.recovered.frames <= 2
    assert bodies_of(again, "orders", 2000) == [b"%d" % number for number in range(1000)] + [
        b"after"
    ]


def test_acknowledged_messages_stay_done_across_checkpoint_and_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", *[b"%d" % number for number in range(10)])
    session.submit(Consume(name="orders", credit_max=4))
    node.settle()
    for delivery in node.deliveries(session):
        ack(session, delivery)
    node.checkpoint()
    node.settle()
    for delivery in node.deliveries(session):
        ack(session, delivery)
    node.settle()
    again = engine.start()
    probe = again.connect()
    info = probe.submit(DescribeQueue(name="orders"))
    assert info.ready + info.leased == 2
    assert bodies_of(again, "orders", 10) == [b"8", b"9"]


def test_leases_of_connections_are_returned_in_place_by_a_restart_and_marked_as_tried() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1", b"2", b"3")
    session.submit(Consume(name="orders", credit_max=2))
    node.settle()
    again = engine.start()
    reader = again.connect()
    reader.submit(Consume(name="orders", credit_max=3))
    again.settle()
    found = again.deliveries(reader)
    assert [body for delivery in found for body in delivery.bodies] == [b"1", b"2", b"3"]
    assert found[0].tries == [1, 1]
    assert found[1].tries is None


def test_a_dead_segment_is_dropped_once_a_checkpoint_without_it_is_committed() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"x" * 100)
    node.settle()
    node.checkpoint()
    assert engine.segments.lengths()
    node.checkpointer._current += 1  # a full segment
    session.submit(Consume(name="orders", credit_max=10))
    node.settle()
    for delivery in node.deliveries(session):
        ack(session, delivery)
    node.settle()
    node.checkpoint()
    assert not engine.segments.lengths()
    assert not list(engine.state.scan("extent"))


def test_what_was_only_published_to_between_two_checkpoints_is_still_ready_after_them() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    node.settle()
    node.checkpoint()
    publish(session, "orders", b"1")
    node.settle()
    node.checkpoint()
    assert bodies_of(engine.start(), "orders", 10) == [b"1"]


def test_what_expires_sooner_than_what_came_before_a_restart_expires_in_its_time() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders", ttl_ms=1_000)
    publish(session, "orders", b"1")
    node.settle()
    node.checkpoint()
    node = engine.start()
    node.clock.now_ms -= 500  # the clock was set right meanwhile
    session = node.connect()
    node.settle()
    publish(session, "orders", b"2")
    node.settle()
    session.submit(Lease(name="orders"))
    node.settle()
    node.clock.now_ms += 1_000
    node.settle()
    info = session.submit(DescribeQueue(name="orders"))
    assert (info.leased, info.ready) == (1, 0)


def test_which_life_wrote_what_is_known_after_a_checkpoint_and_without_one() -> None:
    engine = Engine()
    for number in range(6):
        node = engine.start()
        session = node.connect()
        if number == 0:
            declare(session, "log")
        if number != 3:  # a life that writes nothing
            publish(session, "log", b"a", b"b")
        node.settle()
        if number in (1, 4):
            node.checkpoint()
            publish(session, "log", b"c")
            node.settle()
    node = engine.start()
    kernel = node.kernel
    (stream,) = (known for known in kernel.state.streams.values() if known.name == "log")
    epochs = stream.partitions[0].epochs
    assert epochs is not None
    assert epochs.all() == [(1, 0), (2, 2), (3, 5), (5, 7), (6, 10)]
    assert node.connect().submit(FindEpoch(name="log", partition=0, epoch=4)) == (3, 7)
