"""Who may begin, extend and end a transaction: decisions, the commands' handlers, and what time ends.

What leads where:

    InitProducer -> (id, epoch)          aborts what the epoch before had open, fences it
    AddToTransaction, AddCursors         EMPTY -> OPEN
    Publish (Producer.transactional)     only into partitions that were named
    EndTransaction, time, a successor    OPEN -> COMMITTED or ABORTED: markers, cursors and the end are one atomic set

`states` has the whole table.
"""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.entities import Stream
from dragoman.kernel.groups.commands import AllocateProducer
from dragoman.kernel.groups.cursors import decide_commit
from dragoman.kernel.groups.handlers import allocate_producer, check_commit_allowed
from dragoman.kernel.records import (
    CursorsCommitted,
    CursorsPended,
    ProducerInitialised,
    Published,
    Record,
    Target,
    TransactionEnded,
    TransactionExtended,
    TransactionForgotten,
)
from dragoman.kernel.transactions.commands import (
    AddCursors,
    AddToTransaction,
    EndTransaction,
    InitProducer,
    ListProducers,
    ListTransactions,
    PendingCursors,
    ProducerIdentity,
    ProducerInfo,
    TransactionInfo,
)
from dragoman.kernel.transactions.transaction import NOBODY, Transaction
from dragoman.model.errors import (
    InvalidArgument,
    InvalidTransactionState,
    PartitionNotFound,
    ProducerFenced,
    QuotaExceeded,
    UnknownProducer,
)
from dragoman.model.limits import (
    MARKER_BYTES_MAX,
    PRODUCER_EPOCH_MAX,
    SWEEP_TRANSACTIONS_MAX,
    TRANSACTION_CURSORS_MAX,
    TRANSACTION_PARTITIONS_MAX,
    TRANSACTION_TIMEOUT_MS_MAX,
    TRANSACTIONAL_ID_BYTES_MAX,
    TRANSACTIONAL_ID_UNUSED_MS,
    TRANSACTIONAL_IDS_MAX,
    TRANSACTIONS_ROUND_MS,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

NO_SEQUENCE: Final = -1
SAME: Final = ProducerIdentity(-1, -1)  # the producer goes on as it is

OfProducer = AddToTransaction | AddCursors | EndTransaction


# --- becoming a producer ---


def init_producer(kernel: "Decisions", command: InitProducer, session: int) -> ProducerIdentity:
    """Reply: the identity to write with."""
    if not command.transactional_id:
        return ProducerIdentity(_new_id(kernel), 0)
    _check_init(kernel, command)
    key = (command.namespace, command.transactional_id)
    known = kernel.state.transactions.by_key.get(key)
    asking = (command.producer_id, command.epoch)
    records: list[Record] = []
    if known is None:
        identity = ProducerIdentity(_new_id(kernel), 0)
    else:
        if asking[0] >= 0 and asking != (known.producer, known.epoch):
            if asking == known.before:
                return ProducerIdentity(known.producer, known.epoch)
            raise ProducerFenced(command.transactional_id)
        if known.is_open:
            records += decide_end(kernel, known, known.abort_marker, commit=False)
        identity = _next(kernel, known)
    before = asking if asking[0] >= 0 else NOBODY
    records.append(
        ProducerInitialised(
            *key, identity.id, identity.epoch, command.timeout_ms, kernel.now_ms, *before
        )
    )
    kernel.commit(records)
    return identity


def _next(kernel: "Decisions", transaction: Transaction) -> ProducerIdentity:
    """Who writes after its present producer: the next epoch, or a new id after the last one."""
    epoch = transaction.epoch + 1
    if epoch >= PRODUCER_EPOCH_MAX:
        return ProducerIdentity(_new_id(kernel), 0)
    return ProducerIdentity(transaction.producer, epoch)


def _new_id(kernel: "Decisions") -> int:
    return allocate_producer(kernel, AllocateProducer(), 0)


def _check_init(kernel: "Decisions", command: InitProducer) -> None:
    if len(command.transactional_id.encode()) > TRANSACTIONAL_ID_BYTES_MAX:
        raise InvalidArgument(f"a transactional id has at most {TRANSACTIONAL_ID_BYTES_MAX} bytes")
    if not 0 < command.timeout_ms <= TRANSACTION_TIMEOUT_MS_MAX:
        raise InvalidArgument(f"a transaction's timeout is 1 to {TRANSACTION_TIMEOUT_MS_MAX} ms")
    transactions = kernel.state.transactions
    is_new = (command.namespace, command.transactional_id) not in transactions.by_key
    if is_new and len(transactions.by_key) >= TRANSACTIONAL_IDS_MAX:
        raise QuotaExceeded(f"{TRANSACTIONAL_IDS_MAX} transactional ids")


def _mine(kernel: "Decisions", command: OfProducer) -> Transaction:
    """Raises UnknownProducer, ProducerFenced."""
    key = (command.namespace, command.transactional_id)
    transaction = kernel.state.transactions.by_key.get(key)
    if transaction is None or transaction.producer != command.producer_id:
        raise UnknownProducer(command.transactional_id)
    if transaction.epoch != command.epoch:
        raise ProducerFenced(command.transactional_id)
    return transaction


# --- beginning and going on ---


def add_partitions(kernel: "Decisions", command: AddToTransaction, session: int) -> None:
    """Reply: None."""
    transaction = _mine(kernel, command)
    places: list[tuple[int, int]] = []
    for name, index in command.partitions:
        stream = kernel.state.stream(command.namespace, name)
        if not 0 <= index < len(stream.partitions):
            raise PartitionNotFound(f"{name}-{index}")
        if (stream.id, index) not in transaction.runs:
            places.append((stream.id, index))
    if len(transaction.runs) + len(places) > TRANSACTION_PARTITIONS_MAX:
        raise QuotaExceeded(f"a transaction has at most {TRANSACTION_PARTITIONS_MAX} partitions")
    if places or not transaction.is_open:
        kernel.commit([_extended(kernel, transaction, command, tuple(places))])


def _extended(
    kernel: "Decisions",
    transaction: Transaction,
    command: AddToTransaction | AddCursors,
    places: tuple[tuple[int, int], ...],
) -> TransactionExtended:
    _check_marker(command.abort_marker)
    return TransactionExtended(
        transaction.producer, places, command.format, command.abort_marker, kernel.now_ms
    )


def _check_marker(marker: bytes) -> None:
    if not 0 < len(marker) <= MARKER_BYTES_MAX:
        raise InvalidArgument(f"a marker has 1 to {MARKER_BYTES_MAX} bytes")


def add_cursors(kernel: "Decisions", command: AddCursors, session: int) -> list[bool]:
    """Reply: per cursor whether it was taken."""
    transaction = _mine(kernel, command)
    commit = command.commit
    check_commit_allowed(kernel, commit)
    waiting = sum(len(rows) for _, _, rows in transaction.cursors)
    if waiting + len(commit.cursors) > TRANSACTION_CURSORS_MAX:
        raise QuotaExceeded(f"a transaction has at most {TRANSACTION_CURSORS_MAX} cursors")
    found, taken = decide_commit(kernel.state, commit, kernel.now_ms)
    records: list[Record] = []
    if not transaction.is_open:
        records.append(_extended(kernel, transaction, command, ()))
    records += [
        CursorsPended(transaction.producer, row.namespace, row.group, row.cursors)
        for row in found
        if isinstance(row, CursorsCommitted)
    ]
    kernel.commit(records)
    return taken


# --- ending ---


def end_transaction(kernel: "Decisions", command: EndTransaction, session: int) -> ProducerIdentity:
    """Reply: who its producer is from now on."""
    if command.moves:
        return _end_and_move(kernel, command)
    transaction = _mine(kernel, command)
    _check_marker(command.marker)
    if transaction.is_open:
        kernel.commit(decide_end(kernel, transaction, command.marker, commit=command.commit))
    elif transaction.outcome is not command.commit:
        raise InvalidTransactionState(command.transactional_id)
    return ProducerIdentity(transaction.producer, transaction.epoch)


def _end_and_move(kernel: "Decisions", command: EndTransaction) -> ProducerIdentity:
    known = kernel.state.transactions.by_key.get((command.namespace, command.transactional_id))
    asking = (command.producer_id, command.epoch)
    if known is not None and known.before == asking != NOBODY:
        if known.outcome is not command.commit:
            raise ProducerFenced(command.transactional_id)
        return ProducerIdentity(known.producer, known.epoch)  # the answer got lost
    transaction = _mine(kernel, command)
    _check_marker(command.marker)
    if command.commit and not transaction.is_open:
        raise InvalidTransactionState(command.transactional_id)
    after = _next(kernel, transaction)
    marker = command.marker
    kernel.commit(decide_end(kernel, transaction, marker, commit=command.commit, after=after))
    return after


def decide_end(
    kernel: "Decisions",
    transaction: Transaction,
    marker: bytes,
    *,
    commit: bool,
    after: ProducerIdentity = SAME,
) -> list[Record]:
    """Records of the atomic set that ends a transaction: markers, cursors, the end."""
    records: list[Record] = []
    for stream_id, index in transaction.runs:
        stream = kernel.state.streams.get(stream_id)
        if stream is not None:
            records.append(_marker(kernel, transaction, stream, index, marker))
    if commit:
        records += [
            CursorsCommitted(namespace, group, rows, kernel.now_ms)
            for namespace, group, rows in transaction.cursors
        ]
    records.append(
        TransactionEnded(transaction.producer, commit, kernel.now_ms, after.id, after.epoch)
    )
    return records


def _marker(
    kernel: "Decisions", transaction: Transaction, stream: Stream, index: int, marker: bytes
) -> Published:
    return Published(
        (Target(stream.id, index, stream.partitions[index].end),),
        transaction.format,
        [marker],
        1,
        kernel.now_ms,
        producer=(transaction.producer, transaction.epoch, NO_SEQUENCE, 0, True),
        control=True,
    )


def sweep_transactions(kernel: "Decisions") -> bool:
    """Abort what has been open too long, and fence its producer; True when some are left."""
    transactions = kernel.state.transactions
    for transaction in transactions.fresh:
        due_ms = kernel.elapsed_ms + transaction.timeout_ms
        heappush(transactions.deadlines, (due_ms, transaction.producer, transaction.serial))
    transactions.fresh.clear()
    if kernel.elapsed_ms >= transactions.round_ms:
        transactions.round_ms = kernel.elapsed_ms + TRANSACTIONS_ROUND_MS
        forget_unused(kernel)
    for _ in range(SWEEP_TRANSACTIONS_MAX):
        if not transactions.deadlines or transactions.deadlines[0][0] > kernel.elapsed_ms:
            return False
        _, producer, serial = heappop(transactions.deadlines)
        overdue = transactions.by_producer.get(producer)
        if overdue is not None and overdue.is_open and overdue.serial == serial:
            _time_out(kernel, overdue)
    return True


def next_deadline_ms(state: "State") -> int | None:
    """When a transaction is open too long, elapsed time."""
    deadlines = state.transactions.deadlines
    return deadlines[0][0] if deadlines else None


def _time_out(kernel: "Decisions", transaction: Transaction) -> None:
    records = decide_end(kernel, transaction, transaction.abort_marker, commit=False)
    epoch = min(transaction.epoch + 1, PRODUCER_EPOCH_MAX)
    records.append(
        ProducerInitialised(
            *transaction.key, transaction.producer, epoch, transaction.timeout_ms, kernel.now_ms
        )
    )
    kernel.commit(records)


def forget_unused(kernel: "Decisions") -> None:
    """Transactional ids that nobody has used for long go."""
    limit_ms = kernel.now_ms - TRANSACTIONAL_ID_UNUSED_MS
    kernel.commit(
        [
            TransactionForgotten(transaction.producer)
            for transaction in kernel.state.transactions.by_key.values()
            if not transaction.is_open and transaction.used_ms < limit_ms
        ]
    )


# --- questions ---


def list_transactions(
    kernel: "Decisions", command: ListTransactions, session: int
) -> list[TransactionInfo]:
    """Reply: the namespace's transactional ids, by name."""
    found = sorted(kernel.state.transactions.by_key.items())
    return [_info(kernel, known) for key, known in found if key[0] == command.namespace]


def _info(kernel: "Decisions", transaction: Transaction) -> TransactionInfo:
    streams = kernel.state.streams
    return TransactionInfo(
        transaction.key[1],
        transaction.producer,
        transaction.epoch,
        transaction.timeout_ms,
        transaction.is_open,
        transaction.began_ms,
        tuple(
            (streams[stream].name, index) for stream, index in transaction.runs if stream in streams
        ),
        transaction.outcome,
    )


def list_producers(kernel: "Decisions", command: ListProducers, session: int) -> list[ProducerInfo]:
    """Reply: the partition's producers, the longest silent one first."""
    stream = kernel.state.stream(command.namespace, command.name)
    if not 0 <= command.partition < len(stream.partitions):
        raise PartitionNotFound(f"{command.name}-{command.partition}")
    partition = stream.partitions[command.partition]
    found: list[ProducerInfo] = []
    for producer, known in partition.producers.items():
        _, last, offset = known.batches[-1]
        block = partition.at(offset)
        stored_ms = -1 if block is None else block.stored_ms
        since = partition.open_since.get(producer, -1)
        found.append(ProducerInfo(producer, known.epoch, last, stored_ms, since))
    return found


def pending_cursors(
    kernel: "Decisions", command: PendingCursors, session: int
) -> list[tuple[str, int]]:
    """Reply: where cursors of the group wait for a transaction's end."""
    streams = kernel.state.streams
    return [
        (streams[row[0]].name, row[1])
        for transaction in kernel.state.transactions.by_key.values()
        for namespace, group, rows in transaction.cursors
        if (namespace, group) == (command.namespace, command.group)
        for row in rows
        if row[0] in streams
    ]


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    InitProducer: init_producer,
    AddToTransaction: add_partitions,
    AddCursors: add_cursors,
    EndTransaction: end_transaction,
    ListProducers: list_producers,
    ListTransactions: list_transactions,
    PendingCursors: pending_cursors,
}
