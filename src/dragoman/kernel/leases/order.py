"""What is next when that is not the lowest offset: the interface of every order, and how apply drives it. Hot.

A window with an order has no frontier of its own: everything up to the partition's end is below it, and what has never
been handed out is READY because its order says so.

    Lanes   filters: READY is what stands in a lane; chunks hold only what was handed out
    Ranks   priorities without a filter: the same, a byte for each message of the stream
    Keys    keys and sessions: READY is a state in chunks, like all others; each key has its lane beside

Only `apply` changes an order; deciding looks at heads, never past LOOK_AHEAD_MAX of them. All of it is in memory: about
16 bytes for every run of a lane, a byte for every message with Ranks, with Keys 17 more for every message and 600 for
every key. A window without an order (`window.order is None`) pays one look at that. Cold pages are to come; until then
a backlog under an order is limited by memory.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.leases.states import (
    COUNTED,
    LEASED,
    READY,
    RETURNED,
    TRANSITIONS,
)

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder
    from dragoman.kernel.leases.window import Window
    from dragoman.kernel.records import Leased, Settled

LOOK_AHEAD_MAX: Final = 64  # heads judged in one look for what has expired

Runs = list[tuple[int, int]]
Pick = tuple[int, int, bool]
"""[start, end) is next; the bool says that it has never been handed out."""


class Order:
    """Of one subscription in one partition. See `Lanes` and `Keys`."""

    __slots__ = ()

    def append(
        self,
        window: "Window",
        base: int,
        runs: Runs,
        priorities: list[int] | None,
        keys: list[bytes] | None,
    ) -> None:
        """Messages of `runs`, past all before, are READY; columns begin at offset `base`."""
        raise NotImplementedError

    def insert(self, window: "Window", start: int, end: int, priority: int, key: bytes) -> None:
        """[start, end), which this order does not have, is READY at its place."""
        raise NotImplementedError

    def first(self, window: "Window", count_max: int, holder: "Holder | None") -> Pick | None:
        """What `holder` (None: somebody new) is to have next."""
        raise NotImplementedError

    def last(self, window: "Window", count_max: int) -> Pick | None:
        """What is given up first when there is too much."""
        raise NotImplementedError

    def heads(self, window: "Window", count_max: int) -> list[Pick]:
        """The runs that may expire soonest, at most LOOK_AHEAD_MAX of at most `count_max` messages."""
        raise NotImplementedError

    def shift(
        self, window: "Window", start: int, end: int, source: int, target: int, holder: int
    ) -> None:
        """[start, end), all in `source`, goes to `target`."""
        raise NotImplementedError

    def fresh(self, window: "Window") -> Runs:
        """Everything that has never been handed out, in offset order."""
        raise NotImplementedError

    def low(self) -> int:
        """The lowest offset that is READY without a chunk saying so; -1 when there is none."""
        return -1

    def meets(self, start: int, end: int) -> bool:
        """Whether any offset of [start, end) is READY without a chunk saying so."""
        return False

    def anew(self) -> "Order":
        """An empty order of the same kind; what is not about messages (sessions' locks and states) goes on."""
        raise NotImplementedError

    def dump(self) -> bytes:
        """What chunks do not say, for a checkpoint."""
        raise NotImplementedError

    def load(self, window: "Window", data: bytes | None) -> None:
        """Fill an empty order with what `dump` gave and the chunks of `window` say. Raises ValueError, MsgspecError."""
        raise NotImplementedError


def shift(
    window: "Window", order: Order, start: int, end: int, source: int, target: int, holder: int
) -> None:
    """Move a run, and keep count of what is ready."""
    order.shift(window, start, end, source, target, holder)
    if source in {READY, RETURNED}:
        window.ready -= end - start
    if target == RETURNED:
        window.ready += end - start


def apply_run(window: "Window", order: Order, record: "Settled", start: int, end: int) -> None:
    """Carry the event of a `Settled` out on one of its runs."""
    if record.event in COUNTED:
        window.count_try(start, end, failed=record.failed)
    target = TRANSITIONS[record.source, record.event]
    shift(window, order, start, end, record.source, target, record.holder)


def apply_lease(window: "Window", order: Order, record: "Leased") -> int:
    """The run is LEASED; returns what it was."""
    start, end, holder = record.start, record.end, record.holder
    source = READY if record.fresh else window.state(start)
    shift(window, order, start, end, source, LEASED, holder)
    return source
