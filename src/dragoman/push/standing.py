"""How targets stand: what their last answer was decides in which lane they wait and how much they may be sent at once.

A target is a scheme, host and port. Its lane is all that a bad one can use up:

    event         lane       requests at once        why
    (unheard of)  FRESH      1                       may be anything
    ANSWERED      LIVE       doubles, to LIVE_MAX    quick, whatever its status: it costs what it should (see below)
    LATE          LATE       LATE_MAX                answers, but holds its place for long
    FAILED        FAILING    1                       refused, unresolved, no TLS, no HTTP, not allowed: quick to fail
    SILENT        LATE       1                       took the request and did not answer in time

A target that may get more at once (`ports.outbound.Outgoing`) does, as long as it answers.

So a target that begins to fail is probed by one request at a time, and its first answer opens it again. It changes to
the LIVE lane with its second answer: many answer a first question, such as whether they want what is sent at all, and
then nothing more, and each of them would hold one of the places of those that do answer. What is known is a bounded
table of the targets last used; a forgotten one is unheard of.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

TARGETS_MAX: Final = 16_384  # about 600 bytes each
LOOKS_MAX: Final = 4  # at targets to forget, for one that is new
LIVE_MAX: Final = 64  # requests at once to one target
PROVEN: Final = 4  # the limit of one that answered twice: it waits among the live
LATE_MAX: Final = 8
LATE_MS: Final = 3_000  # an answer after that is late


class Lane(Enum):
    """Where a target's requests wait."""

    FRESH = "fresh"
    LIVE = "live"
    LATE = "late"
    FAILING = "failing"


class Event(Enum):
    """What became of a request, as far as it says something about its target."""

    ANSWERED = "answered"
    LATE = "late"
    FAILED = "failed"
    SILENT = "silent"


AFTER: Final[Mapping[Event, tuple[Lane, int]]] = {
    Event.ANSWERED: (Lane.LIVE, LIVE_MAX),
    Event.LATE: (Lane.LATE, LATE_MAX),
    Event.FAILED: (Lane.FAILING, 1),
    Event.SILENT: (Lane.LATE, 1),
}
"""The lane, and the limit that is grown to by doubling (and shrunk to at once)."""

ASKED_MAX: Final[Mapping[Lane, int]] = {Lane.LIVE: 512, Lane.LATE: 2_048}
"""At once to one target that may get so many: half of the lane's places."""


class Target:
    """A place that requests go to. under_way <= limit, unless the limit was lowered meanwhile."""

    __slots__ = ("at_once", "is_queued", "key", "lane", "limit", "under_way", "waiting")

    def __init__(self, key: str) -> None:
        self.key = key
        self.lane = Lane.FRESH
        self.limit = 1
        self.at_once = 0  # what it has asked for: see `ports.outbound.Outgoing`
        self.under_way = 0
        self.waiting: deque[Any] = deque()  # what is to be sent, when its turn has come
        self.is_queued = False  # stands in its lane's line

    def note(self, event: Event) -> None:
        """A request to it ended so."""
        lane, limit = AFTER[event]
        if limit > 1:
            limit = max(limit, min(self.at_once, ASKED_MAX[lane]))
        self.limit = min(self.limit * 2, limit)
        if lane is not Lane.LIVE or self.limit >= PROVEN:
            self.lane = lane

    def room(self) -> int:
        """How many more requests it takes now."""
        return max(self.limit - self.under_way - len(self.waiting), 0)


class Targets:
    """The targets last used."""

    def __init__(self, count_max: int = TARGETS_MAX) -> None:
        self._known: OrderedDict[str, Target] = OrderedDict()
        self._count_max = count_max

    def get(self, key: str) -> Target:
        """The target, as used now."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Target(key)
            self._forget()
        else:
            self._known.move_to_end(key)
        return known

    def _forget(self) -> None:
        """Let those go that were used longest ago. Ones in use are moved: there are at most as many as requests."""
        for _ in range(LOOKS_MAX):
            if len(self._known) <= self._count_max:
                return
            key, oldest = next(iter(self._known.items()))
            if oldest.under_way or oldest.waiting:
                self._known.move_to_end(key)
            else:
                del self._known[key]

    def __len__(self) -> int:
        return len(self._known)
