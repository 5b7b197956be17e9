r"""One step of a pump, the commands around pumps, and the sweep that drives them.

    step   up to PUMP_STEP_MAX messages of one block -> filter -> headers -> publish to every target  \
           progress (cursor moved, or the messages done for the leased subscription)                  / one atomic set

Where many messages are refused they go on one by one, until the pump has caught up. One that a target has no room for
stops the pump for a while and costs no attempt; one that is refused costs an attempt, and after `attempts_max` goes to
the dead-letter address.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.commands import Publish
from dragoman.kernel.draft import Pending
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.lease import next_run
from dragoman.kernel.leases.states import READY, RETURNED, TAKE
from dragoman.kernel.leases.sweep import dropped
from dragoman.kernel.publish import decide_publish
from dragoman.kernel.pumps import (
    NEVER,
    CreatePump,
    DeletePump,
    ListPumps,
    Pump,
    PumpInfo,
    compiled,
    dead_letter_of,
    info_of,
)
from dragoman.kernel.records import PumpCreated, PumpDeleted, PumpMoved, Record, Settled
from dragoman.kernel.settings import Address
from dragoman.kernel.state import Needs
from dragoman.model.errors import (
    AlreadyExists,
    InvalidArgument,
    KernelError,
    PumpNotFound,
    QuotaExceeded,
    StorageFull,
)
from dragoman.model.limits import (
    PUMP_HOPS_MAX,
    PUMP_POLL_MS,
    PUMP_RETRY_MS_MAX,
    PUMP_ROUND_MS,
    PUMP_STEP_MAX,
    PUMP_TARGETS_MAX,
    PUMPS_MAX,
)
from dragoman.ports.translator import Death

if TYPE_CHECKING:
    from dragoman.kernel.kernel import Kernel
    from dragoman.kernel.state import State

MOVED: Final = 0  # the step was carried out; there may be more
IDLE: Final = 1  # nothing to carry
WAITS: Final = 2  # there is something, not committed yet, or the pump is to be left alone


class Full(Exception):
    """A target has no room now."""


class Load:
    """The messages of one step: [start, end) of `block`, and the record that says they were carried."""

    __slots__ = ("block", "end", "progress", "start")

    def __init__(self, block: Block, start: int, end: int, progress: Record) -> None:
        self.block = block
        self.start = start
        self.end = end
        self.progress = progress


# --- commands ---


def create_pump(kernel: "Kernel", command: CreatePump, session: int) -> PumpInfo:
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
        number, command.namespace, command.name, stream.id, reader, command.settings, cursors, ends
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
    if not 0 < len(command.settings.targets) <= PUMP_TARGETS_MAX:
        raise InvalidArgument(f"a pump has 1 to {PUMP_TARGETS_MAX} targets")
    compiled(command.settings)
    for target in command.settings.targets:
        if target.is_route:
            state.routing.get(command.namespace, target.name)
        else:
            state.stream(command.namespace, target.name)


def delete_pump(kernel: "Kernel", command: DeletePump, session: int) -> PumpInfo:
    """Reply: the pump as it was."""
    pump = kernel.state.pumps.by_name.get((command.namespace, command.name))
    if pump is None:
        raise PumpNotFound(command.name)
    info = info_of(kernel.state, pump)
    kernel.commit([PumpDeleted(pump.id)])
    return info


def list_pumps(kernel: "Kernel", command: ListPumps, session: int) -> list[PumpInfo]:
    """Reply: the namespace's pumps, by name."""
    found = sorted(kernel.state.pumps.by_name.items())
    return [info_of(kernel.state, pump) for key, pump in found if key[0] == command.namespace]


# --- time ---


def sweep_pumps(kernel: "Kernel") -> bool:
    """One step of every pump that may have something; True when one of them moved. Raises Needs, others then done."""
    pumps = kernel.state.pumps
    if not pumps.by_id:
        pumps.poll_ms = NEVER
        return False
    if kernel.elapsed_ms >= pumps.round_ms:
        pumps.round_ms = kernel.elapsed_ms + PUMP_ROUND_MS
        pumps.awake.update(dict.fromkeys(pumps.by_id))
    moved = waits = False
    for number in list(pumps.awake):
        pump = pumps.by_id.get(number)
        outcome = IDLE if pump is None else _drive(kernel, pump)
        if outcome == IDLE:
            pumps.awake.pop(number, None)
        moved = moved or outcome == MOVED
        waits = waits or outcome == WAITS
    pumps.poll_ms = kernel.elapsed_ms + PUMP_POLL_MS if waits else pumps.round_ms
    return moved


