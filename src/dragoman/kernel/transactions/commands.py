"""What transactional producers can ask, and what is answered. Plain data.

A producer is (id, epoch), given to a transactional id of its own choosing. Whoever initialises the same transactional
id again gets a higher epoch; the one before is fenced from then on, also across restarts.
"""

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.groups.commands import CommitCursors


class InitProducer(msgspec.Struct, frozen=True, kw_only=True):
    """Become the producer of a transactional id; what the one before had open is aborted. Reply: `ProducerIdentity`.

    transactional_id  empty: no transactions, just a new id
    timeout_ms        how long a transaction may stay open
    producer_id, epoch  who asks to go on after an error, when known (-1 not): must be the present one
    Raises ProducerFenced, InvalidArgument, QuotaExceeded.
    """

    namespace: str = DEFAULT_NAMESPACE
    transactional_id: str = ""
    timeout_ms: int = 60_000
    producer_id: int = -1
    epoch: int = -1


class ProducerIdentity(msgspec.Struct, frozen=True):
    """Who a producer is from now on."""

    id: int
    epoch: int


class _OfProducer(msgspec.Struct, frozen=True, kw_only=True):
    """Root of what only the present producer may ask. Raises UnknownProducer, ProducerFenced."""

    namespace: str = DEFAULT_NAMESPACE
    transactional_id: str
    producer_id: int
    epoch: int


class AddToTransaction(_OfProducer, frozen=True, kw_only=True):
    """Name (stream, partition)s about to be written to; begins the transaction if none is open. Reply: None.

    format, abort_marker  the stored bytes of the control entry that ends it, should time or a successor abort it
    Raises StreamNotFound, PartitionNotFound, QuotaExceeded.
    """

    partitions: tuple[tuple[str, int], ...]
    format: int
    abort_marker: bytes


class AddCursors(_OfProducer, frozen=True, kw_only=True):
    """Cursors of a group that move when the transaction commits, and not before. Reply: as `CommitCursors`.

    `format` and `abort_marker` as in `AddToTransaction`. Raises what `CommitCursors` raises, QuotaExceeded.
    """

    commit: CommitCursors
    format: int
    abort_marker: bytes


class EndTransaction(_OfProducer, frozen=True, kw_only=True):
    """Commit or abort: one atomic set of a control entry per partition, the cursors, and the end. Reply:
    `ProducerIdentity`, who its producer is from now on.

    marker   the control entry's stored bytes; they take one offset
    moves    each end has its own epoch: late entries of this transaction are fenced by it, and an abort is taken
             also where nothing is open
    Asked again with the same outcome it is answered again. Raises InvalidTransactionState (nothing is open).
    """

    commit: bool
    marker: bytes
    moves: bool = False


class ListTransactions(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[TransactionInfo]`, by transactional id."""

    namespace: str = DEFAULT_NAMESPACE


class TransactionInfo(msgspec.Struct, frozen=True):
    """A transactional id as it is now; `began_ms` is wall time, `outcome` that of the last one, None there was none."""

    transactional_id: str
    producer_id: int
    epoch: int
    timeout_ms: int
    is_open: bool
    began_ms: int
    partitions: tuple[tuple[str, int], ...]
    outcome: bool | None


class ListProducers(msgspec.Struct, frozen=True, kw_only=True):
    """Who has written to a partition with sequences. Reply: `list[ProducerInfo]`. Raises StreamNotFound,
    PartitionNotFound.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    partition: int


class ProducerInfo(msgspec.Struct, frozen=True):
    """A producer as its partition remembers it; -1: unknown, or none. `stored_ms` is when its last batch was taken,
    `open_since` the first offset of its open transaction.
    """

    id: int
    epoch: int
    last_sequence: int
    stored_ms: int
    open_since: int


class PendingCursors(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[tuple[str, int]]`, the (stream, partition)s in which open transactions hold cursors of the group."""

    namespace: str = DEFAULT_NAMESPACE
    group: str
