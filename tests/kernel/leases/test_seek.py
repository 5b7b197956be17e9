from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel.transactions.writer import Writer
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, ack, declare, pass_ms, publish

from dragoman.kernel.commands import (
    Consume,
    CreateStream,
    DeleteStream,
    DescribeQueue,
    DescribeStream,
    Lease,
    Publish,
    Settle,
)
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.kernel.snapshots import CreateSnapshot, DeleteSnapshot, ListSnapshots, SeekSnapshot
from dragoman.model.errors import (
    AlreadyExists,
    InvalidArgument,
    NotSupported,
    SnapshotNotFound,
    SubscriptionNotFound,
)
from dragoman.model.levels import SYNCED
from dragoman.runtime.session import BrokerSession

DAY_MS = 86_400_000


def kept(session: BrokerSession, retention_ms: int = -1, **more: object) -> None:
    """A queue `q` whose stream keeps what is done."""
    made = StreamSettings(retention_ms=retention_ms, level=SYNCED)
    session.submit(CreateStream(name="q", settings=made))
    declare(session, "q", **more)


def take(node: TestNode, session: BrokerSession, count: int) -> list[bytes]:
    """Lease and acknowledge."""
    found: list[bytes] = []
    for delivery in session.submit(Lease(name="q", count_max=count)):
        found += delivery.bodies
        ack(session, delivery)
    node.settle()
    return found


def counts(session: BrokerSession) -> tuple[int, int]:
    info = session.submit(DescribeQueue(name="q"))
    return info.ready, info.leased


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()
    node.clock.now_ms += time_ms
    node.settle()


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_seek_back_makes_done_messages_ready_again_also_across_a_restart(
    *, checkpoint: bool
) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    kept(session)
    publish(session, "q", *[b"%d" % number for number in range(6)])
    assert len(take(node, session, 4)) == 4
    if checkpoint:
        node.checkpoint()
    info = session.submit(Seek(name="q", offset=1))
    assert (info.ready, info.leased) == (5, 0)
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert take(node, session, 10) == [b"1", b"2", b"3", b"4", b"5"]


def test_a_seek_forward_is_done_with_everything_before() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session)
    publish(session, "q", *[b"%d" % number for number in range(6)])
    session.submit(Seek(name="q", offset=4))
    assert take(node, session, 10) == [b"4", b"5"]
    session.submit(Seek(name="q", offset=10**9))
    assert counts(session) == (0, 0)


def test_a_seek_revokes_leases_and_gives_the_consumer_its_room_back() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session)
    publish(session, "q", b"0", b"1")
    session.submit(Consume(name="q", credit_max=2))
    node.settle()
    (old,) = node.deliveries(session)
    session.submit(Seek(name="q", offset=0))
    reply = session.settle(Settle(old.holder.subscription.id, 0, old.holder.id, [(0, 2)], "ack"))
    assert (reply.settled, reply.missing) == (0, 2)
    node.settle()
    (new,) = node.deliveries(session)
    assert new.bodies == [b"0", b"1"]


def test_a_seek_to_a_time_goes_to_the_first_message_stored_then() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    kept(session)
    for number in range(5):
        publish(session, "q", b"%d" % number)
        wait(node, 100)
    node.checkpoint()
    session = (node := engine.start()).connect()
    session.submit(Seek(name="q", time_ms=1_000_000 + 150))
    assert take(node, session, 10) == [b"2", b"3", b"4"]


def test_a_seek_goes_no_further_back_than_what_is_kept() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0")
    publish(session, "q", b"1")
    assert take(node, session, 1) == [b"0"]
    start = session.submit(DescribeStream(name="q")).partitions[0].start
    session.submit(Seek(name="q", offset=0))
    assert counts(session)[0] == 2 - start


def test_a_paused_queue_hands_nothing_out_and_keeps_everything_also_after_a_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    info = declare(session, "q")
    paused = msgspec.structs.replace(info.settings, paused=True)
    session.submit(AlterSubscription(name="q", settings=paused))
    publish(session, "q", b"0")
    node.settle()
    node = engine.start()
    session = node.connect()
    session.submit(Consume(name="q"))
    node.settle()
    assert node.deliveries(session) == []
    assert session.submit(Lease(name="q")) == []
    assert counts(session) == (1, 0)
    session.submit(AlterSubscription(name="q", settings=info.settings))
    node.settle()
    assert [each.bodies for each in node.deliveries(session)] == [[b"0"]]


