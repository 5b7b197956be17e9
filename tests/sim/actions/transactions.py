"""Producers that number their batches, and those that write transactions through: begun, ended, fenced, left open."""

from typing import Any

from tests.sim.actions.publishing import appended_since, confirm, ends_of
from tests.sim.clients import Client
from tests.sim.invariants.plans import Plan, plan_publish
from tests.sim.invariants.transactions import ABORT, COMMIT, seen_by_an_isolated_reader
from tests.sim.model.log import Stream
from tests.sim.model.transactions import Transaction
from tests.sim.world import ALL, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.groups.commands import AllocateProducer, CommitCursors
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.kernel.transactions.commands import (
    AddCursors,
    AddToTransaction,
    EndTransaction,
    InitProducer,
    ListTransactions,
    PendingCursors,
)
from dragoman.model import errors as e
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

NAMES = ["x", "y", "z"]
QUEUE = "w0"
TARGETS = [*STREAMS, QUEUE]
GROUPS = ["g0", "g1"]
TIMEOUTS_MS = [100, 600, 3_000]


def declare_targets(world: World) -> None:
    """A stream that keeps, with its queue or without, and a queue that does not."""
    name = world.pick(*TARGETS)
    stream = StreamSettings(
        partitions=world.pick(1, 2),
        level=world.pick(WRITTEN, SYNCED),
        retention_ms=0 if name == QUEUE else -1,
    )
    if name == QUEUE or world.chance.random() < 0.5:
        settings = SubscriptionSettings(
            early=world.chance.random() < 0.3,
            ttl_ms=world.pick(-1, -1, 400),
            length_max=world.pick(-1, -1, 8),
            bytes_max=world.pick(-1, -1, 300) if name == QUEUE else -1,
        )
        world.ask(world.client(), c.DeclareQueue(name=name, settings=settings, stream=stream))
    else:
        world.ask(world.client(), c.CreateStream(name=name, settings=stream, attach=True))


# --- who they are ---


def init_producer(world: World) -> None:
    name = world.pick(*NAMES)
    known = world.model.transactions.by_name.get(name)
    command = InitProducer(transactional_id=name, timeout_ms=world.pick(*TIMEOUTS_MS))
    was_open = known is not None and known.is_open
    epoch = -1 if known is None else known.epoch
    client = world.client()
    identity = world.ask(client, command, "abort")
    assert identity is not None
    one = (identity.id, identity.epoch)
    assert one not in world.identities, f"{one} was somebody before"
    assert identity.epoch == epoch + 1
    client.wait("identity", client.session.position(), SYNCED, [one])
    world.counts["abort by a successor"] += was_open


def allocate_producer(world: World) -> None:
    client = world.client()
    number = world.ask(client, AllocateProducer())
    assert (number, 0) not in world.identities, f"{number} was given before"
    client.wait("identity", client.session.position(), SYNCED, [(number, 0)])
    world.writers.append(number)


def _some(world: World) -> Transaction | None:
    known = [
        world.model.transactions.by_name[name]
        for name in NAMES
        if name in world.model.transactions.by_name
    ]
    return world.chance.choice(known) if known else None


def _stale(world: World, transaction: Transaction) -> int:
    """As a rule the epoch that is right."""
    return transaction.epoch - (world.chance.random() < 0.08)


def _of(transaction: Transaction, epoch: int) -> dict[str, Any]:
    return {
        "transactional_id": transaction.name,
        "producer_id": transaction.producer,
        "epoch": epoch,
    }


def _attempt(world: World, client: Client, command: Any, cause: str, wanted: type | None) -> bool:
    """Ask; it must be refused as `wanted` says, or not at all."""
    refusal: e.KernelError | None = None
    world.cause = cause
    try:
        client.session.submit(command)
    except e.KernelError as error:
        refusal = error
    world.cause = ""
    assert isinstance(refusal, wanted or type(None)), f"{command}: {refusal!r}, not {wanted}"
    name = type(command).__name__
    world.counts[name if refusal is None else f"refused: {name}"] += 1
    world.counts["a fenced producer is refused"] += isinstance(refusal, e.ProducerFenced)
    return refusal is None


# --- what they do ---


