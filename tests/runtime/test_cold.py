"""Bodies that are only on disk: loaded ahead, kept while somebody was handed them, let go afterwards."""

import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.commands import Consume, DescribeQueue
from dragoman.kernel.settings import Address
from dragoman.runtime import extents
from dragoman.runtime.session import BrokerSession

BODY = b"x" * 50_000
QUEUES = 6
MESSAGES = 20


def cold_node(engine: Engine) -> TestNode:
    """A node that has QUEUES queues of MESSAGES each, all of it only on disk."""
    node = engine.start()
    session = node.connect()
    for queue in range(QUEUES):
        declare(session, f"q{queue}")
        for number in range(MESSAGES):
            publish(session, f"q{queue}", b"%d:" % number + BODY)
        node.settle()
    node.checkpoint()
    return engine.start()


def test_blocks_handed_out_keep_their_bodies_until_the_turn_is_over_however_small_the_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extents, "CACHE_BYTES_MAX", 100_000)
    node = cold_node(Engine())
    session = node.connect()
    bodies: list[bytes] = []
    door = node.doors[session.id]
    deliver = door.deliver

    def look(deliveries: list) -> None:  # type: ignore[type-arg]
        bodies.extend(body for delivery in deliveries for body in delivery.bodies)
        deliver(deliveries)

    monkeypatch.setattr(door, "deliver", look)
    for queue in range(QUEUES):
        session.submit(Consume(name=f"q{queue}", credit_max=MESSAGES))
    node.settle()
    assert len(bodies) == QUEUES * MESSAGES
    assert all(body.endswith(BODY) for body in bodies)
    assert len(node.checkpointer.loader._cached) == 1, "the last one loaded stays"


def test_a_queue_that_waits_for_the_disk_keeps_nobody_else_waiting_for_ever() -> None:
    node = cold_node(Engine())
    writer = node.connect()
    declare(writer, "warm")
    for _ in range(5_000):
        publish(writer, "warm", b"w")
    node.settle()
    session = node.connect()
    for name in ("warm", "q0", "warm", "q1"):
        session.submit(Consume(name=name, credit_max=10_000))
    node.settle()
    for name in ("warm", "q0", "q1"):
        assert session.submit(DescribeQueue(name=name)).ready == 0, name


def taken(node: TestNode, session: BrokerSession) -> list[bytes]:
    return [
        delivery.block.body(offset)
        for delivery in node.deliveries(session)
        for offset in range(delivery.start, delivery.end)
    ]


def test_a_dead_letter_made_while_dispatching_reaches_its_waiting_consumer() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    session.submit(Consume(name="dead", credit_max=10))
    for number in range(3):
        name = f"orders-{number}"
        declare(session, name, ttl_ms=10, dead_letter=Address("dead"))
        publish(session, name, b"late")
    node.settle()
    node.clock.now_ms += 1_000
    for number in range(3):
        session.submit(Consume(name=f"orders-{number}", credit_max=10))
    node.settle()
    assert taken(node, session) == [b"late|expired"] * 3
    publish(session, "dead", b"on time")
    node.settle()
    assert taken(node, session) == [b"on time"]