def test_new_limits_and_times_take_effect_on_what_is_there() -> None:
    node = Engine().start()
    session = node.connect()
    info = declare(session, "q")
    publish(session, "q", b"0", b"1", b"2")
    changed = msgspec.structs.replace(info.settings, length_max=2)
    assert session.submit(AlterSubscription(name="q", settings=changed)).ready == 2
    changed = msgspec.structs.replace(info.settings, ttl_ms=1000)
    session.submit(AlterSubscription(name="q", settings=changed))
    wait(node, 1001)
    wait(node, 1)
    assert counts(session) == (0, 0)
    changed = msgspec.structs.replace(info.settings, idle_ms=1000)
    session.submit(AlterSubscription(name="q", settings=changed))
    wait(node, 2000)
    with pytest.raises(SubscriptionNotFound):
        counts(session)


def test_settings_for_life_cannot_be_altered() -> None:
    session = Engine().start().connect()
    info = declare(session, "q")
    for change, error in (
        ({"order": "key"}, InvalidArgument),
        ({"durable": False}, InvalidArgument),
        ({"bytes_max": 1}, NotSupported),
    ):
        changed = msgspec.structs.replace(info.settings, **change)
        with pytest.raises(error):
            session.submit(AlterSubscription(name="q", settings=changed))


def snapshot(session: BrokerSession, name: str = "s", life_ms: int = DAY_MS) -> None:
    session.submit(CreateSnapshot(snapshot=name, name="q", life_ms=life_ms))


def test_a_snapshot_brings_back_what_was_open_and_everything_since() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", *[b"%d" % number for number in range(6)])
    (delivery,) = session.submit(Lease(name="q", count_max=4))
    holder = delivery.holder
    session.settle(Settle(holder.subscription.id, 0, holder.id, [(0, 1), (2, 3)], "ack"))
    node.settle()
    snapshot(session)
    session.settle(Settle(holder.subscription.id, 0, holder.id, [(1, 2), (3, 4)], "ack"))
    publish(session, "q", b"6")
    assert take(node, session, 10) == [b"4", b"5", b"6"]
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert counts(session) == (0, 0)
    info = session.submit(SeekSnapshot(snapshot="s", name="q"))
    assert info.ready == 5
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert take(node, session, 10) == [b"1", b"3", b"4", b"5", b"6"]


@pytest.mark.parametrize("ending", ["delete", "time"])
def test_a_snapshot_holds_entries_until_it_is_deleted_or_its_time_is_over(ending: str) -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0", b"1")
    snapshot(session, life_ms=1000)
    assert take(node, session, 10) == [b"0", b"1"]
    node.checkpoint()
    assert session.submit(DescribeStream(name="q")).partitions[0].start == 0
    if ending == "delete":
        session.submit(DeleteSnapshot(snapshot="s"))
    else:
        wait(node, 1000)
    node.settle()
    assert session.submit(ListSnapshots()) == []
    assert session.submit(DescribeStream(name="q")).partitions[0].start == 2
    with pytest.raises(SnapshotNotFound):
        session.submit(SeekSnapshot(snapshot="s", name="q"))


def test_a_snapshot_goes_with_its_stream_and_has_one_name() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    snapshot(session)
    with pytest.raises(AlreadyExists):
        snapshot(session)
    with pytest.raises(InvalidArgument):
        snapshot(session, "forever", 1 << 60)
    node.settle()
    node.checkpoint()
    session.submit(DeleteStream(name="q"))
    assert session.submit(ListSnapshots()) == []
    node.settle()
    node.checkpoint()
    assert engine.start().connect().submit(ListSnapshots()) == []


