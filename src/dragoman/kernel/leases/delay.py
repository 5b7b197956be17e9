"""A subscription's own delay: every message is shown `delay_ms` after it was stored, in order. Hot where it appends.

           frontier          shown                 end of the partition
    ...        |  READY        |  delayed              |

Nothing is kept per message: `window.shown` is where delayed messages begin, `window.delayed` counts them, and one
deadline per subscription, in wall time, says when the next of them is due. What has never been shown is not handed out,
not counted as ready, and does not expire. Windows without a delay have shown everything there will ever be (ALL).

With an order the frontier stays at `shown`, and what is shown is put in order then (`Indexed`), not when it is stored.
A message is due by the time it was stored at; where the clock stepped back meanwhile, later ones wait for it.
"""

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.leases.chunks import ALL
from dragoman.kernel.leases.index import entries_of
from dragoman.kernel.leases.lease import bytes_of
from dragoman.kernel.leases.states import DONE
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Indexed, Record, Shown
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.state import LOOK_MS, Needs, State
from dragoman.kernel.transactions.transaction import hide_pending
from dragoman.model.limits import DELAY_STEP_BYTES_MAX, DELAY_STEP_MAX, SWEEP_DELAYS_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Subscription


# --- what apply does ---


def put_off(
    state: State, subscription: "Subscription", window: Window, partition: Partition
) -> None:
    """The window is new, or begins anew: from `shown` on everything waits to be shown."""
    window.delayed = partition.count(window.shown, partition.end)
    if window.delayed:
        subscription.is_mortal = subscription.is_uneven = True  # what is there already may expire
    look(state, subscription, LOOK_MS)


def note_delayed(state: State, subscription: "Subscription", window: Window, block: Block) -> None:
    """A block was appended that is not shown yet."""
    window.delayed += block.end - block.offset
    subscription.is_uneven = True  # it is ready at a time of its own
    if block.expires_ms is not None:
        subscription.is_mortal = True
    look(state, subscription, block.stored_ms + subscription.settings.delay_ms)


def look(state: State, subscription: "Subscription", wall_ms: int) -> None:
    """See at `wall_ms` what is due, unless that will happen sooner anyway."""
    if not subscription.showing_ms or wall_ms < subscription.showing_ms:
        subscription.showing_ms = wall_ms
        heappush(state.showing, (wall_ms, subscription.id))
        state.stirred = True


def apply_delay(state: State, subscription: "Subscription", before: SubscriptionSettings) -> None:
    """The subscription's delay may have changed. What a new delay finds is shown already."""
    delay_ms = subscription.settings.delay_ms
    if delay_ms == before.delay_ms:
        return
    partitions = subscription.stream.partitions
    for partition, window in zip(partitions, subscription.windows, strict=True):
        if not delay_ms:
            assert window.delayed == 0, "shown by a record before"
            window.shown = ALL
        elif window.shown == ALL:
            window.shown = partition.end
    if delay_ms:
        look(state, subscription, LOOK_MS)


def apply_shown(state: State, record: Shown) -> None:
    """Messages up to `offset` wait no longer: they are ready, `Indexed` next, or dropped."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    state.dirty_subscriptions[subscription.id] = subscription
    window = subscription.windows[record.partition]
    partition = subscription.stream.partitions[record.partition]
    count = partition.count(window.shown, record.offset)
    window.delayed -= count
    if record.dropped:
        skip(state, subscription, record.partition, record.offset)
        return
    if window.order is not None:
        window.advance(record.offset, record.offset, DONE, 0)
    else:
        window.ready += count
        if subscription.stream.counts_bytes:
            window.ready_bytes += bytes_of(partition, window.shown, record.offset)
    window.shown = record.offset
    state.activate(subscription)
    if subscription.stream.is_pumped:
        state.pumps.wake(subscription.stream.id)
    state.look(subscription)
    state.crowd(subscription)


def skip(state: State, subscription: "Subscription", index: int, offset: int) -> None:
    """The window's frontier and what is shown go on to `offset`: what lies between is done, or PENDING."""
    window = subscription.windows[index]
    partition = subscription.stream.partitions[index]
    hide_pending(window, partition, offset)
    window.advance(max(offset, window.frontier), max(offset, window.frontier), DONE, 0)
    window.shown = max(offset, window.shown)
    state.dirty_floors[subscription.stream.id] = subscription.stream


