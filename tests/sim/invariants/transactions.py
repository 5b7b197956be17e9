"""Transactions written through: all or none for cursors and for leased readers, ended by whom it may be, and in time."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tests.sim.model.transactions import Place, Transaction
from tests.sim.translator import bodies_in

from dragoman.kernel import records as r
from dragoman.kernel.block import Block

if TYPE_CHECKING:
    from tests.sim.world import World

COMMIT, ABORT = b"<commit>", b"<abort>"


def a_transaction_begins(world: "World", record: r.TransactionExtended) -> None:
    transaction = world.model.transactions.of(record.producer)
    assert transaction is not None and world.cause == "begin"
    if not transaction.is_open:
        transaction.began_ms = world.node.kernel.elapsed_ms


def an_end_is_whole(world: "World", records: Sequence[r.Record]) -> None:
    """A marker in every partition that was named and is still there; cursors move with a commit and never else."""
    for record in records:
        if isinstance(record, r.TransactionEnded):
            transaction = world.model.transactions.of(record.producer)
            assert transaction is not None
            moves = record.next_producer >= 0
            assert transaction.is_open or (moves and not record.commit), "nothing to end"
            assert not moves or record.next_epoch == transaction.epoch + 1
            _may_end(world, transaction, record)
            _is_marked(world, transaction, record, records)
            moved = [
                (c.namespace, c.group, c.cursors)
                for c in records
                if isinstance(c, r.CursorsCommitted)
            ]
            assert moved == (transaction.cursors if record.commit else []), (
                moved,
                transaction.cursors,
            )


def _may_end(world: "World", transaction: Transaction, record: r.TransactionEnded) -> None:
    if world.cause == "":
        assert not record.commit
        due_ms = transaction.began_ms + transaction.timeout_ms
        assert due_ms <= world.node.kernel.elapsed_ms, f"{transaction.name} was aborted early"
        world.counts["a transaction is open too long"] += 1
    else:
        assert world.cause == ("commit" if record.commit else "abort"), world.cause


def _is_marked(
    world: "World", transaction: Transaction, ended: r.TransactionEnded, records: Sequence[r.Record]
) -> None:
    markers = [
        (target.stream, target.partition)
        for record in records
        if isinstance(record, r.Published) and record.control
        for target in record.targets
        if record.producer is not None and record.producer[0] == ended.producer
        if record.bodies == [COMMIT if ended.commit else ABORT]
    ]
    wanted = [place for place in transaction.places if place[0] in world.model.streams]
    assert sorted(markers) == sorted(wanted), (markers, wanted)


def seen_by_an_isolated_reader(
    blocks: list[Block], aborted: list[tuple[int, int]], start: int, end: int
) -> list[tuple[int, bytes]]:
    """(offset, body) of what a client that follows Kafka's rules takes from a reply."""
    waiting = sorted(aborted, key=lambda each: each[1])
    active: set[int] = set()
    found: list[tuple[int, bytes]] = []
    for block in blocks:
        while waiting and waiting[0][1] < block.end:
            active.add(waiting.pop(0)[0])
        producer = -1 if block.producer is None else block.producer.id
        assert block.bodies is not None
        if block.control:
            active -= {producer} if block.bodies == [ABORT] else set()
        elif producer not in active or producer < 0:
            found += [
                (offset, body)
                for offset, body in enumerate(bodies_in(block), block.offset)
                if block.present(offset, offset + 1)
            ]
    return [(offset, body) for offset, body in found if start <= offset < end]


def nothing_is_open_too_long(world: "World") -> None:
    """Each open transaction has its deadline before it."""
    transactions = world.node.kernel.state.transactions
    ahead = {
        (producer, serial)
        for due_ms, producer, serial in transactions.deadlines
        if due_ms > world.node.kernel.elapsed_ms
    }
    for transaction in world.model.transactions.by_name.values():
        if transaction.is_open:
            known = transactions.by_producer[transaction.producer]
            assert (known.producer, known.serial) in ahead, transaction.name


def _there(world: "World", places: Iterable[Place]) -> set[Place]:
    """Without those of streams that are gone."""
    return {place for place in places if place[0] in world.model.streams}


def transactions_equal(world: "World") -> None:
    known = world.node.kernel.state.transactions.by_key
    model = world.model.transactions.by_name
    assert {name for _, name in known} == set(model)
    for (_, name), transaction in known.items():
        mine = model[name]
        assert (transaction.producer, transaction.epoch, transaction.is_open) == (
            mine.producer,
            mine.epoch,
            mine.is_open,
        ), name
        assert _there(world, transaction.runs) == _there(world, mine.places), name
        assert transaction.cursors == mine.cursors
    for stream in world.node.kernel.state.streams.values():
        for partition in stream.partitions:
            entries = world.model.streams[stream.id].entries[partition.index]
            pending = [entry.offset for entry in entries if entry.pending]
            first = min(partition.open_since.values(), default=None)
            assert not pending or (first is not None and first <= pending[0]), (
                stream.name,
                pending,
            )
