"""What transactional producers have open, and what became of it. Changed by `apply` functions only.

    Transaction   one transactional id: its producer, and of the open transaction where its entries lie
    Aborted       entries of an ended one that nobody is to see: a row per partition and transaction

Entries are appended at once, marked pending: cursors that ask for it stop before the first of them (the last stable
offset). Leased readers step over pending runs, which become PENDING in their windows as the frontier passes; the end
makes them RETURNED (commit) or DONE (abort). Which runs those are is remembered here, because a block on disk does not
say whose it is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import Producer
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.expiry import expiry_ms
from dragoman.kernel.leases.states import DONE, PENDING, RETURNED
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import (
    CursorsPended,
    ProducerInitialised,
    Runs,
    TransactionEnded,
    TransactionExtended,
    TransactionForgotten,
)
from dragoman.kernel.transactions.states import (
    ABORTED,
    COMMITTED,
    EMPTY,
    OPEN,
    TransactionEvent,
    TransactionState,
    after,
)
from dragoman.model.errors import (
    InvalidTransactionState,
    NotSupported,
    ProducerFenced,
    UnknownProducer,
)

if TYPE_CHECKING:
    from dragoman.kernel.state import State

Place = tuple[int, int]  # stream id, partition
NOBODY: Final = (-1, -1)
_OUTCOMES: Final[Mapping[TransactionState, bool]] = {COMMITTED: True, ABORTED: False}
PendedCursors = list[tuple[str, str, tuple[tuple[int, int, int, int, str], ...]]]


class Transaction:
    """One transactional id. `runs` has a key for every partition that was named, its entries merged into runs."""

    __slots__ = (
        "abort_marker",
        "before",
        "began_ms",
        "cursors",
        "epoch",
        "format",
        "key",
        "producer",
        "runs",
        "serial",
        "state",
        "timeout_ms",
        "used_ms",
    )

    def __init__(self, key: tuple[str, str]) -> None:
        self.key = key
        self.producer = -1
        self.epoch = -1
        self.before = (
            NOBODY  # (producer, epoch) until the producer itself moved on: a retry names it
        )
        self.timeout_ms = 0
        self.used_ms = 0  # wall time of the last beginning or end
        self.state = EMPTY
        self.began_ms = 0
        self.format = 0
        self.abort_marker = b""
        self.runs: dict[Place, Runs] = {}
        self.cursors: PendedCursors = []
        self.serial = 0  # counts beginnings, so that an old deadline is told from a new one

    @property
    def is_open(self) -> bool:
        """Whether something waits for its end."""
        return self.state is OPEN

    @property
    def outcome(self) -> bool | None:
        """Of the last one: committed, aborted; None there was none."""
        return _OUTCOMES.get(self.state)

    def move(self, event: TransactionEvent) -> None:
        self.state = after(self.state, event)


class Aborted:
    """Entries of an aborted transaction in one partition: [first, end) of `producer`, in `runs`."""

    __slots__ = ("end", "first", "producer", "runs")

    def __init__(self, producer: int, runs: Runs) -> None:
        self.producer = producer
        self.runs = runs
        self.first = runs[0][0]
        self.end = runs[-1][1]


class Transactions:
    """All transactional ids, the aborted index, and what the next checkpoint must write."""

    __slots__ = (
        "aborted",
        "by_key",
        "by_producer",
        "deadlines",
        "dirty",
        "dirty_aborted",
        "fresh",
        "round_ms",
    )

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], Transaction] = {}
        self.by_producer: dict[int, Transaction] = {}
        self.aborted: dict[Place, list[Aborted]] = {}
        self.fresh: list[Transaction] = []  # begun, without a deadline yet
        self.deadlines: list[tuple[int, int, int]] = []  # heap: (elapsed ms, producer, serial)
        self.dirty: dict[int, None] = {}  # producers changed since the last checkpoint, or gone
        self.dirty_aborted: set[Place] = set()
        self.round_ms = 0  # elapsed time at which unused ids are looked for next


def apply_initialised(state: "State", record: ProducerInitialised) -> None:
    """The transactional id has this producer from now on."""
    transactions = state.transactions
    key = (record.namespace, record.transactional_id)
    transaction = transactions.by_key.get(key)
    if transaction is None:
        transaction = transactions.by_key[key] = Transaction(key)
    _become(transactions, transaction, record.producer, record.epoch)
    transaction.before = (record.before_producer, record.before_epoch)
    transaction.timeout_ms = record.timeout_ms
    transaction.used_ms = record.stored_ms
    transaction.move(TransactionEvent.INITIALISED)


def _become(
    transactions: Transactions, transaction: Transaction, producer: int, epoch: int
) -> None:
    if transaction.producer not in {producer, -1}:
        transactions.by_producer.pop(transaction.producer, None)
        transactions.dirty[transaction.producer] = None
    transaction.producer = producer
    transaction.epoch = epoch
    transactions.by_producer[producer] = transaction
    transactions.dirty[producer] = None


def apply_extended(state: "State", record: TransactionExtended) -> None:
    """The transaction is open, and may write to these partitions."""
    transactions = state.transactions
    transaction = transactions.by_producer[record.producer]
    if not transaction.is_open:
        _begin(transactions, transaction, record.began_ms)
    transaction.move(TransactionEvent.ADDED)
    transaction.format = record.format
    transaction.abort_marker = record.abort_marker
    for stream, partition in record.partitions:
        transaction.runs.setdefault((stream, partition), [])
    transactions.dirty[record.producer] = None


def _begin(transactions: Transactions, transaction: Transaction, began_ms: int) -> None:
    transaction.before = NOBODY
    transaction.serial += 1
    transaction.began_ms = transaction.used_ms = began_ms
    transactions.fresh.append(transaction)


def apply_cursors_pended(state: "State", record: CursorsPended) -> None:
    """The group's cursors wait for the transaction's end."""
    transaction = state.transactions.by_producer[record.producer]
    transaction.cursors.append((record.namespace, record.group, record.cursors))
    state.transactions.dirty[record.producer] = None


def check_publish(state: "State", stream: Stream, partition: int, producer: Producer) -> None:
    """A transactional batch goes only where its producer said it would. Raises ProducerError's, NotSupported."""
    transaction = state.transactions.by_producer.get(producer.id)
    if transaction is None:
        raise UnknownProducer(str(producer.id))
    if producer.epoch < transaction.epoch:
        raise ProducerFenced(str(producer.id))
    if (
        producer.epoch > transaction.epoch
        or not transaction.is_open
        or (stream.id, partition) not in transaction.runs
    ):
        raise InvalidTransactionState(f"{stream.name}-{partition} is not in the transaction")
    for subscription in stream.subscriptions:
        if subscription.is_ordered:
            raise NotSupported("transactions into a stream with an ordered or filtered reader")


