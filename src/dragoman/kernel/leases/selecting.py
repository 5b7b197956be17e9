"""Choosing for a receiver with a selector: it takes from the middle of a queue, whatever it wants.

              frontier
    before       | a  b  c  X  d          X is the first that is wanted
    passed over    a  b  c |              READY --PASS--> RETURNED: seen and not taken, no attempt
    leased                   X | d        the frontier is behind it

What is passed over is ready as it was and first in its order, for whoever else receives, in any protocol; a start finds
it so. It costs memory as what was handed out does, so there is a bound on it (`PASSED_MAX`): who would take past that
is told, and receives no more. To look costs nothing that lasts, so that who finds nothing may look at everything; but
it takes time, so there is a bound on that for each step (`LOOKED_MAX`).

An order (priorities, keys, sessions, a filter of the subscription's own) says itself what is next: no selectors there.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.jms import compile_selector
from dragoman.kernel.leases.lease import Run, judge, ready_run
from dragoman.kernel.leases.selector import Place, Selector
from dragoman.kernel.leases.states import PASS, READY, RETURNED
from dragoman.kernel.records import Settled
from dragoman.kernel.state import State
from dragoman.model.errors import NotSupported

if TYPE_CHECKING:
    from dragoman.kernel.block import Partition
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.leases.window import Window

LOOKED_MAX: Final = 256  # messages looked at in one step of one receiver
LOOK_COST: Final = 16  # of a dispatch's budget: a look takes as long as to hand out so many
PASSED_MAX: Final = 250_000  # ready messages before the frontier of a partition: see ADR 28
TOO_MANY: Final = (
    "this receiver would pass over more than {} messages that nobody takes: receive those,"
    " or give each kind of receiver a subscription of its own"
)


def compiled(subscription: Subscription, text: str) -> CompiledFilter:
    """A selector for a receiver of the subscription. Raises InvalidArgument; NotSupported where something else says
    what a receiver gets.
    """
    if subscription.is_ordered or subscription.settings.single_active:
        raise NotSupported(
            f"{subscription.name} has an order of its own (priorities, keys, sessions, a filter, or one"
            " active consumer): nobody selects from it"
        )
    return compile_selector(text)


def begin(state: State, holder: Holder, filter_: CompiledFilter) -> None:
    """The new consumer takes only what the filter lets through."""
    subscription = holder.subscription
    holder.selector = Selector(filter_, state.translator)
    if subscription.selecting is None:
        subscription.selecting = []
    subscription.selecting.append(holder)
    _places(subscription, holder.selector)


def end(holder: Holder) -> None:
    """It takes nothing any more; told twice is fine."""
    subscription, selector = holder.subscription, holder.selector
    if selector is None or subscription.selecting is None or holder not in subscription.selecting:
        return
    subscription.selecting.remove(holder)
    if not subscription.selecting:
        subscription.selecting = None
    for window, place in zip(subscription.windows, selector.places, strict=False):
        window.places = [known for known in window.places or () if known is not place] or None


def rouse(subscription: Subscription) -> None:
    """Who rests, and has something to look at again, takes turns."""
    for holder in subscription.selecting or ():
        selector = holder.selector
        if selector is not None and selector.is_through and not has_looked(subscription, selector):
            selector.is_through = False
            subscription.consumers.wake(holder)


def has_looked(subscription: Subscription, selector: Selector) -> bool:
    """Whether nothing is ready that it has not looked at: nothing that it wants, then."""
    places = _places(subscription, selector)
    return all(
        place.offset >= min(partition.end, window.shown) or not window.ready
        for place, window, partition in zip(
            places, subscription.windows, subscription.stream.partitions, strict=True
        )
    )


def _places(subscription: Subscription, selector: Selector) -> list[Place]:
    """One for each partition; a stream may have more than before."""
    places = selector.places
    while len(places) < len(subscription.windows):
        place = Place()
        window = subscription.windows[len(places)]
        window.places = [*(window.places or ()), place]
        places.append(place)
    return places


def looking_cost(holder: Holder) -> int:
    """How much of a dispatch's budget its last look took."""
    return 0 if holder.selector is None else holder.selector.looked * LOOK_COST


def take_selected(
    kernel: "Decisions", holder: Holder, selector: Selector, count_max: int
) -> Run | None:
    """What it is handed next, with the frontier there; None once it rests, or has looked enough for one step.
    Raises Needs.
    """
    run = next_selected(holder.subscription, selector, count_max, kernel.now_ms - 1)
    if run is None or not pass_over(kernel, holder, run):
        return None
    return run


def next_selected(
    subscription: Subscription, selector: Selector, count_max: int, now_ms: int
) -> Run | None:
    """As `lease.next_run`, of what it wants."""
    places = _places(subscription, selector)
    count = len(places)
    selector.looked = 0
    for step in range(count):
        index = (subscription.turn_window + step) % count
        window = subscription.windows[index]
        if window.ready > 0:
            partition = subscription.stream.partitions[index]
            run = _look(partition, window, selector, places[index], count_max)
            if run is not None:
                judge(subscription, run, now_ms)
                places[index].offset = min(places[index].offset, run.end)
                if count > 1:
                    subscription.turn_window = index + 1
                return run
            if selector.looked >= LOOKED_MAX:
                return None
    selector.is_through = True
    return None


def _look(
    partition: "Partition", window: "Window", selector: Selector, place: Place, count_max: int
) -> Run | None:
    """The next run that it wants in one partition; its place is behind all it has looked at. Raises Needs."""
    while selector.looked < LOOKED_MAX:
        run = ready_run(partition, window, place.offset, LOOKED_MAX - selector.looked)
        if run is None:
            place.offset = max(place.offset, min(partition.end, window.shown))
            return None
        found, place.offset = selector.find(run.block, run.start, run.end, count_max)
        if found is not None:
            run.start, run.end = found
            return run
    return None


def pass_over(kernel: "Decisions", holder: Holder, run: Run) -> bool:
    """Let the frontier come to `run`, past what its receiver does not want; whether that may be. If not, the receiver
    is told and ends.
    """
    subscription = holder.subscription
    window = subscription.windows[run.partition]
    if not run.fresh or run.start == window.frontier:
        return True
    runs = subscription.stream.partitions[run.partition].messages(window.frontier, run.start)
    passed = sum([high - low for low, high in runs])
    if window.counts[RETURNED] + passed > PASSED_MAX:
        assert holder.selector is not None
        holder.selector.is_through = True
        holder.ended = TOO_MANY.format(PASSED_MAX)
        kernel.end(holder)
        return False
    if runs:
        kernel.commit([Settled(subscription.id, run.partition, READY, PASS, runs)])
    return True
