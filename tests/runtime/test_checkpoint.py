"""Checkpoints begun while the journal's writer is busy."""

from tests.fakes.node import FakeShell
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, pass_ms, publish
from tests.runtime.test_recovery import bodies_of

from dragoman.kernel.block import BLOCK_OVERHEAD_BYTES, SHARED_BYTES_MIN
from dragoman.kernel.commands import (
    Bind,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    DeleteQueue,
    Lease,
    Publish,
)
from dragoman.kernel.compacting import PAUSE_MS
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.settings import Address, RouteSettings, StreamSettings, SubscriptionSettings
from dragoman.model.levels import APPLIED, CANONICAL, SYNCED
from dragoman.runtime.broker import RESIDENT_BYTES_MAX


def test_what_is_published_after_a_checkpoint_froze_is_not_taken_for_part_of_it() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1")
    node.turn()  # the writer has this frame, and is busy with it
    publish(session, "orders", b"2")
    node.turn()  # gathers
    node.checkpointer.begin()
    publish(session, "orders", b"3")  # behind what was frozen
    node.settle()
    assert node.checkpointer.count == 1
    assert bodies_of(engine.start(), "orders", 9) == [b"1", b"2", b"3"]


def test_positions_count_a_sealed_frame() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "orders")
    node.turn()
    handed = node.commit.handed
    publish(session, "orders", b"1")
    node.turn()
    assert node.commit.position() == handed + 1
    assert node.commit.seal() == handed + 1
    assert session.position() == handed + 1
    assert publish(session, "orders", b"2").position == handed + 2
    node.turn()
    assert session.position() == handed + 2
    node.settle()
    assert node.commit.handed == node.commit.written == handed + 2


def test_a_publish_is_in_the_frame_it_was_promised_though_the_writer_ends_in_the_middle_of_its_turn() -> (
    None
):
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "orders")
    session.want(publish(session, "orders", b"1").position, SYNCED)
    node.turn()  # the writer is busy with it
    publish(session, "orders", b"2")
    node.turn()  # gathers
    promised = publish(session, "orders", b"3").position
    node.commit.want_sync(promised)
    while node.commit.synced < promised:
        assert node.journal.run_one(), "nothing left to write"
    assert bodies_of(engine.start(), "orders", 9) == [b"1", b"2", b"3"]


def test_stored_bytes_keep_count_of_an_extent_whose_first_messages_are_gone() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "orders")
    for body in (b"1" * 10, b"2" * 10):
        publish(session, "orders", body)
        pass_ms(node, 1)  # two blocks, one extent
    node.checkpointer.begin()
    [delivery] = session.submit(Lease(name="orders"))
    ack(session, delivery)
    node.settle()
    state = node.kernel.state
    stored = [part.size for stream in state.streams.values() for part in stream.partitions]
    assert state.usage.stored_bytes == sum(stored)


def test_no_key_given_is_not_the_empty_key_though_an_extent_holds_both() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)))
    publish(session, "s", b"1;key=a")
    keyed = Publish("default", Address("s"), CANONICAL, [b"2"])
    keyed.keys = [b"b"]
    session.publish(keyed)
    node.settle()
    node.checkpointer.begin()
    node.settle()
    settings = SubscriptionSettings(order="key")
    session.submit(CreateSubscription(name="s", subscription="k", settings=settings))
    order = node.kernel.state.subscription("default", "s", "k").windows[0].order
    assert isinstance(order, Keys)
    assert set(order.by_key) == {b"a", b"b"}


def test_what_was_compacted_is_so_after_a_restart_from_the_journal_and_from_a_checkpoint() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    settings = StreamSettings(retention_ms=-1, compact=True, dirty_percent=0)
    session.submit(CreateStream(name="s", settings=settings))
    for body in (b"1;key=a", b"2;key=b", b"3;key=a", b"4;key=c"):
        publish(session, "s", body)
        pass_ms(node, 1)
    node.settle()
    node.checkpointer.begin()
    node.settle()
    node.kernel.state.compaction.due_ms = 0
    node.kernel.state.stirred = True
    publish(session, "s", b"5;key=d")
    node.settle()
    while node.kernel.state.compaction.is_busy():
        pass_ms(node, PAUSE_MS)
    partition = node.kernel.state.stream("default", "s").partitions[0]
    assert partition.messages(0, 9) == [(1, 5)]
    for is_saved in (False, True):
        if is_saved:
            node.checkpointer.begin()
            node.settle()
        node = engine.start()
        partition = node.kernel.state.stream("default", "s").partitions[0]
        assert partition.messages(0, 9) == [(1, 5)], is_saved


def test_publishers_that_were_held_back_go_on_when_a_checkpoint_has_made_room() -> None:
    node = Engine().start()
    session = node.connect()
    shell = session.shell = FakeShell()
    session.submit(DeclareQueue(name="s", stream=StreamSettings(level=APPLIED)))
    body = b"x" * (1 << 20)
    for _ in range(RESIDENT_BYTES_MAX // len(body) + 1):
        session.publish(Publish("default", Address("s"), CANONICAL, [body]))
    node.broker.touch(session)
    node.turn()
    assert shell.is_throttled
    while node.storage.run_one() or node.journal.run_one():  # nothing is published or asked for
        node.scheduler.run()
    assert not shell.is_throttled


def test_what_several_streams_got_at_once_is_in_memory_and_on_disk_once() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    session.submit(DeclareRoute(name="all", settings=RouteSettings(kind="fanout")))
    names = [f"q{number}" for number in range(20)]
    for name in names:
        declare(session, name)
        session.submit(Bind(route="all", target=name))
    publish(session, "q3", b"before")  # so that offsets differ
    node.settle()
    state, body = node.kernel.state, b"x" * SHARED_BYTES_MIN
    resident = state.resident
    address = Address("all", is_route=True)
    session.publish(Publish("default", address, CANONICAL, [body]))
    session.publish(Publish("default", address, CANONICAL, [body, body]))
    assert state.resident - resident < 6 * len(body) + 40 * BLOCK_OVERHEAD_BYTES
    for delivery in session.submit(Lease(name="q0", count_max=9)):
        ack(session, delivery)
    node.settle()
    node.checkpointer.begin()
    node.settle()
    assert state.resident == 0
    assert sum(engine.segments.lengths().values()) < 4 * len(body)
    again = engine.start()
    assert bodies_of(again, "q0", 9) == []
    assert bodies_of(again, "q3", 9) == [b"before", body, body, body]
    for name in names[4:]:
        again.connect().submit(DeleteQueue(name=name))
    again.settle()
    again.checkpointer.begin()
    again.settle()
    last = engine.start()
    assert bodies_of(last, "q1", 9) == [body, body, body]