def pend(state: "State", stream: Stream, partition: Partition, block: Block, producer: int) -> bool:
    """A transactional entry was appended; True when its transaction is open and it must wait for the end."""
    transaction = state.transactions.by_producer.get(producer)
    if transaction is None or not transaction.is_open:
        return False
    block.pending = True
    partition.pend(producer, block.offset)
    runs = transaction.runs.setdefault((stream.id, partition.index), [])
    if runs and runs[-1][1] == block.offset:
        runs[-1] = (runs[-1][0], block.end)
    else:
        runs.append((block.offset, block.end))
    state.transactions.dirty[producer] = None
    return True


def hide_pending(window: Window, partition: Partition, until: int) -> None:
    """The frontier is about to pass `until`: what is pending before it is not done but PENDING."""
    at = partition.find(window.frontier)
    blocks = partition.blocks
    while at < len(blocks) and blocks[at].offset < until:
        block = blocks[at]
        if block.pending:
            start = max(window.frontier, block.offset)
            window.advance(start, min(block.end, until), PENDING, 0)
        at += 1


def apply_ended(state: "State", record: TransactionEnded) -> None:
    """Everybody sees what was written, or nobody does."""
    transactions = state.transactions
    transaction = transactions.by_producer[record.producer]
    for (stream_id, index), runs in transaction.runs.items():
        stream = state.streams.get(stream_id)
        if stream is None:
            continue
        partition = stream.partitions[index]
        partition.open_since.pop(record.producer, None)
        if not runs:
            continue
        mark(partition, runs, pending=False, aborted=not record.commit)
        if not record.commit:
            _index_aborted(transactions, partition, (stream_id, index), record.producer, runs)
        for subscription in stream.subscriptions:
            _show(state, subscription, partition, runs, commit=record.commit)
        state.dirty_floors[stream_id] = stream
        state.grown.append((stream, partition))  # isolated cursors may go on
    transaction.move(_end_of(transaction, commit=record.commit))
    transaction.used_ms = record.stored_ms
    transaction.runs = {}
    transaction.cursors = []
    transactions.dirty[record.producer] = None
    if record.next_producer >= 0:
        transaction.before = (transaction.producer, transaction.epoch)
        _become(transactions, transaction, record.next_producer, record.next_epoch)


def _end_of(transaction: Transaction, *, commit: bool) -> TransactionEvent:
    if commit:
        return TransactionEvent.COMMIT
    return TransactionEvent.ABORT if transaction.is_open else TransactionEvent.ABORT_NOTHING


