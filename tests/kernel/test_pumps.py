from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.commands import (
    Bind,
    Consume,
    CreateStream,
    DeclareRoute,
    DeleteQueue,
    DeleteStream,
    DescribeQueue,
    DescribeStream,
    Lease,
    Publish,
    PurgeQueue,
    Read,
    Settle,
    TrimStream,
)
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.pumps import CreatePump, DeletePump, ListPumps, PumpInfo
from dragoman.kernel.settings import Address, BindingSettings, PumpSettings, StreamSettings
from dragoman.model.errors import AlreadyExists, InvalidArgument, PumpNotFound, StreamNotFound
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.model.limits import PUMP_HOPS_MAX, PUMP_RATE_MAX, PUMPS_ENDED_MAX
from dragoman.runtime.session import BrokerSession


def stream(session: BrokerSession, name: str, retention_ms: int = -1) -> None:
    made = StreamSettings(retention_ms=retention_ms, level=SYNCED)
    session.submit(CreateStream(name=name, settings=made))


def pump(
    session: BrokerSession, source: str, *targets: str, leased: bool = False, **more: object
) -> PumpInfo:
    info = session.submit(
        CreatePump(
            name=f"{source}-pump",
            source=source,
            subscription=source if leased else "",
            settings=PumpSettings(
                targets=tuple(Address(name) for name in targets),
                **more,  # type: ignore[arg-type]
            ),
        )
    )
    assert isinstance(info, PumpInfo)
    return info


def only(session: BrokerSession) -> PumpInfo:
    (info,) = session.submit(ListPumps())
    assert isinstance(info, PumpInfo)
    return info


def bodies(session: BrokerSession, name: str) -> list[bytes]:
    found: list[bytes] = []
    offset = session.submit(DescribeStream(name=name)).partitions[0].start
    while True:
        extract = session.submit(Read(name=name, offset=offset))
        for block in extract.blocks:
            found += [] if block.control else block.bodies
            offset = block.end
        if offset >= extract.end:
            return found


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()
    node.clock.now_ms += time_ms
    node.settle()


def test_a_pump_carries_what_is_there_and_what_comes_to_every_target() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a", "b"):
        stream(session, name)
    publish(session, "s", b"1", b"2")
    pump(session, "s", "a", "b")
    node.settle()
    publish(session, "s", b"3")
    node.settle()
    assert bodies(session, "a") == bodies(session, "b") == [b"1", b"2", b"3"]
    assert (only(session).carried, only(session).left) == (3, 0)


def test_a_pump_from_the_end_leaves_out_what_was_there() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    publish(session, "s", b"1")
    pump(session, "s", "a", from_end=True)
    publish(session, "s", b"2")
    node.settle()
    assert bodies(session, "a") == [b"2"]


def test_a_pump_holds_what_it_has_not_carried_and_nothing_more() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s", retention_ms=0)
    declare(session, "q", length_max=0, overflow="reject-publish")
    pump(session, "s", "q")
    publish(session, "s", b"1", b"2")
    publish(session, "s", b"3")
    node.settle()
    assert "no room" in only(session).trouble
    assert only(session).left == 3
    node.checkpoint()
    assert session.submit(DescribeStream(name="s")).partitions[0].start == 0
    session.submit(DeletePump(name="s-pump"))
    node.settle()
    assert session.submit(DescribeStream(name="s")).partitions[0].start == 3


def test_a_target_without_room_is_asked_again_and_costs_no_attempt() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s")
    declare(session, "q", length_max=1, overflow="reject-publish")
    pump(session, "s", "q", attempts_max=1)
    publish(session, "s", b"1")
    publish(session, "s", b"2")
    node.settle()
    assert session.submit(DescribeQueue(name="q")).ready == 1
    for _ in range(5):
        wait(node, 2000)
    assert only(session).attempts == 0
    session.submit(PurgeQueue(name="q"))
    wait(node, 2000)
    assert session.submit(DescribeQueue(name="q")).ready == 1
    assert only(session).left == 0


@pytest.mark.parametrize("has_dead_letter", [True, False])
def test_what_cannot_be_carried_is_tried_then_given_up_and_the_rest_goes_on(
    *, has_dead_letter: bool
) -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "dead"):
        stream(session, name)
    session.submit(
        CreateStream(name="a", settings=StreamSettings(retention_ms=-1, message_bytes_max=3))
    )
    pump(
        session, "s", "a", attempts_max=3, dead_letter=Address("dead") if has_dead_letter else None
    )
    publish(session, "s", b"1", b"long", b"2")
    for _ in range(12):
        wait(node, 4000)
    assert bodies(session, "a") == [b"1", b"2"]
    assert bodies(session, "dead") == ([b"long|delivery_limit"] if has_dead_letter else [])
    assert (only(session).dropped, only(session).attempts) == (1, 0)


