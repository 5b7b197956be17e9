"""One life of a whole node on a simulated disk: real kernel, broker, commit, checkpointer, journal and segments.

Nothing runs by itself. The turn thread, the journal's writer and the storage thread are lists of things to do, and what
the workers post back is one more; the simulation takes from whichever list it likes. Timers are kept and fire when time
is moved. Taps note what really reached the disk, so that nobody has to believe the runtime about it.
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.sim.disk import SeededEntropy, SimDisk, SimState
from tests.sim.translator import SimTranslator

from dragoman.kernel.features import next_elapsed_ms, next_wall_ms
from dragoman.kernel.framing import decode
from dragoman.kernel.kernel import NEVER, Kernel
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.records import Record
from dragoman.kernel.routing import Routing
from dragoman.ports.storage import StorageError, Tail
from dragoman.runtime.broker import Broker
from dragoman.runtime.checkpoint import Checkpointer
from dragoman.runtime.commit import Commit
from dragoman.runtime.recovery import recover
from dragoman.runtime.session import BrokerSession
from dragoman.security.guesses import Guesses
from dragoman.storage.journal import Journal
from dragoman.storage.segments import SegmentStore

FILE_BYTES = 4096


class SimClock:
    """Elapsed time goes on; wall time may be stepped as well."""

    def __init__(self) -> None:
        self.elapsed = 1_000
        self.wall = 1_000_000

    def elapsed_ms(self) -> int:
        return self.elapsed

    def wall_ms(self) -> int:
        return self.wall


class SimScheduler:
    """The event loop: calls for this round, and timers."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.soon_calls: list[Callable[[], None]] = []
        self.timers: list[tuple[int, Callable[[], None]]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.soon_calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        timer = (self._clock.elapsed + delay_ms, callback)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer) if timer in self.timers else None

    def fire(self) -> bool:
        due = [timer for timer in self.timers if timer[0] <= self._clock.elapsed]
        self.timers = [timer for timer in self.timers if timer not in due]
        for _, callback in due:
            callback()
        return bool(due)

    def turn(self) -> bool:
        calls, self.soon_calls = self.soon_calls, []
        for call in calls:
            call()
        return bool(calls)


class SimWorker:
    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def run_one(self) -> bool:
        if not self.jobs:
            return False
        self.jobs.pop(0)()
        return True

    def close(self) -> None: ...


class SimDoor:
    """Passes on what it is told to whoever plays the client."""

    def __init__(self) -> None:
        self.on_deliver: Callable[[list[Delivery]], None] = lambda _: None
        self.on_answered: Callable[[int, Any], None] = lambda ticket, result: None
        self.on_cancelled: Callable[[Any], None] = lambda _: None

    def receive(self, data: bytes) -> None:
        raise AssertionError(data)

    def deliver(self, deliveries: list[Delivery]) -> None:
        self.on_deliver(deliveries)

    def cancelled(self, holder: Any) -> None:
        self.on_cancelled(holder)

    def answered(self, ticket: int, result: object) -> None:
        self.on_answered(ticket, result)

    def progressed(self) -> None: ...

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


class SimShell:
    def flush(self) -> None: ...

    def abort(self) -> None:
        error = sys.exception() if sys.version_info >= (3, 11) else None
        raise AssertionError("a door has failed") from error

    def throttle(self, *, on: bool) -> None: ...


class SimNodeInfo:
    version = "sim"
    cluster_id = "00"
    issuer = ""
    guesses = Guesses()
    reauthenticate_ms = 0

    def bearer(self, token: str, now_ms: int) -> tuple[str, int] | None:
        return None

    def authenticate(self, user: str, password: bytes) -> str | None:
        return user

    def knows(self, user: str) -> bool:
        return False

    def secret(self, key: str) -> bytes | None:
        return None

    def is_open(self) -> bool:
        return True

    def login_failed(self, mechanism: str, user: str, connection: Any, now_ms: int) -> None: ...

    def advertised(self, protocol: str) -> tuple[str, int] | None:
        return None


