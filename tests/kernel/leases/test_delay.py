from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import (
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    DescribeQueue,
    Lease,
    Publish,
    PurgeQueue,
    Settle,
    TrimStream,
)
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.peek import Peek
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.pumps import CreatePump, ListPumps
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, NotEmpty
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import DELAY_MS_MAX, DELAY_STEP_MAX


def alter(queue: Queue, **changes: Any) -> None:
    queue.kernel.submit(
        AlterSubscription(name=queue.name, settings=SubscriptionSettings(**changes)), queue.session
    )
    queue.pass_ms(0)


def counts(queue: Queue) -> tuple[int, int]:
    return queue.info().ready, queue.info().delayed


def states(queue: Queue) -> list[str]:
    peek = Peek(name=queue.name, count_max=100)
    return [found.state for found in queue.kernel.submit(peek, queue.session)]


@pytest.mark.parametrize("order", ["none", "key", "priority"])
def test_a_message_is_ready_that_long_after_it_was_stored(order: str) -> None:
    queue = Queue(delay_ms=100, order=order, priorities=5)
    queue.publish(b"1", b"2")
    queue.pass_ms(60)
    queue.publish(b"3")
    assert (counts(queue), queue.take(9)) == ((0, 3), [])
    assert states(queue) == ["DELAYED"] * 3
    queue.pass_ms(39)
    assert queue.take(9) == []
    queue.pass_ms(1)
    assert counts(queue) == (2, 1)
    assert states(queue) == ["READY", "READY", "DELAYED"]
    assert queue.take(9) == [b"1", b"2"]
    assert queue.kernel.deadlines()[1] == queue.kernel.now_ms + 60
    queue.pass_ms(60)
    assert queue.take(9) == [b"3"]
    assert counts(queue) == (0, 0)


def test_consumers_are_handed_what_becomes_ready_while_they_wait() -> None:
    queue = Queue(delay_ms=100)
    queue.consume()
    queue.publish(b"1")
    assert queue.delivered() == []
    queue.pass_ms(100)
    assert bodies(queue.delivered()) == [b"1"]


def test_what_comes_back_waits_for_its_own_time_only() -> None:
    queue = Queue(delay_ms=100)
    queue.publish(b"1")
    queue.pass_ms(100)
    queue.settle(queue.lease(1)[0], "release")
    assert queue.take(1) == [b"1"]


def test_keys_and_priorities_are_kept_among_what_is_shown() -> None:
    queue = Queue(delay_ms=100, order="key")
    queue.publish_keys("a.1", "a.2", "b.3")
    queue.pass_ms(100)
    assert queue.take(1) == [b"a.1"]
    assert queue.take(9) == [b"b.3"]
    queue = Queue(delay_ms=100, order="priority", priorities=5)
    queue.publish(b"1", b"2", priorities=[1, 4])
    queue.pass_ms(50)
    queue.publish(b"3", priorities=[5])
    queue.pass_ms(50)
    assert queue.take(9) == [b"2", b"1"]


def test_many_are_put_in_order_a_step_at_a_time() -> None:
    queue = Queue(delay_ms=100, order="key")
    count = 2 * DELAY_STEP_MAX + 1
    queue.publish(*[b"%d" % number for number in range(count)], keys=[b"k"] * count)
    queue.kernel.now_ms += 100
    queue.kernel.sweep()
    queue.pass_ms(0)
    assert counts(queue) == (count, 0)
    assert len(queue.take(count)) == count


def test_a_queue_that_has_only_delayed_messages_is_not_empty() -> None:
    queue = Queue(delay_ms=100)
    queue.publish(b"1")
    with pytest.raises(NotEmpty):
        queue.kernel.submit(DeleteQueue(name="q", if_empty=True), queue.session)


def test_a_purge_takes_what_is_ready_or_all_of_it() -> None:
    queue = Queue(delay_ms=100)
    queue.publish(b"1")
    queue.pass_ms(100)
    queue.publish(b"2")
    purge = PurgeQueue(name="q")
    assert queue.kernel.submit(purge, queue.session) == 1
    assert counts(queue) == (0, 1)
    queue.publish(b"3")
    assert queue.kernel.submit(PurgeQueue(name="q", mode="all"), queue.session) == 2
    assert counts(queue) == (0, 0)
    queue.publish(b"4")
    queue.pass_ms(100)
    assert queue.take(9) == [b"4"]


@pytest.mark.parametrize("order", ["none", "key"])
def test_a_purge_of_what_is_old_leaves_the_rest_delayed(order: str) -> None:
    queue = Queue(delay_ms=100, order=order)
    queue.publish(b"1", keys=[b"k"])
    queue.pass_ms(10)
    queue.publish(b"2", keys=[b"k"])
    command = PurgeQueue(name="q", mode="before", before_ms=queue.kernel.now_ms)
    assert queue.kernel.submit(command, queue.session) == 1
    assert counts(queue) == (0, 1)
    queue.pass_ms(100)
    assert queue.take(9) == [b"2"]