def test_messages_going_in_a_circle_stop_after_so_many_hops() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("a", "b"):
        stream(session, name)
    pump(session, "a", "b")
    pump(session, "b", "a")
    publish(session, "a", b"x")
    node.settle()
    assert len(bodies(session, "a")) + len(bodies(session, "b")) == PUMP_HOPS_MAX + 1


def test_a_leased_pump_moves_messages_out_of_a_queue() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    declare(session, "r")
    pump(session, "q", "r", leased=True)
    publish(session, "q", b"1", b"2")
    node.settle()
    assert session.submit(DescribeQueue(name="q")).ready == 0
    session.submit(Consume(name="r", credit_max=10))
    node.settle()
    found = [body for each in node.deliveries(session) for body in each.bodies]
    assert found == [b"1", b"2"]
    probe = engine.start().connect()
    assert [probe.submit(DescribeQueue(name=name)).ready for name in ("q", "r")] == [0, 2]


def test_a_redrive_ends_where_the_queue_ended_when_it_was_made() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "work")
    publish(session, "dead", b"1", b"2")
    node.settle()
    pump(session, "dead", "work", leased=True, until_end=True)
    publish(session, "dead", b"3")
    node.settle()
    wait(node, 2000)
    assert session.submit(ListPumps()) == []
    counts = [session.submit(DescribeQueue(name=name)).ready for name in ("dead", "work")]
    assert counts == [1, 2]


def test_pumps_and_their_progress_survive_a_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a")
    for number in range(600):
        publish(session, "s", b"%d" % number)
        if number in {100, 400}:
            node.settle()
            node.checkpoint()
    node.settle()
    node = engine.start()
    session = node.connect()
    publish(session, "s", b"600")
    node.settle()
    assert bodies(session, "a") == [b"%d" % number for number in range(601)]


def test_a_pump_goes_with_its_source_and_a_leased_one_with_its_queue() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    declare(session, "q")
    pump(session, "s", "a")
    pump(session, "q", "a", leased=True)
    session.submit(DeleteStream(name="s"))
    session.submit(DeleteQueue(name="q"))
    assert session.submit(ListPumps()) == []
    node.settle()
    node.checkpoint()


def test_a_pump_into_a_route_goes_by_the_key_each_message_has() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s")
    session.submit(DeclareRoute(name="r"))
    for name in ("x", "y"):
        stream(session, name)
        session.submit(Bind(route="r", target=name, binding=BindingSettings(key=name)))
    settings_ = PumpSettings(targets=(Address("r", is_route=True),))
    session.submit(CreatePump(name="p", source="s", settings=settings_))
    publish(session, "s", b"x", b"y", b"x")
    node.settle()
    assert (bodies(session, "x"), bodies(session, "y")) == ([b"x", b"x"], [b"y"])


def test_a_filter_chooses_and_what_it_leaves_out_counts_as_carried_past() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a", filter={"colour": "red"})
    publish(session, "s", b"no headers here")
    node.settle()
    assert bodies(session, "a") == []
    assert (only(session).left, only(session).carried) == (0, 0)


def test_a_pump_opens_batches_and_keeps_columns() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a")
    batch = Publish("default", Address("s"), CANONICAL, [b"1\n2"])
    batch.packed = 2
    session.publish(batch)
    plain = Publish("default", Address("s"), CANONICAL, [b"3"])
    plain.priorities, plain.keys, plain.expires_ms = [7], [b"k"], [9_000_000]
    session.publish(plain)
    node.settle()
    assert bodies(session, "a") == [b"1", b"2", b"3"]
    last = session.submit(Read(name="a", offset=2)).blocks[-1]
    assert (last.priorities, last.keys, last.expires_ms) == ([7], [b"k"], [9_000_000])


def test_what_makes_no_pump_is_refused() -> None:
    session = Engine().start().connect()
    for name in ("s", "a"):
        stream(session, name)
    for source, targets, more, error in (
        ("s", (), {}, InvalidArgument),
        ("s", ("nowhere",), {}, StreamNotFound),
        ("nowhere", ("a",), {}, StreamNotFound),
        ("s", ("a",), {"filter": {"x-match": "sometimes"}}, InvalidArgument),
    ):
        with pytest.raises(error):
            pump(session, source, *targets, **more)  # type: ignore[arg-type]
    with pytest.raises(PumpNotFound):
        session.submit(DeletePump(name="p"))
    pump(session, "s", "a")
    with pytest.raises(AlreadyExists):
        pump(session, "s", "a")


