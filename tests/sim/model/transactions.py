"""What producers have written, what they have open, and what became of it."""

from collections import deque

from dragoman.kernel import records as r
from dragoman.kernel.producers import BATCHES_MAX

NEVER = -2  # no epoch
Place = tuple[int, int]  # stream, partition
Cursors = list[tuple[str, str, tuple[tuple[int, int, int, int, str], ...]]]


class Transaction:
    """A transactional id, and what is open under it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.producer = -1
        self.epoch = -1
        self.timeout_ms = 0
        self.is_open = False
        self.outcome: bool | None = None
        self.moved_from = NEVER  # its epoch before the last end, if that moved it on
        self.places: set[Place] = set()
        self.cursors: Cursors = []
        self.began_ms = 0  # elapsed time of this life, at the earliest


class Transactions:
    def __init__(self) -> None:
        self.by_name: dict[str, Transaction] = {}
        self.batches: dict[tuple[Place, int], tuple[int, deque[tuple[int, int, int]]]] = {}

    def of(self, producer: int) -> Transaction | None:
        known = self.by_name.values()
        return next((each for each in known if each.producer == producer), None)

    def note_batch(self, record: r.Published, target: r.Target) -> bool:
        """Remember a producer's batch; whether it must wait for its transaction's end."""
        if record.producer is None or record.control:
            return False
        producer, epoch, first, count, transactional = record.producer
        key = ((target.stream, target.partition), producer)
        known = self.batches.get(key)
        if known is None or known[0] != epoch:
            known = self.batches[key] = (epoch, deque(maxlen=BATCHES_MAX))
        last = first + count - 1
        if not known[1] or known[1][-1][:2] != (first, last):  # else its next part
            known[1].append((first, last, target.offset))
        transaction = self.of(producer)
        return transactional and transaction is not None and transaction.is_open

    def initialise(self, record: r.ProducerInitialised) -> None:
        name = record.transactional_id
        transaction = self.by_name.setdefault(name, Transaction(name))
        transaction.producer, transaction.epoch = record.producer, record.epoch
        transaction.timeout_ms = record.timeout_ms
        transaction.outcome = None
        transaction.moved_from = NEVER

    def extend(self, record: r.TransactionExtended) -> None:
        transaction = self.of(record.producer)
        assert transaction is not None
        if not transaction.is_open:
            transaction.outcome, transaction.moved_from = None, NEVER
        transaction.is_open = True
        transaction.places |= {(stream, partition) for stream, partition in record.partitions}

    def end(self, record: r.TransactionEnded) -> None:
        transaction = self.of(record.producer)
        assert transaction is not None
        transaction.is_open, transaction.outcome = False, record.commit
        if record.next_producer >= 0:
            transaction.moved_from = transaction.epoch
            transaction.producer, transaction.epoch = record.next_producer, record.next_epoch
        transaction.places, transaction.cursors = set(), []

    def forget_stream(self, stream: int) -> None:
        for transaction in self.by_name.values():
            transaction.places = {place for place in transaction.places if place[0] != stream}
