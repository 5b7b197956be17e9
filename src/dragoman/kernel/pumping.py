r"""One step of a pump, the commands around pumps, and the sweep that drives them.

    step   up to PUMP_STEP_MAX messages of one block -> filter -> headers -> publish to every target  \
           progress (cursor moved, or the messages done for the leased subscription)                  / one atomic set

Where many messages are refused they go on one by one, until the pump has caught up. One that a target has no room for
stops the pump for a while and costs no attempt, or is given up at once (`waits_for_room`); one that is refused costs an
attempt, and after `attempts_max` goes to the dead-letter address. One that has no way back (`to_origin`) ends the pump:
it stays where it is.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.carrying import (
    Full,
    Load,
    NoOrigin,
    TooFar,
    decide_carry,
    decide_given_up,
    goes_in_a_circle,
)
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.lease import next_run
from dragoman.kernel.leases.states import READY, RETURNED, TAKE
from dragoman.kernel.leases.sweep import dropped
from dragoman.kernel.pumps import (
    NEVER,
    CreatePump,
    DeletePump,
    ListPumps,
    Pump,
    PumpInfo,
    PumpState,
    compiled,
    cursor_of,
    info_of,
    limit_of,
)
from dragoman.kernel.records import PumpCreated, PumpDeleted, PumpMoved, Record, Settled
from dragoman.kernel.rules.book import check_named
from dragoman.kernel.state import Needs
from dragoman.model.errors import (
    AlreadyExists,
    InvalidArgument,
    KernelError,
    MessageInvalid,
    PumpNotFound,
    QuotaExceeded,
    StorageFull,
)
from dragoman.model.limits import (
    PUMP_HOPS_MAX,
    PUMP_POLL_MS,
    PUMP_RATE_MAX,
    PUMP_RATE_STEPS,
    PUMP_RETRY_MS_MAX,
    PUMP_ROUND_MS,
    PUMP_STEP_MAX,
    PUMP_TARGETS_MAX,
    PUMPS_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

MOVED: Final = 0  # the step was carried out; there may be more
IDLE: Final = 1  # nothing to carry
LATE_US_MAX: Final = (
    1_000_000 // PUMP_RATE_STEPS
)  # made up for; a pump that had nothing to do has no claim
FOR_GOOD: Final = {MessageInvalid: "delivery_limit", TooFar: "max_hops", Full: "no_room"}
"""What no further attempt would change, and what a message dies of then."""
WAITS: Final = 2  # there is something, not committed yet, or the pump is to be left alone


# --- commands ---


def create_pump(kernel: "Decisions", command: CreatePump, session: int) -> PumpInfo:
    """Reply: the pump."""
    state = kernel.state
    _check(state, command)
    stream = state.stream(command.namespace, command.source)
    reader = 0
    if command.subscription:
        reader = state.subscription(command.namespace, command.source, command.subscription).id
    from_end = command.settings.from_end
    partitions = stream.partitions
    cursors = tuple(each.end if from_end else each.start for each in partitions)
    ends = tuple(each.end for each in partitions) if command.settings.until_end else None
    number = state.id_next
    made = PumpCreated(
        number,
        command.namespace,
        command.name,
        stream.id,
        reader,
        command.settings,
        cursors,
        ends,
        kernel.now_ms,
    )
    kernel.commit([made])
    return info_of(state, state.pumps.by_id[number])


def _check(state: "State", command: CreatePump) -> None:
    """Raises AlreadyExists, InvalidArgument, QuotaExceeded, and what the targets' look-up raises."""
    if not command.name:
        raise InvalidArgument("a pump has a name")
    if (command.namespace, command.name) in state.pumps.by_name:
        raise AlreadyExists(command.name)
    if len(state.pumps.by_id) >= PUMPS_MAX:
        raise QuotaExceeded(f"{PUMPS_MAX} pumps")
    settings = command.settings
    if settings.to_origin and settings.targets:
        raise InvalidArgument("a pump has targets, or brings messages back to where they died")
    if not settings.to_origin and not 0 < len(settings.targets) <= PUMP_TARGETS_MAX:
        raise InvalidArgument(f"a pump has 1 to {PUMP_TARGETS_MAX} targets")
    if not 0 <= settings.rate_max <= PUMP_RATE_MAX:
        raise InvalidArgument(f"a rate has 0 to {PUMP_RATE_MAX} messages per second")
    if not 0 <= settings.hops_max <= PUMP_HOPS_MAX:
        raise InvalidArgument(f"a message goes through at most {PUMP_HOPS_MAX} pumps")
    compiled(command.settings)
    check_named(state, command.namespace, command.settings.rules)
    for target in command.settings.targets:
        if target.is_route:
            state.routing.get(command.namespace, target.name)
        else:
            state.stream(command.namespace, target.name)


def delete_pump(kernel: "Decisions", command: DeletePump, session: int) -> PumpInfo:
    """Reply: the pump as it was."""
    pump = kernel.state.pumps.by_name.get((command.namespace, command.name))
    if pump is None:
        raise PumpNotFound(command.name)
    info = info_of(kernel.state, pump)
    _end(kernel, pump, "cancelled")
    return info


