from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare

from dragoman.kernel.atomic import Atomic
from dragoman.kernel.commands import (
    Bind,
    Consume,
    CreateStream,
    DeclareRoute,
    DeleteQueue,
    DescribeQueue,
    DescribeStream,
    ListStreams,
    Publish,
    PurgeQueue,
    Read,
)
from dragoman.kernel.schedules import (
    CancelSchedule,
    CancelSchedules,
    DescribeSchedule,
    ListSchedules,
)
from dragoman.kernel.settings import Address, RouteSettings, StreamSettings
from dragoman.model.errors import InvalidArgument, RouteNotFound, ScheduleNotFound, StreamNotFound
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN
from dragoman.model.limits import SCHEDULE_AHEAD_MS_MAX, SCHEDULE_BUCKET_MS, SCHEDULES_CANCELLED_MAX
from dragoman.runtime.session import BrokerSession

HOUR = 3_600_000


def later(session: BrokerSession, name: str, delay_ms: int, *bodies: bytes) -> tuple[int, int]:
    command = Publish("default", Address(name), CANONICAL, list(bodies))
    command.due_ms = session.wall_ms() + delay_ms
    reply = session.publish(command)
    assert reply.routed == 1
    assert reply.schedule is not None
    return reply.schedule


def cancel(session: BrokerSession, name: str, number: tuple[int, int]) -> None:
    session.submit(CancelSchedule(name=name, stream=number[0], offset=number[1]))


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()
    node.clock.now_ms += time_ms
    node.settle()


def taken(node: TestNode, session: BrokerSession) -> list[bytes]:
    node.settle()
    return [body for each in node.deliveries(session) for body in each.bodies]


def ready(session: BrokerSession, name: str = "q") -> int:
    count = session.submit(DescribeQueue(name=name)).ready
    assert isinstance(count, int)
    return count


def test_a_message_is_there_at_its_time_and_not_before() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    session.submit(Consume(name="q", credit_max=10))
    later(session, "q", 5000, b"1", b"2")
    wait(node, 4999)
    assert taken(node, session) == []
    assert node.kernel.deadlines()[1] == node.clock.now_ms + 1, "the timer is armed for it"
    wait(node, 1)
    assert taken(node, session) == [b"1", b"2"]
    wait(node, HOUR)
    assert taken(node, session) == []


def test_messages_come_in_the_order_of_their_times_across_buckets() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    for delay_ms in (3 * HOUR, 10, HOUR, SCHEDULE_BUCKET_MS, 5000):
        later(session, "q", delay_ms, b"%d" % delay_ms)
    session.submit(Consume(name="q", credit_max=10))
    wait(node, 4 * HOUR)
    expected = [b"%d" % each for each in (10, 5000, SCHEDULE_BUCKET_MS, HOUR, 3 * HOUR)]
    assert taken(node, session) == expected


