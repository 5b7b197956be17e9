"""Choosing what a holder gets next, and handing it over. Hot.

Returned messages come first, in offset order; then the frontier moves on. A window with an order is asked what is next
instead. A run never spans two blocks, so that a delivery can point at the one block that has its bodies. What has
expired by then is set aside instead of handed out.
"""

from typing import Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.entities import Holder, Subscription
from dragoman.kernel.leases.due import grant
from dragoman.kernel.leases.expiry import expiry_ms
from dragoman.kernel.leases.order import Order, Pick, apply_lease
from dragoman.kernel.leases.parcel import apply_leased_apart
from dragoman.kernel.leases.revisions import Revisions
from dragoman.kernel.leases.standing import without_acks
from dragoman.kernel.leases.states import DEFERRED, DONE, LEASED, READY, RETURNED
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Leased
from dragoman.kernel.state import Needs, State
from dragoman.kernel.transactions.transaction import hide_pending

LOAD_AHEAD_MAX: Final = 16  # blocks looked at behind a cold one
LOAD_AHEAD_BYTES_MAX: Final = 1 << 20  # of cold ones asked for at once, unless the first is larger


class Run:
    """The next messages of a subscription: [start, end) of one block, `fresh` from the frontier or returned."""

    __slots__ = ("block", "end", "expired", "fresh", "partition", "start")

    def __init__(self, partition: int, start: int, end: int, block: Block, fresh: bool) -> None:
        self.partition = partition
        self.start = start
        self.end = end
        self.block = block
        self.fresh = fresh
        self.expired = False


class Delivery:
    """Messages [start, end) of `block` handed to `holder`.

    bodies    one per message; the whole batch alone when the block is packed
    tries     how often each was leased before; None when none was ("fresh")
    fails     how many of these ended in failure; None as for `tries`
    firsts_ms  wall time at which each was first leased, this time included; None where that is not kept
    standing  what must be durable before it leaves: EARLY, MESSAGE or LEASE
    offsets   of messages that lie apart, maybe in several blocks, `start` and `end` around them; None: all in between
    """

    __slots__ = (
        "block",
        "bodies",
        "end",
        "fails",
        "firsts_ms",
        "holder",
        "offsets",
        "partition",
        "standing",
        "start",
        "tries",
    )

    def __init__(
        self,
        holder: Holder,
        run: Run,
        tries: list[int] | None,
        bodies: list[bytes] | None = None,
        offsets: list[int] | None = None,
    ) -> None:
        self.holder = holder
        self.partition = run.partition
        self.start = run.start
        self.end = run.end
        self.block = run.block
        self.offsets = offsets
        block = run.block
        if bodies is None:
            assert block.bodies is not None
            bodies = block.bodies if block.packed else block.slice(run.start, run.end)
        self.bodies: list[bytes] = bodies
        self.tries = tries
        self.fails: list[int] | None = None
        self.firsts_ms: list[int] | None = None
        standing: int = holder.subscription.standing
        self.standing: int = without_acks(standing) if holder.no_ack else standing

    def count(self) -> int:
        """How many messages."""
        return self.end - self.start if self.offsets is None else len(self.offsets)


def next_run(
    subscription: Subscription, count_max: int, now_ms: int, holder: Holder | None = None
) -> Run | None:
    """What is ready next, at most `count_max` messages of one block; what expires at or before `now_ms` is marked so.
    `holder` is who it is for, None somebody new: orders may keep messages for one.

    Raises Needs when the block's bodies are only on disk.
    """
    windows = subscription.windows
    count = len(windows)
    for step in range(count):
        index = (subscription.turn_window + step) % count
        if windows[index].ready > 0:
            run = head_run(subscription, index, count_max, now_ms, holder)
            if run is not None:
                if count > 1:
                    subscription.turn_window = index + 1
                return run
    return None


def head_run(
    subscription: Subscription,
    index: int,
    count_max: int,
    now_ms: int,
    holder: Holder | None = None,
) -> Run | None:
    """What is ready next in one partition; see `next_run`."""
    partition = subscription.stream.partitions[index]
    window = subscription.windows[index]
    if window.order is None:
        run = _next_of(partition, window, count_max)
    else:
        run = _next_ordered(partition, window, window.order, count_max, holder)
    if run is not None:
        if window.revisions is not None:
            _revise(window.revisions, run)
        if run.block.bodies is None:
            raise Needs(ahead(partition, run.block))
        _judge(subscription, run, now_ms)
    return run


