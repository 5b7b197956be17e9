"""A link to the client: messages as they are shown, their tags, what is unsettled, drain. Hot: `send`."""

from collections.abc import Mapping
from struct import Struct
from typing import Any, Final

from dragoman.doors.shared.amqp10.profile import Handout, Peer, Source
from dragoman.doors.shared.amqp10.strand import Strand
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.links import Link, LinkState
from dragoman.wire.amqp10.performatives import SND_SETTLED, Flow

TURN_BYTES_MAX: Final = 1 << 20  # of messages, read for one connection and not yet sent
_pack_tag: Final = Struct(">Q").pack


class Outlet:
    """See `profile.Outlet`."""

    __slots__ = ("_count", "_is_settled", "_strand", "is_draining", "link", "peer", "source")

    def __init__(self, strand: Strand, link: Link, peer: Peer, source: Source) -> None:
        self._strand = strand
        self.link = link
        self.peer = peer
        self.source = source
        self._is_settled = link.attach.snd_settle_mode == SND_SETTLED
        self._count = 0
        self.is_draining = False

    @property
    def is_settled(self) -> bool:
        """Whether what is sent is settled with that."""
        return self._is_settled

    def flow(self, flow: Flow) -> None:
        """The client says how much it takes."""
        self.is_draining = flow.drain
        if flow.drain:
            self._strand.agenda.outlets[self] = None
        else:
            self._strand.agenda.outlets.pop(self, None)
        properties: Mapping[Any, Any] | None = flow.properties
        self.source.flow(self.link.credit, drain=flow.drain, properties=properties)
        if flow.echo:
            self.link.tell(drain=False)
        self.drain()

    def send(self, handout: Handout) -> None:
        """See `profile.Outlet.send`."""
        payloads = self.source.spelling.spell(handout)
        tags = self.source.spelling.tags(handout)
        if tags is None:
            tags = [_pack_tag(self._count + index) for index in range(len(payloads))]
        self._count += len(payloads)
        assert len(payloads) == len(tags)
        first = -1
        for tag, payload in zip(tags, payloads, strict=True):
            number = self.link.send(tag, payload, settled=self._is_settled)
            if first < 0:
                first = number
        if handout.delivery is not None and not self._is_settled:
            self._keep(first, handout)

    def _keep(self, first: int, handout: Handout) -> None:
        delivery = handout.delivery
        assert delivery is not None
        holder = delivery.holder
        self._strand.spellings[holder.id] = self.source.spelling
        self._strand.unacked.add(
            first,
            first + handout.end - handout.start,
            holder.subscription.id,
            handout.partition,
            holder.id,
            handout.start,
            self.peer.session.elapsed_ms(),
        )

    def room(self) -> int:
        """See `profile.Outlet.room`."""
        if self.link.state is not LinkState.ATTACHED:
            return 0
        return min(self.link.credit, self._strand.wire.room())

    def is_crowded(self) -> bool:
        """See `profile.Outlet.is_crowded`."""
        if self._strand.wire.unsent_bytes() < TURN_BYTES_MAX:
            return False
        self.look_again()
        return True

    def look_again(self) -> None:
        """See `profile.Outlet.look_again`."""
        self._strand.agenda.is_behind = True

    def credit(self) -> int:
        """See `profile.Outlet.credit`."""
        return self.link.credit

    def drain(self) -> None:
        """Give back the credit that is left over, once everything that was there has been sent."""
        if not self.is_draining:
            return
        if self.link.credit and self.source.left() is None:
            return
        self.is_draining = False
        self._strand.agenda.outlets.pop(self, None)
        self.link.drained()

    def detach(self, error: Error) -> None:
        """See `profile.Outlet.detach`."""
        self._strand.agenda.outlets[self] = None
        self.link.detach(error)