class Truth:
    """What really is on the disk, whatever the node believes. It outlives the node.

    frames        position -> records, of every frame handed to the journal since the last opening
    written       the last frame whose append returned; synced: the last one a returned sync made durable
    segment_ends  of each segment: as of its last returned sync
    checkpoint    position and segment lengths of the last committed checkpoint
    """

    def __init__(self) -> None:
        self.frames: dict[int, list[Record]] = {}
        self.written = 0
        self.synced = 0
        self.trimmed = 0
        self.segment_ends: dict[int, int] = {}
        self.checkpoint = 0

    def reached(self, level: int) -> int:
        return (1 << 62, self.written, self.synced)[level]


class TapLog:
    """The journal, with `Truth` told about every call."""

    def __init__(self, log: Journal, truth: Truth, check: "Checks") -> None:
        self._log = log
        self._truth = truth
        self._check = check

    def open(self) -> Tail:
        tail = self._log.open()
        self._check.opened(tail)
        return tail

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        self._truth.frames[expected + 1] = decode(b"".join(buffers))
        self._check.appending(expected + 1, self._truth.frames[expected + 1])
        position = self._log.append(expected, buffers)
        self._truth.written = position
        return position

    def sync(self) -> int:
        self._truth.synced = self._log.sync()
        return self._truth.synced

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        return self._log.read(position)

    def trim(self, position: int) -> None:
        self._check.trimming(position)
        self._log.trim(position)

    def close(self) -> None:
        self._log.close()


class TapSegments:
    """The segment store, with `Truth` told about every sync."""

    def __init__(self, segments: SegmentStore, truth: Truth, check: "Checks") -> None:
        self._segments = segments
        self._truth = truth
        self._check = check

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> int:
        return self._segments.append(segment, expected_end, buffers)

    def sync(self, segment: int) -> None:
        self._segments.sync(segment)
        self._truth.segment_ends[segment] = self._segments.lengths()[segment]

    def read(self, segment: int, start: int, length: int) -> bytes:
        return self._segments.read(segment, start, length)

    def lengths(self) -> dict[int, int]:
        return self._segments.lengths()

    def cut(self, segment: int, length: int) -> None:
        self._segments.cut(segment, length)

    def drop(self, segment: int) -> None:
        self._check.dropping(segment)
        self._segments.drop(segment)

    def close(self) -> None:
        self._segments.close()


