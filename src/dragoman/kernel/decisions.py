"""What a handler may use of the kernel: what is remembered, the time, and the one way to change anything.

A handler decides on `state`, hands the records to `commit`, describes. It sees this port and not the kernel that calls
it, so that handlers do not know each other through the kernel's tables.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder
    from dragoman.kernel.leases.lease import Delivery
    from dragoman.kernel.records import Record
    from dragoman.kernel.state import State


class Decisions(Protocol):
    """One thread's kernel, as its handlers see it."""

    state: "State"
    now_ms: int  # wall time of this turn
    elapsed_ms: int
    token: Callable[[int], bytes]  # unpredictable bytes, so many

    def commit(self, records: "list[Record]") -> None:
        """Apply what was decided, and keep what is durable for the journal."""
        ...

    def deliver(self, delivery: "Delivery") -> None:
        """Note a delivery for its session."""
        ...

    def end(self, holder: "Holder") -> None:
        """A consumer consumes no more, and its door is told: see `Holder.ended`."""
        ...

    def trim_crowded(self) -> bool:
        """Drop what appends put over a length limit, in bounded steps; True when some is left. Raises Needs."""
        ...
