"""A life of a node from a seed: random clients, faults and crashes, judged at every step.

    World   the disk, the truth about it, the model, the node alive now, its clients; survives crashes
    step    one random thing: a client's command, a turn, a job of a worker, a post, time, a fault, a crash

Everything random comes from one generator, so that a seed replays exactly. `counts` says how often each feature was met.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.sim import invariants as inv
from tests.sim.disk import PowerLost, SimDisk, SimState
from tests.sim.model import Message, Model, Reader
from tests.sim.node import Checks, SimClock, SimDoor, SimNode, Truth
from tests.sim.translator import deaths_of

from dragoman.kernel import commands as c
from dragoman.kernel import kernel as kernel_module
from dragoman.kernel import records as r
from dragoman.kernel.leases import lease as lease_module
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import KernelError
from dragoman.model.levels import APPLIED, CANONICAL, SYNCED, WRITTEN
from dragoman.ports.storage import Full, StorageError, Tail
from dragoman.runtime import checkpoint, extents

STEPS = 600
QUEUES = [f"q{number}" for number in range(5)]
STREAMS = [f"t{number}" for number in range(2)]
ROUTES = [f"r{number}" for number in range(4)]
KEYS = ["red", "blue", "red.dark", "blue.dark"]
ALL = "default"
LIMITS: dict[tuple[Any, str], int] = {  # small ones, so that a short life meets them
    (checkpoint, "SEGMENT_BYTES_MAX"): 1_500,
    (extents, "EXTENT_BYTES_MAX"): 400,
}
if str(lease_module.__file__).endswith(".py"):  # compiled modules have their limits built in
    LIMITS |= {
        (extents, "CACHE_BYTES_MAX"): 1_000,
        (lease_module, "LOAD_AHEAD_BYTES_MAX"): 300,
        (kernel_module, "COLD_BYTES_MAX"): 300,
    }


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

    def step(self) -> None:
        action, _ = self.chance.choices(ACTIONS, WEIGHTS)[0]
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


@contextmanager
def small_limits() -> Iterator[None]:
    before = {place: getattr(*place) for place in LIMITS}
    for (module, name), value in LIMITS.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def live(seed: int, steps: int = STEPS) -> World:
    """One seed from its first start to its last crash."""
    with small_limits():
        world = World(seed)
        for _ in range(steps):
            world.step()
        world.disk.faults.budget_bytes = None
        world.crash()
    return world


# --- what clients do -----------------------------------------------------------------------------------------------


def declare_queue(world: World) -> None:
    chance, pick = world.chance, world.pick
    exclusive = chance.random() < 0.08
    limited = chance.random() < 0.35
    name = pick(*QUEUES, *STREAMS) if chance.random() < 0.3 else pick(*QUEUES)
    attached = world.model.named(name) is not None
    settings = SubscriptionSettings(
        durable=chance.random() < 0.85,
        early=chance.random() < 0.6,
        ttl_ms=pick(-1, -1, -1, -1, -1, 0, 50, 200, 1_000),
        length_max=pick(-1, 0, 2, 5, 10) if limited else -1,
        # of what was there before it, a reader counts shares: not played where exactness matters
        bytes_max=pick(-1, -1, 60, 200) if limited and not attached else -1,
        overflow=pick("drop-head", "reject-publish", "reject-publish-dead-letter"),
        attempts_max=pick(0, 1, 2),
        attempts_counted=pick("leased", "failed"),
        retry_ms=pick(0, 0, 60),
        dead_letter=pick(
            None,
            Address(pick(*QUEUES)),
            Address(pick(*ROUTES), pick("", *KEYS), is_route=True),
            Address(pick(*ROUTES), pick("", *KEYS), is_route=True),
        ),
        single_active=chance.random() < 0.05,
        exclusive=exclusive,
        auto_delete=chance.random() < 0.05,
    )
    stream = StreamSettings(level=pick(WRITTEN, SYNCED), durable=settings.durable and not exclusive)
    info = world.ask(world.client(), c.DeclareQueue(name=name, settings=settings, stream=stream))
    if info is not None and info.created:
        reader = world.model.queue(name)
        assert reader is not None and reader.id == info.id
        world.counts["attach a queue" if name in STREAMS else "make a queue"] += 1


def delete_queue(world: World) -> None:
    if_unused, if_empty = world.chance.random() < 0.3, world.chance.random() < 0.3
    name = world.pick(*QUEUES, *STREAMS)
    reader = world.model.queue(name)
    info = world.ask(
        world.client(), c.DeleteQueue(name=name, if_unused=if_unused, if_empty=if_empty)
    )
    assert info is None or (reader is not None and not (if_empty and info.ready))


def create_stream(world: World) -> None:
    settings = StreamSettings(
        partitions=world.pick(1, 2), level=world.pick(WRITTEN, SYNCED), retention_ms=-1
    )
    world.ask(world.client(), c.CreateStream(name=world.pick(*STREAMS), settings=settings))


def delete_stream(world: World) -> None:
    world.ask(world.client(), c.DeleteStream(name=world.pick(*STREAMS)))


def alter_stream(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is not None and stream.keeps():
        settings = StreamSettings(
            partitions=min(len(stream.ends) + 1, 4), level=stream.settings.level, retention_ms=-1
        )
        world.ask(world.client(), c.AlterStream(name=stream.name, settings=settings))


def declare_route(world: World) -> None:
    name = world.pick(*ROUTES)
    settings = RouteSettings(
        kind=world.pick("direct", "fanout", "topic", "headers"),
        durable=world.chance.random() < 0.85,
        alternate=world.pick("", "", *ROUTES),
    )
    world.ask(world.client(), c.DeclareRoute(name=name, settings=settings))


def delete_route(world: World) -> None:
    world.ask(
        world.client(), c.DeleteRoute(name=world.pick(*ROUTES), if_unused=world.pick(True, False))
    )


def _binding(world: World, route: str) -> BindingSettings:
    known = world.model.route(route)
    if known is not None and known.settings.kind == "headers":
        return BindingSettings(arguments={"x-match": "all", "colour": world.pick(*KEYS)})
    return BindingSettings(key=world.pick(*KEYS, "red.*", "#", "*"))


def bind(world: World) -> None:
    route = world.route_name()
    to_route = world.chance.random() < 0.2
    target = world.route_name() if to_route else world.pick(world.queue_name(), *STREAMS)
    command = c.Bind(route=route, target=target, to_route=to_route, binding=_binding(world, route))
    world.ask(world.client(), command)


def unbind(world: World) -> None:
    if world.model.bindings:
        bound = world.chance.choice(world.model.bindings)
        targets = world.model.routes if bound.to_route else world.model.streams
        command = c.Unbind(
            route=world.model.routes[bound.route].name,
            target=targets[bound.target].name,
            to_route=bound.to_route,
            binding=bound.binding,
        )
        world.ask(world.client(), command)


def publish(world: World) -> None:
    address = world.pick(
        Address(world.queue_name()),
        Address(world.queue_name()),
        Address(world.pick(*STREAMS)),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
    )
    bodies = [world.body() for _ in range(world.pick(1, 1, 1, 2, 3, 8))]
    packed = world.chance.random() < 0.15
    command = c.Publish(ALL, address, CANONICAL, [b"\n".join(bodies)] if packed else bodies)
    command.packed = len(bodies) if packed else 0
    if not packed and world.chance.random() < 0.2:
        command.expires_ms = [
            world.pick(0, world.clock.wall + world.pick(0, 30, 300)) for _ in bodies
        ]
        world.counts["publish with expiry"] += 1
    if world.chance.random() < 0.15:
        command.level = SYNCED
    _send(world, world.client(), command, bodies)


def _send(world: World, client: Client, command: c.Publish, bodies: list[bytes]) -> None:
    model = world.model
    world.plan = {}
    refused = inv.plan_publish(
        model,
        command.address,
        bodies,
        world.plan,
        packed=command.packed > 0 and not _each(world, command.address),
    )
    planned = bool(world.plan)
    targets = [set(model.targets(command.address, body) or ()) for body in bodies]
    ends = {stream.id: list(stream.ends) for stream in model.streams.values()}
    world.cause = "published"
    reply = None
    try:
        reply = client.session.publish(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
    left, world.plan, world.cause = world.plan, None, ""
    if reply is None:
        assert not planned
        return
    assert not left, f"never published: {left}"
    assert reply.refused == refused, (reply.refused, refused)
    assert reply.routed == max(map(len, targets)) or refused >= 0
    _count_publish(world, command, targets, refused)
    keys = [
        (stream.id, partition, offset)
        for stream in model.streams.values()
        if stream.settings.durable
        for partition, end in enumerate(stream.ends)
        for offset in range(ends[stream.id][partition], end)
    ]
    if reply.level > APPLIED:
        client.waiting.append(("confirm", reply.position, reply.level, keys))
        client.session.want(reply.position, reply.level)


def _each(world: World, address: Address) -> bool:
    """Whether the address opens batches: some route that is reached looks into messages."""
    model = world.model
    start = model.route(address.name) if address.is_route else None
    seen = [] if start is None else [start.id]
    for route in seen:  # grows
        settings = model.routes[route].settings
        bound = [b for b in model.bindings if b.route == route]
        if settings.kind == "headers" and bound:
            return True
        matched = [b for b in bound if model.matches(b, address.key, b"")]
        alternate = model.route(settings.alternate)
        onward = [b.target for b in matched if b.to_route]
        onward += [alternate.id] if alternate is not None and not matched else []
        seen += [target for target in onward if target not in seen]
    return False


def _count_publish(world: World, command: c.Publish, targets: list[set[int]], refused: int) -> None:
    counts = world.counts
    counts["publish"] += 1
    counts["publish a batch"] += not command.packed and len(command.bodies) > 1
    counts["publish packed"] += command.packed > 0
    counts["publish through a route"] += command.address.is_route
    counts["publish to several"] += max(map(len, targets)) > 1
    counts["publish nowhere"] += not any(targets)
    counts["publish refused"] += refused >= 0


def consume(world: World) -> None:
    client = world.client()
    name = world.queue_name()
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.12 and reader is not None and reader.settings.early
    command = c.Consume(
        name=name,
        credit_max=world.pick(0, 1, 2, 5),
        pool=world.pick(0, 0, *client.pools),
        no_ack=no_ack,
        exclusive=world.chance.random() < 0.04,
        priority=world.pick(0, 0, 1),
    )
    holder = world.ask(client, command)
    if holder is not None:
        client.holders.append(holder.id)
        world.counts["consume without acknowledging"] += no_ack
        world.counts["consume in a pool"] += command.pool > 0
        world.counts["consume with priority"] += command.priority > 0


def cancel(world: World) -> None:
    client = world.client()
    if client.holders:
        world.ask(
            client, c.Cancel(holder=client.holders.pop(world.chance.randrange(len(client.holders))))
        )


def lease(world: World) -> None:
    client = world.client()
    name = world.queue_name()
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.2 and reader is not None and reader.settings.early
    if reader is None or not reader.settings.early:
        return  # a reply to it waits for more than its door's word: not played here
    command = c.Lease(name=name, count_max=world.pick(1, 1, 2, 5), no_ack=no_ack)
    world.delivered(client, world.ask(client, command) or [])


def _settle(world: World, outcome: c.Outcome) -> None:
    client = world.client()
    if not client.held:
        return
    held = client.held.pop(world.chance.randrange(len(client.held)))
    number, partition, holder, start, end = held
    if end - start > 1 and world.chance.random() < 0.4:
        middle = world.chance.randint(start + 1, end - 1)
        client.held.append((number, partition, holder, middle, end))
        end = middle
        world.counts["settle in part"] += 1
    command = c.Settle(number, partition, holder, [(start, end)], outcome)
    command.failed = world.chance.random() < 0.5
    command.delay_ms = world.pick(-1, -1, 0, 80)
    reader = world.model.readers.get(number)
    owned = [] if reader is None else reader.between(partition, start, end)
    mine = [m for m in owned if m.holder == holder]
    keys = [(number, partition, m.offset) for m in mine]
    world.cause = {"ack": "acked", "release": "delivery_limit", "reject": "rejected"}[outcome]
    try:
        reply = client.session.settle(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
        assert reader is None
        return
    finally:
        world.cause = ""
    assert (reply.settled, reply.missing) == (len(keys), end - start - len(keys))
    world.counts[outcome] += 1
    if (
        outcome == "ack"
        and reader is not None
        and world.model.streams[reader.stream].settings.durable
    ):
        client.waiting.append(("settlement", client.session.position(), SYNCED, keys))
        client.session.want(client.session.position(), SYNCED)
    if world.chance.random() < 0.1:  # once more: it is no longer held, nothing may happen
        world.cause = "acked"
        again = client.session.settle(c.Settle(number, partition, holder, [(start, end)], "ack"))
        world.cause = ""
        assert (again.settled, again.missing) == (0, end - start)
        world.counts["settle twice"] += 1


def ack(world: World) -> None:
    _settle(world, "ack")


def release(world: World) -> None:
    _settle(world, "release")


def reject(world: World) -> None:
    _settle(world, "reject")


def purge(world: World) -> None:
    name = world.queue_name()
    count = world.ask(world.client(), c.PurgeQueue(name=name), "purged")
    left = world.model.queue(name)
    assert count is None or (left is not None and not left.ready())
    world.counts["purge something"] += bool(count)


def trim(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is not None:
        partition = world.chance.randrange(len(stream.ends))
        offset = world.chance.randint(0, stream.ends[partition] + 1)
        world.ask(
            world.client(), c.TrimStream(name=stream.name, partition=partition, offset=offset)
        )


def read(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    offset = world.chance.randint(0, stream.ends[partition])
    command = c.Read(
        name=stream.name, partition=partition, offset=offset, bytes_max=world.pick(1, 200, 10_000)
    )
    extract = world.ask(world.client(), command)
    if extract is None:
        return
    entries = {entry.offset: entry for entry in stream.entries[partition]}
    for block in extract.blocks:
        bodies = block.bodies[0].split(b"\n") if block.packed else block.bodies
        for at, body in enumerate(bodies, block.offset):
            if at < extract.end and at in entries:
                key = (stream.id, partition, at)
                assert body == entries[at].body
                level = stream.settings.level
                assert world.seen.setdefault(key, (body, level))[0] == body, f"{key} has changed"
                position = inv.position_of(world, *key)
                inv.leaves(world, "read", position, stream.settings.level)
                if stream.settings.level == SYNCED:
                    world.used.add(key)
                world.counts["read an entry"] += 1


def credit(world: World) -> None:
    client = world.client()
    if client.holders:
        world.ask(
            client,
            c.SetCredit(holder=world.pick(*client.holders), credit_max=world.pick(0, 1, 3, 10)),
        )


def pool(world: World) -> None:
    client = world.client()
    number = world.ask(
        client, c.OpenPool(pool=world.pick(0, *client.pools), credit_max=world.pick(0, 1, 2, 6))
    )
    if number not in client.pools:
        client.pools.append(number)


def hold_back(world: World) -> None:
    world.client().session.hold_back(back=world.pick(True, False, False))
    world.counts["hold back"] += 1


def close(world: World) -> None:
    if world.clients:
        client = world.clients.pop(world.chance.randrange(len(world.clients)))
        world.cause = "delivery_limit"  # what is held is released: its attempts may be spent
        number = client.session.id
        lost = list(world.node.kernel._deliveries.get(number, []))
        lost += [delivery for to, delivery, _ in world.node.broker._unripe if to == number]
        world.node.broker.close(client.session)
        world.cause = ""
        for delivery in lost:  # handed over, on their way to a connection that is gone
            world.expected.pop(
                (delivery.holder.subscription.id, delivery.partition, delivery.start), None
            )
        world.counts["close"] += 1


# --- what the machine does -----------------------------------------------------------------------------------------


def turn(world: World) -> None:
    world.node.broker.begin_turn()
    world.node.scheduler.turn()
    late = [
        key
        for key, expected in world.expected.items()
        if expected[0].settings.early and key not in world.spared
    ]
    assert not late, f"leased and never delivered: {late}"
    world.counts["turn"] += 1


def run_journal(world: World) -> None:
    world.counts["journal runs"] += world.node.journal.run_one()


def run_storage(world: World) -> None:
    world.counts["storage runs"] += world.node.storage.run_one()


def run_post(world: World) -> None:
    world.counts["post"] += world.node.run_post()


def advance(world: World) -> None:
    elapsed = world.pick(1, 10, 60, 300)
    step = world.chance.choices([0, 500, -500], [20, 1, 1])[0]
    world.counts["wall clock steps"] += step != 0
    world.node.advance(elapsed, elapsed + step)
    world.counts["time passes"] += 1


def begin_checkpoint(world: World) -> None:
    world.node.checkpointer.begin()
    world.counts["checkpoint begun"] += world.node.checkpointer.is_busy


def rest(world: World) -> None:
    world.node.advance(1, 1)
    world.rest()


def whole_checkpoint(world: World) -> None:
    world.rest()
    world.node.checkpointer.begin()
    world.rest()


def crash(world: World) -> None:
    world.crash()


def lose_power_inside_a_call(world: World) -> None:
    world.disk.faults.power_lost_at = world.chance.randint(1, 12)


def lose_power_around_a_commit(world: World) -> None:
    side = world.pick("power_lost_before", "power_lost_after")
    setattr(world.store, side, 1)


def fill_the_disk(world: World) -> None:
    used = world.disk._used_bytes()
    world.disk.faults.budget_bytes = used + world.chance.randint(0, 2_000)


def fail_the_disk(world: World) -> None:
    fault = world.pick("fail_sync_at", "fail_write_at", "full_write_at", "fail_read_at")
    setattr(world.disk.faults, fault, world.chance.randint(1, 4))


def fail_the_store(world: World) -> None:
    setattr(world.store, world.pick("full_at", "fail_at"), 1)


ACTIONS: list[tuple[Callable[[World], None], float]] = [
    (declare_queue, 9),
    (delete_queue, 1.2),
    (create_stream, 2),
    (delete_stream, 0.5),
    (alter_stream, 0.6),
    (declare_route, 5),
    (delete_route, 0.6),
    (bind, 9),
    (unbind, 1.2),
    (publish, 40),
    (consume, 12),
    (cancel, 2),
    (lease, 8),
    (ack, 16),
    (release, 12),
    (reject, 8),
    (purge, 1.5),
    (trim, 1),
    (read, 3),
    (credit, 2),
    (pool, 2),
    (hold_back, 1),
    (close, 1.2),
    (turn, 30),
    (run_journal, 25),
    (run_storage, 12),
    (run_post, 25),
    (advance, 8),
    (begin_checkpoint, 4),
    (whole_checkpoint, 2),
    (rest, 4),
    (crash, 1.5),
    (lose_power_inside_a_call, 0.8),
    (lose_power_around_a_commit, 0.4),
    (fill_the_disk, 1.6),
    (fail_the_disk, 0.4),
    (fail_the_store, 0.9),
]
WEIGHTS = [weight for _, weight in ACTIONS]
