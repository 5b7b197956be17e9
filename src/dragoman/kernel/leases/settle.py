"""Settling: what became of leased messages, and everything else that ends or returns them. Hot for plain acks.

`decide_settle` finds which of the runs the holder still has and chooses the event of the transition table;
`apply_settled` carries any event out, whoever decided it (a reader, a deadline, a limit, a purge, a closed connection).
"""

from collections.abc import Iterable
from heapq import heappush

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import Settle
from dragoman.kernel.draft import Pending
from dragoman.kernel.entities import Holder, Pool, Subscription
from dragoman.kernel.leases.dead import Last, dead_letters
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lease import apply_taken, bytes_of
from dragoman.kernel.leases.order import apply_run
from dragoman.kernel.leases.parcel import apply_settled_apart, holds_apart, runs_of
from dragoman.kernel.leases.revising import revise
from dragoman.kernel.leases.states import (
    ACK,
    COUNTED,
    DEAD,
    DEFER,
    DEFERRED,
    DELAY,
    DONE,
    DROP,
    LEASED,
    PENDING,
    PUT_BACK,
    READY,
    RELEASE,
    RETURNED,
    SEEK,
    TRANSITIONS,
    WAITING,
)
from dragoman.kernel.leases.window import TRIES_MAX, Window
from dragoman.kernel.records import Record, Runs, Settled
from dragoman.kernel.replies import SettleReply
from dragoman.kernel.state import State
from dragoman.kernel.transactions.transaction import hide_pending
from dragoman.model.errors import LeaseExpired, PartitionNotFound, SubscriptionNotFound


def decide_settle(
    state: State,
    command: Settle,
    now_ms: int,
    elapsed_ms: int,
    pending: Pending | None = None,
) -> tuple[list[Record], SettleReply]:
    """Records that settle what the holder still has. Raises SubscriptionNotFound, PartitionNotFound, LeaseExpired
    (strict).
    """
    subscription = state.subscriptions.get(command.subscription)
    if subscription is None:
        raise SubscriptionNotFound(str(command.subscription))
    if not 0 <= command.partition < len(subscription.windows):
        raise PartitionNotFound(f"{subscription.stream.name}-{command.partition}")
    window = subscription.windows[command.partition]
    apart = _apart(window, command)
    runs, missing = still_held(window, command)
    late = _late(window, command) if missing and command.attempts is not None else []
    missing -= len(late)
    if missing and command.strict:
        raise LeaseExpired(f"{missing} no longer held")
    settled = sum(end - start for start, end in runs) + len(late)
    reply = SettleReply(settled, missing)
    if late:
        records: list[Record] = [
            Settled(subscription.id, command.partition, source, DROP, [(offset, offset + 1)])
            for source, offset in late
        ]
        if runs:
            records.append(
                Settled(subscription.id, command.partition, LEASED, ACK, runs, command.holder)
            )
        return records, reply
    if apart is not None:
        reply.settled += len(apart)
    elif not runs:
        return [], reply
    if command.outcome == "ack":
        return [
            Settled(
                subscription.id,
                command.partition,
                LEASED,
                ACK,
                runs,
                command.holder,
                offsets=apart,
            )
        ], reply
    if command.outcome == "defer":
        deferred = Settled(subscription.id, command.partition, LEASED, DEFER, runs, command.holder)
        return [*revise(state, subscription, command, runs), deferred], reply
    if command.outcome == "reject":
        reason = command.reason or "rejected"
        return _rejected(state, subscription, command, runs, reason, now_ms, pending), reply
    delay_ms = subscription.settings.retry_ms if command.delay_ms < 0 else command.delay_ms
    return released(
        state, subscription, command, runs, delay_ms, now_ms, elapsed_ms, pending
    ), reply