def _end(kernel: "Decisions", pump: Pump, outcome: PumpState, trouble: str = "") -> None:
    """The pump is gone; one that had an end is remembered."""
    if pump.ends is None:
        kernel.commit([PumpDeleted(pump.id)])
    else:
        kernel.commit([PumpDeleted(pump.id, outcome, kernel.now_ms, trouble)])


def list_pumps(kernel: "Decisions", command: ListPumps, session: int) -> list[PumpInfo]:
    """Reply: pumps."""
    state = kernel.state
    source = state.stream(command.namespace, command.source) if command.source else None
    pumps = state.pumps
    found = [
        info_of(state, pump)
        for pump in pumps.by_id.values()
        if pump.namespace == command.namespace and source in {None, pump.stream}
    ]
    found.sort(key=lambda info: info.name)
    ended: list[PumpInfo] = []
    for number, infos in pumps.ended.items() if command.with_ended else ():
        stream = state.streams[number]
        if stream.namespace == command.namespace and source in {None, stream}:
            ended += infos
    ended.sort(key=lambda info: -info.ended_ms)
    return found + ended


# --- time ---


def sweep_pumps(kernel: "Decisions") -> bool:
    """One step of every pump that may have something; True when one of them moved. Raises Needs, others then done."""
    pumps = kernel.state.pumps
    if not pumps.by_id:
        pumps.poll_ms = NEVER
        return False
    if kernel.elapsed_ms >= pumps.round_ms:
        pumps.round_ms = kernel.elapsed_ms + PUMP_ROUND_MS
        pumps.awake.update(dict.fromkeys(pumps.by_id))
    moved = False
    pumps.poll_ms = pumps.round_ms
    for number in list(pumps.awake):
        pump = pumps.by_id.get(number)
        outcome = IDLE if pump is None else _drive(kernel, pump)
        if outcome == IDLE:
            pumps.awake.pop(number, None)
        moved = moved or outcome == MOVED
        if outcome == WAITS and pump is not None:
            soon_ms = max(pump.starts_ms(), kernel.elapsed_ms + PUMP_POLL_MS)
            pumps.poll_ms = min(pumps.poll_ms, soon_ms)
    if pumps.awake:
        kernel.state.stirred = (
            True  # what they wait for, as commits of their source, may come with any turn
        )
    return moved


def next_pump_ms(state: "State") -> int | None:
    """When pumps are to be looked at, elapsed time."""
    return None if state.pumps.poll_ms == NEVER else state.pumps.poll_ms


def _drive(kernel: "Decisions", pump: Pump) -> int:
    """One step, or why there is none. Raises Needs."""
    if kernel.elapsed_ms < pump.starts_ms():
        return WAITS
    load, waits = _next(kernel, pump)
    if load is None:
        if waits:
            return WAITS
        if pump.ends is not None and _is_over(kernel.state, pump):
            _end(kernel, pump, "done")
        pump.is_narrow = False
        return IDLE
    try:
        _carry(kernel, pump, load)
    except NoOrigin as error:
        _end(kernel, pump, "failed", str(error))
        return IDLE
    is_void = load.block.control and not pump.subscription  # gaps and markers are nothing
    count = 0 if is_void else load.end - load.start
    _pace(pump, count, kernel.elapsed_ms)
    return MOVED if kernel.elapsed_ms >= pump.starts_ms() else WAITS


def _pace(pump: Pump, count: int, elapsed_ms: int) -> None:
    """So many were looked at: wait as long as its rate says that takes."""
    rate = pump.settings.rate_max
    if rate and elapsed_ms >= pump.retry_ms:  # not when the step was refused
        late_us = elapsed_ms * 1_000 - pump.free_us
        start_us = pump.free_us if late_us < LATE_US_MAX else elapsed_ms * 1_000
        pump.free_us = start_us + count * 1_000_000 // rate


def _is_over(state: "State", pump: Pump) -> bool:
    """Whether everything that was there when the pump was made has been carried."""
    assert pump.ends is not None
    reader = state.subscriptions.get(pump.subscription)
    if reader is None:
        return all(at >= end for at, end in zip(pump.cursors, pump.ends, strict=False))
    return all(
        window.floor() >= end or not (window.ready or window.delayed)
        for window, end in zip(reader.windows, pump.ends, strict=False)
    )


# --- what is next ---