class TapState:
    """The state store, with every commit judged before it happens."""

    def __init__(self, state: SimState, check: "Checks") -> None:
        self._state = state
        self._check = check

    def scan(
        self, table: str, start: str = "", end: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._state.scan(table, start, end)

    def get(self, table: str, key: str) -> bytes | None:
        return self._state.get(table, key)

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        self._check.committing(changes)
        self._state.commit(changes)
        self._check.committed()

    def close(self) -> None:
        self._state.close()


class Checks:
    """What taps ask before they let something happen; see `invariants.py`."""

    def opened(self, tail: Tail) -> None: ...

    def appending(self, position: int, records: list[Record]) -> None: ...

    def trimming(self, position: int) -> None: ...

    def dropping(self, segment: int) -> None: ...

    def committing(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None: ...

    def committed(self) -> None: ...


class JudgedKernel(Kernel):
    """A kernel whose every atomic set of records is shown to a judge before it is applied.

    boundaries   counts of durable records at which such a set ended
    on_rearmed   the first sweep of a life has given leases with a deadline their full duration again
    """

    judge: Callable[[list[Record]], None] = staticmethod(lambda _: None)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.boundaries = {0}
        self.is_sweeping = False
        self.is_dispatching = False
        self.is_trimming = False
        self.on_rearmed: Callable[[], None] = lambda: None
        self._drained = 0

    def commit(self, records: list[Record]) -> None:
        if records:
            self.judge(records)
        super().commit(records)
        self.boundaries.add(self._drained + len(self._records))

    def drain_records(self) -> list[Record]:
        records = super().drain_records()
        self._drained += len(records)
        return records

    def sweep(self) -> bool:
        self.is_sweeping, was_new = True, self.state.due.rearm
        try:
            return super().sweep()
        finally:
            self.is_sweeping = False
            if was_new and not self.state.due.rearm:
                self.on_rearmed()

    def _is_calm(self) -> bool:
        """Whoever stirs features says so: else they would have something to do now, or know of it sooner."""
        is_calm = super()._is_calm()
        if is_calm:
            state = self.state
            assert not (state.idle.fresh or state.transactions.fresh or state.pumps.awake)
            assert min(next_elapsed_ms(state), default=NEVER) >= self._next_elapsed_ms
            assert min(next_wall_ms(state), default=NEVER) >= self._next_wall_ms
            assert all(entry[0] > self.elapsed_ms for entry in state.groups.deadlines[:1])
        return is_calm

    def trim_crowded(self) -> bool:
        self.is_trimming = True
        try:
            return super().trim_crowded()
        finally:
            self.is_trimming = False

    def dispatch(self) -> bool:
        self.is_dispatching = True
        try:
            return super().dispatch()
        finally:
            self.is_dispatching = False


class SimNode:
    """One life. Making it opens the disk and recovers; PowerLost and StorageError come out as they are."""

    def __init__(
        self,
        disk: SimDisk,
        state: SimState,
        truth: Truth,
        checks: Checks,
        clock: SimClock,
        chance: random.Random,
    ) -> None:
        self.clock = clock
        entropy = SeededEntropy(chance)
        self.kernel = JudgedKernel(SimTranslator(), Routing(), chance.randrange, chance.randbytes)
        log = TapLog(Journal(disk, entropy, file_bytes=FILE_BYTES), truth, checks)
        self.segments = TapSegments(SegmentStore(disk), truth, checks)
        self.state = TapState(state, checks)
        self.recovered = recover(self.kernel, log, self.segments, self.state, clock.wall_ms())
        self.journal = SimWorker()
        self.storage = SimWorker()
        self.posts: list[Callable[[], object]] = []
        self.scheduler = SimScheduler(clock)
        self.failed: StorageError | None = None
        self.commit = Commit(
            log,
            self.recovered.position,
            self.journal,
            self._post,
            lambda: self.broker.on_progress(),  # noqa: PLW0108 - there is no broker yet
            self._fail,
            writes_here=self.kernel.state.incarnation % 2 == 0,  # every second life
        )
        self.broker = Broker(self.kernel, self.commit, clock, self.scheduler, SimNodeInfo())
        self.checkpointer = Checkpointer(
            self.kernel,
            self.commit,
            self.segments,
            self.state,
            self.recovered,
            b"\1" * 16,
            self.storage,
            self._post,
        )
        self.checkpointer.on_failure = self._fail
        self.broker.loader = self.checkpointer.loader
        self.broker.after_turn = self.checkpointer.look
        self.checkpointer.wake = self.broker.begin_turn
        self.checkpointer.places_max = 8

    def _post(self, callback: Callable[..., object], /, *args: object) -> object:
        self.posts.append(lambda: callback(*args))
        return None

    def _fail(self, error: StorageError) -> None:
        self.failed = error

    def connect(self, door: SimDoor) -> BrokerSession:
        return self.broker.open(lambda session: door, SimShell())

    def run_post(self) -> bool:
        if not self.posts:
            return False
        self.posts.pop(0)()
        return True

    def advance(self, elapsed_ms: int, wall_ms: int) -> None:
        self.clock.elapsed += elapsed_ms
        self.clock.wall += wall_ms
        self.scheduler.fire()

    def step(self) -> bool:
        """Whatever there is to do, once each; False when there is nothing."""
        did = self.scheduler.fire()
        did = self.scheduler.turn() or did
        did = self.run_post() or did
        did = self.journal.run_one() or did
        did = self.storage.run_one() or did
        return did and self.failed is None
