"""Putting publishes off and carrying them out: decisions and steps around `schedules`."""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.block import Block
from dragoman.kernel.commands import Publish
from dragoman.kernel.draft import Pending
from dragoman.kernel.publish import decide_moved, decide_publish
from dragoman.kernel.records import Record, Runs, ScheduleSettled, StreamCreated, StreamDeleted
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.rules.judging import refuse_bad
from dragoman.kernel.schedules import (
    BUCKET_SETTINGS,
    SCHEDULES,
    Bucket,
    CancelSchedule,
    CancelSchedules,
    DescribeSchedule,
    Envelope,
    ScheduleInfo,
    block_at,
    due_in,
    due_of,
    key_of,
    offset_of,
    opens_ms,
    publish_of,
    unwrap,
    wrap,
)
from dragoman.kernel.settings import Address
from dragoman.kernel.state import Needs
from dragoman.model.errors import (
    InvalidArgument,
    KernelError,
    MessageTooLarge,
    ScheduleNotFound,
)
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.model.limits import (
    SCHEDULE_AHEAD_MS_MAX,
    SCHEDULE_BUCKET_MS,
    SCHEDULE_OPEN_BLOCKS_MAX,
    SCHEDULE_RETRY_MS,
    SCHEDULE_SEND_MAX,
    SCHEDULES_CANCELLED_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

UUID_BYTES: Final = 16


def schedule(kernel: "Decisions", command: Publish) -> PublishReply:
    """Put a publish off until its time. Raises what publishing to a missing address raises, InvalidArgument."""
    records, reply = decide_schedule(kernel, command, Pending())
    kernel.commit(records)
    return reply


def decide_put_off(
    kernel: "Decisions", reply: PublishReply, pending: Pending | None = None
) -> list[Record]:
    """Records that schedule what rules put off. Raises InvalidArgument."""
    shared = pending or Pending()
    records: list[Record] = []
    for command in reply.put_off or ():
        more, scheduled = decide_schedule(kernel, command, shared)
        reply.level = max(reply.level, scheduled.level)
        records += more
    return records


def decide_schedule(
    kernel: "Decisions", command: Publish, pending: Pending
) -> tuple[list[Record], PublishReply]:
    """Records that put `command` into its bucket, which is made now if it is not there: nobody can see it."""
    level = _check(kernel, command)
    refuse_bad(kernel.state, command)
    bucket = bucket_for(kernel, command.due_ms)
    bodies = [wrap(command, index) for index in range(len(command.bodies))]
    inner = Publish(SCHEDULES, Address(bucket.stream.name), CANONICAL, bodies)
    inner.level = command.level
    records, stored = decide_publish(kernel.state, inner, kernel.now_ms, pending)
    reply = PublishReply(1, -1, 0, max(level, stored.level, SYNCED))  # so that its id stays its own
    reply.schedule = (bucket.stream.id, stored.offset)
    return records, reply


def _check(kernel: "Decisions", command: Publish) -> int:
    """The level its confirm must wait for. Raises KernelError."""
    state = kernel.state
    if command.due_ms > kernel.now_ms + SCHEDULE_AHEAD_MS_MAX:
        raise InvalidArgument(f"a message waits at most {SCHEDULE_AHEAD_MS_MAX} ms")
    if command.producer is not None or command.control:
        raise InvalidArgument("a producer's batch cannot be put off")
    if command.address.is_route:
        state.routing.get(command.namespace, command.address.name)
        return 0
    stream = state.stream(command.namespace, command.address.name)
    limit = stream.settings.message_bytes_max
    if limit and any(len(body) > limit for body in command.bodies):
        raise MessageTooLarge(f"{stream.name} takes {limit} bytes")
    return stream.settings.level if stream.durable and command.level < 0 else 0


def bucket_for(kernel: "Decisions", due_ms: int) -> Bucket:
    """The bucket of a time, which is made now if it is not there."""
    schedules = kernel.state.schedules
    number = due_ms // SCHEDULE_BUCKET_MS
    if number not in schedules.by_number:
        uuid = kernel.token(UUID_BYTES)
        made = StreamCreated(kernel.state.id_next, SCHEDULES, str(number), uuid, BUCKET_SETTINGS)
        kernel.commit([made])
    return schedules.by_number[number]


# --- taking back ---


def cancel_schedule(kernel: "Decisions", command: CancelSchedule, session: int) -> None:
    """Reply: None. Raises Needs."""
    _find(kernel, command, command.stream, command.offset)
    kernel.commit([ScheduleSettled(command.stream, [(command.offset, command.offset + 1)])])


def cancel_schedules(kernel: "Decisions", command: CancelSchedules, session: int) -> None:
    """Reply: None. Raises Needs."""
    if len(command.places) > SCHEDULES_CANCELLED_MAX:
        raise InvalidArgument(f"at most {SCHEDULES_CANCELLED_MAX} at once")
    cold: list[Block] = []
    places = sorted(set(command.places))
    for stream, offset in places:
        try:
            _find(kernel, command, stream, offset)
        except Needs as needs:
            cold += needs.blocks
    if cold:
        raise Needs(cold)
    kernel.commit([ScheduleSettled(stream, [(at, at + 1)]) for stream, at in places])


def describe_schedule(kernel: "Decisions", command: DescribeSchedule, session: int) -> ScheduleInfo:
    """Reply: the message. Raises Needs."""
    stored = _find(kernel, command, command.stream, command.offset)
    return info_of(stored, unwrap(stored))


def info_of(stored: bytes, known: Envelope) -> ScheduleInfo:
    """What is told of an entry that waits."""
    return ScheduleInfo(
        due_in(stored), known.address, known.format, known.body, known.priority, known.key
    )


def _find(
    kernel: "Decisions",
    command: CancelSchedule | CancelSchedules | DescribeSchedule,
    stream: int,
    offset: int,
) -> bytes:
    """The stored entry, if it waits and is whose it is said to be. Raises ScheduleNotFound, Needs."""
    bucket = kernel.state.schedules.by_stream.get(stream)
    block = None if bucket is None else block_at(bucket, offset)
    if block is None:
        raise ScheduleNotFound(f"{stream}-{offset}")
    if block.bodies is None:
        raise Needs([block])
    stored = block.body(offset)
    known = unwrap(stored)
    if (known.namespace, known.address.name) != (command.namespace, command.name):
        raise ScheduleNotFound(f"{stream}-{offset}")
    return stored


# --- time ---


def sweep_schedules(kernel: "Decisions") -> bool:
    """One step: read what comes near, publish what is due, drop what is drained. Raises Needs."""
    schedules = kernel.state.schedules
    schedules.open_until(kernel.now_ms)
    schedules.swept_ms = kernel.now_ms
    more = False
    for bucket in list(schedules.opened):
        more = _read_step(kernel, bucket) or more
    while schedules.later and schedules.later[0][0] <= kernel.elapsed_ms:
        heappush(schedules.near, heappop(schedules.later)[1])
    more = _send_step(kernel) or more
    if not more:
        _drop_drained(kernel)
    return more


def _read_step(kernel: "Decisions", bucket: Bucket) -> bool:
    """Take the due times of some blocks into the heap; True when there are more to read."""
    partition = bucket.stream.partitions[0]
    if bucket.read_to >= partition.end:
        return False
    at = partition.find(bucket.read_to)
    blocks = partition.blocks[at : at + SCHEDULE_OPEN_BLOCKS_MAX]
    near = kernel.state.schedules.near
    for block in blocks:
        if block.bodies is None:
            raise Needs([block])  # those before are read and need not be asked for again
        for offset in range(max(bucket.read_to, block.offset), block.end):
            if not bucket.is_done(offset):
                heappush(near, key_of(due_in(block.body(offset)), offset))
        bucket.read_to = block.end
    if not blocks:
        bucket.read_to = partition.end
    return bucket.read_to < partition.end


def _send_step(kernel: "Decisions") -> bool:
    """Publish what is due, at most SCHEDULE_SEND_MAX; True when more may be."""
    schedules = kernel.state.schedules
    keys: list[int] = []
    while schedules.near and due_of(schedules.near[0]) <= kernel.now_ms:
        if len(keys) == SCHEDULE_SEND_MAX:
            break
        keys.append(heappop(schedules.near))
    if not keys:
        return False
    try:
        _send(kernel, keys)
    except Needs:
        for key in keys:
            heappush(schedules.near, key)
        raise
    return bool(schedules.near) and due_of(schedules.near[0]) <= kernel.now_ms


def _send(kernel: "Decisions", keys: list[int]) -> None:
    """Publish the entries of `keys` and mark them, in one atomic set. Raises Needs.

    The set ends with an entry that could not be published: what was decided for it must not reach the next one.
    """
    schedules = kernel.state.schedules
    entries = _entries(kernel, keys)
    pending = Pending()
    records: list[Record] = []
    sent: dict[int, Runs] = {}
    left: list[int] = []
    for at, (key, bucket, stored) in enumerate(entries):
        decided = _decide_sent(kernel, stored, pending)
        if decided is None:
            heappush(schedules.later, (kernel.elapsed_ms + SCHEDULE_RETRY_MS, key))
        else:
            records += decided
            offset = offset_of(key)
            sent.setdefault(bucket.stream.id, []).append((offset, offset + 1))
        if not decided:
            left = [each[0] for each in entries[at + 1 :]]
            break
    records += [ScheduleSettled(stream, runs) for stream, runs in sent.items()]
    kernel.commit(records)
    for key in left:
        heappush(schedules.near, key)


def _entries(kernel: "Decisions", keys: list[int]) -> list[tuple[int, Bucket, bytes]]:
    """What the keys stand for and still waits; what is only on disk waits for another step. Raises Needs."""
    found: list[tuple[int, Bucket, bytes]] = []
    for key in keys:
        bucket = kernel.state.schedules.by_number.get(due_of(key) // SCHEDULE_BUCKET_MS)
        block = None if bucket is None else block_at(bucket, offset_of(key))
        if bucket is None or block is None:
            continue  # cancelled
        if block.bodies is not None:
            found.append((key, bucket, block.body(offset_of(key))))
        elif found:
            heappush(kernel.state.schedules.near, key)  # in the next step
        else:
            raise Needs([block])
    return found


def _decide_sent(kernel: "Decisions", stored: bytes, pending: Pending) -> list[Record] | None:
    """Records of the publish; none when it leads nowhere (any more); None when the disk or a target is full now."""
    if kernel.state.is_full:
        return None
    command = publish_of(unwrap(stored))
    command.is_told = False
    try:
        judged = bool(kernel.state.rules.on)
        records, reply = decide_moved(kernel.state, command, kernel.now_ms, pending, judged)
    except KernelError:
        kernel.state.schedules.dropped += 1
        return []
    return None if reply.refused >= 0 else records


def _drop_drained(kernel: "Decisions") -> None:
    """Buckets whose time is over and that have nothing left go."""
    for bucket in list(kernel.state.schedules.opened):
        over_ms = (bucket.number + 1) * SCHEDULE_BUCKET_MS
        if over_ms <= kernel.now_ms and bucket.is_drained():
            kernel.commit([StreamDeleted(bucket.stream.id)])


def next_due_ms(state: "State") -> int | None:
    """When something is due, a bucket is to be opened, or one is over: wall time."""
    schedules = state.schedules
    times = [due_of(schedules.near[0])] if schedules.near else []
    if schedules.unopened:
        times.append(opens_ms(schedules.unopened[0]))
    ends = [(bucket.number + 1) * SCHEDULE_BUCKET_MS for bucket in schedules.opened]
    times += [end_ms for end_ms in ends if end_ms > schedules.swept_ms]
    return min(times, default=None)


def next_retry_ms(state: "State") -> int | None:
    """When a target is asked again, elapsed time."""
    return state.schedules.later[0][0] if state.schedules.later else None


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    CancelSchedule: cancel_schedule,
    CancelSchedules: cancel_schedules,
    DescribeSchedule: describe_schedule,
}