# --- time ---


def sweep_delays(kernel: "Decisions") -> bool:
    """Show what is due; True when more is. Raises Needs, with what came before done."""
    state = kernel.state
    for _ in range(SWEEP_DELAYS_MAX):
        if not state.showing or state.showing[0][0] > kernel.now_ms:
            return False
        wall_ms, number = state.showing[0]
        subscription = state.subscriptions.get(number)
        if subscription is None or subscription.showing_ms != wall_ms:
            heappop(state.showing)
            continue
        records, next_ms = _decide(state, subscription, kernel.now_ms)
        heappop(state.showing)
        subscription.showing_ms = 0
        kernel.commit(records)
        if next_ms:
            look(state, subscription, next_ms)
    return True


def next_showing_ms(state: State) -> int | None:
    """When something may be due, wall time."""
    return state.showing[0][0] if state.showing else None


def _decide(state: State, subscription: "Subscription", now_ms: int) -> tuple[list[Record], int]:
    """(records that show what is due, when the next is; 0 never). Raises Needs."""
    records: list[Record] = []
    soonest = 0
    for partition, window in zip(subscription.stream.partitions, subscription.windows, strict=True):
        if window.shown >= partition.end:
            continue
        offset, next_ms = _due(subscription, partition, window, now_ms)
        if window.order is not None:
            step = _step(partition, window.shown, offset)
            offset, next_ms = step, next_ms if step == offset else now_ms
        if offset > window.shown:
            records += decide_shown(state, subscription, partition, offset)
        if next_ms and (not soonest or next_ms < soonest):
            soonest = next_ms
    return records, soonest


def _step(partition: Partition, start: int, end: int) -> int:
    """So much of [start, end) is put in order at once."""
    size = 0
    for at in range(partition.find(start), len(partition.blocks)):
        block = partition.blocks[at]
        size += block.size
        if size > DELAY_STEP_BYTES_MAX and block.offset > start:
            return min(block.offset, end, start + DELAY_STEP_MAX)
        if block.end >= end:
            break
    return min(end, start + DELAY_STEP_MAX)


def _due(
    subscription: "Subscription", partition: Partition, window: Window, now_ms: int
) -> tuple[int, int]:
    """(everything below is due, when the next message is; 0 when there is none). Raises Needs."""
    delay_ms = subscription.settings.delay_ms
    blocks = partition.blocks
    for at in range(partition.find(window.shown), len(blocks)):
        block = blocks[at]
        start = max(window.shown, block.offset)
        if (
            block.bodies is None and block.end - block.offset > 1
        ):  # times are on disk, but the first
            first_ms = block.stored_ms + delay_ms
            if start > window.shown or (start == block.offset and first_ms > now_ms):
                return start, first_ms  # to be loaded in a step of its own
            raise Needs([block])
        for offset in range(start, block.end):
            due_ms = block.stored_at(offset) + delay_ms
            if due_ms > now_ms:
                return offset, due_ms
    return partition.end, 0


def decide_shown(
    state: State, subscription: "Subscription", partition: Partition, offset: int
) -> list[Record]:
    """Records that show what is stored below `offset`. Raises Needs."""
    index = partition.index
    window = subscription.windows[index]
    records: list[Record] = [Shown(subscription.id, index, offset)]
    if window.order is not None:
        blocks = _between(partition, window.shown, offset)
        cold = [block for block in blocks if block.bodies is None]
        if cold:
            raise Needs(cold)
        span = (window.shown, offset)
        entries = entries_of(state.translator, blocks, span, subscription.settings, index)
        if entries:
            records.append(Indexed(subscription.id, index, entries))
    return records


def _between(partition: Partition, start: int, end: int) -> list[Block]:
    return [
        block
        for block in partition.blocks[partition.find(start) : partition.find(end - 1) + 1]
        if not (block.control or block.aborted) and block.offset < end
    ]


def show_all(state: State, subscription: "Subscription") -> list[Record]:
    """Records after which nothing is delayed. Raises Needs."""
    records: list[Record] = []
    for partition, window in zip(subscription.stream.partitions, subscription.windows, strict=True):
        if window.shown < partition.end:
            records += decide_shown(state, subscription, partition, partition.end)
    return records