@pytest.mark.parametrize("order", ["none", "key"])
def test_a_delay_that_ends_shows_everything_and_a_new_one_hides_nothing(order: str) -> None:
    queue = Queue(delay_ms=100, order=order)
    queue.publish(b"1", keys=[b"k"])
    alter(queue, delay_ms=0, order=order)
    assert counts(queue) == (1, 0)
    alter(queue, delay_ms=100, order=order)
    queue.publish(b"2", keys=[b"k"])
    assert counts(queue) == (1, 1)
    alter(queue, delay_ms=50, order=order)
    queue.pass_ms(50)
    assert counts(queue) == (2, 0)
    assert queue.take(9) == [b"1", b"2"]


@pytest.mark.parametrize("order", ["none", "key"])
def test_a_seek_goes_back_to_what_is_due_and_what_is_not(order: str) -> None:
    queue = Queue(delay_ms=100, order=order, stream=StreamSettings(retention_ms=-1))
    queue.publish(b"1", keys=[b"k"])
    queue.pass_ms(100)
    queue.settle(queue.lease(1)[0])
    queue.publish(b"2", keys=[b"k"])
    queue.kernel.submit(Seek(name="q", offset=0), queue.session)
    queue.pass_ms(0)
    assert counts(queue) == (1, 1)
    queue.pass_ms(100)
    assert queue.take(9) == [b"1", b"2"]


def test_a_reader_that_comes_later_is_shown_what_is_old_enough() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    queue.publish(b"1")
    queue.pass_ms(100)
    queue.publish(b"2")
    for order in ("none", "key"):
        late = SubscriptionSettings(delay_ms=50, order=order)
        command = CreateSubscription(name="q", subscription=order, settings=late)
        queue.kernel.submit(command, queue.session)
        queue.pass_ms(0)
        assert queue.take(9, subscription=order) == [b"1"]
    assert queue.take(9) == [b"1", b"2"]


def test_what_is_trimmed_was_never_shown() -> None:
    for order in ("none", "key"):
        queue = Queue(delay_ms=100, order=order)
        queue.publish(b"1", b"2", keys=[b"k", b"k"])
        for stream in queue.kernel.state.streams.values():
            stream.partitions[0].committed = 2
        queue.kernel.submit(TrimStream(name="q", partition=0, offset=1), queue.session)
        assert counts(queue) == (0, 1)
        queue.pass_ms(100)
        assert queue.take(9) == [b"2"]


def test_where_the_clock_stepped_back_each_waits_its_own_time_and_those_behind_it_too() -> None:
    queue = Queue(delay_ms=100)
    queue.kernel.now_ms = 1_000
    queue.publish(b"1")
    queue.kernel.now_ms = 500
    queue.publish(b"2")
    queue.pass_ms(100)
    assert counts(queue) == (0, 2)
    queue.kernel.now_ms = 1_100
    queue.pass_ms(0)
    assert queue.take(9) == [b"1", b"2"]


def test_times_of_what_is_on_disk_are_looked_up_a_block_at_a_time() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q", delay_ms=1_000)
    for step_ms in (0, 10, 500, 10):
        node.settle()
        node.clock.now_ms += step_ms
        node.turn()
        publish(session, "q", b"%d" % node.clock.now_ms)
        if step_ms == 10:
            node.settle()
            node.checkpoint()  # an extent with two times each
    start_ms = node.clock.now_ms - 520
    for later_ms, ready in ((999, 0), (1_000, 1), (1_010, 2), (1_510, 3), (1_519, 3), (1_520, 4)):
        node = engine.start()
        node.clock.now_ms = start_ms + later_ms
        node.settle()
        node.turn()
        info = node.connect().submit(DescribeQueue(name="q"))
        assert (info.ready, info.delayed) == (ready, 4 - ready)


def test_messages_may_expire_before_anybody_sees_them() -> None:
    queue = Queue(delay_ms=100, ttl_ms=50)
    queue.publish(b"1")
    queue.pass_ms(100)
    queue.kernel.trim_crowded()
    assert (counts(queue), queue.take(1)) == ((0, 0), [])


def test_a_limit_that_refuses_counts_what_is_delayed() -> None:
    queue = Queue(delay_ms=100, length_max=2, overflow="reject-publish")
    for body in (b"1", b"2", b"3"):
        queue.publish(body)
    queue.pass_ms(100)
    assert queue.take(9) == [b"1", b"2"]