def mark(partition: Partition, runs: Runs, *, pending: bool, aborted: bool) -> None:
    """Say of the blocks in `runs` how their transaction stands."""
    for start, end in runs:
        at = partition.find(start)
        while at < len(partition.blocks) and partition.blocks[at].offset < end:
            partition.blocks[at].pending = pending
            partition.blocks[at].aborted = aborted
            at += 1


def _index_aborted(
    transactions: Transactions, partition: Partition, place: Place, producer: int, runs: Runs
) -> None:
    known = [row for row in transactions.aborted.get(place, ()) if row.end > partition.start]
    known.append(Aborted(producer, runs))
    transactions.aborted[place] = known
    transactions.dirty_aborted.add(place)


def _show(
    state: "State", subscription: Subscription, partition: Partition, runs: Runs, *, commit: bool
) -> None:
    """A leased reader gets, or is done with, what it stepped over; the rest it will meet at its frontier."""
    window = subscription.windows[partition.index]
    state.dirty_subscriptions[subscription.id] = subscription
    shown = 0
    for start, end in runs:
        for hidden, until in list(window.runs(PENDING)) if window.counts[PENDING] else ():
            low, high = max(hidden, start), min(until, end)
            if low < high:
                window.move(low, high, PENDING, RETURNED if commit else DONE)
                shown += high - low
    if not commit:
        return
    for start, end in runs:
        window.come_back(start)
        until = min(end, window.shown)
        shown += (
            partition.count(max(start, window.frontier), until) if until > window.frontier else 0
        )
        window.delayed += partition.count(max(start, until), end) if end > until else 0
    window.ready += shown
    if subscription.stream.counts_bytes:
        window.ready_bytes += sum(_bytes_of(partition, start, end) for start, end in runs)
    if shown:
        state.activate(subscription)
        _arm(state, subscription, partition, runs[0][0])
        if subscription.settings.length_max >= 0 or subscription.settings.bytes_max >= 0:
            state.crowded.append(subscription)


def _bytes_of(partition: Partition, start: int, end: int) -> int:
    total = 0
    at = partition.find(start)
    while at < len(partition.blocks) and partition.blocks[at].offset < end:
        block = partition.blocks[at]
        total += block.bytes_of(max(start, block.offset), min(end, block.end))
        at += 1
    return total


def _arm(state: "State", subscription: Subscription, partition: Partition, offset: int) -> None:
    block = partition.at(offset)
    if block is None or (block.expires_ms is None and subscription.settings.ttl_ms < 0):
        return
    if block.bodies is None:
        state.arm(subscription, block.stored_ms)  # its columns are on disk: the sweep looks
        return
    expires = expiry_ms(subscription, block, max(offset, block.offset))
    if expires:
        state.arm(subscription, expires)


def apply_forgotten(state: "State", record: TransactionForgotten) -> None:
    """Nobody has used the transactional id for long."""
    transactions = state.transactions
    transaction = transactions.by_producer.pop(record.producer, None)
    if transaction is not None:
        transaction.move(TransactionEvent.FORGOTTEN)
        del transactions.by_key[transaction.key]
        transactions.dirty[record.producer] = None


def aborted_since(state: "State", place: Place, offset: int, end: int) -> list[tuple[int, int]]:
    """(producer, first offset) of aborted transactions with entries at or past `offset` that begin before `end`."""
    return [
        (row.producer, row.first)
        for row in state.transactions.aborted.get(place, ())
        if row.end > offset and row.first < end
    ]


def cut_aborted(state: "State", place: Place, below: int) -> None:
    """No entry of an aborted transaction is left below that offset."""
    transactions = state.transactions
    known = transactions.aborted.get(place)
    if not known or all(row.first >= below for row in known):
        return
    left: list[Aborted] = []
    for row in known:
        runs = [(max(start, below), end) for start, end in row.runs if end > below]
        if runs:
            left.append(Aborted(row.producer, runs))
    transactions.aborted[place] = left
    transactions.dirty_aborted.add(place)


def forget_stream(state: "State", stream: Stream) -> None:
    """The stream is gone: so is what anybody had open or aborted in it."""
    transactions = state.transactions
    for partition in stream.partitions:
        place = (stream.id, partition.index)
        if transactions.aborted.pop(place, None) is not None:
            transactions.dirty_aborted.add(place)
        for producer in partition.open_since:
            transaction = transactions.by_producer.get(producer)
            if transaction is not None:
                transaction.runs.pop(place, None)
                transactions.dirty[producer] = None