def _next(kernel: "Decisions", pump: Pump) -> tuple[Load | None, bool]:
    """(what to carry, whether something is there that is not committed yet). Raises Needs."""
    count_max = 1 if pump.is_narrow else PUMP_STEP_MAX
    if pump.settings.rate_max:
        count_max = min(count_max, max(pump.settings.rate_max // PUMP_RATE_STEPS, 1))
    reader = kernel.state.subscriptions.get(pump.subscription)
    if reader is not None:
        return _next_leased(kernel, pump, reader, count_max)
    waits = False
    for partition in pump.stream.partitions:
        load = _next_from_cursor(pump, partition, count_max)
        if load is not None:
            return load, False
        waits = waits or limit_of(pump, partition) > partition.stable()
    return None, waits


def _next_from_cursor(pump: Pump, partition: Partition, count_max: int) -> Load | None:
    at = partition.index
    cursor = max(cursor_of(pump, at), partition.start)
    limit = min(limit_of(pump, partition), partition.stable())
    if cursor >= limit:
        return None
    block = partition.at(cursor)
    if block is None or block.offset >= limit:
        gap = Block(cursor, limit, 0, [], 0)
        gap.control = True
        return Load(gap, cursor, limit, PumpMoved(pump.id, at, limit))
    start = max(cursor, block.offset)
    whole = block.control or block.aborted
    if block.missing:
        return _next_present(pump, partition, block, start, min(limit, start + count_max))
    end = min(block.end, limit) if whole else min(block.end, limit, start + count_max)
    if block.bodies is None and not whole:
        raise Needs([block])
    return Load(block, start, end, PumpMoved(pump.id, at, end))


def _next_present(pump: Pump, partition: Partition, block: Block, start: int, limit: int) -> Load:
    """As `_next_from_cursor` in a block that was compacted: up to the next gap, or over it."""
    end = min(block.end, limit)
    runs = block.present(start, end)
    if not runs or runs[0][0] > start:
        gap = Block(start, runs[0][0] if runs else end, 0, [], 0)
        gap.control = True
        return Load(gap, gap.offset, gap.end, PumpMoved(pump.id, partition.index, gap.end))
    if block.bodies is None:
        raise Needs([block])
    return Load(block, start, runs[0][1], PumpMoved(pump.id, partition.index, runs[0][1]))


def _next_leased(
    kernel: "Decisions", pump: Pump, reader: Subscription, count_max: int
) -> tuple[Load | None, bool]:
    run = None if reader.settings.paused else next_run(reader, count_max, kernel.now_ms - 1)
    if run is None:
        return None, False
    if run.expired:
        kernel.commit(dropped(kernel.state, reader, run, "expired", kernel.now_ms))
        return None, True
    partition = reader.stream.partitions[run.partition]
    end = min(run.end, limit_of(pump, partition))
    if run.start >= end:
        return None, False
    end = min(end, partition.committed)
    if run.start >= end:
        return None, True
    source = READY if run.fresh else RETURNED
    progress = Settled(reader.id, run.partition, source, TAKE, [(run.start, end)])
    return Load(run.block, run.start, end, progress), False


# --- carrying ---


def _carry(kernel: "Decisions", pump: Pump, load: Load) -> None:
    """Publish and progress in one set; or note why not, and when to try again."""
    dropped = pump.dropped
    try:
        records, count = decide_carry(kernel, pump, load, pump.settings.targets)
    except NoOrigin:
        if not _narrow(pump, load):
            raise
        return
    except (Full, StorageFull, QuotaExceeded, KernelError) as error:
        given_up = _refused(kernel, pump, load, error)
        if given_up is None:
            return
        records, count = given_up, 0
        dropped += 1
    else:
        dropped += load.end - load.start if goes_in_a_circle(load.block) else 0
    pump.attempts = 0
    pump.trouble = ""
    kernel.commit([*records, *_progress(pump, load, pump.carried + count, dropped)])
    kernel.trim_crowded()


def _refused(kernel: "Decisions", pump: Pump, load: Load, error: Exception) -> list[Record] | None:
    """Records by which the one message of `load` is given up; None where it is to be tried again."""
    waits = isinstance(error, (StorageFull, QuotaExceeded)) or (
        isinstance(error, Full) and pump.settings.waits_for_room
    )
    pump.trouble = (
        f"{error.code}: {error}" if isinstance(error, KernelError) and not waits else str(error)
    )
    if _narrow(pump, load):
        return None
    if waits:
        pump.retry_ms = kernel.elapsed_ms + pump.settings.retry_ms
        return None
    reason = FOR_GOOD.get(type(error), "")
    pump.attempts += 1
    if not reason and pump.attempts < pump.settings.attempts_max:
        delay_ms = pump.settings.retry_ms << min(pump.attempts - 1, 16)
        pump.retry_ms = kernel.elapsed_ms + min(delay_ms, PUMP_RETRY_MS_MAX)
        return None
    return decide_given_up(kernel, pump, load, reason or "delivery_limit", str(error))


def _progress(pump: Pump, load: Load, carried: int, dropped: int) -> list[Record]:
    """Records that say how far the pump came."""
    progress = load.progress
    if isinstance(progress, PumpMoved):
        at, offset = progress.partition, progress.offset
        return [PumpMoved(pump.id, at, offset, carried, dropped)]
    return [progress, PumpMoved(pump.id, 0, -1, carried, dropped)]


def _narrow(pump: Pump, load: Load) -> bool:
    """Go on one by one, at once, if that is not how it goes already: one message may do where many do not."""
    was_wide = not pump.is_narrow and load.end - load.start > 1
    pump.is_narrow = True
    return was_wide


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    CreatePump: create_pump,
    DeletePump: delete_pump,
    ListPumps: list_pumps,
}
