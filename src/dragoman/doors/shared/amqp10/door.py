r"""One AMQP 1.0 connection without a socket, for whatever services there are.

    receive -> codec -> event -> attach: which profile's node it is     -> Inlet, Outlet, RequestSink, Replies
                                 Arrived -> Inlet     Flowed, Room -> Outlet     Disposed -> settling
    deliver -> Outlet            progressed -> outcomes, answers, pending attaches

Who has not proved who it is may attach nothing but services that are open (`$cbs`), unless nobody has to.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from dragoman.doors.shared.amqp10.addresses import ADDRESS_CHARS_MAX
from dragoman.doors.shared.amqp10.agenda import Agenda
from dragoman.doors.shared.amqp10.inlet import Inlet
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS, Liveness
from dragoman.doors.shared.amqp10.outlet import Outlet
from dragoman.doors.shared.amqp10.outlets import Outlets
from dragoman.doors.shared.amqp10.profile import (
    MESSAGE_BYTES_MAX,
    Peer,
    PendingSource,
    Profile,
    Refused,
    Sink,
    Source,
    Terms,
)
from dragoman.doors.shared.amqp10.requests import Replies, RequestSink
from dragoman.doors.shared.amqp10.sasl import LoginRefused, principal_of
from dragoman.doors.shared.amqp10.settling import give_back, settle
from dragoman.doors.shared.amqp10.strand import Strand
from dragoman.doors.shared.amqp10.transactions import Coordinator, Transactions
from dragoman.doors.shared.notyet import NotYet
from dragoman.kernel.api import Connection, Delivery, Holder, Session
from dragoman.model.errors import KernelError
from dragoman.wire.amqp10 import messaging
from dragoman.wire.amqp10.connection import IDLE_TIME_OUT_MS, Stage
from dragoman.wire.amqp10.connection import Connection as Codec
from dragoman.wire.amqp10.errors import (
    CONNECTION_FORCED,
    INTERNAL_ERROR,
    INVALID_FIELD,
    NOT_FOUND,
    RESOURCE_LIMIT_EXCEEDED,
    UNAUTHORIZED_ACCESS,
    Error,
)
from dragoman.wire.amqp10.events import (
    Arrived,
    Attached,
    Begun,
    Closed,
    Detached,
    Disposed,
    Ended,
    Event,
    Flowed,
    Opened,
    Room,
    SaslBegun,
)
from dragoman.wire.amqp10.links import Link, LinkState
from dragoman.wire.amqp10.performatives import RCV_FIRST, Attach

PENDING_LOOK_MS: Final = 500  # between two looks whether an attach can be answered
DRAIN_LOOK_MS: Final = 10  # between two looks whether a drain is over
LINKS_MAX: Final = 5_000  # of one connection


class Waits:
    """An attach that is answered later."""

    __slots__ = ("link", "profile", "source", "strand")

    def __init__(self, strand: Strand, link: Link, profile: Profile, source: PendingSource) -> None:
        self.strand = strand
        self.link = link
        self.profile = profile
        self.source = source


def door_maker(
    profiles: Callable[[], Sequence[Profile]],
) -> Callable[[Session, Connection], "Amqp10Door"]:
    """Makes the doors of new connections; profiles are asked in order."""
    known: list[Sequence[Profile]] = []

    def make(session: Session, connection: Connection) -> Amqp10Door:
        if not known:
            known.append(profiles())
        return Amqp10Door(session, connection, known[0])

    return make


class Amqp10Door:
    """See `kernel.api.ConnectionDoor`."""

    def __init__(
        self, session: Session, connection: Connection, profiles: Sequence[Profile]
    ) -> None:
        self._session = session
        self._profiles = profiles
        self._codec = Codec()
        self._peer = Peer(session, connection)
        self._transactions = Transactions()
        self._liveness = Liveness(session.elapsed_ms())
        self._agenda = Agenda()
        self._outlets = Outlets(self._agenda)
        self._replies: dict[Replies, None] = {}
        self._pending: dict[Link, Waits] = {}
        self._look_ms: int | None = None  # at attaches and drains that wait
        self._is_turned_away = False
        self._proving: SaslBegun | None = None  # whose password is looked at
        self._handlers: dict[type, Callable[[Any], None]] = {
            SaslBegun: self._judge,
            Opened: self._opened,
            Begun: self._begun,
            Attached: self._attached,
            Flowed: self._flowed,
            Room: self._has_room,
            Arrived: self._arrived,
            Disposed: self._disposed,
            Detached: self._detached,
            Ended: self._ended,
            Closed: self._closed,
        }

    # --- bytes in ---

    def receive(self, data: bytes) -> None:
        """Bytes from the peer."""
        self._liveness.heard(self._session.elapsed_ms())
        self._serve(self._codec.receive(data))

    def _serve(self, events: list[Event]) -> None:
        try:
            for event in events:
                self._handlers[type(event)](event)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this connection and no other
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._session.fault(error)
        self._release()
        self._codec.close(Error(INTERNAL_ERROR, type(error).__name__))

    # --- greeting ---

    def _judge(self, event: SaslBegun) -> None:
        try:
            self._peer.log_in(principal_of(event.init, self._session, self._peer.connection))
        except NotYet:
            self._proving = event
            return
        except LoginRefused:
            self._is_turned_away = True
            self._liveness.deadline_ms = self._session.elapsed_ms() + FAILED_LOGIN_MS
            return
        self._peer.mechanism = event.init.mechanism
        self._codec.welcome()
        self._serve(self._codec.go_on())

    def _opened(self, event: Opened) -> None:
        self._peer.open = event.open
        node = self._session.node()
        properties: dict[Any, Any] = {"product": "Dragoman", "version": node.version}
        offered: tuple[str, ...] = ()
        for profile in self._profiles:
            welcome = profile.welcome(self._peer)
            if welcome is not None:
                properties |= welcome.properties
                offered = welcome.offered_capabilities
                break
        self._codec.open(node.cluster_id, properties, offered)
        now_ms = self._session.elapsed_ms()
        self._liveness.start(self._codec.peer_idle_ms, IDLE_TIME_OUT_MS, now_ms)

    def _begun(self, event: Begun) -> None:
        event.session.owner = Strand(event.session, self._session, self._transactions, self._agenda)

    # --- links ---

    def _attached(self, event: Attached) -> None:
        link = event.link
        if link.state is not LinkState.PENDING:
            return  # gone again by the same bytes
        strand: Strand = link.session.owner
        try:
            self._attach(strand, link)
        except Refused as error:
            link.refuse(error.error)

    def _attach(self, strand: Strand, link: Link) -> None:
        """Raises Refused."""
        if len(self._codec.names) > LINKS_MAX:
            raise Refused(RESOURCE_LIMIT_EXCEEDED, f"a connection has at most {LINKS_MAX} links")
        attach = link.attach
        if isinstance(attach.target, messaging.Coordinator) and link.receives:
            self._coordinate(strand, link)
            return
        terminus = attach.target if link.receives else attach.source
        address = getattr(terminus, "address", None)
        address = address if type(address) is str else ""
        if len(address) > ADDRESS_CHARS_MAX:
            raise Refused(INVALID_FIELD, f"an address has at most {ADDRESS_CHARS_MAX} characters")
        if self._serves(strand, link, address):
            return
        if not self._peer.may_use(address):
            raise Refused(UNAUTHORIZED_ACCESS, f"nobody has said who may use {address!r}")
        for profile in self._profiles:
            if self._takes(profile, strand, link, attach):
                return
        raise Refused(NOT_FOUND, f"no node {address!r}")

    def _coordinate(self, strand: Strand, link: Link) -> None:
        """Raises Refused."""
        now_ms = self._session.wall_ms()
        claims = self._peer.claims.values()
        has_claimed = any(not until_ms or now_ms < until_ms for until_ms in claims)
        if not has_claimed and not self._peer.may_use(""):
            raise Refused(UNAUTHORIZED_ACCESS, "nobody has said who may use transactions")
        coordinator = Coordinator(self._session, self._transactions)
        self._open_inlet(self._profiles[-1], strand, link, coordinator)

    def _serves(self, strand: Strand, link: Link, address: str) -> bool:
        """Whether the address is that of a service. Raises Refused."""
        for profile in self._profiles:
            service = profile.service(self._peer, address)
            if service is None:
                continue
            if not service.is_open and not self._peer.may_use(address):
                raise Refused(UNAUTHORIZED_ACCESS, f"nobody has said who may use {address!r}")
            if link.receives:
                sink = RequestSink(self._peer, link, service, self._replies)
                self._open_inlet(profile, strand, link, sink)
            else:
                replies = Replies(self._peer, link)
                self._open_outlet(strand, link, replies)
                self._replies[replies] = None
            return True
        return False

    def _takes(self, profile: Profile, strand: Strand, link: Link, attach: Attach) -> bool:
        """Whether the profile has such a node. Raises Refused."""
        try:
            if link.receives:
                sink = profile.sink(self._peer, attach)
                if sink is not None:
                    self._open_inlet(profile, strand, link, sink)
                return sink is not None
            source = profile.source(self._peer, attach)
            if source is None:
                return False
            if isinstance(source, PendingSource):
                waits = Waits(strand, link, profile, source)
                self._pending[link] = waits
                self._look(waits)
                self._look_by(PENDING_LOOK_MS)
            else:
                self._open_outlet(strand, link, source)
        except KernelError as error:
            raise Refused(profile.error_of(error).condition, str(error)) from None
        return True

    def _open_inlet(self, profile: Profile, strand: Strand, link: Link, sink: Sink) -> None:
        inlet = Inlet(strand, link, profile, self._peer, sink)
        link.owner = inlet
        answer = answer_of(link.attach, sink.terms)
        answer.rcv_settle_mode = RCV_FIRST
        answer.max_message_size = sink.terms.message_bytes_max or MESSAGE_BYTES_MAX
        link.accept(answer)
        link.message_bytes_max = max(link.message_bytes_max, sink.terms.taken_bytes_max)
        inlet.open()

    def _open_outlet(self, strand: Strand, link: Link, source: Source) -> None:
        """Raises Refused and KernelError."""
        outlet = Outlet(strand, link, self._peer, source)
        source.open(outlet)
        link.owner = outlet
        answer = answer_of(link.attach, source.terms)
        answer.max_message_size = source.terms.message_bytes_max or None
        link.accept(answer)
        self._outlets.add(outlet)

    def _look(self, waits: Waits) -> None:
        """Ask whether an attach can be answered now."""
        link = waits.link
        try:
            source = waits.source.ask()
            if source is not None:
                self._pending.pop(link, None)
                self._open_outlet(waits.strand, link, source)
                return
            deadline_ms = waits.source.deadline_ms
            if deadline_ms is not None and self._session.elapsed_ms() >= deadline_ms:
                self._pending.pop(link, None)
                link.refuse(waits.source.expire())
        except Refused as error:
            self._pending.pop(link, None)
            link.refuse(error.error)
        except KernelError as error:
            self._pending.pop(link, None)
            link.refuse(waits.profile.error_of(error))

    def _look_by(self, in_ms: int) -> None:
        at_ms = self._session.elapsed_ms() + in_ms
        self._look_ms = at_ms if self._look_ms is None else min(self._look_ms, at_ms)

    def _flowed(self, event: Flowed) -> None:
        owner = event.link.owner
        if type(owner) is Outlet:
            owner.flow(event.flow)
            if owner.is_draining:
                self._look_by(DRAIN_LOOK_MS)
        elif event.flow.echo and type(owner) is Inlet:
            event.link.tell(drain=False)

    def _has_room(self, event: Room) -> None:
        strand: Strand = event.session.owner
        for outlet in list(strand.outlets):
            outlet.source.progressed()

    def _arrived(self, event: Arrived) -> None:
        inlet = event.link.owner
        if type(inlet) is Inlet and not inlet.take(event.arrivals):
            self._close_link(event.link)

    def _disposed(self, event: Disposed) -> None:
        settle(event.session.owner, event.disposition)

    def _detached(self, event: Detached) -> None:
        self._close_link(event.link)

    def _close_link(self, link: Link) -> None:
        self._pending.pop(link, None)
        owner, link.owner = link.owner, None
        if type(owner) is Inlet:
            owner.close()
        elif type(owner) is Outlet:
            self._outlets.close(owner)
            if isinstance(owner.source, Replies):
                self._replies.pop(owner.source, None)

    def _ended(self, event: Ended) -> None:
        strand: Strand = event.session.owner
        self._agenda.strands.pop(strand, None)
        for outlet in list(strand.outlets):
            self._close_link(outlet.link)
        for link in list(self._pending):
            if link.session is event.session:
                del self._pending[link]
        give_back(strand)

    def _closed(self, event: Closed) -> None:
        self._release()

    def _release(self) -> None:
        """Nothing is handed out any more, and what was is ready again as its service wants it."""
        for outlet in self._outlets.all():
            self._close_link(outlet.link)
        self._pending.clear()
        self._agenda.strands.clear()

    # --- what happens ---

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for this connection's links."""
        try:
            for delivery in deliveries:
                source: Source = delivery.holder.tag
                source.deliver(delivery)
            self._drain()
        except Exception as error:  # noqa: BLE001 - as in `receive`
            self._fail(error)

    def _drain(self) -> None:
        for outlet in self._outlets.drain():
            self._close_link(outlet.link)

    def cancelled(self, holder: Holder) -> None:
        """What a link's source had is taken from it: most times its queue is gone."""
        outlet = self._outlets.of(holder.tag)
        if outlet is not None and holder.ended:
            outlet.detach(Error(RESOURCE_LIMIT_EXCEEDED, holder.ended))
            self._close_link(outlet.link)
        elif outlet is not None:
            outlet.detach(holder.tag.cancelled)
            self._outlets.forget(outlet)
            outlet.link.owner = None

    def answered(self, ticket: int, result: object) -> None:
        """What a source was promised."""
        try:
            self._outlets.answered(ticket, result)
            self._drain()
        except Exception as error:  # noqa: BLE001 - as in `receive`
            self._fail(error)

    def progressed(self) -> None:
        """The journal has come further, a stream has grown, or it is known whether a password is good."""
        try:
            if self._proving is not None:
                event, self._proving = self._proving, None
                self._judge(event)
            for strand in list(self._agenda.strands):
                strand.progress()
            self._outlets.follow()
            self._drain()
            for waits in list(self._pending.values()):
                self._look(waits)
        except Exception as error:  # noqa: BLE001 - as in `receive`
            self._fail(error)

    def tick(self) -> None:
        """A deadline, a sign of life, or another look."""
        now_ms = self._session.elapsed_ms()
        if self._liveness.is_over(now_ms):
            self._give_up()
        elif self._liveness.wants_heartbeat(now_ms):
            self._codec.send_heartbeat()
        for replies in self._replies:
            replies.progressed()
        if self._look_ms is not None and now_ms >= self._look_ms:
            self._look_ms = None
            self.progressed()
            if self._pending:
                self._look_by(PENDING_LOOK_MS)
            if self._agenda.outlets:
                self._look_by(DRAIN_LOOK_MS)

    def _give_up(self) -> None:
        if self._is_turned_away:
            self._codec.turn_away()
        self._release()
        self._codec.close(Error(CONNECTION_FORCED, "nothing was heard for too long"))

    def next_tick_ms(self) -> int | None:
        """When to be ticked."""
        if self._codec.stage is Stage.CLOSED:
            return None
        times = [self._liveness.next_ms(), self._look_ms]
        times += [replies.next_ms() for replies in self._replies if replies.link.credit]
        return min((time for time in times if time is not None), default=None)

    # --- bytes out ---

    def data_to_send(self) -> list[bytes]:
        """Frames in order."""
        out = self._codec.taken()
        if out:
            self._liveness.spoke()
        if self._agenda.is_behind:  # there is room now
            self._agenda.is_behind = False
            self._look_by(0)
        return out

    def is_full(self) -> bool:
        """Credit and windows bound what a client may send."""
        return False

    def is_closing(self) -> bool:
        """Whether the connection ends once everything is sent."""
        return self._codec.stage is Stage.CLOSED

    def lost(self) -> None:
        """The connection is gone."""
        self._release()

    def shut(self, reason: str) -> None:
        """The broker is leaving."""
        self._release()
        self._codec.close(Error(CONNECTION_FORCED, reason))


def answer_of(said: Attach, terms: Terms) -> Attach:
    """The attach that accepts another, on these terms."""
    snd = said.snd_settle_mode if terms.snd_settle_mode is None else terms.snd_settle_mode
    rcv = said.rcv_settle_mode if terms.rcv_settle_mode is None else terms.rcv_settle_mode
    answer = Attach(said.name, 0, not said.role, snd, rcv)
    answer.source = said.source if terms.source is None else terms.source
    answer.target = said.target if terms.target is None else terms.target
    answer.offered_capabilities = terms.offered_capabilities or None
    answer.properties = terms.properties or None
    return answer
