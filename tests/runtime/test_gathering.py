"""A checkpoint is gathered a share per turn, and says what one gathered at once would have said."""

from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, ack, declare, publish

from dragoman.kernel.commands import DeleteQueue, Lease
from dragoman.runtime.gathering import Gathered, gather


def backlog(node: TestNode, queues: int) -> None:
    """A queue each, with one message leased and one ready."""
    session = node.connect()
    for number in range(queues):
        declare(session, f"q{number}")
        publish(session, f"q{number}", b"1")
        publish(session, f"q{number}", b"2")
        session.submit(Lease(name=f"q{number}", lease_duration_ms=60_000))
    node.settle()


def test_a_turn_gathers_about_as_much_as_it_may_and_the_rest_stays_dirty() -> None:
    node = Engine().start()
    backlog(node, 20)
    state, into = node.kernel.state, Gathered()
    shares = []
    left = 0
    while not left:
        before = into.count
        left = gather(state, into, 10)
        shares.append(into.count - before)
    assert max(shares) <= 12
    assert len(shares) > 4
    assert not state.dirty_streams and not state.dirty_subscriptions
    assert {table for table, _ in into.rows} >= {"stream", "subscription", "chunk"}
    assert len(into.blocks) == 20


def test_what_changes_again_is_gathered_again() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1")
    publish(session, "orders", b"2")
    [first] = session.submit(Lease(name="orders", count_max=1))
    node.settle()
    assert node.checkpointer.gather(1 << 20), "all of it"
    ack(session, first)
    node.checkpoint()
    again = engine.start()
    state = again.kernel.state.subscription("default", "orders")
    assert state.ready() == 1


def test_what_is_deleted_after_it_was_gathered_does_not_come_back() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    for name in ("orders", "others"):
        declare(session, name)
        publish(session, name, b"1")
    node.settle()
    assert node.checkpointer.gather(1 << 20)
    session.submit(DeleteQueue(name="orders"))
    node.checkpoint()
    again = engine.start()
    assert [name for _, name in again.kernel.state.streams_named] == ["others"]
    again.checkpoint()
    assert len(list(again.checkpointer._state.scan("extent"))) == 1


def test_blocks_that_are_gathered_are_looked_at_once_and_take_no_more() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1")
    node.settle()
    state, into = node.kernel.state, Gathered()
    assert gather(state, into, 100)
    publish(session, "orders", b"2")
    assert gather(state, into, 100)
    [(_, blocks)] = into.blocks.values()
    assert [(block.offset, block.end) for block in blocks] == [(0, 1), (1, 2)]
    assert all(block.frozen for block in blocks)


def test_a_checkpoint_that_is_due_is_gathered_over_several_turns() -> None:
    node = Engine().start()
    backlog(node, 300)
    node.clock.now_ms += 60_000
    publish(node.connect(), "q0", b"3")
    turns = node.broker.meters.turns
    node.settle()
    assert node.checkpointer.count == 1
    assert node.broker.meters.turns - turns > 5
