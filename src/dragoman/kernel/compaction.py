"""How far compaction has come: notes of this life of the process, none of them needed to be right after a crash.

What was compacted is compacted again after a restart, which then finds nothing to do.
"""

from typing import Final

Place = tuple[int, int]  # stream id, partition


class Look:
    """A partition being looked at: how much of it is dirty. See `dirtiness`."""

    __slots__ = ("at", "dirty", "dirty_size", "is_over", "limit", "oldest_ms", "place", "size")

    def __init__(self, place: Place, start: int, dirty: int, now_ms: int) -> None:
        self.place = place
        self.at = start  # the next offset to look at
        self.dirty = dirty  # entries from here on have not been compacted
        self.size = self.dirty_size = 0  # bytes of what was looked at
        self.oldest_ms = now_ms  # when the oldest of what is dirty was stored
        self.limit = 0  # once it is over: entries from here on are left alone
        self.is_over = False


class Round:
    """One partition being compacted: first the last offset of each key is learned, then entries are rewritten."""

    __slots__ = (
        "at",
        "is_learning",
        "keys_bytes",
        "latest",
        "limit",
        "place",
        "stuck",
        "tombstone_ms",
    )

    def __init__(self, place: Place, dirty: int, limit: int) -> None:
        self.place = place
        self.at = dirty  # the next offset to look at
        self.limit = limit  # entries from here on are left alone
        self.is_learning = True
        self.latest: dict[bytes, int] = {}  # key -> its last offset below the limit
        self.keys_bytes = 0
        self.stuck: set[bytes] | None = set()  # keys in what stays whole; None: too many to know
        self.tombstone_ms = 0  # wall time at which the first of those left may go; 0 there are none


class Compaction:
    """Who is looked at next, and what was done. While `is_busy`, `step_ms` says when the next step is due."""

    __slots__ = ("cleaned", "due_ms", "look", "round", "step_ms", "tombstones_ms", "waiting")

    def __init__(self) -> None:
        self.due_ms = 0  # elapsed time of the next look at all streams
        self.step_ms = 0  # elapsed time
        self.waiting: list[Place] = []
        self.look: Look | None = None
        self.round: Round | None = None
        self.cleaned: dict[Place, int] = {}  # compacted below
        self.tombstones_ms: dict[Place, int] = {}  # as `Round.tombstone_ms`, of the last round

    def is_looking(self) -> bool:
        """Whether partitions are left to be looked at."""
        return self.look is not None or bool(self.waiting)

    def is_busy(self) -> bool:
        """Whether there is another step."""
        return self.round is not None or self.is_looking()


NEVER: Final = 0
