"""A stream's own retention: what is older than its time or past its bytes goes, block by block, in bounded steps.

    oldest | block | block | block | ... | newest      gone while: older than retention_ms by the broker's clock,
           ^ start                                     or what remains without it is retention_bytes still

Readers with leases hold what they have not settled, whatever its age; cursors hold nothing, nor do groups, whichever
way they read. Every PERIOD_MS all streams
with limits are gone through, STREAMS_MAX in one step. Groups unused for long go likewise.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.groups.group import Group
from dragoman.kernel.groups.states import EMPTY
from dragoman.kernel.records import GroupDeleted, Record, Trimmed

if TYPE_CHECKING:
    from dragoman.kernel.state import State

PERIOD_MS: Final = 5_000
STREAMS_MAX: Final = 256  # looked at in one step
CURSOR_RETENTION_MS: Final = 7 * 86_400_000  # of a group that nobody is in


class Patrol:
    """Where the round through all streams stands. Elapsed time."""

    __slots__ = ("due_ms", "left")

    def __init__(self) -> None:
        self.due_ms = 0  # of the next round; 0 before the first
        self.left: list[int] = []  # ids of streams still to be looked at in this round


def patrol(state: "State", now_ms: int, elapsed_ms: int) -> tuple[list[Record], bool]:
    """One step: records that trim what has gone out of date, and whether the round goes on."""
    round_ = state.patrol
    if not round_.left:
        if elapsed_ms < round_.due_ms:
            return [], False
        round_.due_ms = elapsed_ms + PERIOD_MS
        round_.left = [stream.id for stream in state.streams.values() if has_limits(stream)]
        return _stale_groups(state, now_ms), bool(round_.left)
    step, round_.left = round_.left[:STREAMS_MAX], round_.left[STREAMS_MAX:]
    records: list[Record] = []
    for stream_id in step:
        stream = state.streams.get(stream_id)
        if stream is not None:
            records += decide_retention(stream, now_ms)
    return records, bool(round_.left)


def next_patrol_ms(state: "State") -> int | None:
    """Elapsed time of the next step, if there is anything to go through."""
    return state.patrol.due_ms if state.streams or state.groups.by_key else None


def has_limits(stream: Stream) -> bool:
    """Whether time or size alone may end its entries."""
    settings = stream.settings
    return settings.retention_ms > 0 or (
        settings.retention_ms != 0 and settings.retention_bytes >= 0
    )


def decide_retention(stream: Stream, now_ms: int) -> list[Record]:
    """Records that trim each partition to what its stream retains or a leased reader holds."""
    records: list[Record] = []
    for partition in stream.partitions:
        offset = stream.held(partition.index, _keep_from(stream, partition, now_ms))
        for subscription in stream.subscriptions:
            if subscription.settings.group:
                continue
            offset = min(offset, subscription.windows[partition.index].floor())
        if offset > partition.start:
            records.append(Trimmed(stream.id, partition.index, offset))
    return records


def _keep_from(stream: Stream, partition: Partition, now_ms: int) -> int:
    """The first offset that neither age nor size puts past the limit; never past the committed end."""
    settings = stream.settings
    oldest_ms = now_ms - settings.retention_ms if settings.retention_ms > 0 else -1
    size = partition.size
    keep_from = partition.start
    blocks = partition.blocks
    for at in range(partition.first, len(blocks)):
        block = blocks[at]
        if block.end > partition.stable():
            break
        too_old = _last_ms(block) < oldest_ms
        too_many = 0 <= settings.retention_bytes <= size - block.size
        if not too_old and not too_many:
            break
        size -= block.size
        keep_from = block.end
    return keep_from


def _last_ms(block: Block) -> int:
    """When its youngest message was stored; of one on disk, when its first was: not a checkpoint's period earlier."""
    return block.stored_ms if block.stored is None else max(block.stored)


def _stale_groups(state: "State", now_ms: int) -> list[Record]:
    return [
        GroupDeleted(*group.key)
        for group in state.groups.by_key.values()
        if group.state is EMPTY
        and not group.pending
        and not group.has_members
        and not (group.shared and group.shared.subscriptions)
        and _is_stale(group, now_ms)
    ]


def _is_stale(group: Group, now_ms: int) -> bool:
    used_ms = max((cursor.stored_ms for cursor in group.cursors.values()), default=0)
    return max(used_ms, group.emptied_ms) + CURSOR_RETENTION_MS < now_ms
