"""The broker's turn: what happens between two waits of the event loop.

    bytes arrive -> doors -> sessions -> kernel (applied at once)
    end of turn:  due work -> dispatch -> deliveries to doors -> bytes to the sockets -> records to the commit
    journal:      positions moved -> who waits is told -> bytes to the sockets; a small frame is written within the turn

One turn serves every connection that had something in this round of the loop; each is written to once. Sockets come
before the frame: what may leave does not wait for it, and the writer's thread, once woken, wants the interpreter too.
Everything here runs on one thread; the only other thread is the journal's writer, which posts back.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

from dragoman.kernel.api import ConnectionDoor, Node
from dragoman.kernel.block import Block, Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.state import Needs
from dragoman.model.levels import WRITTEN
from dragoman.ports.clock import Clock
from dragoman.ports.storage import Failed
from dragoman.runtime.aside import Aside, AtOnce
from dragoman.runtime.commit import Commit
from dragoman.runtime.growth import Growth
from dragoman.runtime.nocommit import NoCommit
from dragoman.runtime.outbox import Outbox
from dragoman.runtime.session import BrokerSession
from dragoman.runtime.timers import Timers
from dragoman.runtime.watchers import Watchers
from dragoman.telemetry.counters import Meters

RESIDENT_BYTES_MAX: Final = 96 << 20
"""Of messages that are nowhere but in memory, before publishers are held back."""
PUT_OFF_MS: Final = 5
"""Until what nobody waits for is handed to the journal: so much of it may a killed process lose."""
VISIBLE_LAG_MS: Final = 10
"""Until entries of a stream whose level is synced are shown to cursors that are not waiting for them yet."""
COLD_ROUNDS_MAX: Final = 4
"""Times that a turn loads what it is to hand out."""
GATHERING_BYTES_MAX: Final = 32 << 20
"""In the frame that waits for the writer, before publishers are held back, too."""


class Scheduler(Protocol):
    """What the broker asks of an event loop: run something soon, or at a time."""

    def soon(self, callback: Callable[[], None]) -> object: ...

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        """Returns what cancels it."""
        ...


class Shell(Protocol):
    """The socket side of a connection."""

    def flush(self) -> None:
        """Write what the door has ready."""
        ...

    def throttle(self, *, on: bool) -> None:
        """Read no more from this publisher, or read again."""
        ...

    def abort(self) -> None:
        """End the connection without a word."""
        ...


class Loader(Protocol):
    """Brings bodies back from disk."""

    def load(self, blocks: list[Block]) -> None: ...

    def trim(self) -> None:
        """Let go of bodies past the cache's size. Whoever was handed blocks since the last call is done with them."""
        ...


def _raise(error: Exception) -> None:
    raise error


