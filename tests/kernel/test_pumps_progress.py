"""How far pumps have come: at their rate, past restarts, whatever happens beside them."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel.pumped import bodies, ended, only, pump, stream, wait
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import (
    DeleteStream,
    DescribeStream,
)
from dragoman.kernel.pumps import DeletePump, ListPumps
from dragoman.model.errors import StreamNotFound
from dragoman.model.limits import PUMPS_ENDED_MAX


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