@pytest.mark.parametrize("checkpoint", [False, True])
def test_schedules_survive_a_restart_and_are_sent_once(*, checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    for delay_ms in (1000, 2000, HOUR):
        later(session, "q", delay_ms, b"%d" % delay_ms)
    wait(node, 1500)
    if checkpoint:
        node.checkpoint()
    assert ready(session) == 1
    node = engine.start()
    wait(node, 2 * HOUR)
    session = node.connect()
    session.submit(Consume(name="q", credit_max=10))
    assert taken(node, session) == [b"1000", b"2000", b"%d" % HOUR]
    assert ready(engine.start().connect()) == 3, "returned by the restart, and no more of them"


def test_a_cancelled_message_is_never_seen_and_is_not_there_to_be_cancelled_again() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    session.submit(CreateStream(name="t", settings=StreamSettings(retention_ms=-1)))
    kept = later(session, "t", 1000, b"kept")
    gone = later(session, "t", 1000, b"gone")
    far = later(session, "t", 5 * HOUR, b"far")
    cancel(session, "t", gone)
    cancel(session, "t", far)
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert (
        session.submit(DescribeSchedule(name="t", stream=kept[0], offset=kept[1])).body == b"kept"
    )
    wait(node, 6 * HOUR)
    blocks = session.submit(Read(name="t")).blocks
    assert [body for block in blocks for body in block.bodies] == [b"kept"]
    for number in (kept, gone, far, (1, 1), (10**9, 0)):
        with pytest.raises(ScheduleNotFound):
            cancel(session, "t", number)


def test_several_are_cancelled_or_none_of_them_also_when_they_are_on_disk() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    one, two, far = (later(session, "q", ms, b"x") for ms in (1000, 1000, 5 * HOUR))
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    with pytest.raises(ScheduleNotFound):
        session.submit(CancelSchedules(name="q", places=(one, far, (far[0], far[1] + 9))))
    with pytest.raises(InvalidArgument):
        session.submit(CancelSchedules(name="q", places=(one,) * (SCHEDULES_CANCELLED_MAX + 1)))
    session.submit(CancelSchedules(name="q", places=(far, one, far)))
    wait(node, 6 * HOUR)
    assert session.submit(DescribeQueue(name="q")).ready == 1
    with pytest.raises(ScheduleNotFound):
        session.submit(CancelSchedules(name="q", places=(two,)))


def test_a_schedule_is_cancelled_only_under_the_name_it_was_made_for() -> None:
    session = Engine().start().connect()
    declare(session, "q")
    declare(session, "other")
    number = later(session, "q", 1000, b"1")
    with pytest.raises(ScheduleNotFound):
        cancel(session, "other", number)
    with pytest.raises(ScheduleNotFound):
        session.submit(
            CancelSchedule(namespace="else", name="q", stream=number[0], offset=number[1])
        )
    cancel(session, "q", number)


def test_a_bucket_is_deleted_once_its_time_is_over_and_nothing_of_it_is_left() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    later(session, "q", HOUR, b"1")
    cancel(session, "q", later(session, "q", 2 * HOUR, b"2"))
    node.settle()
    node.checkpoint()
    state = node.kernel.state
    assert len(state.schedules.by_number) == 2
    assert session.submit(ListStreams()) != []
    assert all(stream.name == "q" for stream in session.submit(ListStreams())), "they are hidden"
    wait(node, 3 * HOUR)
    assert not state.schedules.by_number
    assert not state.schedules.opened
    node.checkpoint()
    assert not list(engine.state.scan("schedule"))
    assert not engine.start().kernel.state.schedules.by_number


def test_a_full_target_is_asked_again_and_holds_nobody_else_up() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q", length_max=1, overflow="reject-publish")
    declare(session, "free")
    later(session, "q", 1000, b"1")
    later(session, "q", 1000, b"2")
    later(session, "free", 1001, b"3")
    wait(node, 1500)
    assert (ready(session), ready(session, "free")) == (1, 1)
    session.submit(PurgeQueue(name="q"))
    wait(node, 1500)
    assert ready(session) == 1


def test_what_was_decided_for_a_message_that_had_to_wait_longer_does_not_reach_the_next() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "open")
    declare(session, "full", length_max=0, overflow="reject-publish")
    session.submit(DeclareRoute(name="r", settings=RouteSettings(kind="fanout")))
    for name in ("open", "full"):
        session.submit(Bind(route="r", target=name))
    put_off = Publish("default", Address("r", is_route=True), CANONICAL, [b"1"])
    put_off.due_ms = session.wall_ms() + 100
    session.publish(put_off)
    later(session, "open", 100, b"2")
    wait(node, 100)
    assert ready(session, "open") == 1
    assert session.submit(DescribeStream(name="open")).partitions[0].end == 1, "no gap"


def test_the_id_of_a_schedule_is_told_once_the_power_cannot_take_it_back() -> None:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1, level=WRITTEN)))
    command = Publish("default", Address("s"), CANONICAL, [b"1"])
    command.due_ms = session.wall_ms() + 100
    assert session.publish(command).level == SYNCED


def test_what_is_due_to_an_address_that_is_gone_is_dropped_and_counted() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    later(session, "q", 1000, b"1")
    session.submit(DeleteQueue(name="q"))
    wait(node, 2000)
    assert node.kernel.state.schedules.dropped == 1


def test_a_schedule_goes_through_its_route_as_it_is_bound_at_its_time() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    session.submit(DeclareRoute(name="r"))
    command = Publish("default", Address("r", "k", is_route=True), CANONICAL, [b"1"])
    command.due_ms = session.wall_ms() + 1000
    session.publish(command)
    session.submit(Bind(route="r", target="q"))
    wait(node, 1000)
    assert ready(session) == 0, "the binding has another key"
    assert session.publish(command).routed == 0, "its time is over: published at once"


def test_what_cannot_be_put_off_is_refused() -> None:
    session = Engine().start().connect()
    declare(session, "q")
    with pytest.raises(StreamNotFound):
        later(session, "nowhere", 1000, b"1")
    command = Publish("default", Address("r", is_route=True), CANONICAL, [b"1"])
    command.due_ms = session.wall_ms() + 1
    with pytest.raises(RouteNotFound):
        session.publish(command)
    with pytest.raises(InvalidArgument):
        later(session, "q", SCHEDULE_AHEAD_MS_MAX + 1, b"1")