def _revise(revisions: Revisions, run: Run) -> None:
    """Let `run` be of one block as its subscription sees it: a revision, or up to the next one."""
    revised = revisions.blocks.get(run.start)
    if revised is None:
        run.end = revisions.first_in(run.start, run.end)
    else:
        run.block, run.end = revised, revised.end


def ahead(partition: Partition, block: Block) -> list[Block]:
    """A cold block, and those behind it that its reader will want next."""
    cold: list[Block] = []
    size: int = 0
    at: int = partition.find(block.offset)
    for known in partition.blocks[at : at + LOAD_AHEAD_MAX]:
        if cold and size + known.size > LOAD_AHEAD_BYTES_MAX:
            break
        if known.bodies is None:
            cold.append(known)
            size += known.size
    return cold


def _next_of(partition: Partition, window: Window, count_max: int) -> Run | None:
    if window.counts[RETURNED]:
        returned = window.next_returned(count_max)
        if returned is not None:
            start, end = returned
            block = partition.at(start)
            assert block is not None and block.offset <= start, (start, "returned, but gone")
            return Run(partition.index, start, min(end, block.end), block, fresh=False)
    return _fresh_from(partition, window, window.frontier, count_max)


def ready_run(partition: Partition, window: Window, start: int, count_max: int) -> Run | None:
    """The first ready messages at or past `start` of a window without an order: at most `count_max` of one block, which
    is loaded. Raises Needs.
    """
    run: Run | None = None
    if start < window.frontier:
        returned = window.next_run(RETURNED, start, count_max)
        if returned is not None:
            run = run_of(partition, (*returned, False))
    if run is None:
        run = _fresh_from(partition, window, max(start, window.frontier), count_max)
    if run is not None:
        if window.revisions is not None:
            _revise(window.revisions, run)
        if run.block.bodies is None:
            raise Needs(ahead(partition, run.block))
    return run


def _fresh_from(partition: Partition, window: Window, low: int, count_max: int) -> Run | None:
    """The first messages never leased at or past `low`."""
    at = partition.find(low)
    blocks = partition.blocks
    while at < len(blocks):
        block = blocks[at]
        if not (block.control or block.pending or block.aborted):
            start = max(low, block.offset)
            end = min(block.end, start + count_max, window.shown)
            if block.missing:
                found = block.present(start, block.end)
                if not found:
                    at += 1
                    continue
                start, end = found[0]
                end = min(end, start + count_max, window.shown)
            return Run(partition.index, start, end, block, fresh=True) if start < end else None
        at += 1
    return None


def _next_ordered(
    partition: Partition, window: Window, order: Order, count_max: int, holder: Holder | None
) -> Run | None:
    pick = order.first(window, count_max, holder)
    return None if pick is None else run_of(partition, pick)


def run_of(partition: Partition, pick: Pick) -> Run:
    """What an order picked, as far as one block has it."""
    start, end, fresh = pick
    block = partition.at(start)
    assert block is not None and block.offset <= start, (start, "ready, but gone")
    return Run(partition.index, start, min(end, block.end), block, fresh)


def last_run(subscription: Subscription, count_max: int) -> Run | None:
    """What goes first when there is too much: the head, or what the order says."""
    for partition, window in zip(subscription.stream.partitions, subscription.windows, strict=True):
        if window.order is not None and window.ready > 0:
            pick = window.order.last(window, count_max)
            if pick is not None:
                run = run_of(partition, pick)
                judge(subscription, run, 0)
                return run
    return next_run(subscription, count_max, 0)


def judge(subscription: Subscription, run: Run, now_ms: int) -> None:
    """As `next_run` does for a run found in another way. Raises Needs."""
    if run.block.bodies is None:
        raise Needs([run.block])
    _judge(subscription, run, now_ms)


