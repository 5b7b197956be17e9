"""What goes because nobody uses it: queues after their idle time, auto-delete routes with their last binding.

A queue is used by whoever consumes from it, leases from it or declares it. Elapsed time counts, anew after a restart:
nobody could use it while the node was down. Work is a heap of looks, one entry per queue with a limit; a look at a
queue that was used meanwhile is put off, one at a queue with consumers waits for the last of them to leave.
"""

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from dragoman.kernel.records import RouteDeleted
from dragoman.kernel.topology import deletion
from dragoman.model.limits import SWEEP_IDLE_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.state import State


def sweep_idle(kernel: "Decisions") -> bool:
    """Delete queues that were unused for their idle time; True when some looks are left."""
    state = kernel.state
    idle = state.idle
    fresh, idle.fresh = idle.fresh, []
    for number in fresh:
        subscription = state.subscriptions.get(number)
        if subscription is not None:
            subscription.used_ms = subscription.used_ms or kernel.elapsed_ms
            heappush(idle.deadlines, (_due_ms(subscription), number))
    for _ in range(SWEEP_IDLE_MAX):
        if not idle.deadlines or idle.deadlines[0][0] > kernel.elapsed_ms:
            return False
        _, number = heappop(idle.deadlines)
        subscription = state.subscriptions.get(number)
        if subscription is not None and not subscription.consumers.count:
            _look(kernel, subscription)
    return True


def _due_ms(subscription: "Subscription") -> int:
    return subscription.used_ms + subscription.settings.idle_ms


def _look(kernel: "Decisions", subscription: "Subscription") -> None:
    if subscription.settings.idle_ms <= 0:
        return
    if _due_ms(subscription) > kernel.elapsed_ms:
        heappush(kernel.state.idle.deadlines, (_due_ms(subscription), subscription.id))
    else:
        kernel.commit(deletion(subscription))


def next_look_ms(state: "State") -> int | None:
    """When a queue may have been unused for long enough, elapsed time."""
    return state.idle.deadlines[0][0] if state.idle.deadlines else None


def drop_emptied(kernel: "Decisions") -> None:
    """Auto-delete routes go with their last binding, and what was bound to nothing but them likewise."""
    routing = kernel.state.routing
    while routing.emptied:
        emptied, routing.emptied = routing.emptied, []
        for route in emptied:
            if routing.is_left(route):
                kernel.commit([RouteDeleted(route.id)])
