"""Every state and every event: either a row of the table, or impossible, and said so here."""

from itertools import product

import pytest

from dragoman.kernel.transactions.states import (
    DEAD,
    OPEN,
    TRANSITIONS,
    TransactionEvent,
    TransactionState,
    after,
)

PAIRS = list(product(TransactionState, TransactionEvent))


def is_possible(state: TransactionState, event: TransactionEvent) -> bool:
    """As a sentence: nothing befalls the dead; only what is open is committed or aborted, and only what is not is
    aborted for nothing, initialised or forgotten.
    """
    if state is DEAD:
        return False
    if event in {TransactionEvent.COMMIT, TransactionEvent.ABORT}:
        return state is OPEN
    return event is TransactionEvent.ADDED or state is not OPEN


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_is_in_the_table_or_impossible(
    state: TransactionState, event: TransactionEvent
) -> None:
    assert ((state, event) in TRANSITIONS) == is_possible(state, event)
    if not is_possible(state, event):
        with pytest.raises(KeyError):
            after(state, event)


def test_what_was_added_to_is_open_and_what_ended_is_not() -> None:
    for (_, event), target in TRANSITIONS.items():
        assert (target is OPEN) == (event is TransactionEvent.ADDED)