def next_pump_ms(state: "State") -> int | None:
    """When pumps are to be looked at, elapsed time."""
    return None if state.pumps.poll_ms == NEVER else state.pumps.poll_ms


def _drive(kernel: "Kernel", pump: Pump) -> int:
    """One step, or why there is none. Raises Needs."""
    if kernel.elapsed_ms < pump.retry_ms:
        return WAITS
    load, waits = _next(kernel, pump)
    if load is None:
        if waits:
            return WAITS
        if pump.ends is not None and _is_over(kernel.state, pump):
            kernel.commit([PumpDeleted(pump.id)])
        pump.is_narrow = False
        return IDLE
    _carry(kernel, pump, load)
    return MOVED if kernel.elapsed_ms >= pump.retry_ms else WAITS


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


def _next(kernel: "Kernel", pump: Pump) -> tuple[Load | None, bool]:
    """(what to carry, whether something is there that is not committed yet). Raises Needs."""
    count_max = 1 if pump.is_narrow else PUMP_STEP_MAX
    reader = kernel.state.subscriptions.get(pump.subscription)
    if reader is not None:
        return _next_leased(kernel, pump, reader, count_max)
    waits = False
    for partition in pump.stream.partitions:
        load = _next_from_cursor(pump, partition, count_max)
        if load is not None:
            return load, False
        waits = waits or _limit(pump, partition) > partition.stable()
    return None, waits


def _limit(pump: Pump, partition: Partition) -> int:
    """The pump goes no further than this."""
    at = partition.index
    if pump.ends is None:
        return partition.end
    return pump.ends[at] if at < len(pump.ends) else 0


def _next_from_cursor(pump: Pump, partition: Partition, count_max: int) -> Load | None:
    at = partition.index
    cursor = pump.cursors[at] if at < len(pump.cursors) else 0
    limit = min(_limit(pump, partition), partition.stable())
    if cursor >= limit:
        return None
    block = partition.at(cursor)
    if block is None or block.offset >= limit:
        gap = Block(cursor, limit, 0, [], 0)
        gap.control = True
        return Load(gap, cursor, limit, PumpMoved(pump.id, at, limit))
    start = max(cursor, block.offset)
    whole = block.control or block.aborted
    end = min(block.end, limit) if whole else min(block.end, limit, start + count_max)
    if block.bodies is None and not whole:
        raise Needs([block])
    return Load(block, start, end, PumpMoved(pump.id, at, end))


def _next_leased(
    kernel: "Kernel", pump: Pump, reader: Subscription, count_max: int
) -> tuple[Load | None, bool]:
    run = next_run(reader, count_max, kernel.now_ms - 1)
    if run is None:
        return None, False
    if run.expired:
        kernel.commit(dropped(kernel.state, reader, run, "expired", kernel.now_ms))
        return None, True
    partition = reader.stream.partitions[run.partition]
    end = min(run.end, _limit(pump, partition))
    if run.start >= end:
        return None, False
    end = min(end, partition.committed)
    if run.start >= end:
        return None, True
    source = READY if run.fresh else RETURNED
    progress = Settled(reader.id, run.partition, source, TAKE, [(run.start, end)])
    return Load(run.block, run.start, end, progress), False


# --- carrying ---


def _carry(kernel: "Kernel", pump: Pump, load: Load) -> None:
    """Publish and progress in one set; or note why not, and when to try again."""
    try:
        records, count = _decide_carry(kernel, pump, load, pump.settings.targets)
    except (Full, StorageFull, QuotaExceeded) as error:
        pump.trouble = str(error)
        if not _narrow(pump, load):
            pump.retry_ms = kernel.elapsed_ms + pump.settings.retry_ms
        return
    except KernelError as error:
        pump.trouble = f"{error.code}: {error}"
        if _narrow(pump, load):
            return
        pump.attempts += 1
        if pump.attempts < pump.settings.attempts_max:
            delay_ms = pump.settings.retry_ms << min(pump.attempts - 1, 16)
            pump.retry_ms = kernel.elapsed_ms + min(delay_ms, PUMP_RETRY_MS_MAX)
            return
        records, count = _decide_given_up(kernel, pump, load), 0
        pump.dropped += 1
    pump.attempts = 0
    pump.trouble = ""
    pump.carried += count
    kernel.commit([*records, load.progress])
    kernel.trim_crowded()