class Seeks(RuleBasedStateMachine):
    """Seeks, snapshots, leases and restarts against sets of offsets."""

    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        kept(self.session, **self.settings)
        self.open: set[int] = set()
        self.saved: set[int] | None = None
        self.saved_end = 0
        self.end = 0

    @rule(count=st.integers(1, 4))
    def send(self, count: int) -> None:
        bodies = [b"%d" % (self.end + at) for at in range(count)]
        command = Publish("default", Address("q"), 0, bodies)
        command.keys = [b"%d" % (self.end + at) for at in range(count)]
        self.session.publish(command)
        self.open |= set(range(self.end, self.end + count))
        self.end += count

    @rule(count=st.integers(1, 3), release=st.booleans())
    def receive(self, count: int, *, release: bool) -> None:
        expected = sorted(self.open)[:count]
        deliveries = self.session.submit(Lease(name="q", count_max=count))
        found = [int(body) for each in deliveries for body in each.bodies]
        if self.settings:  # keys take turns
            assert set(found) <= self.open
            assert len(found) == len(expected)
        else:
            assert found == expected
        for each in deliveries:
            if release and each is deliveries[0]:
                subscription, runs = each.holder.subscription.id, [(each.start, each.end)]
                self.session.settle(Settle(subscription, 0, each.holder.id, runs, "release"))
            else:
                ack(self.session, each)
                self.open -= set(range(each.start, each.end))

    @rule(offset=st.integers(0, 30))
    def seek(self, offset: int) -> None:
        self.session.submit(Seek(name="q", offset=offset))
        self.open = set(range(min(offset, self.end), self.end))

    @rule()
    def save(self) -> None:
        if self.saved is not None:
            self.session.submit(DeleteSnapshot(snapshot="s"))
        snapshot(self.session)
        self.saved, self.saved_end = set(self.open), self.end

    @rule()
    def go_back(self) -> None:
        if self.saved is not None:
            self.session.submit(SeekSnapshot(snapshot="s", name="q"))
            self.open = self.saved | set(range(self.saved_end, self.end))

    @rule(checkpoint=st.booleans())
    def restart(self, *, checkpoint: bool) -> None:
        self.node.settle()
        if checkpoint:
            self.node.checkpoint()
        self.node = self.engine.start()
        self.session = self.node.connect()

    @invariant()
    def what_is_open_is_ready(self) -> None:
        assert counts(self.session) == (len(self.open), 0)


class KeyedSeeks(Seeks):
    """Of an ordered subscription; each message has a key of its own, so that none waits for another."""

    settings: ClassVar[dict[str, Any]] = {"order": "key"}


TestSeeks = Seeks.TestCase
TestSeeks.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestKeyedSeeks = KeyedSeeks.TestCase
TestKeyedSeeks.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


def test_a_retry_that_was_waited_for_before_a_seek_wakes_nobody_after_it() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session, attempts_max=0)
    publish(session, "q", b"a")
    for delay_ms in (100, 1_000):
        (delivery,) = session.submit(Lease(name="q"))
        settle = Settle(delivery.holder.subscription.id, 0, delivery.holder.id, [(0, 1)], "release")
        settle.delay_ms = delay_ms
        session.settle(settle)
        if delay_ms == 100:
            session.submit(Seek(name="q", offset=0))
    pass_ms(node, 500)
    assert session.submit(Lease(name="q")) == []
    pass_ms(node, 600)
    assert len(session.submit(Lease(name="q"))) == 1


def test_a_message_that_came_back_expires_though_its_time_to_live_was_set_later() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session)
    publish(session, "q", b"old")
    pass_ms(node, 500)
    publish(session, "q", b"new")
    (delivery,) = session.submit(Lease(name="q"))
    info = session.submit(DescribeQueue(name="q"))
    altered = msgspec.structs.replace(info.settings, ttl_ms=1_000)
    session.submit(AlterSubscription(name="q", settings=altered))
    node.settle()
    session.settle(
        Settle(delivery.holder.subscription.id, 0, delivery.holder.id, [(0, 1)], "release")
    )
    node.settle()
    pass_ms(node, 600)
    assert session.submit(DescribeQueue(name="q")).ready == 1


def pend(session: BrokerSession) -> Writer:
    """A transaction that is open in `q`, with one message."""
    writer = Writer(session)
    writer.begin("q")
    writer.write("q", b"pending")
    return writer


def test_a_snapshot_keeps_what_waits_for_a_transaction_behind_the_frontier() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session)
    writer = pend(session)
    publish(session, "q", b"after")
    assert take(node, session, 1) == [b"after"]
    session.submit(CreateSnapshot(snapshot="s", name="q", life_ms=DAY_MS))
    writer.end(commit=True)
    assert take(node, session, 1) == [b"pending"]
    session.submit(SeekSnapshot(snapshot="s", name="q"))
    assert take(node, session, 2) == [b"pending"]


def test_a_seek_leaves_what_waits_for_a_transaction_as_it_is() -> None:
    node = Engine().start()
    session = node.connect()
    kept(session)
    writer = pend(session)
    publish(session, "q", b"after")
    node.settle()
    session.submit(Seek(name="q", offset=2))
    writer.end(commit=True)
    assert take(node, session, 2) == [b"pending"]