class Pumps(RuleBasedStateMachine):
    """A chain of two pumps under crashes that lose what was not written: every message arrives exactly once."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        for name in ("s", "b"):
            stream(self.session, name)
        declare(self.session, "q")
        pump(self.session, "s", "q")
        pump(self.session, "q", "b", leased=True)
        self.node.settle()
        self.sent = 0

    @rule(count=st.integers(1, 5))
    def send(self, count: int) -> None:
        publish(self.session, "s", *[b"%d" % (self.sent + at) for at in range(count)])
        self.sent += count
        self.node.commit.pump()

    @rule(jobs=st.integers(0, 6))
    def work(self, jobs: int) -> None:
        self.node.turn()
        for _ in range(jobs):
            self.node.journal.run_one()
            self.node.turn()

    @rule()
    def checkpoint(self) -> None:
        self.node.settle()
        self.node.checkpoint()

    @rule()
    def crash(self) -> None:
        self.node.turn()
        while self.node.journal.run_one():
            pass  # what was handed over is written; what was decided since is lost
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.sent = self.session.submit(DescribeStream(name="s")).partitions[0].end

    @invariant()
    def nothing_arrives_twice_or_out_of_order(self) -> None:
        found = bodies(self.session, "b")
        assert found == [b"%d" % number for number in range(len(found))]

    def teardown(self) -> None:
        self.node.settle()
        assert bodies(self.session, "b") == [b"%d" % number for number in range(self.sent)]


TestPumps = Pumps.TestCase
TestPumps.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


# --- rates, ends, the way back ---


def ended(session: BrokerSession) -> list[PumpInfo]:
    running = len(session.submit(ListPumps()))
    found: list[PumpInfo] = session.submit(ListPumps(with_ended=True))
    return found[running:]


def test_a_rate_is_kept_over_time_and_a_restart_begins_it_anew() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    publish(session, "s", *[b"%d" % number for number in range(200)])
    node.settle()
    pump(session, "s", "a", rate_max=100)
    start_ms = node.clock.now_ms
    for _ in range(50):
        node.clock.now_ms += 10
        node.settle()
        allowed = (node.clock.now_ms - start_ms) * 100 / 1_000 + 6
        assert len(bodies(session, "a")) <= allowed
    assert 50 <= len(bodies(session, "a")) <= 55
    assert node.kernel.deadlines()[0] is not None
    node.settle()
    node = engine.start()
    session = node.connect()
    for _ in range(200):
        node.clock.now_ms += 10
        node.settle()
    assert bodies(session, "a") == [b"%d" % number for number in range(200)]


def test_a_slow_rate_still_carries_one_by_one() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    publish(session, "s", b"1", b"2")
    pump(session, "s", "a", rate_max=1)
    node.settle()
    assert bodies(session, "a") == [b"1"]
    wait(node, 999)
    assert bodies(session, "a") == [b"1"]
    wait(node, 1)
    assert bodies(session, "a") == [b"1", b"2"]


def reject_all(session: BrokerSession, name: str) -> int:
    """Take everything and reject it."""
    count = 0
    for one in session.submit(Lease(name=name, count_max=100)):
        settle = Settle(
            one.holder.subscription.id,
            one.partition,
            one.holder.id,
            [(one.start, one.end)],
            "reject",
        )
        count += session.settle(settle).settled
    return count


def redrive(session: BrokerSession, source: str, **more: Any) -> None:
    made = PumpSettings(until_end=True, **more)
    session.submit(CreatePump(name="redrive", source=source, subscription=source, settings=made))


def test_dead_letters_go_back_to_where_each_died_and_as_they_were() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    for name in ("a", "b"):
        declare(session, name, dead_letter=Address("dead"))
        publish(session, name, f"{name}1".encode(), f"{name}2".encode())
        node.settle()
        assert reject_all(session, name) == 2
    assert session.submit(DescribeQueue(name="dead")).ready == 4
    redrive(session, "dead", to_origin=True)
    wait(node, 2_000)
    assert session.submit(DescribeQueue(name="dead")).ready == 0
    for name in ("a", "b"):
        (one,) = session.submit(Lease(name=name, count_max=10))
        assert one.bodies == [f"{name}1".encode(), f"{name}2".encode()]
    (info,) = ended(session)
    assert (info.state, info.carried, info.left, info.name) == ("done", 4, 0, "redrive")


def test_what_is_named_as_target_and_died_there_is_as_it_was_and_elsewhere_is_not() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("dead", "other"):
        declare(session, name)
    declare(session, "a", dead_letter=Address("dead"))
    for target, body in (("a", b"1"), ("other", b"1|rejected")):
        publish(session, "a", b"1")
        node.settle()
        reject_all(session, "a")
        redrive(session, "dead", targets=(Address(target),))
        wait(node, 2_000)
        (one,) = session.submit(Lease(name=target))
        assert one.bodies == [body]


@pytest.mark.parametrize("source_is_gone", [True, False])
def test_a_message_without_a_way_back_ends_the_pump_and_stays(source_is_gone: bool) -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "a", dead_letter=Address("dead"))
    publish(session, "a", b"1")
    node.settle()
    reject_all(session, "a")
    publish(session, "dead", b"sent straight to it")
    if source_is_gone:
        session.submit(DeleteQueue(name="a"))
    node.settle()
    redrive(session, "dead", to_origin=True)
    wait(node, 2_000)
    (info,) = ended(session)
    assert (info.state, info.carried) == ("failed", 0 if source_is_gone else 1)
    place = "in a, which is no stream here" if source_is_gone else "nobody knows where"
    assert info.trouble == f"it died {place}: name a target"
    assert session.submit(DescribeQueue(name="dead")).ready == (2 if source_is_gone else 1)


@pytest.mark.parametrize("leased", [True, False])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_progress_and_past_pumps_survive_a_restart(leased: bool, checkpoint: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "s")
    stream(session, "a")
    publish(session, "s", *[b"%d" % number for number in range(20)])
    node.settle()
    started_ms = node.kernel.now_ms
    made = pump(session, "s", "a", leased=leased, until_end=True, rate_max=10)
    assert (made.left, made.state, made.started_ms) == (20, "running", started_ms)
    publish(session, "s", b"later")
    for _ in range(5):
        wait(node, 100)
    carried = only(session).carried
    assert carried > 2
    assert only(session).left == 20 - carried
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    carried += 1  # by the new life's first turn
    assert (only(session).carried, only(session).left) == (carried, 20 - carried)
    session.submit(DeletePump(name="s-pump"))
    (info,) = ended(session)
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    assert ended(session) == [info]
    assert (info.state, info.carried, info.left) == ("cancelled", carried, 20 - carried)
    assert (info.started_ms, info.ended_ms) == (started_ms, node.kernel.now_ms)
    assert session.submit(ListPumps()) == []


def test_so_many_of_each_source_are_remembered_and_none_of_a_source_that_is_gone() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "t", "a"):
        stream(session, name)
    for number in range(PUMPS_ENDED_MAX + 2):
        pump(session, "s", "a", until_end=True, retry_ms=1_000 + number)
        wait(node, 10)
    pump(session, "t", "a", until_end=True)
    wait(node, 10)
    pump(session, "t", "a")
    session.submit(DeletePump(name="t-pump"))
    found = session.submit(ListPumps(source="s", with_ended=True))
    assert [info.settings.retry_ms - 1_000 for info in found] == list(
        range(PUMPS_ENDED_MAX + 1, 1, -1)
    )
    assert next(info.source for info in ended(session)) == "t"
    session.submit(DeleteStream(name="s"))
    assert [info.source for info in ended(session)] == ["t"]
    with pytest.raises(StreamNotFound):
        session.submit(ListPumps(source="s"))


@pytest.mark.parametrize(
    "more", [{"rate_max": -1}, {"rate_max": PUMP_RATE_MAX + 1}, {"to_origin": True}]
)
def test_a_rate_and_a_way_are_asked_for_in_earnest(more: dict[str, Any]) -> None:
    session = Engine().start().connect()
    for name in ("s", "a"):
        stream(session, name)
    with pytest.raises(InvalidArgument):
        pump(session, "s", "a", **more)


def test_what_was_trimmed_is_not_carried_though_its_block_is_still_there() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "source")
    declare(session, "target", length_max=1, overflow="reject-publish")
    publish(session, "target", b"in the way")
    publish(session, "source", b"1", b"2")
    pump(session, "source", "target", retry_ms=100)
    wait(node, 50)
    session.submit(TrimStream(name="source", partition=0, offset=1))
    session.submit(PurgeQueue(name="target"))
    wait(node, 1_000)
    assert [each.bodies for each in session.submit(Lease(name="target", count_max=9))] == [[b"2"]]


def test_a_pump_takes_nothing_from_a_queue_that_is_paused() -> None:
    node = Engine().start()
    session = node.connect()
    info = declare(session, "source")
    stream(session, "target")
    publish(session, "source", b"1")
    for paused, wanted in ((True, []), (False, [b"1"])):
        settings = msgspec.structs.replace(info.settings, paused=paused)
        session.submit(AlterSubscription(name="source", settings=settings))
        if paused:
            pump(session, "source", "target", leased=True)
        wait(node, 2_000)
        assert bodies(session, "target") == wanted


def test_a_pump_goes_with_its_subscription_when_that_does_not_outlive_a_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    stream(session, "source")
    stream(session, "target")
    declare(session, "source", durable=False)
    publish(session, "source", b"1")
    pump(session, "source", "target", leased=True)
    wait(node, 1_000)
    node = engine.start()
    session = node.connect()
    wait(node, 2_000)
    assert session.submit(ListPumps()) == []
    assert bodies(session, "target") == [b"1"]
