"""The links on which one connection's client receives: all of them, and the few that something has to be done about."""

from dragoman.doors.shared.amqp10.agenda import Agenda
from dragoman.doors.shared.amqp10.outlet import Outlet
from dragoman.doors.shared.amqp10.profile import PromisedSource, Source
from dragoman.doors.shared.amqp10.settling import give_back
from dragoman.doors.shared.amqp10.strand import Strand
from dragoman.kernel.api import Holder
from dragoman.wire.amqp10.links import LinkState


class Outlets:
    """See the module. What happens costs as much as the links that it is about, however many there are besides."""

    __slots__ = ("_agenda", "_by_source", "_following")

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._by_source: dict[Source, Outlet] = {}
        self._following: dict[Outlet, None] = {}  # whoever was served last stands last

    def all(self) -> list[Outlet]:
        """Each once."""
        return list(self._by_source.values())

    def of(self, source: Source) -> Outlet | None:
        """The link that receives from it."""
        return self._by_source.get(source)

    def add(self, outlet: Outlet) -> None:
        """A link is there."""
        strand: Strand = outlet.link.session.owner
        strand.outlets[outlet] = None
        self._by_source[outlet.source] = outlet
        if outlet.source.follows:
            self._following[outlet] = None

    def forget(self, outlet: Outlet) -> None:
        """It is there no more."""
        strand: Strand = outlet.link.session.owner
        strand.outlets.pop(outlet, None)
        self._by_source.pop(outlet.source, None)
        self._following.pop(outlet, None)
        self._agenda.outlets.pop(outlet, None)

    def close(self, outlet: Outlet) -> None:
        """Forget it; what was handed out and is not settled is ready again where its service wants that."""
        self.forget(outlet)
        source = outlet.source
        source.close()
        holder = getattr(source, "holder", None)
        if isinstance(holder, Holder) and source.spelling.gives_back:
            give_back(outlet.link.session.owner, holder.id)

    def follow(self) -> None:
        """The journal has come further, or a stream has grown. If that is more than a turn takes, sources alternate."""
        for outlet in list(self._following):
            outlet.source.progressed()
            if outlet in self._following:
                del self._following[outlet]
                self._following[outlet] = None
            if self._agenda.is_behind:
                return

    def answered(self, ticket: int, result: object) -> None:
        """What a source was promised has come."""
        for outlet in list(self._following):
            source = outlet.source
            if isinstance(source, PromisedSource) and source.ticket == ticket:
                source.answered(result)

    def drain(self) -> list[Outlet]:
        """Give back credit that was asked back; the links that their sources have detached."""
        detached: list[Outlet] = []
        for outlet in list(self._agenda.outlets):
            if outlet.link.state is not LinkState.ATTACHED:
                detached.append(outlet)
            elif outlet.is_draining:
                outlet.drain()
        return detached
