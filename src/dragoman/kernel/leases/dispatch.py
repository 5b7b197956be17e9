"""Handing ready messages to consumers with credit. Hot.

Consumers of the highest priority that have room take turns; a turn is an equal share of what is ready, at most
SHARE_MAX, so that N equal consumers get equal shares and one that is full or stuck is simply passed over.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.leases.apart import hand_over_batch, next_batch
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lease import Delivery, Run, fails_of, firsts_of, next_run, tries_of
from dragoman.kernel.leases.selecting import looking_cost, rouse, take_selected
from dragoman.kernel.leases.states import READY, TAKE
from dragoman.kernel.leases.sweep import dropped
from dragoman.kernel.records import Leased, Settled

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

DISPATCH_MAX: Final = 4096  # messages per subscription and turn; a large one counts as several
TURN_MAX: Final = (
    16 * DISPATCH_MAX
)  # messages per turn; who is not served in one is first in the next
SERVED_MIN: Final = 64  # that a subscription counts for at least: 1,024 of them per turn
LARGE_BYTES: Final = 1024  # a message counts once for each of these: 4 MB per subscription and turn
SHARE_MAX: Final = 256  # messages per consumer and turn at it


def next_consumer(subscription: Subscription) -> Holder | None:
    """The next in turn among the consumers of highest priority that have room."""
    if subscription.settings.single_active:
        first = subscription.consumers.first()
        if first is not None and is_held_elsewhere(subscription, first.session):
            return None
        return first
    return subscription.consumers.take()


def is_held_elsewhere(subscription: Subscription, session: int) -> bool:
    """Whether somebody of another session holds messages for a time: with single active, that one is the one, until it
    has settled them or its time is over. Who holds them by its connection is not: the next takes its place at once.
    """
    others = subscription.leased()
    if others:
        for holder in subscription.holders.values():
            if holder.session == session or holder.duration_ms == 0:
                others -= holder.leased
    return others > 0


def _is_spoken_for(subscription: Subscription) -> bool:
    """All that is ready has locked keys, or sessions: it is for who has them, and nobody else takes a turn for it."""
    for window in subscription.windows:
        order = window.order
        if not isinstance(order, Keys) or order.has_free():
            return False
    return True


def _next_called(subscription: Subscription) -> Holder | None:
    """Who has room for what is ready for it alone."""
    for window in subscription.windows:
        order = window.order
        assert isinstance(order, Keys)
        holder = order.next_called(subscription.holders)
        if holder is not None:
            return holder
    return None


def dispatch_one(kernel: "Decisions", subscription: Subscription, budget: int) -> int:
    """Hand out up to `budget` messages; what is left of it, 0 or less when that ended it. Raises Needs, with what came
    before done.
    """
    misses = share = left = 0
    holder: Holder | None = None
    first: Holder | None = None  # of the present round
    if subscription.settings.paused:
        return budget
    rouse(subscription)
    while budget > 0:
        ready = subscription.ready()
        if ready <= 0:
            return budget
        if left <= 0 or holder is None or holder.room(1) <= 0:
            if subscription.is_keyed and _is_spoken_for(subscription):
                holder = _next_called(subscription)
                left = SHARE_MAX
            else:
                holder = next_consumer(subscription)
                if first is None or (holder is first and holder.turns == 1):
                    first = (
                        holder  # a round: each once, or as often as its weight, with the same share
                    )
                    share = min(-(-ready // max(subscription.consumers.weight, 1)), SHARE_MAX)
                left = share
            if holder is None:
                return budget
        most = leasable(subscription, holder.room(min(left, budget)))
        served, cost = _serve(kernel, subscription, holder, most) if most > 0 else (0, 0)
        budget -= looking_cost(holder)
        if cost == 0:
            left = 0
            misses += 1
            if most > 0 and (
                holder.selector is not None or (subscription.is_keyed and misses == 1)
            ):
                continue  # this one has had all it may have: what is left is for others
            return budget
        misses = 0
        budget -= cost
        left -= served
    return budget


def _next_for(kernel: "Decisions", holder: Holder, most: int) -> Run | None:
    """What is ready next for it. Raises Needs."""
    if holder.selector is not None:
        return take_selected(kernel, holder, holder.selector, most)
    return next_run(holder.subscription, most, kernel.now_ms - 1, holder)


def _serve(
    kernel: "Decisions", subscription: Subscription, holder: Holder, most: int
) -> tuple[int, int]:
    """Hand out what is next, at most `most` messages, or be done with it when it has expired: (how many of them the
    holder has got, what that takes of the budget); (0, 0) when there is nothing for it. Raises Needs.
    """
    if subscription.is_ordered and holder.passes_on >= 0:
        batch = next_batch(subscription, most, kernel.now_ms - 1, holder)
        if batch is not None:
            count = len(batch.bodies)
            holder.allowance -= count if holder.metered else 0
            hand_over_batch(kernel, holder, batch)
            return count, count * max(batch.size // count // LARGE_BYTES, 1)
    run = _next_for(kernel, holder, most)
    if run is None:
        return 0, 0
    cost = cost_of(run)
    if run.expired:
        kernel.commit(dropped(kernel.state, subscription, run, "expired", kernel.now_ms))
        return 0, cost
    count = run.end - run.start
    holder.allowance -= count if holder.metered else 0
    hand_over(kernel, holder, run)
    return count, cost


def leasable(subscription: Subscription, most: int) -> int:
    """How many messages may be leased, at most `most`, before too many are."""
    limit = subscription.settings.leased_max
    return min(most, limit - subscription.leased()) if limit else most


def cost_of(run: Run) -> int:
    """How much of the budget a run takes: consumers of large messages are looked after more often, lest one that
    takes none of them is handed gigabytes in a turn.
    """
    block = run.block
    size: int = block.size // (block.end - block.offset)
    return (run.end - run.start) * max(size // LARGE_BYTES, 1)


def hand_over(kernel: "Decisions", holder: Holder, run: Run, *, note: bool = True) -> Delivery:
    """Lease `run` to `holder`, or be done with it when it does not acknowledge; note it unless told not to."""
    subscription = holder.subscription
    delivery = Delivery(holder, run, tries_of(subscription, run))
    if not run.fresh:
        delivery.fails = fails_of(subscription, run)
    kept_ms = 0
    if subscription.settings.times_kept:
        kept_ms = kernel.now_ms
        delivery.firsts_ms = firsts_of(subscription, run, kept_ms)
    if holder.no_ack:
        window = subscription.windows[run.partition]
        source = READY if run.fresh else window.state(run.start)
        kernel.commit(
            [Settled(subscription.id, run.partition, source, TAKE, [(run.start, run.end)])]
        )
    else:
        kernel.commit(
            [
                Leased(
                    subscription.id,
                    run.partition,
                    run.start,
                    run.end,
                    holder.id,
                    run.fresh,
                    holder.duration_ms,
                    kernel.elapsed_ms + holder.duration_ms if holder.duration_ms else 0,
                    kept_ms,
                )
            ]
        )
    if note:
        kernel.deliver(delivery)
    return delivery
