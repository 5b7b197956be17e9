"""The life of a group, as one table. What is not in it cannot happen.

    EMPTY        nobody is in it; cursors may be there
    JOINING      members join; ends when all that are known have joined, or at the deadline
    ASSIGNING    a new generation waits for its leader's assignment
    STABLE       every member has its assignment
    DEAD         forgotten; an object somebody still holds

A joining phase that everybody left ends in EMPTY; every other one in ASSIGNING, one generation later.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class GroupState(Enum):
    """Where a group stands."""

    EMPTY = "empty"
    JOINING = "joining"
    ASSIGNING = "assigning"
    STABLE = "stable"
    DEAD = "dead"


class GroupEvent(Enum):
    """What can befall a group."""

    REBALANCE = "rebalance"  # a member joined, left, expired, or changed what it offers
    GATHERED = "gathered"  # the joining phase ended with members
    ASSIGNED = "assigned"  # the leader said who reads what
    EMPTIED = "emptied"  # the last member is gone
    DELETED = "deleted"


EMPTY = GroupState.EMPTY
JOINING = GroupState.JOINING
ASSIGNING = GroupState.ASSIGNING
STABLE = GroupState.STABLE
DEAD = GroupState.DEAD

TRANSITIONS: Final[Mapping[tuple[GroupState, GroupEvent], GroupState]] = {
    (EMPTY, GroupEvent.REBALANCE): JOINING,
    (EMPTY, GroupEvent.DELETED): DEAD,
    (JOINING, GroupEvent.REBALANCE): JOINING,
    (JOINING, GroupEvent.GATHERED): ASSIGNING,
    (JOINING, GroupEvent.EMPTIED): EMPTY,
    (ASSIGNING, GroupEvent.REBALANCE): JOINING,
    (ASSIGNING, GroupEvent.ASSIGNED): STABLE,
    (ASSIGNING, GroupEvent.EMPTIED): EMPTY,
    (STABLE, GroupEvent.REBALANCE): JOINING,
    (STABLE, GroupEvent.EMPTIED): EMPTY,
}


def after(state: GroupState, event: GroupEvent) -> GroupState:
    """The state that follows. A pair that is not in the table is our own mistake: KeyError."""
    return TRANSITIONS[state, event]
