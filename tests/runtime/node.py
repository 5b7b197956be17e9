"""A whole node without sockets, threads or real time: the test turns it, works its jobs and kills it as it likes."""

from typing import Any

from tests.fakes.kernel import FakeTranslator, make_kernel
from tests.fakes.node import (
    FakeDoor,
    FakeNode,
    FakeShell,
    ManualClock,
    ManualScheduler,
    ManualWorker,
    never,
    post,
)

from dragoman.kernel.commands import DeclareQueue, Publish, Settle
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.replies import PublishReply, QueueInfo
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.runtime.broker import Broker
from dragoman.runtime.checkpoint import Checkpointer
from dragoman.runtime.commit import Commit
from dragoman.runtime.recovery import recover
from dragoman.runtime.session import BrokerSession


class TestNode:
    """One life of a node on the given engine parts."""

    __test__ = False

    def __init__(self, log: Any, segments: Any, state: Any, boot: bytes = b"") -> None:
        self.clock = ManualClock(1_000_000)
        self.kernel: Kernel = make_kernel(FakeTranslator())
        self.recovered = recover(self.kernel, log, segments, state, self.clock.wall_ms(), boot)
        self.journal = ManualWorker()
        self.storage = ManualWorker()
        self.scheduler = ManualScheduler()
        self.broker: Broker
        self.commit = Commit(
            log,
            self.recovered.position,
            self.journal,
            post,
            self._progressed,
            never,
            writes_here=False,
        )
        self.broker = Broker(self.kernel, self.commit, self.clock, self.scheduler, FakeNode())
        self.checkpointer = Checkpointer(
            self.kernel,
            self.commit,
            segments,
            state,
            self.recovered,
            b"\1" * 16,
            self.storage,
            post,
        )
        self.broker.loader = self.checkpointer.loader
        self.broker.after_turn = self.checkpointer.look
        self.checkpointer.wake = self.broker.begin_turn
        self.doors: dict[int, FakeDoor] = {}
        self.settle()

    def _progressed(self) -> None:
        self.broker.on_progress()

    def turn(self) -> None:
        """Something happened: run the loop until it would wait."""
        self.broker.begin_turn()
        self.scheduler.run()

    def settle(self) -> None:
        """Turn and work until nothing is left to do."""
        self.turn()
        while self.journal.run_one() or self.storage.run_one() or self._catch_up():
            self.turn()

    def _catch_up(self) -> bool:
        """As after a while without news: what was put off is written, what lags for cursors is synced."""
        broker = self.broker
        was_late = broker._is_put_off or broker._is_lagging
        if broker._is_put_off:
            broker._pump_all()
        if broker._is_lagging:
            broker._catch_up()
        return was_late

    def checkpoint(self) -> None:
        """A whole checkpoint."""
        self.turn()
        count = self.checkpointer.count
        self.broker.read_clock()
        self.checkpointer.begin()
        self.settle()
        assert self.checkpointer.count == count + 1

    def connect(self) -> BrokerSession:
        door = FakeDoor()
        session = self.broker.open(lambda session: door, FakeShell())
        self.doors[session.id] = door
        return session

    def deliveries(self, session: BrokerSession) -> list[Delivery]:
        door = self.doors[session.id]
        found, door.deliveries = door.deliveries, []
        return found


def pass_ms(node: TestNode, duration_ms: int) -> None:
    """Time passes, and what it brings is done."""
    node.clock.now_ms += duration_ms
    node.settle()


def declare(session: BrokerSession, name: str, **settings: Any) -> QueueInfo:
    info = session.submit(
        DeclareQueue(
            name=name,
            settings=SubscriptionSettings(early=True, **settings),
            stream=StreamSettings(level=SYNCED),
        )
    )
    assert isinstance(info, QueueInfo)
    return info


def publish(session: BrokerSession, name: str, *bodies: bytes) -> PublishReply:
    return session.publish(Publish("default", Address(name), CANONICAL, list(bodies)))


def ack(session: BrokerSession, delivery: Delivery) -> None:
    session.settle(
        Settle(
            delivery.holder.subscription.id,
            delivery.partition,
            delivery.holder.id,
            [(delivery.start, delivery.end)],
            "ack",
        )
    )
