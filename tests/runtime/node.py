"""A whole node without sockets, threads or real time: the test turns it, works its jobs and kills it as it likes."""

from collections.abc import Callable
from typing import Any

from tests.fakes.kernel import FakeTranslator, make_kernel

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


class ManualClock:
    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def elapsed_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms


class ManualWorker:
    """Keeps jobs until the test runs them; posts are delivered at once, being on the same thread."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def run_one(self) -> bool:
        if not self.jobs:
            return False
        self.jobs.pop(0)()
        return True

    def close(self) -> None:
        while self.run_one():
            pass


class ManualScheduler:
    def __init__(self) -> None:
        self.soon_calls: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.soon_calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        return lambda: None


class FakeDoor:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.cancelled_holders: list[Any] = []
        self.progress = 0

    def receive(self, data: bytes) -> None:
        raise AssertionError(data)

    def deliver(self, deliveries: list[Delivery]) -> None:
        self.deliveries += deliveries

    def cancelled(self, holder: Any) -> None:
        self.cancelled_holders.append(holder)

    def answered(self, ticket: int, result: object) -> None:
        raise AssertionError(ticket)

    def progressed(self) -> None:
        self.progress += 1

    def tick(self) -> None: ...

    def next_tick_ms(self) -> int | None:
        return None

    def data_to_send(self) -> list[bytes]:
        return []

    def is_full(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return False

    def lost(self) -> None: ...

    def shut(self, reason: str) -> None: ...


class FakeShell:
    def __init__(self) -> None:
        self.is_throttled = False

    def flush(self) -> None: ...

    def abort(self) -> None:
        raise AssertionError("a door has failed")

    def throttle(self, *, on: bool) -> None:
        self.is_throttled = on


class FakeNode:
    version = "test"
    cluster_id = "00"

    def authenticate(self, user: str, password: bytes) -> str | None:
        return user

    def secret(self, key: str) -> bytes | None:
        return None

    def is_open(self) -> bool:
        return True

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        return None


def post(callback: Callable[..., object], /, *args: object) -> object:
    return callback(*args)


def never(error: Exception) -> None:
    raise AssertionError(error)


class TestNode:
    """One life of a node on the given engine parts."""

    __test__ = False

    def __init__(self, log: Any, segments: Any, state: Any) -> None:
        self.clock = ManualClock()
        self.kernel: Kernel = make_kernel(FakeTranslator())
        self.recovered = recover(self.kernel, log, segments, state, self.clock.wall_ms())
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
        self.doors: dict[int, FakeDoor] = {}
        self.settle()

    def _progressed(self) -> None:
        self.broker.on_progress()

    def turn(self) -> None:
        """Something happened: run the loop until it would wait."""
        self.broker.begin_turn()
        while self.scheduler.soon_calls:
            calls, self.scheduler.soon_calls = self.scheduler.soon_calls, []
            for call in calls:
                call()

    def settle(self) -> None:
        """Turn and work until nothing is left to do."""
        self.turn()
        while self.journal.run_one() or self.storage.run_one() or self._catch_up():
            self.turn()

    def _catch_up(self) -> bool:
        """As after a while without news: what lags for cursors is synced."""
        lagging = self.broker._is_lagging
        if lagging:
            self.broker._catch_up()
        return lagging

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
