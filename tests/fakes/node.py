"""A node without sockets, threads or real time: tests of doors, of the runtime and of hostile bytes all stand on it.

    World        a broker in memory; time moves by `advance`, the journal (if `slow`) by `journal`
    Connection   one connection to it: bytes in by `give`, bytes out by `sent`; subclass it for a protocol's words

The parts (`ManualClock`, `ManualScheduler`, `ManualWorker`, `FakeDoor`, ...) serve whoever builds another node.
"""

from collections.abc import Callable
from hashlib import shake_128
from typing import Any, Final, Generic, TypeVar

from dragoman.formats.schemas.languages import Languages
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import ConnectionDoor
from dragoman.kernel.framing import decode, encode
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.records import Record
from dragoman.kernel.routing import Routing
from dragoman.runtime.broker import Broker
from dragoman.runtime.commit import Commit
from dragoman.runtime.nocommit import NoCommit
from dragoman.runtime.session import BrokerSession
from dragoman.security.guesses import Guesses
from dragoman.storage.memory.log import MemoryLog

START_MS: Final = 1_700_000_000_000
ROUNDS_MAX: Final = 1_000  # of the loop, by one thing that happened


class ManualClock:
    """Wall time and elapsed time, moved by the test."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def elapsed_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms


class ManualScheduler:
    """The loop: what is to be called soon, until somebody runs it. Timers are the test's own moves of the clock."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        return lambda: None

    def run(self) -> None:
        """Round after round, until the loop would wait. One that never does has found work that makes itself."""
        for _ in range(ROUNDS_MAX):
            calls, self.calls = self.calls, []
            if not calls:
                return
            for call in calls:
                call()
        raise AssertionError(f"turns without end: {self.calls}")


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


class Unkept(NoCommit):
    """Writes nothing; what could not be written fails the turn, as it does where everything is kept."""

    def add(self, records: list[Record], size_bytes: int) -> None:
        decode(encode(records))


class FakeNode:
    """Who the broker says it is. Without users everybody is let in."""

    version = "test"
    cluster_id = "cluster"
    issuer = "http://broker.test:8085"
    reauthenticate_ms = 0

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.users = users or {}
        self.guesses = Guesses()
        self.failed: list[tuple[str, str]] = []  # logins, by mechanism and name
        self.told: tuple[str, int] | None = None  # the address to give clients

    def authenticate(self, user: str, password: bytes) -> str | None:
        if not self.users:
            return user
        return user if self.users.get(user) == password else None

    def knows(self, user: str) -> bool:
        return user in self.users

    def bearer(self, token: str, now_ms: int) -> tuple[str, int] | None:
        """`NAME until MS`."""
        name, _, until_ms = token.partition(" until ")
        return (name, int(until_ms)) if until_ms and int(until_ms) > now_ms else None

    def secret(self, key: str) -> bytes | None:
        return self.users.get(key)

    def is_open(self) -> bool:
        return not self.users

    def login_failed(self, mechanism: str, user: str, connection: Any, now_ms: int) -> None:
        self.failed.append((mechanism, user))

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        return self.told


class FakePeer:
    """See `kernel.api.Connection`."""

    is_tls = False
    certified = ""
    peer = ("10.0.0.2", 50_000)

    def __init__(self, port: int = 5672, host: str = "10.0.0.1") -> None:
        self.local = (host, port)


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

    def is_closing(self) -> bool:
        return False

    def is_full(self) -> bool:
        return False

    def lost(self) -> None: ...

    def shut(self, reason: str) -> None: ...


class FakeShell:
    """The socket of a connection: keeps what its door has sent until somebody takes it."""

    def __init__(self) -> None:
        self.door: Any = None  # until it is made
        self.data = b""
        self.takes = True  # bytes; else it is stuck
        self.is_closed = False
        self.is_throttled = False  # by the broker
        self.is_reading = True  # as far as the door is concerned

    def flush(self) -> None:
        if self.door is None:
            return
        if self.takes:
            self.data += b"".join(self.door.data_to_send())
        self.is_closed = self.is_closed or self.door.is_closing()
        self.is_reading = not self.door.is_full()

    def abort(self) -> None:
        raise AssertionError("a door has failed")

    def throttle(self, *, on: bool) -> None:
        self.is_throttled = on


class CountedTokens:
    """Unpredictable bytes that are the same in each run, and all different."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size_bytes: int) -> bytes:
        self.count += 1
        return shake_128(b"%d" % self.count).digest(size_bytes)


class World:
    """One broker in memory. `slow`: its journal moves only when `journal` is called."""

    def __init__(
        self,
        users: dict[str, bytes] | None = None,
        *,
        slow: bool = False,
        commit: Any = None,
        node: Any = None,
    ) -> None:
        self.clock = ManualClock()
        self.scheduler = ManualScheduler()
        self.worker = ManualWorker()
        self.node = node or FakeNode(users)
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda _: 0, CountedTokens())
        self.kernel.state.languages = Languages()
        self.commit: Any = commit or (self._slow_commit() if slow else Unkept())
        self.broker = Broker(self.kernel, self.commit, self.clock, self.scheduler, self.node)
        self.kernel.begin(1)

    def _slow_commit(self) -> Commit:
        log = MemoryLog()
        log.open()
        return Commit(log, 0, self.worker, post, self._progressed, never, writes_here=False)

    def _progressed(self) -> None:
        self.broker.on_progress()

    def run(self) -> None:
        """What came in is served, what is ready goes out, until nothing more happens by itself."""
        self.broker.begin_turn()
        self.scheduler.run()

    def journal(self) -> None:
        """The journal catches up."""
        self.run()
        self.commit.pump_all()
        while self.worker.run_one():
            self.run()
            self.commit.pump_all()

    def advance(self, by_ms: int) -> None:
        """Time passes, and everything due happens."""
        self.clock.now_ms += by_ms
        self.broker.timers.check()
        self.run()


Door = TypeVar("Door", bound=ConnectionDoor)


class Connection(Generic[Door]):
    """One connection. What is given has been served when `give` returns."""

    def __init__(
        self, world: World, make_door: Callable[[Any, Any], Door], *, port: int = 5672
    ) -> None:
        self.world = world
        self.shell = FakeShell()

        def make(session: BrokerSession) -> Door:
            self.shell.door = make_door(session, FakePeer(port))
            return self.door

        self.session: BrokerSession = world.broker.open(make, self.shell)
        self.world.run()

    @property
    def door(self) -> Door:
        found: Door = self.shell.door
        return found

    @property
    def is_closed(self) -> bool:
        """Whether the broker has hung up."""
        return self.shell.is_closed

    def give(self, data: bytes) -> None:
        """Bytes to the broker, and what comes of them until nothing more happens by itself."""
        self.world.broker.begin_turn()
        self.door.receive(data)
        self.shell.door = self.session.door  # which another may have been handed
        self.world.broker.touch(self.session)
        self.world.run()

    def sent(self) -> bytes:
        """What the broker has sent since the last call."""
        data, self.shell.data = self.shell.data, b""
        return data

    def close(self) -> None:
        """The socket is gone."""
        self.world.broker.close(self.session)
        self.world.run()


def post(callback: Callable[..., object], /, *args: object) -> object:
    """How a worker of the same thread posts back."""
    return callback(*args)


def never(error: Exception) -> None:
    """What must not happen."""
    raise AssertionError(error)
