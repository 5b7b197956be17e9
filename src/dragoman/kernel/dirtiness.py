"""How much of a compacted partition is dirty, and how far it may be compacted: looked at in slices, front to back.

    start            dirty              limit            end
      |  compacted     |  new since       |  left alone   |

A slice notes where it has come to by offset: blocks may come and go before the next one.
"""

from typing import Final

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.compaction import NEVER, Look, Place
from dragoman.kernel.entities import Stream
from dragoman.kernel.settings import StreamSettings
from dragoman.kernel.state import State

LOOK_BLOCKS_MAX: Final = 2_048  # looked at in one step: a millisecond
LOOK_BLOCKS_MIN: Final = 16  # that a partition counts for, however few it has


def begin_look(state: State, place: Place, now_ms: int) -> Look | None:
    """None when it is gone."""
    stream = state.streams.get(place[0])
    if stream is None:
        return None
    start = stream.partitions[place[1]].start
    return Look(place, start, max(state.compaction.cleaned.get(place, 0), start), now_ms)


def look_on(state: State, stream: Stream, look: Look, now_ms: int, blocks_max: int) -> int:
    """The next slice; how many blocks it counts for. `look.is_over` once the limit is found."""
    partition = stream.partitions[look.place[1]]
    limit = unneeded(stream, partition)
    settled_ms = now_ms - stream.settings.compact_after_ms
    blocks = partition.blocks
    first = at = partition.find(look.at)
    high = min(len(blocks) - 1, first + blocks_max)  # the last entry is left alone
    while at < high and not _is_left(blocks[at], limit, settled_ms, state.has_checkpoints):
        _count(look, blocks[at])
        at += 1
    look.at = look.limit = blocks[at].offset if at < len(blocks) else 0
    look.is_over = at < high or high >= len(blocks) - 1
    return max(at - first, LOOK_BLOCKS_MIN)


def _is_left(block: Block, limit: int, settled_ms: int, on_disk: bool) -> bool:
    """`on_disk`: also what no checkpoint has is left alone."""
    is_fresh = (on_disk and block.place is None) or block.newest_ms() > settled_ms
    return block.end > limit or is_fresh


def _count(look: Look, block: Block) -> None:
    look.size += block.size
    if block.offset >= look.dirty:
        look.dirty_size += block.size
        look.oldest_ms = min(look.oldest_ms, block.stored_ms)


def unneeded(stream: Stream, partition: Partition) -> int:
    """Below this offset every entry is settled and nothing is held."""
    limit = stream.held(partition.index, partition.stable())
    for subscription in stream.subscriptions:
        limit = min(limit, subscription.windows[partition.index].floor())
    return limit


def is_due(look: Look, settings: StreamSettings, tombstone_ms: int, now_ms: int) -> bool:
    """Whether the partition is worth a round; `tombstone_ms`: when the first of those left may go."""
    if tombstone_ms != NEVER and tombstone_ms <= now_ms:
        return True
    if 0 <= settings.compact_within_ms < now_ms - look.oldest_ms:
        return True
    return look.dirty_size > 0 and look.dirty_size * 100 >= look.size * settings.dirty_percent
