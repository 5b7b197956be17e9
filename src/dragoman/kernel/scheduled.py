"""Looking at what waits for its time: nothing is sent, nothing changes. Cold.

ListSchedules   messages that wait to be published to one address, page by page
NextSchedule    the id that the next message for a time will have, for whoever must name it in its body
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.block import Block
from dragoman.kernel.scheduler import bucket_for, info_of
from dragoman.kernel.schedules import Bucket, ListSchedules, ScheduledPage, Waiting, unwrap
from dragoman.kernel.state import Needs
from dragoman.model.errors import InvalidArgument
from dragoman.model.limits import (
    SCHEDULE_AHEAD_MS_MAX,
    SCHEDULES_LISTED_BYTES_MAX,
    SCHEDULES_LISTED_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


class NextSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: the id (stream, offset) that the next message published for `due_ms` will have. Raises InvalidArgument.

    It holds until something else is asked of the kernel.
    """

    due_ms: int


Step = tuple[Bucket, Block, int]
"""(a bucket, one of its blocks, where in that to begin)."""


def list_schedules(kernel: "Decisions", command: ListSchedules, session: int) -> ScheduledPage:
    """Reply: the page. Raises Needs."""
    steps, after = _steps(kernel, command.stream, command.offset)
    cold = [block for _, block, _ in steps if block.bodies is None]
    if cold:
        raise Needs(cold)
    found: list[Waiting] = []
    address = (command.namespace, command.name)
    for bucket, block, start in steps:
        for offset in range(start, block.end):
            if bucket.is_done(offset):
                continue
            if len(found) >= command.count_max:
                return ScheduledPage(found, (bucket.stream.id, offset))
            stored = block.body(offset)
            known = unwrap(stored)
            if (known.namespace, known.address.name) == address:
                info = info_of(stored, known)
                found.append(Waiting(bucket.stream.id, offset, block.stored_at(offset), info))
    return ScheduledPage(found, after)


def _steps(
    kernel: "Decisions", stream: int, offset: int
) -> tuple[list[Step], tuple[int, int] | None]:
    """What one page looks at, and the place behind that."""
    by_stream = kernel.state.schedules.by_stream
    steps: list[Step] = []
    looks = size = 0
    for number in sorted(each for each in by_stream if each >= stream):
        bucket = by_stream[number]
        low = offset if number == stream else 0
        partition = bucket.stream.partitions[0]
        for block in partition.blocks[partition.find(low) :]:
            if looks >= SCHEDULES_LISTED_MAX or size >= SCHEDULES_LISTED_BYTES_MAX:
                return steps, (number, block.offset)
            start = max(low, block.offset)
            steps.append((bucket, block, start))
            looks += block.end - start
            size += block.size
    return steps, None


def next_schedule(kernel: "Decisions", command: NextSchedule, session: int) -> tuple[int, int]:
    """Reply: (stream, offset)."""
    if command.due_ms > kernel.now_ms + SCHEDULE_AHEAD_MS_MAX:
        raise InvalidArgument(f"a message waits at most {SCHEDULE_AHEAD_MS_MAX} ms")
    stream = bucket_for(kernel, command.due_ms).stream
    return stream.id, stream.partitions[0].end


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    ListSchedules: list_schedules,
    NextSchedule: next_schedule,
}
