"""What outlives a node, and the node alive now: disk, truth, model, clients; and who judges every step.

Everything random comes from one generator, so that a seed replays exactly. `counts` says how often each feature was met.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.sim import invariants as inv
from tests.sim.disk import PowerLost, SimDisk, SimState
from tests.sim.model import Message, Model, Reader
from tests.sim.node import Checks, SimClock, SimDoor, SimNode, Truth
from tests.sim.translator import deaths_of

from dragoman.kernel import records as r
from dragoman.kernel.leases.lease import Delivery
from dragoman.model.errors import KernelError
from dragoman.model.levels import SYNCED, WRITTEN
from dragoman.ports.storage import Full, StorageError, Tail

QUEUES = [f"q{number}" for number in range(5)]
STREAMS = [f"t{number}" for number in range(2)]
ROUTES = [f"r{number}" for number in range(4)]
KEYS = ["red", "blue", "red.dark", "blue.dark"]
ALL = "default"

Action = Callable[["World"], None]


class Client:
    """One connection and what its user knows."""

    def __init__(self, world: "World") -> None:
        self.door = SimDoor()
        self.session = world.node.connect(self.door)
        self.holders: list[int] = []
        self.pools: list[int] = []
        self.held: list[tuple[int, int, int, int, int]] = []  # (sub, partition, holder, start, end)
        self.waiting: list[tuple[str, int, int, list[Any]]] = []  # (what, position, level, keys)


class World(Checks):
    """Everything that outlives a node, and the node."""

    def __init__(self, seed: int) -> None:
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
        self.power_lost = False
        self.incarnation = 0
        self.positions: dict[tuple[int, int, int], int] = {}
        self.recovered_ends: dict[tuple[int, int], int] = {}
        self.used: set[tuple[int, int, int]] = set()  # offsets that somebody outside has seen
        self.seen: dict[
            tuple[int, int, int], tuple[bytes, int]
        ] = {}  # what cursors have read, at which level
        self.done_for_good: set[tuple[int, int, int]] = set()
        self.expected: dict[tuple[int, int, int], Any] = {}
        self.spared: set[tuple[int, int, int]] = set()  # their queue is gone: may come, or not
        self.plan: inv.Plan | None = None
        self.cause = ""
        self.clients: list[Client] = []
        self.bodies = 0
        self.node: SimNode
        self.meta: Any = None
        self.start()

    # --- what taps ask ---

    def opened(self, tail: Tail) -> None:
        inv.a_promise_survives(self, tail)
        for position in [known for known in self.truth.frames if known > tail.position]:
            del self.truth.frames[position]
        self.truth.written = self.truth.synced = tail.position
        self.promised = dict.fromkeys(self.promised, tail.position)
        self.power_lost = False

    def appending(self, position: int, records: list[r.Record]) -> None:
        for record in records:
            if isinstance(record, r.Published):
                for target in record.targets:
                    for at in range(record.packed or len(record.bodies)):
                        self.positions[target.stream, target.partition, target.offset + at] = (
                            position
                        )

    def trimming(self, position: int) -> None:
        inv.the_journal_keeps_what_no_checkpoint_has(self, position)
        self.counts["trim the journal"] += 1

    def dropping(self, segment: int) -> None:
        inv.only_what_no_row_names_goes(self, segment)
        self.counts["drop a segment"] += 1

    def committing(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        self.meta = inv.the_state_is_never_ahead_of_the_journal(self, changes)
        inv.segments_are_synced_as_far_as_a_checkpoint_says(self, self.meta)

    def committed(self) -> None:
        self.truth.checkpoint = self.meta.position
        inv.every_extent_lies_within_recorded_lengths(self, self.meta)
        self.counts["checkpoint committed"] += 1

    def store_rows(self, table: str) -> Iterator[tuple[str, bytes]]:
        return self.store._store.scan(table)

    # --- lives ---

    def start(self) -> None:
        """Open until it works; the power may go during any attempt."""
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
        self.seen = {
            key: known for key, known in self.seen.items() if known[1] == SYNCED or self._has(key)
        }  # what a power cut takes from a stream that does not wait for the disk may differ after it
        self.model = self.base.copy()
        for record in self.node.kernel._records:
            self.model.apply(record)
        self.clients, self.expected, self.plan, self.cause = [], {}, None, ""
        self.spared = set()
        inv.segments_end_where_the_checkpoint_says(self)
        inv.equal(self, wholly=True)
        self.node.kernel.judge = self._judge
        self.node.broker.begin_turn()

    def _has(self, key: tuple[int, int, int]) -> bool:
        return key[2] < self.recovered_ends.get(key[:2], 0)

    def crash(self) -> None:
        """The power goes, or the process is killed; then the next life begins."""
        self._lose_power_or_process()
        self.start()

    def _lose_power_or_process(self) -> None:
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
        inv.legal(self, records)
        for record in records:
            if isinstance(record, r.Published):
                for body in record.bodies:
                    for reason, _ in deaths_of(body)[-1:]:
                        self.counts[f"dead letter: {reason}"] += len(record.targets)
            elif isinstance(record, r.SubscriptionDeleted | r.StreamDeleted):
                self.spared |= {k for k in self.expected if k[0] not in self.model.readers}
            elif isinstance(record, r.Settled) and self.cause == "":
                self.counts[f"swept: {record.event}"] += 1

    def expect(self, reader: Reader, partition: int, messages: list[Message], holder: int) -> None:
        """Messages were leased (or taken): they must be delivered in this turn."""
        assert messages
        if any(message.tries for message in messages):
            self.counts["delivery again"] += 1
        key = (reader.id, partition, messages[0].offset)
        self.expected[key] = (
            reader,
            partition,
            list(messages),
            holder,
            [message.tries for message in messages],
        )

    def delivered(self, client: Client, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            subscription = delivery.holder.subscription.id
            key = (subscription, delivery.partition, delivery.start)
            inv.a_delivery_is_what_was_leased(self, delivery, self.expected.pop(key))
            self.counts["delivery"] += 1
            if not delivery.holder.no_ack:
                client.held.append(
                    (
                        subscription,
                        delivery.partition,
                        delivery.holder.id,
                        delivery.start,
                        delivery.end,
                    )
                )

    def released(self) -> None:
        """Clients get the confirms and replies whose time has come, by the node's own word."""
        for client in self.clients:
            ripe = [w for w in client.waiting if client.session.reached(w[2]) >= w[1]]
            client.waiting = [w for w in client.waiting if w not in ripe]
            for what, position, level, keys in ripe:
                inv.leaves(self, what, position, level)
                self.counts[f"{what} left"] += 1
                for key in keys:
                    if what == "confirm":
                        inv.leaves(self, what, inv.position_of(self, *key), level)
                        if level == SYNCED:
                            self.used.add(key)
                    else:
                        self.done_for_good.add(key)

    # --- the driver ---

    def step(self, actions: Sequence[Action], weights: Sequence[float]) -> None:
        action = self.chance.choices(actions, weights)[0]
        try:
            self.disk.check_power()
            action(self)
            self.released()
            if self.node.failed is not None:
                raise self.node.failed
            inv.equal(self, wholly=self.chance.random() < 0.04)
        except PowerLost:
            self.counts["power lost inside a call"] += 1
            self.crash()
        except StorageError as error:
            self.counts[f"node stopped: {type(error).__name__}"] += 1
            self.disk.faults.budget_bytes = None
            self.crash()

    def rest(self) -> None:
        """Let everything finish; then nobody may be left waiting."""
        for _ in range(1_000):
            if not self.node.step() and not self.make_room():
                break
            self.released()
        else:
            raise AssertionError("the node never comes to rest")
        if self.node.failed is not None:
            raise self.node.failed
        self.released()
        late = [key for key in self.expected if key not in self.spared]
        assert not late, f"leased and never delivered: {late}"
        assert not any(client.waiting for client in self.clients), "a confirm never came"
        inv.nobody_waits_in_vain(self)
        self.counts["rest"] += 1

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
            client.door.on_cancelled = lambda holder: self.cancelled(client, holder.id)
            self.clients.append(client)
        client = self.chance.choice(self.clients)
        self.node.broker.touch(client.session)
        return client

    def cancelled(self, client: Client, holder: int) -> None:
        if holder in client.holders:
            client.holders.remove(holder)
        self.counts["cancelled by deletion"] += 1

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
        here = [reader.name for reader in self.model.readers.values()]
        return self.chance.choice(here if here and self.chance.random() < 0.9 else QUEUES)

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
