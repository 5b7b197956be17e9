"""A source that leases: a queue, or another subscription, handed to one link as its credit allows.

    given = what the kernel may still hand over + what it has handed over and we have not been given yet

Never more than the link has credit and its session a window for: what waits in the door is bounded by both.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.shared.amqp10.profile import Handout, Outlet, Spelling, Terms
from dragoman.doors.shared.rendered import entries_of
from dragoman.kernel.api import Cancel, Delivery, Holder, IsDry, Session, SetCredit, Settle
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.errors import RESOURCE_DELETED, Error

ALLOWED_MAX: Final = 1_000  # at once


class LeasedSource:
    """See `profile.Source`. `consume` registers the consumer, metered, and gives its holder. `cancelled` is what the
    client is told when the kernel ends that.
    """

    __slots__ = ("_consume", "_given", "_outlet", "_session", "holder", "spelling", "terms")

    follows = False
    cancelled: Error = Error(RESOURCE_DELETED, "the queue is gone")
    holder: Holder
    _outlet: Outlet

    def __init__(
        self,
        session: Session,
        terms: Terms,
        spelling: Spelling,
        consume: Callable[["LeasedSource"], Holder],
    ) -> None:
        self._session = session
        self.terms = terms
        self.spelling = spelling
        self._consume: Callable[[LeasedSource], Holder] | None = consume
        self._given = 0

    def open(self, outlet: Outlet) -> None:
        """Become a consumer. Raises KernelError."""
        assert self._consume is not None, "opened twice"
        self._outlet = outlet
        self.holder = self._consume(self)
        self._consume = None  # with what it remembers: half a kilobyte of an idle link

    def flow(self, credit: int, *, drain: bool, properties: Mapping[Any, Any] | None) -> None:
        """See `profile.Source`."""
        self._allow(exactly=True)

    def _allow(self, *, exactly: bool) -> None:
        """Let the kernel hand over as much as there is room for; not for every single message."""
        allowance = self.holder.allowance
        under_way = self._given - allowance
        wanted = max(0, min(self._outlet.room(), ALLOWED_MAX) - under_way)
        if wanted == allowance or (not exactly and 2 * allowance > wanted):
            return
        self._given = wanted + under_way
        self._session.submit(SetCredit(holder=self.holder.id, credit_max=wanted))

    def left(self) -> int | None:
        """See `profile.Source`: nothing is under way, and nothing more could be handed over."""
        if self._given != self.holder.allowance or self._given < min(
            self._outlet.room(), ALLOWED_MAX
        ):
            return None
        is_dry = self._session.submit(IsDry(holder=self.holder.id))
        return self._given if is_dry else None

    def deliver(self, delivery: Delivery) -> None:
        """See `profile.Source`."""
        entries = entries_of(delivery, AMQP10, self._session.wall_ms())
        self._given -= len(entries)
        credit = self._outlet.credit()
        if credit < len(entries) and not self.holder.no_ack:
            self._release(delivery, delivery.start + credit)
            entries = entries[:credit]
        block = delivery.block
        self._outlet.send(Handout(block, delivery.partition, delivery.start, entries, delivery))
        self._allow(exactly=False)

    def _release(self, delivery: Delivery, start: int) -> None:
        """The client has taken credit back that was used already: messages from `start` on are ready again."""
        command = Settle(
            delivery.holder.subscription.id,
            delivery.partition,
            delivery.holder.id,
            [(start, delivery.end)],
            "release",
        )
        command.delay_ms = 0
        self._session.settle(command)

    def progressed(self) -> None:
        """See `profile.Source`: there is room again."""
        self._allow(exactly=False)

    def close(self) -> None:
        """See `profile.Source`."""
        self._session.submit(Cancel(holder=self.holder.id))
