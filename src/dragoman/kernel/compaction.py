"""How far compaction has come: notes of this life of the process, none of them needed to be right after a crash.

What was compacted is compacted again after a restart, which then finds nothing to do.
"""

from typing import Final

Place = tuple[int, int]  # stream id, partition


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
    """Who is looked at next, and what was done."""

    __slots__ = ("cleaned", "due_ms", "round", "tombstones_ms", "waiting")

    def __init__(self) -> None:
        self.due_ms = 0  # elapsed time of the next look at all streams
        self.waiting: list[Place] = []
        self.round: Round | None = None
        self.cleaned: dict[Place, int] = {}  # compacted below
        self.tombstones_ms: dict[Place, int] = {}  # as `Round.tombstone_ms`, of the last round


NEVER: Final = 0