def _apart(window: Window, command: Settle) -> list[int] | None:
    """What the holder has as it was handed out, of which chunks say nothing. Whatever else is named, is in runs."""
    offsets = command.offsets
    if offsets is None:
        return None
    is_plain = command.outcome == "ack" and not command.attempts and not command.runs
    if is_plain and holds_apart(window, offsets, command.holder):
        return offsets
    command.runs = command.runs + runs_of(offsets)
    command.offsets = None
    return None


def still_held(window: Window, command: Settle) -> tuple[Runs, int]:
    """The command's runs as far as its holder has them, and how many messages it has not."""
    holder = command.holder
    runs = command.runs
    if all(window.held(start, end, holder) for start, end in runs):
        return runs, 0
    kept: Runs = []
    missing = 0
    for start, end in runs:
        for offset in range(start, end):
            if not window.held(offset, offset + 1, holder):
                missing += 1
            elif kept and kept[-1][1] == offset:
                kept[-1] = (kept[-1][0], offset + 1)
            else:
                kept.append((offset, offset + 1))
    return kept, missing


def _late(window: Window, command: Settle) -> list[tuple[int, int]]:
    """(state, offset) of messages that came back after the attempt their reader speaks of, and are nobody's now."""
    assert command.outcome == "ack" and command.attempts is not None
    offsets = [offset for start, end in command.runs for offset in range(start, end)]
    return [
        (window.state(offset), offset)
        for offset, attempt in zip(offsets, command.attempts, strict=True)
        if window.state(offset) in {RETURNED, WAITING}
        and window.tried(offset) == min(attempt, TRIES_MAX)
    ]


def _rejected(
    state: State,
    subscription: Subscription,
    command: Settle,
    runs: Runs,
    reason: str,
    now_ms: int,
    pending: Pending | None,
) -> list[Record]:
    partition = command.partition
    said = Last(command.text, command.headers)
    records = dead_letters(state, subscription, partition, runs, reason, now_ms, pending, said)
    records.append(Settled(subscription.id, partition, LEASED, DROP, runs, command.holder))
    return records


def released(
    state: State,
    subscription: Subscription,
    command: Settle,
    runs: Runs,
    delay_ms: int,
    now_ms: int,
    elapsed_ms: int,
    pending: Pending | None = None,
) -> list[Record]:
    """Back to be delivered again, now or after `delay_ms`; dead-lettered where attempts are spent."""
    records: list[Record] = []
    spent: Runs = []
    if subscription.settings.attempts_max:
        runs, spent = _split_spent(subscription, command.partition, runs, failed=command.failed)
    if spent:
        records += _rejected(state, subscription, command, spent, "delivery_limit", now_ms, pending)
    if runs:
        records += revise(state, subscription, command, runs)
        records += _ready_again(subscription, command, runs, delay_ms, now_ms, elapsed_ms)
        if subscription.settings.revoke_followers:
            records += _revoked(subscription, command.partition, runs, spent, pending)
    return records


def _ready_again(
    subscription: Subscription,
    command: Settle,
    runs: Runs,
    delay_ms: int,
    now_ms: int,
    elapsed_ms: int,
) -> list[Record]:
    partition, holder, failed = command.partition, command.holder, command.failed
    records: list[Record] = []
    if delay_ms <= 0:
        records += returned(subscription, partition, runs, holder, failed=failed)
        return records
    back, aside = subscription.windows[partition].split_aside(runs)
    if back:
        wait = (now_ms + delay_ms, delay_ms)
        ready_ms = elapsed_ms + delay_ms
        records.append(
            Settled(subscription.id, partition, LEASED, DELAY, back, holder, failed, ready_ms, wait)
        )
    if aside:
        records.append(Settled(subscription.id, partition, LEASED, PUT_BACK, aside, holder, failed))
    return records


def returned(
    subscription: Subscription, partition: int, runs: Runs, holder: int = 0, *, failed: bool = False
) -> list[Settled]:
    """Records that end leases: what is held is ready again at its place, or deferred again where it was."""
    back, aside = subscription.windows[partition].split_aside(runs)
    return [
        Settled(subscription.id, partition, LEASED, event, ended, holder, failed)
        for event, ended in ((RELEASE, back), (PUT_BACK, aside))
        if ended
    ]