def _narrow(pump: Pump, load: Load) -> bool:
    """Go on one by one, at once, if that is not how it goes already: one message may do where many do not."""
    was_wide = not pump.is_narrow and load.end - load.start > 1
    pump.is_narrow = True
    return was_wide


def _decide_carry(
    kernel: "Kernel", pump: Pump, load: Load, targets: tuple[Address, ...]
) -> tuple[list[Record], int]:
    """Records of the publishes, and how many messages they carry. Raises KernelError, Full."""
    block = load.block
    if block.control or block.aborted:
        return [], 0
    if block.hops >= PUMP_HOPS_MAX:
        pump.dropped += load.end - load.start
        return [], 0
    pending = Pending()
    records: list[Record] = []
    offsets = range(load.start, load.end)
    format_, bodies = messages_of(kernel.state, block, load.start, load.end)
    chosen = [
        at
        for at in range(len(bodies))
        if pump.filter is None
        or pump.filter.matches(kernel.state.translator.fields(format_, bodies[at], 0))
    ]
    for target in targets:
        for command in _commands(
            kernel.state, pump, target, block, offsets, format_, bodies, chosen
        ):
            more, reply = decide_publish(kernel.state, command, kernel.now_ms, pending)
            if reply.refused >= 0:
                raise Full(f"{target.name} has no room")
            records += more
    return records, len(chosen)


def messages_of(state: "State", block: Block, start: int, end: int) -> tuple[int, list[bytes]]:
    """Messages [start, end) of a block, standing alone: (format, bodies)."""
    if not block.packed:
        return block.format, block.slice(start, end)
    format_, bodies = state.translator.open_batch(block.format, block.body(start))
    return format_, bodies[start - block.offset : end - block.offset]


def _commands(
    state: "State",
    pump: Pump,
    target: Address,
    block: Block,
    offsets: range,
    format_: int,
    bodies: list[bytes],
    chosen: list[int],
) -> list[Publish]:
    """Publishes of the chosen bodies: one for all, or one each where each goes its own way."""
    if not chosen:
        return []
    headers = pump.settings.headers_set
    by_own_key = target.is_route and not target.key
    if not headers and not by_own_key:
        return [_publish(pump, target, block, offsets, format_, bodies, chosen)]
    commands: list[Publish] = []
    for at in chosen:
        own, body = format_, bodies[at]
        if headers:
            own, body = state.translator.with_headers(format_, body, headers)
        where = target
        if by_own_key:
            where = Address(target.name, state.translator.route_key(format_, bodies[at]), True)
        command = _publish(pump, where, block, offsets, own, bodies, [at])
        command.bodies = [body]
        commands.append(command)
    return commands


def _publish(
    pump: Pump,
    target: Address,
    block: Block,
    offsets: range,
    format_: int,
    bodies: list[bytes],
    chosen: list[int],
) -> Publish:
    command = Publish(pump.namespace, target, format_, [bodies[at] for at in chosen])
    command.hops = block.hops + 1
    first = offsets.start - block.offset
    if not block.packed:
        for name in ("expires_ms", "priorities", "keys"):
            column = getattr(block, name)
            if column is not None:
                setattr(command, name, [column[first + at] for at in chosen])
    return command


def _decide_given_up(kernel: "Kernel", pump: Pump, load: Load) -> list[Record]:
    """Records that put the one message of `load` where what cannot be carried goes, if it goes anywhere."""
    address = dead_letter_of(pump)
    if address is None:
        return []
    format_, bodies = messages_of(kernel.state, load.block, load.start, load.end)
    death = Death("delivery_limit", pump.stream.name, kernel.now_ms, address.key)
    try:
        lettered = kernel.state.translator.dead_letter(format_, bodies[0], death)
        if lettered is None:
            return []
        command = Publish(pump.namespace, address, lettered[0], [lettered[1]])
        command.hops = load.block.hops + 1
        return decide_publish(kernel.state, command, kernel.now_ms)[0]
    except KernelError:
        return []  # the address leads nowhere


HANDLERS: Final[Mapping[type, Callable[["Kernel", Any, int], Any]]] = {
    CreatePump: create_pump,
    DeletePump: delete_pump,
    ListPumps: list_pumps,
}
