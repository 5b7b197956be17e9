"""Purge in its meanings, each one decision of runs.

    ready    what waits to be handed out (RabbitMQ); held messages stay held
    all      that, and what is held, delayed, put off or set aside (SQS): whoever holds it settles it in vain
    before   the same for messages stored before a time (Cloud Tasks)
    old      what waits to be handed out, stored before a time (Service Bus)

The last is of the oldest so many, and maybe of one key. What is pending in an open transaction was not sent yet and
stays. Messages are stored in the order of time, so that a time is an offset; where the clock stepped back, the first
message that is young enough ends it.
"""

from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.states import DEAD, DEFERRED, DROP, LEASED, READY, RETURNED, WAITING
from dragoman.kernel.leases.window import Window
from dragoman.kernel.records import Record, Runs, Settled, Shown
from dragoman.kernel.state import Needs
from dragoman.model.errors import InvalidArgument

Open = tuple[int, int, Runs]
"""(state, holder, runs)."""


def decide_purge(
    subscription: Subscription,
    *,
    held: bool = False,
    before_ms: int = -1,
    count_max: int = 0,
    key: bytes | None = None,
) -> tuple[list[Record], int]:
    """Records that drop messages, and how many. Work per block and run, none per message. Raises Needs (before),
    InvalidArgument.
    """
    records: list[Record] = []
    total = 0
    for partition in subscription.stream.partitions:
        window = subscription.windows[partition.index]
        end = partition.end if before_ms < 0 else offset_of(partition, before_ms)
        found = _open_runs(window, partition, key, held=held)
        found = [(source, holder, clip(runs, end)) for source, holder, runs in found]
        if count_max:
            found = _oldest(found, count_max - total)
        for source, holder, runs in found:
            total += sum(high - low for low, high in runs)
            if runs:
                records.append(
                    Settled(subscription.id, partition.index, source, DROP, runs, holder)
                )
        if held and window.shown < end:
            total += partition.count(window.shown, end)
            records.append(Shown(subscription.id, partition.index, end, dropped=True))
    return records, total


def _open_runs(
    window: Window, partition: Partition, key: bytes | None, *, held: bool
) -> list[Open]:
    """What a purge ends."""
    if key is not None:
        return _of_key(window, key)
    found = [(RETURNED, 0, list(window.runs(RETURNED)))]
    if window.order is None:
        until = min(window.shown, partition.end)
        found.append((READY, 0, partition.messages(window.frontier, until)))
    else:
        found.append((READY, 0, window.order.fresh(window)))
    if held:
        found += [(state, 0, list(window.runs(state))) for state in (WAITING, DEFERRED, DEAD)]
        found += [(LEASED, holder, runs) for holder, runs in leased_runs(window).items()]
    return found


def _of_key(window: Window, key: bytes) -> list[Open]:
    if not isinstance(window.order, Keys):
        raise InvalidArgument("nobody orders these messages by keys")
    known = window.order.by_key.get(key)
    if known is None:
        return []
    lane = known.lane
    back = [] if lane.returned is None else lane.returned.runs()
    return [(RETURNED, 0, back), (READY, 0, lane.fresh.runs())]


def _oldest(found: list[Open], count_max: int) -> list[Open]:
    """The first `count_max` messages of all."""
    pieces = [(*run, source, holder) for source, holder, runs in found for run in runs]
    kept: dict[tuple[int, int], Runs] = {}
    for start, end, source, holder in sorted(pieces):
        if count_max <= 0:
            break
        end = min(end, start + count_max)  # noqa: PLW2901
        count_max -= end - start
        kept.setdefault((source, holder), []).append((start, end))
    return [(*of, runs) for of, runs in kept.items()]


def leased_runs(window: Window) -> dict[int, Runs]:
    """Who holds what."""
    found: dict[int, Runs] = {}
    for start, end in window.runs(LEASED):
        for offset in range(start, end):
            runs = found.setdefault(window.holder_of(offset), [])
            if runs and runs[-1][1] == offset:
                runs[-1] = (runs[-1][0], offset + 1)
            else:
                runs.append((offset, offset + 1))
    return found


def clip(runs: Runs, end: int) -> Runs:
    """The part of `runs` below `end`."""
    return [(low, min(high, end)) for low, high in runs if low < end]


def offset_of(partition: Partition, time_ms: int) -> int:
    """The first offset stored at or after the time; the partition's end when there is none. Raises Needs.

    Blocks say when their first message was stored: only the last block that began before the time is looked into.
    """
    before = None
    for block in partition.blocks[partition.first :]:
        if block.stored_ms >= time_ms:
            break
        before = block
    if before is None:
        return partition.start
    if before.bodies is None and before.end - before.offset > 1:
        raise Needs([before])  # times of its messages are on disk with them
    for at, stored_ms in enumerate(before.stored_of()):
        if stored_ms >= time_ms:
            return before.offset + at
    return before.end