def _revoked(
    subscription: Subscription, partition: int, runs: Runs, spent: Runs, pending: Pending | None
) -> list[Record]:
    """What comes after the returned messages in their keys is taken back from whoever has it, but for what ends in
    the same breath. Nothing comes after what is deferred again.
    """
    window = subscription.windows[partition]
    if not isinstance(window.order, Keys):
        return []
    runs, aside = window.split_aside(runs)
    settled = {offset for start, end in [*spent, *aside] for offset in range(start, end)}
    if pending is not None:
        settled |= pending.spoken.setdefault((subscription.id, partition), set())
    by_holder: dict[int, Runs] = {}
    for start, end in window.order.followers(window, runs):
        for offset in range(start, end):
            if offset in settled:
                continue
            if pending is not None:
                pending.spoken[subscription.id, partition].add(offset)
            theirs = by_holder.setdefault(window.holder_of(offset), [])
            if theirs and theirs[-1][1] == offset:
                theirs[-1] = (theirs[-1][0], offset + 1)
            else:
                theirs.append((offset, offset + 1))
    return [
        record
        for holder, theirs in by_holder.items()
        for record in returned(subscription, partition, theirs, holder)
    ]


def _split_spent(
    subscription: Subscription, partition: int, runs: Runs, *, failed: bool
) -> tuple[Runs, Runs]:
    """(runs that may be tried again, runs whose attempts are spent)."""
    window = subscription.windows[partition]
    settings = subscription.settings
    again: Runs = []
    spent: Runs = []
    for start, end in runs:
        for offset in range(start, end):
            if settings.attempts_counted == "failed":
                count = window.failed(offset) + (1 if failed else 0)
            else:
                count = window.tried(offset) + 1
            side = spent if count >= settings.attempts_max else again
            if side and side[-1][1] == offset:
                side[-1] = (side[-1][0], offset + 1)
            else:
                side.append((offset, offset + 1))
    return again, spent


