"""How far partitions are committed: what was appended is shown once it is durable enough, and where offsets allow it.

    apply -> state.grown -> reserve: more offsets, if it is time --> note: (position, level, end) --> ripen: committed

A stream whose level is `written` shows what lies below `safe` at that level, the rest once it is synced; a reservation
counts as safe once it is synced itself. See `kernel.reservation`.
"""

from collections import deque
from collections.abc import Callable

from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Stream
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.reservation import give_back, reservation, shown_at
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN
from dragoman.runtime.commit import Commit
from dragoman.runtime.nocommit import NoCommit

Grown = tuple[int, int, Stream, Partition, int]
"""(position, level, stream, partition, end): committed up to `end` once `position` has reached `level`."""


class Growth:
    """See the module. `on_grown` is told of each partition that is committed further than before; `is_awaited` says
    whether somebody waits for that; what nobody waits for is synced when `sync_soon` does.
    """

    __slots__ = (
        "_commit",
        "_growing",
        "_is_awaited",
        "_kernel",
        "_on_grown",
        "_reserving",
        "_sync_soon",
    )

    def __init__(
        self,
        kernel: Kernel,
        commit: Commit | NoCommit,
        on_grown: Callable[[Stream, Partition], None],
        is_awaited: Callable[[Stream, Partition], bool],
        sync_soon: Callable[[], None],
    ) -> None:
        self._kernel = kernel
        self._commit = commit
        self._on_grown = on_grown
        self._is_awaited = is_awaited
        self._sync_soon = sync_soon
        self._growing: list[Grown] = []
        self._reserving: deque[tuple[int, Partition, int]] = deque()  # by position, not synced yet

    @property
    def is_growing(self) -> bool:
        """Whether something was appended and is not shown yet."""
        return bool(self._growing)

    def reserve(self) -> list[Partition]:
        """Decide on offsets for what comes, where this turn's appends have left few; for which partitions."""
        reserved: list[Partition] = []
        for stream, partition in self._kernel.state.grown:
            records = reservation(stream, partition)
            if records:
                self._kernel.commit(records)
                reserved.append(partition)
        if reserved:
            self._sync_soon()
        return reserved

    def note(self, position: int, reserved: list[Partition]) -> None:
        """This turn's appends and reservations are in frames at or below `position`."""
        self._reserving.extend((position, partition, partition.reserved) for partition in reserved)
        self._note_safe()
        grown, self._kernel.state.grown = self._kernel.state.grown, []
        for stream, partition in grown:
            level = stream.settings.level if stream.durable else APPLIED
            if level == WRITTEN and partition.end > partition.safe:
                self._show((position, WRITTEN, stream, partition, partition.safe))
                level = SYNCED
            self._show((position, level, stream, partition, partition.end))

    def _show(self, item: Grown) -> None:
        position, level, stream, partition, end = item
        if end <= partition.committed:
            return
        if level == APPLIED or self._commit.reached(level) >= position:
            self._grow(stream, partition, end)
            return
        self._growing.append(item)
        if level == WRITTEN:
            self._commit.want_written(position)
        elif self._is_awaited(stream, partition):
            self._commit.want_sync(position)
        else:
            self._sync_soon()

    def _grow(self, stream: Stream, partition: Partition, end: int) -> None:
        partition.committed = max(partition.committed, end)
        self._on_grown(stream, partition)

    def ripen(self) -> None:
        """Positions moved."""
        self._note_safe()
        if not self._growing:
            return
        reached = [self._commit.reached(level) for level in (APPLIED, WRITTEN, SYNCED)]
        growing, self._growing = self._growing, []
        for item in growing:
            position, level, stream, partition, end = item
            if level == SYNCED and stream.settings.level == WRITTEN:
                level = shown_at(partition, end, WRITTEN)  # may have become safe since it was noted
            if reached[level] >= position:
                self._grow(stream, partition, end)
            else:
                self._growing.append(item)

    def _note_safe(self) -> None:
        synced = self._commit.reached(SYNCED)
        while self._reserving and self._reserving[0][0] <= synced:
            _, partition, offset = self._reserving.popleft()
            partition.safe = max(partition.safe, offset)

    def give_back(self) -> None:
        """The node stops in peace, and a checkpoint is next: what nobody has seen need not be skipped."""
        self._reserving.clear()
        give_back(self._kernel.state)