def test_a_pump_that_ends_waits_for_what_is_delayed() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q", delay_ms=100)
    declare(session, "r")
    publish(session, "q", b"1")
    made = PumpSettings(targets=(Address("r"),), until_end=True)
    session.submit(CreatePump(name="p", source="q", subscription="q", settings=made))
    node.settle()
    assert [info.left for info in session.submit(ListPumps())] == [1]
    node.clock.now_ms += 2_000
    node.settle()
    assert session.submit(DescribeQueue(name="r")).ready == 1
    node.clock.now_ms += 2_000
    node.settle()
    assert session.submit(ListPumps()) == []


@pytest.mark.parametrize(
    "more", [{"delay_ms": -1}, {"delay_ms": DELAY_MS_MAX + 1}, {"filter": {"a": "b"}}]
)
def test_what_is_no_delay_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Queue(**{"delay_ms": 1, **more})
    with pytest.raises(InvalidArgument):
        alter(Queue(filter=more.get("filter", {})), **{"delay_ms": 1, **more})


class Delayed(RuleBasedStateMachine):
    """One queue against a list of (stored, body), under checkpoints and crashes."""

    @initialize(order=st.sampled_from(["none", "key", "priority"]), early_reader=st.booleans())
    def begin(self, order: Any, early_reader: bool) -> None:
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.delay_ms = 100
        self.order = order
        self.owns_stream = not early_reader
        if early_reader:
            self.session.submit(CreateStream(name="q", settings=StreamSettings(retention_ms=-1)))
        self.session.submit(DeclareQueue(name="q", settings=self.settings()))
        self.waiting: list[tuple[int, bytes]] = []
        self.shown: list[bytes] = []
        self.sent = 0
        self.is_cold = False

    def settings(self) -> SubscriptionSettings:
        return SubscriptionSettings(
            delay_ms=self.delay_ms, order=self.order, owns_stream=self.owns_stream
        )

    def show(self) -> None:
        """What the clock says, in order."""
        now_ms = self.node.clock.now_ms
        while self.waiting and self.waiting[0][0] + self.delay_ms <= now_ms:
            self.shown.append(self.waiting.pop(0)[1])

    @rule(count=st.integers(1, 3))
    def send(self, count: int) -> None:
        self.node.turn()
        sent = [b"%d" % (self.sent + at) for at in range(count)]
        command = Publish("default", Address("q"), CANONICAL, sent)
        command.keys = [b""] * count
        self.session.publish(command)
        self.sent += count
        self.waiting += [(self.node.clock.now_ms, body) for body in sent]
        self.node.settle()
        self.show()

    @rule(time_ms=st.sampled_from([1, 30, 70, 100]))
    def wait(self, time_ms: int) -> None:
        self.node.settle()
        self.node.clock.now_ms += time_ms
        self.node.settle()
        self.show()

    @rule(count=st.integers(1, 4))
    def take(self, count: int) -> None:
        deliveries = self.session.submit(Lease(name="q", count_max=count))
        taken = bodies(deliveries)
        assert taken == self.shown[: len(taken)]
        wanted = min(count, len(self.shown))  # a lease may end before a block that is on disk
        assert len(taken) == wanted or (self.is_cold and 0 < len(taken) < wanted)
        del self.shown[: len(taken)]
        for one in deliveries:
            settle = Settle(
                one.holder.subscription.id, 0, one.holder.id, [(one.start, one.end)], "ack"
            )
            self.session.settle(settle)
        self.node.settle()

    @rule(delay_ms=st.sampled_from([0, 50, 100]))
    def alter(self, delay_ms: int) -> None:
        self.delay_ms = delay_ms
        self.session.submit(AlterSubscription(name="q", settings=self.settings()))
        self.node.settle()
        self.show()

    @rule()
    def purge(self) -> None:
        count = self.session.submit(PurgeQueue(name="q", mode="all"))
        assert count == len(self.waiting) + len(self.shown)
        self.waiting, self.shown = [], []

    @rule()
    def checkpoint(self) -> None:
        self.node.settle()
        self.node.checkpoint()

    @rule()
    def crash(self) -> None:
        self.node.settle()
        clock = self.node.clock
        self.is_cold = True
        self.node = self.engine.start()
        self.node.clock.now_ms = max(clock.now_ms, self.node.clock.now_ms)
        self.node.settle()
        self.session = self.node.connect()

    @invariant()
    def counts_are_right(self) -> None:
        if hasattr(self, "sent"):
            info = self.session.submit(DescribeQueue(name="q"))
            assert (info.ready, info.delayed) == (len(self.shown), len(self.waiting))


TestDelayed = Delayed.TestCase
TestDelayed.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
