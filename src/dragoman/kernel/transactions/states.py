"""The life of a transactional id, as one table. What is not in it is refused, or cannot happen.

    EMPTY        nothing was ever open under its present producer
    OPEN         partitions or cursors were added; its entries wait
    COMMITTED    the last one is there for everybody
    ABORTED      the last one never was
    DEAD         forgotten

A transaction ends in one atomic set, so there is no state between open and ended. Ending by epochs (the second kind)
may abort where nothing is open: a client that does not know what became of its first batch asks for just that.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class TransactionState(Enum):
    """Where a transactional id stands."""

    EMPTY = "empty"
    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"
    DEAD = "dead"


class TransactionEvent(Enum):
    """What can befall it."""

    ADDED = "added"  # partitions or cursors
    COMMIT = "commit"
    ABORT = "abort"  # by its producer, by time, by a successor
    ABORT_NOTHING = "abort nothing"  # of the second kind: only the epoch moves on
    INITIALISED = "initialised"  # it has another producer or epoch
    FORGOTTEN = "forgotten"  # nobody has used it for long


EMPTY: Final = TransactionState.EMPTY
OPEN: Final = TransactionState.OPEN
COMMITTED: Final = TransactionState.COMMITTED
ABORTED: Final = TransactionState.ABORTED
DEAD: Final = TransactionState.DEAD

_E = TransactionEvent

TRANSITIONS: Final[Mapping[tuple[TransactionState, TransactionEvent], TransactionState]] = {
    (EMPTY, _E.ADDED): OPEN,
    (EMPTY, _E.ABORT_NOTHING): ABORTED,
    (EMPTY, _E.INITIALISED): EMPTY,
    (EMPTY, _E.FORGOTTEN): DEAD,
    (OPEN, _E.ADDED): OPEN,
    (OPEN, _E.COMMIT): COMMITTED,
    (OPEN, _E.ABORT): ABORTED,
    (COMMITTED, _E.ADDED): OPEN,
    (COMMITTED, _E.ABORT_NOTHING): ABORTED,
    (COMMITTED, _E.INITIALISED): EMPTY,
    (COMMITTED, _E.FORGOTTEN): DEAD,
    (ABORTED, _E.ADDED): OPEN,
    (ABORTED, _E.ABORT_NOTHING): ABORTED,
    (ABORTED, _E.INITIALISED): EMPTY,
    (ABORTED, _E.FORGOTTEN): DEAD,
}


def after(state: TransactionState, event: TransactionEvent) -> TransactionState:
    """The state that follows. A pair that is not in the table is our own mistake: KeyError."""
    return TRANSITIONS[state, event]