def test_an_atomic_set_may_put_off_and_is_still_all_or_nothing() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    first, second, bad = (
        Publish("default", Address(n), CANONICAL, [b"1"]) for n in ("q", "q", "x")
    )
    for command in (first, second):
        command.due_ms = session.wall_ms() + 1000
    with pytest.raises(StreamNotFound):
        session.submit(Atomic((first, second, bad)))
    replies = session.submit(Atomic((first, second)))
    assert replies[0].schedule[1] + 1 == replies[1].schedule[1]
    wait(node, 1000)
    assert ready(session) == 2


def test_many_waiting_messages_cost_no_memory_once_a_checkpoint_has_them() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    for day in range(20):
        later(session, "q", (day + 1) * 24 * HOUR, *[b"x" * 100] * 500)
        node.settle()
    node.checkpoint()
    schedules = node.kernel.state.schedules
    assert not schedules.near
    assert not schedules.opened
    blocks = [
        block for each in schedules.by_number.values() for block in each.stream.partitions[0].blocks
    ]
    assert len(blocks) == 20, "one for 500 messages"
    assert all(block.place is not None for block in blocks)


class Schedules(RuleBasedStateMachine):
    """Messages put off by seconds to hours, cancelled, clocks moved, restarts: each is seen once, at its time."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.wall_ms = 1_000_000
        self._start()
        declare(self.session, "q")
        self.due: dict[bytes, tuple[int, tuple[int, int]]] = {}
        self.cancelled: set[bytes] = set()
        self.count = 0

    def _start(self) -> None:
        self.node = self.engine.start()
        self.node.clock.now_ms = self.wall_ms
        self.node.settle()
        self.session = self.node.connect()
        self.node.settle()

    @rule(delay_ms=st.sampled_from([1, 500, 5000, 70_000, SCHEDULE_BUCKET_MS, 2 * HOUR]))
    def put_off(self, delay_ms: int) -> None:
        self.count += 1
        body = b"%d" % self.count
        self.due[body] = (self.wall_ms + delay_ms, later(self.session, "q", delay_ms, body))

    @precondition(lambda self: self.due)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(sorted(self.due)))
        due_ms, number = self.due[body]
        if due_ms <= self.wall_ms or body in self.cancelled:
            with pytest.raises(ScheduleNotFound):
                cancel(self.session, "q", number)
        else:
            cancel(self.session, "q", number)
            self.cancelled.add(body)

    @rule(time_ms=st.sampled_from([1, 1000, 60_000, SCHEDULE_BUCKET_MS, 3 * HOUR]))
    def let_pass(self, time_ms: int) -> None:
        self.wall_ms += time_ms
        wait(self.node, time_ms)

    @rule(checkpoint=st.booleans())
    def restart(self, *, checkpoint: bool) -> None:
        self.node.settle()
        if checkpoint:
            self.node.checkpoint()
        self._start()

    @invariant()
    def exactly_what_is_due_and_was_not_cancelled_is_there(self) -> None:
        expected = [
            body
            for body, (due_ms, _) in self.due.items()
            if due_ms <= self.wall_ms and body not in self.cancelled
        ]
        assert ready(self.session) == len(expected)

    def teardown(self) -> None:
        self.node.settle()
        self.session.submit(Consume(name="q", credit_max=1000))
        found = taken(self.node, self.session)
        times = [self.due[body][0] for body in found]
        assert times == sorted(times)
        assert len(set(found)) == len(found)


TestSchedules = Schedules.TestCase
TestSchedules.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_what_waits_for_an_address_is_listed_by_id() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("q", "other"):
        declare(session, name)
    first = later(session, "q", HOUR, b"1", b"2")
    later(session, "other", HOUR, b"x")
    far = later(session, "q", 50 * HOUR, b"3")
    cancel(session, "q", first)

    def listed(**more: Any) -> list[bytes]:
        found = session.submit(ListSchedules(name="q", **more)).found
        assert all(each.info.due_ms > session.wall_ms() for each in found)
        return [each.info.body for each in found]

    assert listed() == [b"2", b"3"]
    assert listed(count_max=1) == [b"2"]
    assert listed(stream=far[0]) == [b"3"]
    assert listed(stream=far[0], offset=far[1] + 1) == []
    wait(node, 50 * HOUR)
    assert listed() == []