def extend(world: World) -> None:
    transaction = _some(world)
    if transaction is None:
        return
    epoch = _stale(world, transaction)
    stream = world.model.named(world.pick(*TARGETS))
    if stream is None:
        return
    partition = world.chance.randrange(len(stream.ends))
    command = AddToTransaction(
        **_of(transaction, epoch),
        partitions=((stream.name, partition),),
        format=CANONICAL,
        abort_marker=ABORT,
    )
    wanted = None if epoch == transaction.epoch else e.ProducerFenced
    _attempt(world, world.client(), command, "begin", wanted)


def add_cursors(world: World) -> None:
    transaction = _some(world)
    stream = world.model.named(world.pick(*TARGETS))
    if transaction is None or stream is None:
        return
    epoch = _stale(world, transaction)
    rows = ((stream.name, 0, world.chance.randrange(50), 1, f"by {transaction.name}"),)
    group = world.pick(*GROUPS)
    command = AddCursors(
        **_of(transaction, epoch),
        commit=CommitCursors(group=group, cursors=rows),
        format=CANONICAL,
        abort_marker=ABORT,
    )
    wanted = None if epoch == transaction.epoch else e.ProducerFenced
    if _attempt(world, world.client(), command, "begin", wanted):
        waiting = world.ask(world.client(), PendingCursors(group=group))
        assert (stream.name, 0) in waiting


def end(world: World) -> None:
    transaction = _some(world)
    if transaction is None:
        return
    epoch = _stale(world, transaction)
    commit = world.chance.random() < 0.6
    moves = world.chance.random() < 0.4
    command = EndTransaction(
        **_of(transaction, epoch), commit=commit, marker=COMMIT if commit else ABORT, moves=moves
    )
    wanted: type | None = None
    again = moves and epoch == transaction.moved_from and transaction.outcome is commit
    if again:
        world.counts["an end is asked for again"] += 1
    elif epoch != transaction.epoch:
        wanted = e.ProducerFenced
    elif not transaction.is_open and (commit if moves else transaction.outcome is not commit):
        wanted = e.InvalidTransactionState
    wrote = sum(
        entry.pending and entry.producer == transaction.producer
        for stream in world.model.streams.values()
        for entries in stream.entries
        for entry in entries
    )
    client = world.client()
    if _attempt(world, client, command, "commit" if commit else "abort", wanted):
        world.counts[f"{'commit' if commit else 'abort'} something"] += wrote > 0
        client.wait("end", client.session.position(), SYNCED, [])
        if moves:
            assert transaction.epoch == epoch + 1, "it has not moved on"
            identity = (transaction.producer, transaction.epoch)
            client.wait("identity", client.session.position(), SYNCED, [identity])


def write(world: World) -> None:
    transaction = _some(world)
    stream = world.model.named(world.pick(*TARGETS))
    if transaction is None or stream is None:
        return
    places = [place for place in transaction.places if place[0] in world.model.streams]
    if places and world.chance.random() < 0.9:
        number, partition = world.chance.choice(places)
        stream = world.model.streams[number]
    else:
        partition = world.chance.randrange(len(stream.ends))
    epoch = _stale(world, transaction)
    _write(world, stream, partition, (transaction.producer, epoch), transactional=True)


def write_numbered(world: World) -> None:
    """Outside of any transaction."""
    stream = world.model.named(world.pick(*TARGETS))
    if stream is not None and world.writers:
        partition = world.chance.randrange(len(stream.ends))
        producer = world.chance.choice(world.writers[-3:])
        _write(world, stream, partition, (producer, 0), transactional=False)


def _write(
    world: World, stream: Stream, partition: int, who: tuple[int, int], *, transactional: bool
) -> None:
    producer, epoch = who
    known_epoch, batches = world.model.transactions.batches.get(
        ((stream.id, partition), producer), (-1, ())
    )
    following = batches[-1][1] + 1 if batches and known_epoch == epoch else 0
    again = bool(batches) and known_epoch == epoch and world.chance.random() < 0.2
    first, last, offset = world.chance.choice(list(batches)) if again else (following, 0, -1)
    if not again and world.chance.random() < 0.06:
        first += 1
    count = last - first + 1 if again else world.pick(1, 1, 2, 5)
    bodies = [world.body() for _ in range(count)]
    packed = world.chance.random() < 0.3
    stored = [b"\n".join(bodies)] if packed else bodies
    command = c.Publish(ALL, Address(stream.name), CANONICAL, stored)
    command.packed = count if packed else 0
    command.partition = partition
    command.producer = c.Producer(producer, epoch, first, count, transactional)
    client = world.client()
    wanted = _refusal(world, stream, partition, command.producer, first == following or again)
    _send(world, client, command, wanted, offset)