class Broker:
    """Kernel, commit and connections, turned together."""

    def __init__(
        self,
        kernel: Kernel,
        commit: Commit | NoCommit,
        clock: Clock,
        scheduler: Scheduler,
        node: Node,
    ) -> None:
        self.kernel = kernel
        self.commit = commit
        commit.collect = self._collect
        commit.put_off = self._put_off
        self.meters = Meters()
        commit.sync_times = self.meters.journal_sync
        self.clock = clock
        self.node = node
        self.loader: Loader | None = None
        self.on_fault: Callable[[Exception], None] = _raise  # the node cannot go on
        self.on_door_fault: Callable[[Exception], None] = _raise  # one connection was ended for it
        self.after_turn: Callable[[], None] | None = (
            None  # the checkpointer's look at how much is unflushed
        )
        self._scheduler = scheduler
        self._soon = scheduler.soon
        self._has_loaded = False  # bodies, since the loader was last told to let go of some
        self._sessions: dict[int, BrokerSession] = {}
        self._touched: dict[BrokerSession, None] = {}
        self._waiting: dict[BrokerSession, None] = {}
        self._outbox = Outbox(commit)
        self._watchers: Watchers[BrokerSession, tuple[str, str]] = Watchers()  # of streams
        self._pushers: Watchers[BrokerSession, str] = Watchers()  # of what a face pushes
        self.on_pushed: Callable[[str], None] = lambda _: (
            None
        )  # by a face that nobody has asked for yet
        self._growth = Growth(kernel, commit, self._on_grown, self._is_awaited, self._sync_soon)
        self._turning = False
        self._is_faulty = False  # no turn comes any more
        self._is_lagging = False
        self._is_put_off = False
        self._appended = 0  # bytes of bodies given to the commit so far
        self._throttled: dict[BrokerSession, None] = {}  # publishers not read from
        self._news: dict[BrokerSession, None] = {}  # to be told that what they wait for has moved
        self.aside = Aside(AtOnce, lambda call, *what: call(*what), self.tell_soon)
        self.timers = Timers(clock, scheduler, self.begin_turn)
        self.read_clock()

    # --- sessions ---

    def open(
        self,
        make_door: Callable[[BrokerSession], ConnectionDoor],
        shell: Shell,
        protocol: str = "other",
    ) -> BrokerSession:
        """A new connection; its door is made for its session."""
        self.begin_turn()
        session = BrokerSession(self, self.kernel.open_session(), shell, protocol)
        session.opened_as.connections += 1
        session.opened_as.connections_opened += 1
        self._sessions[session.id] = session
        session.door = make_door(session)
        self.touch(session)
        return session

    def close(self, session: BrokerSession) -> None:
        """The connection is gone: so is what it held."""
        if self._sessions.pop(session.id, None) is None:
            return
        self.begin_turn()
        session.opened_as.connections -= 1
        self._ask(session, session.door.lost)
        self._touched.pop(session, None)
        self._waiting.pop(session, None)
        self._throttled.pop(session, None)
        self._news.pop(session, None)
        self.timers.forget(session)
        self._watchers.forget(session)
        self._pushers.forget(session)
        self.loaded(lambda: self.kernel.close_session(session.id))

    def sessions(self) -> list[BrokerSession]:
        """Those that are open."""
        return list(self._sessions.values())

    def touch(self, session: BrokerSession) -> None:
        """Something happened on this connection: write to it at the end of the turn."""
        self._touched[session] = None
        self.begin_turn()

    # --- the turn ---

    def read_clock(self) -> None:
        """Time stands still within a turn."""
        self.kernel.now_ms = self.clock.wall_ms()
        self.kernel.elapsed_ms = self.clock.elapsed_ms()

    def begin_turn(self) -> None:
        """Make sure this round of the loop ends with `_end_turn`."""
        if not self._turning and not self._is_faulty:
            self._turning = True
            self.read_clock()
            self._soon(self._end_turn)

    def loaded(self, ask: Callable[[], Any]) -> Any:
        """Ask the kernel, loading what it needs from disk until it can answer."""
        while True:
            try:
                return ask()
            except Needs as needs:
                self._load(needs)

    def _load(self, needs: Needs) -> None:
        assert self.loader is not None, "cold blocks without storage"
        self._has_loaded = True
        self.loader.load(needs.blocks)

    def _end_turn(self) -> None:
        """A turn that fails in its middle leaves nothing to build on: the node stops, and its next life recovers."""
        try:
            self._turn()
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._is_faulty = True
            self.commit.stop(Failed(f"a fault: {error!r}"))
            self.on_fault(error)

    def _turn(self) -> None:
        self._turning = False
        self.meters.turns += 1
        kernel = self.kernel
        if kernel.is_broken:
            raise Failed("a decision was carried out in part")
        self._tick_doors()
        more = self._dispatch()  # before the sweep: what lives for no time is handed out first
        more = bool(self.loaded(kernel.sweep)) or more
        more = bool(self.loaded(kernel.trim_crowded)) or more
        self._hand_deliveries()
        self._hand_answers()
        kernel.release()
        touched = self._flush()
        if self.loader is not None and self._has_loaded:
            self._has_loaded = False
            self.loader.trim()
        self._gather()
        if self.commit.pump_here():
            self._ripen()
        self._press(touched)
        self._hand_ripened()
        self._note_pushed()
        self._tell()
        self._flush()
        if self.after_turn is not None:
            self.after_turn()
        self._ease()
        if more or kernel.state.active or kernel.state.groups.answers:
            self.begin_turn()
        self._arm()

    def _arm(self) -> None:
        elapsed_ms, wall_ms = self.kernel.deadlines()
        self.timers.arm(elapsed_ms, wall_ms, self.kernel.elapsed_ms)

    def _dispatch(self) -> bool:
        """Hand out what is in memory; what is not is loaded, some of it for the next turn. Whether there will be
        something then.

        What is loaded stays until the turn ends: two heads that are cold do not push each other out.
        """
        for _ in range(COLD_ROUNDS_MAX):
            try:
                return self.kernel.dispatch()
            except Needs as needs:
                self._load(needs)
        return True

    def _ask(self, session: BrokerSession, call: Callable[..., object], *arguments: object) -> None:
        """Tell a door something. One that raises, against its word, loses its connection; nobody else notices."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._lose(session, error)
        else:
            self._touched[session] = None

    def _lose(self, session: BrokerSession, error: Exception) -> None:
        """End a connection whose door has failed."""
        if self.kernel.is_broken:
            raise error
        session.shell.abort()
        self.note_fault(error)

    def note_fault(self, error: Exception) -> None:
        """A fault of ours that one client noticed."""
        self.meters.faults += 1
        self.on_door_fault(error)

    def _tick_doors(self) -> None:
        for session in self.timers.due(self.kernel.elapsed_ms):
            self._ask(session, session.door.tick)

    def _hand_deliveries(self) -> None:
        position = self.position()
        for session_id, deliveries in self.kernel.drain_deliveries().items():
            self._deliver(session_id, self._outbox.sift(session_id, deliveries, position))
        cancelled, self.kernel.state.cancelled = self.kernel.state.cancelled, []
        for holder in cancelled:
            session = self._sessions.get(holder.session)
            if session is not None:
                self._ask(session, session.door.cancelled, holder)
        deleted, self.kernel.state.deleted = self.kernel.state.deleted, []
        for place in deleted:
            self._news.update(self._watchers.take(place))

    def _deliver(self, session_id: int, deliveries: list[Delivery]) -> None:
        session = self._sessions.get(session_id)
        if session is not None and deliveries:
            session.count_deliveries(deliveries)
            self._ask(session, session.door.deliver, deliveries)

    def _hand_ripened(self) -> None:
        """What has become safe enough; not if its subscription is gone meanwhile."""
        for session_id, deliveries in self._outbox.take().items():
            subscriptions = self.kernel.state.subscriptions
            wanted = [one for one in deliveries if one.holder.subscription.id in subscriptions]
            self._deliver(session_id, wanted)

    def _hand_answers(self) -> None:
        """What doors were promised by tickets. A door that is told may ask again at once, and be answered at once."""
        groups = self.kernel.state.groups
        while groups.answers:
            answers, groups.answers = groups.answers, []
            for session_id, ticket, result in answers:
                session = self._sessions.get(session_id)
                if session is not None:
                    self._ask(session, session.door.answered, ticket, result)

    def _tell(self) -> None:
        """After the frame was handed over: what a door asks for now belongs to the next one."""
        while self._news:
            news, self._news = self._news, {}
            for session in news:
                if session.id in self._sessions:
                    self._ask(session, session.door.progressed)
        if self._collect():
            self.begin_turn()

    def _collect(self) -> bool:
        """Put what was decided into the frame now gathering: a checkpoint counts on nothing being outside of it."""
        if self.kernel.is_broken:
            return False
        records = self.kernel.drain_records()
        if records:
            self.commit.add(records, self.kernel.state.appended - self._appended)
        self._appended = self.kernel.state.appended
        return bool(records)

    def _gather(self) -> None:
        """This turn's records go to the frame now gathering; what grew is visible once that frame is durable enough."""
        reserved = self._growth.reserve()
        self._collect()
        self._growth.note(self.commit.position(), reserved)

    def _put_off(self) -> None:
        if not self._is_put_off:
            self._is_put_off = True
            self._scheduler.later(PUT_OFF_MS, self._pump_all)

    def _pump_all(self) -> None:
        self._is_put_off = False
        self.commit.pump_all()

    def _on_grown(self, stream: Stream, partition: Partition) -> None:
        self._outbox.grown(partition)
        self._news.update(self._watchers.take((stream.namespace, stream.name)))

    def _is_awaited(self, stream: Stream, partition: Partition) -> bool:
        return self._outbox.awaits(partition) or (stream.namespace, stream.name) in self._watchers

    def _sync_soon(self) -> None:
        """Cursors that wait see what grew at once; while none waits, the journal is synced for them now and then."""
        if not self._is_lagging:
            self._is_lagging = True
            self._scheduler.later(VISIBLE_LAG_MS, self._catch_up)

    def _catch_up(self) -> None:
        self._is_lagging = False
        self.commit.want_sync(self.commit.position())  # of a frame that still gathers, too
        self.commit.pump()

    def give_back(self) -> None:
        """See `Growth.give_back`."""
        self._growth.give_back()

    def _flush(self) -> dict[BrokerSession, None]:
        """Write to whoever was touched since the last call; returns them."""
        touched, self._touched = self._touched, {}
        for session in touched:
            self._write(session)
        return touched

    def _write(self, session: BrokerSession) -> None:
        try:
            session.shell.flush()
            self.timers.set(session, session.door.next_tick_ms())
        except Exception as error:  # noqa: BLE001 - as in `_ask`
            self._lose(session, error)

    # --- pressure ---

    def is_pressed(self) -> bool:
        """More has been published than the journal and the checkpoints have taken: publishers wait."""
        return (
            self.loader is not None and self.kernel.state.resident > RESIDENT_BYTES_MAX
        ) or self.commit.pending_bytes > GATHERING_BYTES_MAX

    def _press(self, touched: dict[BrokerSession, None]) -> None:
        """Read no more from those who have published, as long as there is too much."""
        pressed = self.is_pressed()
        for session in touched:
            if session.has_published:
                session.has_published = False
                if pressed:
                    self._throttled[session] = None
                    session.shell.throttle(on=True)

    def _ease(self) -> None:
        """Let publishers go on once there is room again."""
        if self._throttled and not self.is_pressed():
            throttled, self._throttled = self._throttled, {}
            for session in throttled:
                session.shell.throttle(on=False)

    # --- progress of the journal ---

    def wait(self, session: BrokerSession, position: int, level: int) -> None:
        """Tell `session` when `position` has reached `level`."""
        self._waiting[session] = None
        if level > WRITTEN:
            self.commit.want_sync(position)
        else:
            self.commit.want_written(position)

    def position(self) -> int:
        """Of the frame that holds everything decided so far, this turn's records included."""
        return self.commit.gathering() if self.kernel.has_records() else self.commit.position()

    def watch(self, session: BrokerSession, namespace: str, name: str) -> None:
        """Tell `session`, once, when the stream's committed end moves, or it is deleted."""
        self._watchers.add(session, (namespace, name))
        if self._growth.is_growing:
            self.commit.want_sync(self.commit.position())

    def tell_soon(self, sessions: dict[BrokerSession, None]) -> None:
        """Tell these in this turn, or in one that begins now."""
        self._news.update(sessions)
        self.begin_turn()

    def watch_pushed(self, session: BrokerSession, face: str) -> None:
        """Tell `session`, once, when what the face pushes changes."""
        self._pushers.add(session, face)

    def _note_pushed(self) -> None:
        pushed = self.kernel.state.pushed
        if pushed.changed:
            changed, pushed.changed = pushed.changed, {}
            for face in changed:
                if face not in self._pushers:
                    self.on_pushed(face)
                self._news.update(self._pushers.take(face))

    def on_progress(self) -> None:
        """Positions moved: show what grew, tell who waits, and let it leave."""
        if not self._turning:
            self.read_clock()
        self._ripen()
        self._hand_ripened()
        self._tell()
        self._let_leave()
        if self.after_turn is not None:
            self.after_turn()
        self._ease()

    def _ripen(self) -> None:
        """Positions moved: who may be told something."""
        self._growth.ripen()
        waiting, self._waiting = self._waiting, {}
        self._news.update(waiting)

    def _let_leave(self) -> None:
        """What a turn does at its end, in this round of the loop if none will come by itself."""
        if self._turning or self._is_faulty or self.kernel.is_broken or not self._touched:
            return
        self._flush()
        self.commit.pump()  # for what was asked for while told
        state = self.kernel.state
        if state.active or state.cancelled or state.groups.answers:
            self.begin_turn()
        self._arm()
