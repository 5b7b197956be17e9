"""Transactions that do whatever they may, beside a model of lists."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel.transactions.writer import Writer
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import (
    Consume,
    CreateStream,
    DescribeQueue,
    Read,
)
from dragoman.kernel.settings import StreamSettings
from dragoman.model.levels import SYNCED
from dragoman.runtime.session import BrokerSession


class Transactions(RuleBasedStateMachine):
    """Two transactional writers and a plain one against a list; a reader that leases; restarts at will."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.session.submit(
            CreateStream(name="q", settings=StreamSettings(retention_ms=-1, level=SYNCED))
        )
        declare(self.session, "q")
        self.writers = [Writer(self.session, "a"), Writer(self.session, "b")]
        self.open: list[list[bytes] | None] = [None, None]
        self.visible: set[bytes] = set()
        self.delivered: list[bytes] = []
        self.count = 0

    def _body(self) -> bytes:
        self.count += 1
        return b"%d" % self.count

    @rule()
    def plain(self) -> None:
        body = self._body()
        publish(self.session, "q", body)
        self.visible.add(body)

    @rule(which=st.integers(0, 1), count=st.integers(1, 3))
    def write(self, which: int, count: int) -> None:
        if self.open[which] is None:
            self.writers[which].begin("q")
        bodies = [self._body() for _ in range(count)]
        self.writers[which].write("q", *bodies)
        self.open[which] = (self.open[which] or []) + bodies

    @rule(which=st.integers(0, 1), commit=st.booleans(), moves=st.booleans())
    def end(self, which: int, *, commit: bool, moves: bool) -> None:
        bodies = self.open[which]
        if bodies is not None:
            after = self.writers[which].end(commit=commit, moves=moves)
            if moves:
                self.writers[which].become(after)
            self.open[which] = None
            if commit:
                self.visible.update(bodies)

    @rule(count=st.integers(1, 4))
    def receive(self, count: int) -> None:
        holder = self.session.submit(Consume(name="q", credit_max=count))
        self.node.settle()
        for each in self.node.deliveries(self.session):
            self.delivered += each.bodies
            ack(self.session, each)
        self.node.kernel.close_session(self.session.id)
        self.session = self.node.connect()
        for writer in self.writers:
            writer.session = self.session
        for late in self.node.deliveries(self.session):
            raise AssertionError((late, holder))

    @rule(checkpoint=st.booleans())
    def restart(self, *, checkpoint: bool) -> None:
        self.node.settle()
        if checkpoint:
            self.node.checkpoint()
        self.node = self.engine.start()
        self.session = self.node.connect()
        for writer in self.writers:
            writer.session = self.session

    @invariant()
    def ready_is_what_is_visible_and_not_delivered(self) -> None:
        assert len(set(self.delivered)) == len(self.delivered)
        assert set(self.delivered) <= self.visible
        info = self.session.submit(DescribeQueue(name="q"))
        assert info.ready + info.leased == len(self.visible) - len(self.delivered)

    def teardown(self) -> None:
        self.node.settle()
        if all(bodies is None for bodies in self.open):
            found = seen_all(self.session)
            assert set(found) == self.visible


def seen_all(session: BrokerSession) -> list[bytes]:
    found: list[bytes] = []
    offset, end = 0, 1
    while offset < end:
        extract = session.submit(Read(name="q", offset=offset, isolated=True))
        for block in extract.blocks:
            if not block.control and not block.aborted:
                found += block.bodies
        offset, end = extract.blocks[-1].end if extract.blocks else extract.end, extract.end
    return found


TestTransactions = Transactions.TestCase
TestTransactions.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