def _refusal(
    world: World, stream: Stream, partition: int, producer: c.Producer, in_order: bool
) -> type | None:
    """Why the batch must be refused."""
    if producer.transactional:
        transaction = world.model.transactions.of(producer.id)
        assert transaction is not None
        if producer.epoch < transaction.epoch:
            return e.ProducerFenced
        if not transaction.is_open or (stream.id, partition) not in transaction.places:
            return e.InvalidTransactionState
        if any(reader.is_ordered for reader in world.model.readers_of(stream.id)):
            return e.NotSupported
    known = world.model.transactions.batches.get(((stream.id, partition), producer.id))
    if known is not None and known[0] > producer.epoch:
        return e.ProducerFenced
    if in_order:
        return None
    return e.UnknownProducer if known is None else e.OutOfOrderSequence


def _send(
    world: World, client: Client, command: c.Publish, wanted: type | None, offset: int
) -> None:
    world.lift_quotas()
    world.plan = Plan()
    bodies = command.bodies[0].split(b"\n") if command.packed else command.bodies
    refused = -1
    if wanted is None and offset < 0:
        refused = plan_publish(
            world, command.address, bodies, world.plan, packed=command.packed > 0
        )
    before = ends_of(world)
    reply, refusal = None, None
    world.cause = "published"
    try:
        reply = client.session.publish(command)
    except e.KernelError as error:
        refusal = error
    left, world.plan, world.cause = world.plan, None, ""
    assert isinstance(refusal, wanted or type(None)), f"{refusal!r}, not {wanted}"
    world.counts["a fenced producer is refused"] += isinstance(refusal, e.ProducerFenced)
    if reply is None:
        world.counts["a batch is refused"] += 1
        return
    assert not left and reply.refused == refused, (left, reply.refused, refused)
    assert reply.duplicate == (offset >= 0) and (offset < 0 or reply.offset == offset)
    assert command.producer is not None
    kind = "in a transaction" if command.producer.transactional else "numbered"
    world.counts["repeat a batch" if reply.duplicate else f"write {kind}"] += 1
    confirm(client, reply, appended_since(world, before))


# --- who reads ---


def read_isolated(world: World) -> None:
    """What a reader of committed entries sees is what is committed, all of it, in order."""
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    entries = stream.entries[partition]
    offset = world.chance.randint(stream.starts[partition], stream.ends[partition])
    command = c.Read(
        name=stream.name,
        partition=partition,
        offset=offset,
        bytes_max=world.pick(1, 200, 10_000),
        isolated=True,
    )
    extract = world.ask(world.client(), command)
    if extract is None:
        return
    pending = [entry.offset for entry in entries if entry.pending]
    assert not pending or extract.end <= pending[0], (extract.end, pending)
    end_of_blocks = extract.blocks[-1].end if extract.blocks else offset
    end = min(extract.end, end_of_blocks)
    seen = seen_by_an_isolated_reader(extract.blocks, extract.aborted, offset, end)
    wanted = [
        (entry.offset, entry.body)
        for entry in entries
        if offset <= entry.offset < end and entry.is_message()
    ]
    assert seen == wanted, f"{stream.name}-{partition}: {seen}, not {wanted}"
    world.counts["read isolated"] += 1
    world.counts["step over an aborted entry"] += sum(
        entry.aborted for entry in entries if offset <= entry.offset < end
    )


def list_transactions(world: World) -> None:
    infos = world.ask(world.client(), ListTransactions())
    known = world.model.transactions.by_name
    assert [info.transactional_id for info in infos] == sorted(known)
    assert all(info.is_open == known[info.transactional_id].is_open for info in infos)


MIX: list[tuple[Action, float]] = [
    (declare_targets, 10),
    (init_producer, 7),
    (allocate_producer, 4),
    (extend, 30),
    (add_cursors, 6),
    (end, 22),
    (write, 45),
    (write_numbered, 10),
    (read_isolated, 14),
    (list_transactions, 4),
]
MET = [
    "AddCursors",
    "AddToTransaction",
    "AllocateProducer",
    "EndTransaction",
    "InitProducer",
    "ListTransactions",
    "PendingCursors",
    "a batch is refused",
    "a fenced producer is refused",
    "a transaction is open too long",
    "abort by a successor",
    "abort something",
    "commit something",
    "identity left",
    "read isolated",
    "repeat a batch",
    "step over an aborted entry",
    "write in a transaction",
    "write numbered",
]
