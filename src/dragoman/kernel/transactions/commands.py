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
    """Commit or abort: one atomic set of a control entry per partition, the cursors, and the end. Reply: None.

    marker   the control entry's stored bytes; they take one offset
    Asked again with the same outcome it is answered again. Raises InvalidTransactionState (nothing is open).
    """

    commit: bool
    marker: bytes


class ListTransactions(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[TransactionInfo]`, by transactional id."""

    namespace: str = DEFAULT_NAMESPACE


class TransactionInfo(msgspec.Struct, frozen=True):
    """A transactional id as it is now; `began_ms` is wall time."""

    transactional_id: str
    producer_id: int
    epoch: int
    timeout_ms: int
    is_open: bool
    began_ms: int
    partitions: tuple[tuple[str, int], ...]


class PendingCursors(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[tuple[str, int]]`, the (stream, partition)s in which open transactions hold cursors of the group."""

    namespace: str = DEFAULT_NAMESPACE
    group: str