def _judge(subscription: Subscription, run: Run, now_ms: int) -> None:
    """Shorten `run` to its first messages that share one fate: expired or not."""
    block = run.block
    if subscription.settings.ttl_ms < 0 and block.expires_ms is None:
        return
    first = expiry_ms(subscription, block, run.start)
    run.expired = 0 < first <= now_ms
    if block.expires_ms is None and block.stored is None:
        return
    for offset in range(run.start + 1, run.end):
        expires = expiry_ms(subscription, block, offset)
        if (0 < expires <= now_ms) != run.expired:
            run.end = offset
            return


def shorten(run: Run, bytes_max: int) -> int:
    """Let `run` end behind the message that reaches `bytes_max`; returns its bytes. A packed block counts whole."""
    block = run.block
    bodies = block.bodies
    assert bodies is not None
    if block.packed:
        return block.size
    size: int = 0
    for offset in range(run.start, run.end):
        size += len(bodies[offset - block.offset])
        if size >= bytes_max:
            run.end = offset + 1
            break
    return size


def tries_of(subscription: Subscription, run: Run) -> list[int] | None:
    """How often each message of `run` was leased before; None for a fresh run."""
    if run.fresh:
        return None
    window = subscription.windows[run.partition]
    return [window.tried(offset) for offset in range(run.start, run.end)]


def fails_of(subscription: Subscription, run: Run) -> list[int]:
    """How often a lease of each message of `run` ended in failure."""
    window = subscription.windows[run.partition]
    return [window.failed(offset) for offset in range(run.start, run.end)]


def firsts_of(subscription: Subscription, run: Run, now_ms: int) -> list[int]:
    """When each message of `run`, which is leased now, was first leased."""
    window = subscription.windows[run.partition]
    return [window.first_ms(offset) or now_ms for offset in range(run.start, run.end)]


def apply_leased(state: State, record: Leased) -> None:
    """The only code that makes messages LEASED."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    state.dirty_subscriptions[subscription.id] = subscription
    window = subscription.windows[record.partition]
    count = record.end - record.start
    source = READY
    if record.offsets is not None:
        count = apply_leased_apart(window, record)
    else:
        source = _apply_run(subscription, window, record)
    if subscription.is_uneven or not subscription.armed_ms or source != READY:
        state.look(subscription)  # else the next head expires no sooner than is looked anyway
    if record.at_ms:
        window.note_first(record.start, record.end, record.at_ms)
    if record.duration_ms or (window.timed and record.offsets is None):
        grant(state, subscription, record)
    if subscription.stream.counts_bytes and source != DEFERRED:
        window.ready_bytes -= bytes_of(
            subscription.stream.partitions[record.partition], record.start, record.end
        )
    holder = state.holders.get(record.holder)
    if holder is not None:
        holder.leased += count
        if holder.pool is not None:
            holder.pool.leased += count


def _apply_run(subscription: Subscription, window: Window, record: Leased) -> int:
    """The run is LEASED; returns what it was."""
    count = record.end - record.start
    source = READY
    if window.order is not None:
        source = apply_lease(window, window.order, record)
    elif record.fresh:
        partition = subscription.stream.partitions[record.partition]
        if partition.open_since:
            hide_pending(window, partition, record.start)
        window.advance(record.start, record.end, LEASED, record.holder)
        window.ready -= count
    else:
        source = window.state(record.start)
        assert source in {RETURNED, LEASED, DEFERRED}, source
        window.move(record.start, record.end, source, LEASED, record.holder)
        if source == RETURNED:
            window.ready -= count
    return source


def bytes_of(partition: Partition, start: int, end: int) -> int:
    """Bytes of the messages in [start, end), where they are counted."""
    total = 0
    at = partition.find(start)
    while at < len(partition.blocks) and partition.blocks[at].offset < end:
        block = partition.blocks[at]
        total += block.bytes_of(max(start, block.offset), min(end, block.end))
        at += 1
    return total


def apply_taken(window: Window, start: int, end: int, *, fresh: bool) -> None:
    """Messages done without having been held: by readers that do not acknowledge, expired, over a limit."""
    if fresh:
        window.advance(start, end, DONE, 0)
    else:
        window.move(start, end, RETURNED, DONE)
    window.ready -= end - start