def apply_settled(state: State, record: Settled) -> None:
    """Carry an event out on every run of the record."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    state.dirty_subscriptions[subscription.id] = subscription
    window = subscription.windows[record.partition]
    target = TRANSITIONS[record.source, record.event]
    total = _apply_runs(state, subscription, window, record, target)
    if record.offsets is not None:
        total += apply_settled_apart(window, record)
    if record.source == LEASED:
        give_back(state, subscription, record.holder, total)
    if target == RETURNED or record.source in {READY, RETURNED}:
        state.look(subscription)
        if target == RETURNED:
            state.crowd(subscription)
    frees = record.source == LEASED or window.order is not None  # credit, or a key's next
    if target == RETURNED or (frees and subscription.consumers.count):
        state.activate(subscription)
    if target == DONE:
        _finish(state, subscription, window, record.runs)


def _apply_runs(
    state: State, subscription: Subscription, window: Window, record: Settled, target: int
) -> int:
    """Carry the event out on the runs; how many messages they are."""
    partition = subscription.stream.partitions[record.partition]
    counts_bytes = subscription.stream.counts_bytes
    total = 0
    for start, end in record.runs:
        total += end - start
        if record.source == READY and partition.open_since:
            hide_pending(window, partition, start)
        if window.order is None:
            _apply_run(window, record, target, start, end)
        else:
            apply_run(window, window.order, record, start, end)
        if counts_bytes:
            _count_bytes(window, partition, record.source, target, start, end)
        if target == WAITING:
            _wait(state, window, record, start, end)
    return total


def _finish(state: State, subscription: Subscription, window: Window, runs: Runs) -> None:
    """Messages are done."""
    state.dirty_floors[subscription.stream.id] = subscription.stream
    if window.revisions is not None:
        for start, end in runs:
            window.revisions.forget(start, end)


def _wait(state: State, window: Window, record: Settled, start: int, end: int) -> None:
    heappush(state.retry, (record.ready_ms, record.subscription, record.partition, start, end))
    if record.wait is not None:
        window.hold_until(start, end, record.wait[0], record.wait[1])


def _apply_run(window: Window, record: Settled, target: int, start: int, end: int) -> None:
    source = record.source
    if source == READY:
        if target == DONE:
            apply_taken(window, start, end, fresh=True)
        else:
            window.advance(start, end, target, 0)
            window.ready -= end - start if target != RETURNED else 0
        return
    if source == RETURNED:
        apply_taken(window, start, end, fresh=False)
        return
    if record.event == SEEK:
        window.reopen(start, end)
    else:
        if record.event in COUNTED:
            window.count_try(start, end, failed=record.failed)
        window.move(start, end, source, target)
    if target == RETURNED:
        window.ready += end - start


def _count_bytes(
    window: Window, partition: Partition, source: int, target: int, start: int, end: int
) -> None:
    if source == READY and target == RETURNED:
        return
    if source in {READY, RETURNED}:
        window.ready_bytes -= bytes_of(partition, start, end)
    elif target == RETURNED:
        window.ready_bytes += bytes_of(partition, start, end)


def give_back(state: State, subscription: Subscription, holder_id: int, count: int) -> None:
    """The holder has `count` messages less."""
    if subscription.settings.single_active:  # somebody else may be the one now
        state.activate(subscription)
    holder: Holder | None = state.holders.get(holder_id)
    if holder is None:
        return
    holder.leased -= count
    if holder.pool is not None:
        give_back_to_pool(state, holder.pool, count)
    if holder.active:
        state.wake(holder)
    elif holder.leased == 0 and holder.accepted is None:
        state.drop_holder(holder)


def give_back_to_pool(state: State, pool: Pool, count: int) -> None:
    """The pool has `count` messages less; whoever shares it, of whatever queue, may have room again."""
    was_full = pool.leased >= pool.credit_max
    pool.leased -= count
    if was_full:
        for other in state.holders_of.get(pool.session, {}).values():
            if other.pool is pool and other.active:
                state.wake(other)


def blocks_of(partition: Partition, runs: Runs) -> list[Block]:
    """The blocks that hold any offset of `runs`."""
    blocks: list[Block] = []
    for start, end in runs:
        at = partition.find(start)
        while at < len(partition.blocks) and partition.blocks[at].offset < end:
            blocks.append(partition.blocks[at])
            at += 1
    return blocks


def finish_below(state: State, subscription: Subscription, index: int, offset: int) -> None:
    """Whatever is open below `offset` is dropped, by the same table as everything else."""
    window = subscription.windows[index]
    if window.order is None:
        until = min(offset, window.shown)
        fresh = subscription.stream.partitions[index].messages(window.frontier, until)
    else:
        fresh = _below(window.order.fresh(window), offset)
    if fresh:
        apply_settled(state, Settled(subscription.id, index, READY, DROP, fresh))
    for code in (RETURNED, WAITING, DEFERRED, PENDING, DEAD):
        runs = _below(window.runs(code), offset)
        if runs:
            apply_settled(state, Settled(subscription.id, index, code, DROP, runs))
    for holder in list(subscription.holders.values()):
        runs = _below(window.runs(LEASED, holder.id), offset)
        if runs:
            apply_settled(state, Settled(subscription.id, index, LEASED, DROP, runs, holder.id))
    runs = _below(window.runs(LEASED), offset)  # in recovery nobody is known to hold them
    if runs:
        apply_settled(state, Settled(subscription.id, index, LEASED, DROP, runs))
    if window.shown < offset:
        window.delayed -= subscription.stream.partitions[index].count(window.shown, offset)
        window.shown = offset
    if window.frontier < offset:
        window.advance(offset, offset, DONE, 0)


def _below(runs: Iterable[tuple[int, int]], offset: int) -> list[tuple[int, int]]:
    return [(start, min(end, offset)) for start, end in runs if start < offset]
