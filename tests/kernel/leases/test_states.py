"""Every (state, event): where it leads, or that it leads nowhere. The table itself is the specification's drawing."""

import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.settle import apply_settled
from dragoman.kernel.records import Leased, Settled

ENDS = {s.ACK, s.DROP, s.TAKE}
PAIRS = [(state, event) for state in s.STATES for event in s.EVENTS]
WAYS = {  # into each state, from READY
    s.READY: [],
    s.LEASED: [s.LEASE],
    s.RETURNED: [s.LEASE, s.RELEASE],
    s.WAITING: [s.LEASE, s.DELAY],
    s.DEFERRED: [s.LEASE, s.DEFER],
    s.DEAD: [s.LEASE, s.PARK],
    s.PENDING: [s.HIDE],
    s.DONE: [s.TAKE],
}


def befall(queue: Queue, state: int, event: int) -> None:
    """`event` happens to the queue's only message."""
    subscription = next(iter(queue.kernel.state.subscriptions.values()))
    if event == s.LEASE:
        queue.kernel.commit([Leased(subscription.id, 0, 0, 1, 0, state == s.READY)])
    else:
        apply_settled(queue.kernel.state, Settled(subscription.id, 0, state, event, [(0, 1)]))


def queue_in(state: int) -> Queue:
    queue = Queue(early=True)
    queue.publish(b"0")
    at = s.READY
    for event in WAYS[state]:
        befall(queue, at, event)
        at = s.TRANSITIONS[at, event]
    assert at == state
    return queue


@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair in s.TRANSITIONS])
def test_an_event_leads_where_the_table_says_and_counts_follow(state: int, event: int) -> None:
    queue = queue_in(state)
    window = next(iter(queue.kernel.state.subscriptions.values())).windows[0]
    target = s.TRANSITIONS[state, event]
    befall(queue, state, event)
    assert window.state(0) == target
    assert window.ready == (target in {s.READY, s.RETURNED})
    for code in range(1, s.READY):
        assert window.counts[code] == (code == target)


@pytest.mark.parametrize(("state", "event"), [p for p in PAIRS if p not in s.TRANSITIONS])
def test_an_event_that_the_table_does_not_know_is_refused(state: int, event: int) -> None:
    if event == s.LEASE:  # has a record of its own
        queue = queue_in(state)
        with pytest.raises((AssertionError, KeyError)):
            befall(queue, state, event)
        return
    queue = queue_in(state)
    with pytest.raises(KeyError):
        befall(queue, state, event)


def test_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _ in s.TRANSITIONS} == set(s.STATES)
    assert set(s.TRANSITIONS.values()) == set(s.STATES) - {s.READY}  # nobody becomes new again


def test_whatever_is_open_can_be_dropped_and_ends_done() -> None:
    for state in set(s.STATES) - {s.DONE}:
        assert s.TRANSITIONS[state, s.DROP] == s.DONE
    for (_, event), target in s.TRANSITIONS.items():
        assert (target == s.DONE) == (event in ENDS)
