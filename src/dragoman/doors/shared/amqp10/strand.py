"""One AMQP session, as the door sees it: deliveries to the client that are unsettled, outcomes that wait. Hot.

    inlet -> answer(ids, outcome, position) ---- position reached its level ----> disposition, neighbours in one
    outlet -> unacked: delivery id -> lease       disposition from the client --> settling

Outcomes leave in the order they were made.
"""

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from dragoman.doors.shared.amqp10.agenda import Agenda
from dragoman.doors.shared.amqp10.transactions import Transactions
from dragoman.doors.shared.unacked import Unacked
from dragoman.kernel.api import Session
from dragoman.model.levels import APPLIED
from dragoman.wire.amqp10.links import Channel

if TYPE_CHECKING:
    from dragoman.doors.shared.amqp10.profile import Spelling


class Answered(Protocol):
    """A link whose deliveries are answered."""

    def answered(self, count: int) -> None: ...


class Waiting:
    """What became of deliveries first <= id <= last, told once `position` has reached `level`. `role` is ours."""

    __slots__ = ("first", "last", "level", "link", "position", "role", "state")

    def __init__(
        self,
        role: bool,
        first: int,
        last: int,
        state: Any,
        position: int,
        level: int,
        link: Answered | None,
    ) -> None:
        self.role = role
        self.first = first
        self.last = last
        self.state = state
        self.position = position
        self.level = level
        self.link = link

    def goes_on(self, other: "Waiting") -> bool:
        """Whether `other` can be told in the same words."""
        return (
            other.role == self.role
            and other.first == self.last + 1
            and other.link is self.link
            and (other.state is self.state or other.state == self.state)
        )


class Strand:
    """See the module. `spellings`: by the kernel's holder, who knows what its outcomes mean."""

    __slots__ = (
        "agenda",
        "outlets",
        "session",
        "spellings",
        "transactions",
        "unacked",
        "waiting",
        "wire",
    )

    def __init__(
        self, wire: Channel, session: Session, transactions: Transactions, agenda: Agenda
    ) -> None:
        self.transactions = transactions  # of the whole connection
        self.agenda = agenda  # of the whole connection
        self.outlets: dict[Any, None] = {}  # links on which the client receives
        self.wire = wire
        self.session = session
        self.unacked = Unacked()
        self.spellings: dict[int, Spelling] = {}
        self.waiting: deque[Waiting] = deque()

    def answer(self, waiting: Waiting) -> None:
        """Tell it once it may be told; see `progress`."""
        self.waiting.append(waiting)
        self.agenda.strands[self] = None

    def progress(self) -> None:
        """Tell what need not wait any more; asks to be told about the next."""
        found: Waiting | None = None
        while self.waiting:
            first = self.waiting[0]
            if first.level > APPLIED and self.session.reached(first.level) < first.position:
                self.session.want(first.position, first.level)
                break
            self.waiting.popleft()
            if found is not None and found.goes_on(first):
                found.last = first.last
                continue
            self._tell(found)
            found = first
        self._tell(found)
        if not self.waiting:
            self.agenda.strands.pop(self, None)

    def _tell(self, found: Waiting | None) -> None:
        if found is None:
            return
        self.wire.dispose(found.first, found.last, role=found.role, settled=True, state=found.state)
        if found.link is not None:
            found.link.answered(found.last - found.first + 1)
