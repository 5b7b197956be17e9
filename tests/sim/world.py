"""What outlives a node, and the node alive now: disk, truth, model, clients; and who judges every step.

Everything random comes from one generator, so that a seed replays exactly. `counts` says how often each feature was met.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.sim.clients import Client, Held, Lock
from tests.sim.disk import PowerLost, SimDisk, SimState
from tests.sim.invariants import disk
from tests.sim.invariants.equal import equal
from tests.sim.invariants.legal import legal
from tests.sim.invariants.plans import Plan
from tests.sim.invariants.rest import nobody_waits_in_vain
from tests.sim.invariants.selecting import TOLD_WHY
from tests.sim.invariants.waits import a_delivery_is_what_was_leased, leaves, position_of
from tests.sim.model import Message, Model, Reader
from tests.sim.model.schedules import Id
from tests.sim.node import Checks, SimClock, SimNode, Truth
from tests.sim.translator import deaths_of

from dragoman.kernel import records as r
from dragoman.kernel.commands import Publish
from dragoman.kernel.entities import Holder
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.standing import EARLY
from dragoman.kernel.quotas import Quotas
from dragoman.model.errors import KernelError
from dragoman.model.levels import SYNCED, WRITTEN
from dragoman.ports.storage import Full, StorageError, Tail

QUEUES = [f"q{number}" for number in range(5)]
STREAMS = [f"t{number}" for number in range(2)]
ROUTES = [f"r{number}" for number in range(4)]
KEYS = ["red", "blue", "red.dark", "blue.dark"]
ALL = "default"
REST_STEPS_MAX = 3_000  # pumps and dead letters, each with an end, multiply what goes through both

Action = Callable[["World"], None]
Lease = tuple[int, int, int, int, int]  # subscription, partition, start, end, holder (-1: taken)


class World(Checks):
    """Everything that outlives a node, and the node."""

    def __init__(self, seed: int, families: Sequence[str] = ()) -> None:
        self.families = families  # what is played beside the common mix
        self.chance = random.Random(seed)
        self.disk = SimDisk(seed)
        self.store = SimState()
        self.truth = Truth()
        self.clock = SimClock()
        self.model = Model()
        self.base = Model()  # as of frame `base_position`
        self.base_position = 0
        self.counts: Counter[str] = Counter()
        self.promised = {WRITTEN: 0, SYNCED: 0}
        self.power_lost = self.failing = False
        self.incarnation = 0
        self.positions: dict[tuple[int, int, int], int] = {}
        self.recovered_ends: dict[tuple[int, int], int] = {}
        self.used: set[tuple[int, int, int]] = set()  # offsets that somebody outside has seen
        self.seen: dict[
            tuple[int, int, int], tuple[bytes, int]
        ] = {}  # what cursors have read, at which level
        self.done_for_good: set[tuple[int, int, int]] = set()
        self.expected: dict[Lease, list[Any]] = {}
        self.spared: set[Lease] = set()  # their queue is gone: may come, or not
        self.leases: Counter[Lease] = Counter()  # in this life, decided
        self.appended_leases: Counter[Lease] = Counter()  # and written
        self.leased_at: dict[tuple[Lease, int], int] = {}  # the n-th of these -> its frame
        self.last_leased: Lease = (0, 0, 0, 0, 0)
        self.holder_lives: dict[int, int] = {}  # who was somebody in which life
        self.receipts: list[Held] = []  # leases with a deadline whose connection is gone
        self.locks: dict[tuple[int, bytes], Lock] = {}  # sessions, by subscription and key
        self.wanted: dict[int, str] = {}  # colours that receivers select, by holder
        self.appended = 0  # durable records, in this life
        self.last_position = 0  # of the frame that was appended last
        self.keys: dict[bytes, bytes] = {}  # what publishers gave, by the message's own name
        self.put_off: list[tuple[Publish, int]] = []  # bodies on their way to a hidden stream
        self.kept_ids: dict[Id, bytes] = {}  # schedules by id, as stored last
        self.told_ids: dict[Id, bytes] = {}  # as their publishers know them
        self.taken_back: set[bytes] = set()  # bodies that were taken back for good
        self.members: list[Any] = []  # of groups, see `actions.groups`
        self.group_views: dict[str, Any] = {}
        self.sharers: list[Any] = []  # see `actions.sharing`
        self.readings: list[Any] = []  # see `actions.reading`
        self.identities: set[tuple[int, int]] = set()  # of producers, as they were told
        self.writers: list[int] = []  # producers without transactions
        self.latest_ms = 0  # the latest wall time there was
        self.seeking: dict[int, set[int]] = {}  # where a seek may lead, per partition
        self.snapshot: r.SnapshotCreated | None = None  # what is gone back to
        self.plan: Plan | None = None
        self.cause = ""
        self.colour = ""  # that a settlement sets
        self.clients: list[Client] = []
        self.bodies = 0
        self.node: SimNode
        self.meta: Any = None
        self.start()

    # --- what taps ask ---

    def opened(self, tail: Tail) -> None:
        disk.a_promise_survives(self, tail)
        self.appended, self.last_position = 0, tail.position
        for position in [known for known in self.truth.frames if known > tail.position]:
            del self.truth.frames[position]
        self.truth.written = self.truth.synced = tail.position
        self.promised = dict.fromkeys(self.promised, tail.position)
        self.power_lost = False

    def appending(self, position: int, records: list[r.Record]) -> None:
        if position <= self.last_position:
            return  # once more, after the disk was full
        self.last_position = position
        self.appended += len(records)
        disk.an_atomic_set_is_in_one_frame(self)
        for record in records:
            if isinstance(record, r.Published):
                self._note_positions(record, position)
            elif isinstance(record, r.Leased):
                self._note_lease(record, (record.start, record.end), record.holder, position)
            elif isinstance(record, r.Settled) and record.event == s.TAKE:
                taken = record.offsets
                run = (taken[0], taken[-1] + 1) if taken else record.runs[0]
                self._note_lease(record, run, -1, position)

    def _note_positions(self, record: r.Published, position: int) -> None:
        for target in record.targets:
            for at in range(record.packed or len(record.bodies)):
                self.positions[target.stream, target.partition, target.offset + at] = position

    def _note_lease(
        self, record: r.Leased | r.Settled, run: tuple[int, int], holder: int, position: int
    ) -> None:
        lease = (record.subscription, record.partition, *run, holder)
        self.appended_leases[lease] += 1
        self.leased_at[lease, self.appended_leases[lease]] = position

    def trimming(self, position: int) -> None:
        disk.the_journal_keeps_what_no_checkpoint_has(self, position)
        self.counts["trim the journal"] += 1

    def dropping(self, segment: int) -> None:
        disk.only_what_no_row_names_goes(self, segment)
        self.counts["drop a segment"] += 1

    def committing(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        self.meta = disk.the_state_is_never_ahead_of_the_journal(self, changes)
        disk.segments_are_synced_as_far_as_a_checkpoint_says(self, self.meta)

    def committed(self) -> None:
        self.truth.checkpoint = self.meta.position
        disk.every_extent_lies_within_recorded_lengths(self, self.meta)
        self.counts["checkpoint committed"] += 1

    def store_rows(self, table: str) -> Iterator[tuple[str, bytes]]:
        return self.store._store.scan(table)

    # --- lives ---

    def start(self) -> None:
        """Open until it works; the power may go during any attempt."""
        self.clock.elapsed = 1_000  # it begins anew with each process
        while True:
            self.disk.faults.power_lost_at = self.chance.choice(
                [0, 0, 0, self.chance.randint(1, 25)]
            )
            try:
                self.node = SimNode(
                    self.disk, self.store, self.truth, self, self.clock, self.chance
                )
            except PowerLost:
                self.counts["crash in recovery"] += 1
                self._lose_power_or_process()
            except Full:
                self.disk.faults.budget_bytes = None
            else:
                break
        self.disk.faults.power_lost_at = 0
        self._recovered()

    def _recovered(self) -> None:
        for position in sorted(self.truth.frames):
            if position > self.base_position:
                for record in self.truth.frames[position]:
                    self.base.apply(record)
        self.base_position = max(self.truth.frames, default=self.base_position)
        self.truth.frames.clear()
        self.positions.clear()
        self.recovered_ends = {
            (stream.id, partition): end
            for stream in self.base.streams.values()
            for partition, end in enumerate(stream.ends)
        }
        self.model = self.base.copy()
        for record in self.node.kernel._records:
            self.model.apply(record)
        for transaction in self.model.transactions.by_name.values():
            transaction.began_ms = self.clock.elapsed  # its time begins anew
        self.clients, self.expected, self.plan, self.cause = [], {}, None, ""
        self.spared, self.locks, self.seeking, self.snapshot = set(), {}, {}, None
        self.put_off, self.members, self.group_views = [], [], {}
        self.sharers, self.readings, self.wanted = [], [], {}
        for counted in (self.leases, self.appended_leases, self.leased_at):
            counted.clear()
        disk.segments_end_where_the_checkpoint_says(self)
        equal(self, wholly=True)
        self.node.kernel.judge = self._judge
        self.node.kernel.on_rearmed = self._rearmed
        self.node.broker.begin_turn()

    def crash(self) -> None:
        """The power goes, or the process is killed; then the next life begins."""
        self._lose_power_or_process()
        self.start()

    def _lose_power_or_process(self) -> None:
        self.receipts += [held for client in self.clients for held in self.lasting(client)]
        self.clients = []
        if self.chance.random() < 0.6:
            self.power_lost = True
            self.counts["power loss"] += 1
            self.disk = self.disk.crash()
        else:
            self.counts["kill -9"] += 1
            self.disk = self.disk.kill()
        failed = self.store
        self.store = failed.crash()

    # --- judging ---

    def _judge(self, records: list[r.Record]) -> None:
        legal(self, records)
        returned = [
            record
            for record in records
            if isinstance(record, r.Settled) and record.event in {s.RELEASE, s.DELAY}
        ]
        self.counts["revoke followers"] += len(returned) > 1
        for record in records:
            if isinstance(record, r.Published) and not self.put_off_in(record):
                for body in record.bodies:
                    for reason, _ in deaths_of(body)[-1:]:
                        self.counts[f"dead letter: {reason}"] += len(record.targets)
            elif isinstance(record, r.SubscriptionDeleted | r.StreamDeleted):
                self.spared |= {k for k in self.expected if k[0] not in self.model.readers}
            elif isinstance(record, r.Settled) and self.cause == "":
                self.counts[f"swept: {record.event}"] += 1
                self._count_ended(record)

    def put_off_in(self, record: r.Published) -> bool:
        """Whether it only waits for its time."""
        stream = self.model.streams.get(record.targets[0].stream)
        return stream is not None and self.model.is_hidden(stream.id)

    def _count_ended(self, record: r.Settled) -> None:
        """Leases that nobody settled."""
        if record.source == s.LEASED:
            name = {s.DELAY: "put off", s.DROP: "give up"}.get(record.event, "end")
            self.counts[f"{name} by a deadline"] += 1

    def _rearmed(self) -> None:
        now_ms = self.node.kernel.elapsed_ms
        for reader in self.model.readers.values():
            for message in reader.messages():
                if message.state == s.LEASED and message.duration_ms:
                    message.until_ms = now_ms + message.duration_ms
                if message.state == s.WAITING:
                    until_ms, duration_ms = message.wait
                    left_ms = min(max(until_ms - self.now_ms, 0), duration_ms)
                    message.due_ms = now_ms + left_ms

    def expect(self, reader: Reader, partition: int, messages: list[Message], holder: int) -> None:
        """Messages were leased (or taken): they must be delivered in this turn."""
        assert messages
        if any(message.tries for message in messages):
            self.counts["delivery again"] += 1
        lease = (reader.id, partition, messages[0].offset, messages[-1].offset + 1, holder)
        self.leases[lease] += 1
        self.last_leased = lease
        as_now = [(message.body, message.tries) for message in messages]
        expected = (reader, partition, list(messages), as_now, (lease, self.leases[lease]))
        self.expected.setdefault(lease, []).append(expected)

    def unexpect(self, delivery: Delivery) -> Any:
        """It comes now, or never will."""
        holder = delivery.holder
        number = -1 if holder.no_ack else holder.id
        run = (delivery.start, delivery.end)
        lease = (holder.subscription.id, delivery.partition, *run, number)
        expected = self.expected.get(lease)
        if not expected:
            return None
        if len(expected) == 1:
            del self.expected[lease]
        return expected.pop(0)

    def delivered(self, client: Client, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            expected = self.unexpect(delivery)
            assert expected is not None, f"nobody leased {delivery.start} to {delivery.holder.id}"
            a_delivery_is_what_was_leased(self, delivery, expected)
            self.counts["delivery"] += 1
            if delivery.standing != EARLY:
                stream = delivery.holder.subscription.stream.id
                places = delivery.offsets or range(delivery.start, delivery.end)
                self.used |= {(stream, delivery.partition, offset) for offset in places}
            if not delivery.holder.no_ack:
                client.take(delivery)

    def lasting(self, client: Client) -> list[Held]:
        """What a client holds beyond its connection."""
        found: list[Held] = []
        for held in client.held:
            reader = self.model.readers.get(held.subscription)
            messages = [] if reader is None else reader.between(*held[1:2], *held[3:])
            if any(m.duration_ms and m.holder == held.holder for m in messages):
                found.append(held)
        return found

    def released(self) -> None:
        """Clients get the confirms and replies whose time has come, by the node's own word."""
        for client in self.clients:
            ripe = [w for w in client.waiting if client.session.reached(w.level) >= w.position]
            client.waiting = [w for w in client.waiting if w not in ripe]
            for what, position, level, keys in ripe:
                leaves(self, what, position, level)
                self.counts[f"{what} left"] += 1
                if what == "confirm":
                    for key in keys:
                        leaves(self, what, position_of(self, *key), level)
                    self.used |= set(keys) if level == SYNCED else set()
                    self._tell_ids(keys)
                elif what == "identity":
                    self.identities |= set(keys)
                elif what == "cancellation":
                    self.taken_back |= set(keys)
                elif what == "settlement":
                    self.done_for_good |= set(keys)
                elif what == "reply":
                    self.delivered(client, keys)

    def _tell_ids(self, keys: list[Any]) -> None:
        """A publisher knows the ids of what was put off."""
        for stream, _, offset in keys:
            if (stream, offset) in self.kept_ids:
                self.told_ids[stream, offset] = self.kept_ids[stream, offset]

    # --- the driver ---

    def step(self, actions: Sequence[Action], weights: Sequence[float]) -> None:
        action = self.chance.choices(actions, weights)[0]
        try:
            self.disk.check_power()
            action(self)
            self.latest_ms = max(self.latest_ms, self.now_ms)
            self.released()
            if self.node.failed is not None:
                raise self.node.failed
            self.forget_locks()
            equal(self, wholly=self.chance.random() < 0.04)
        except PowerLost:
            self.counts["power lost inside a call"] += 1
            self.crash()
        except StorageError as error:
            self.counts[f"node stopped: {type(error).__name__}"] += 1
            self.disk.faults.budget_bytes = None
            self.crash()

    def rest(self) -> None:
        """Let everything finish; then nobody may be left waiting."""
        for _ in range(REST_STEPS_MAX):
            if not self.node.step() and not self.make_room():
                break
            self.released()
        else:
            raise AssertionError("the node never comes to rest")
        if self.node.failed is not None:
            raise self.node.failed
        self.released()
        self.forget_locks()
        late = [key for key in self.expected if key not in self.spared]
        assert not late, f"leased and never delivered: {late}"
        assert not any(client.waiting for client in self.clients), "a confirm never came"
        nobody_waits_in_vain(self)
        self.counts["rest"] += 1

    def unlock(self, holder: int) -> None:
        """Whoever had a session gave it up."""
        self.locks = {at: lock for at, lock in self.locks.items() if lock.holder != holder}

    def forget_locks(self) -> None:
        """Sessions whose connection or queue is gone; and those that the node let go after their time, not before."""
        holders = self.node.kernel.state.holders
        now_ms = self.node.kernel.elapsed_ms
        for key, lock in list(self.locks.items()):
            is_gone = lock.client not in self.clients or key[0] not in self.model.readers
            is_over = 0 < lock.until_ms <= now_ms and lock.holder not in holders
            if is_gone or is_over:
                del self.locks[key]
                self.counts["a session's time is over"] += is_over

    @property
    def is_carrying(self) -> bool:
        """A pump may be at work: nobody else takes messages while the kernel sweeps."""
        return self.node.kernel.is_sweeping

    def lift_quotas(self) -> None:
        """For actions that do not play what quotas refuse."""
        self.node.kernel.state.quotas = Quotas()
        self.node.kernel.state.is_full = False

    def make_room(self) -> bool:
        """The disk is no longer full: what was refused is written after all. Whether anything was."""
        refused = False
        self.disk.faults.budget_bytes = None
        self.disk.faults.full_write_at = 0
        for part in (self.node.commit, self.node.checkpointer):
            if part.is_refused:
                self.counts[f"room again for the {type(part).__name__.lower()}"] += 1
                part.retry()
                refused = True
        return refused

    # --- choices ---

    def client(self) -> Client:
        if not self.clients or (len(self.clients) < 4 and self.chance.random() < 0.15):
            client = Client(self)
            client.door.on_deliver = lambda deliveries: self.delivered(client, deliveries)
            client.door.on_cancelled = lambda holder: self.cancelled(client, holder)
            self.clients.append(client)
        client = self.chance.choice(self.clients)
        self.node.broker.touch(client.session)
        return client

    def cancelled(self, client: Client, holder: Holder) -> None:
        if holder.id in client.holders:
            client.holders.remove(holder.id)
        self.counts[TOLD_WHY if holder.ended else "cancelled by deletion"] += 1

    @property
    def now_ms(self) -> int:
        """Wall time as this turn sees it."""
        return self.node.kernel.now_ms

    def body(self) -> bytes:
        self.bodies += 1
        size = self.chance.choices([0, 40, 300], [20, 5, 1])[0]
        colour = self.chance.choice(KEYS)
        return f"m{self.bodies}{'x' * size};{colour}".encode()

    def pick(self, *options: Any) -> Any:
        return self.chance.choice(options)

    def queue_name(self) -> str:
        """Of a queue that is there, as a rule."""
        here = [
            reader.name for reader in self.model.readers.values() if self.model.is_queue(reader)
        ]
        return self.chance.choice(here if here and self.chance.random() < 0.9 else QUEUES)

    def any_reader(self, *orders: str) -> Reader | None:
        """Some leased subscription, of these orders."""
        found = [r for r in self.model.readers.values() if not orders or r.settings.order in orders]
        return self.chance.choice(found) if found else None

    def name_of(self, reader: Reader) -> str:
        """Of the stream it reads."""
        return self.model.streams[reader.stream].name

    def route_name(self) -> str:
        """Of a route that is there, as a rule."""
        here = [route.name for route in self.model.routes.values()]
        return self.chance.choice(here if here and self.chance.random() < 0.9 else ROUTES)

    def ask(self, client: Client, command: Any, cause: str = "asked") -> Any:
        """A cold command; None when it was refused."""
        self.cause = cause
        try:
            reply = client.session.submit(command)
        except KernelError as error:
            self.counts[f"refused: {error.code}"] += 1
            return None
        finally:
            self.cause = ""
        self.counts[type(command).__name__] += 1
        return reply
