"""One HTTP/2 connection without a socket: gRPC calls, and requests that are none, many at once. Hot.

    receive -> wire -> events -> an exchange per stream -> outbox -> wire -> data_to_send
                                 unary, streaming, web       ^ held while the journal has not come far enough

Whatever a client sends, the answer is HTTP/2's, gRPC's or its service's own. A connection that has broken a rule is
told so, and lingers a little: closing at once may lose the answer.
"""

from collections.abc import Callable
from typing import Final

from dragoman.doors.shared.grpc.keepalive import Keepalive
from dragoman.doors.shared.grpc.link import Exchange, Link, soonest
from dragoman.doors.shared.grpc.plan import Plan
from dragoman.doors.shared.grpc.replies import refusal_block
from dragoman.doors.shared.grpc.streaming import StreamCall
from dragoman.doors.shared.grpc.table import Table
from dragoman.doors.shared.grpc.unary import UnaryCall
from dragoman.doors.shared.grpc.web import WebRequest
from dragoman.doors.shared.rest.routes import Table as WebTable
from dragoman.doors.shared.strays import give_back
from dragoman.kernel.api import Connection, Delivery, Holder, Session
from dragoman.wire.grpc.metadata import is_grpc
from dragoman.wire.http.response import Dates
from dragoman.wire.http2.connection import Http2Connection
from dragoman.wire.http2.errors import ENHANCE_YOUR_CALM, SETTINGS_TIMEOUT
from dragoman.wire.http2.events import BEGUN, CONTENT, PINGED, RESET, ROOM, TRAILERS, Event
from dragoman.wire.http2.heads import Head
from dragoman.wire.http2.streams import Http2Stream

AMID_MS: Final = 30_000  # for a frame, a header block or the preface to come whole
IDLE_MS: Final = 600_000  # without a stream: clients of gRPC's open a new connection unnoticed
STALL_MS: Final = 120_000  # for a peer to take some of what it asked for
LINGER_MS: Final = 1_000

MakeDoor = Callable[[Session, Connection], "GrpcDoor"]


class _Web:
    """Stands in `Head.note` for requests that are no gRPC."""


_WEB: Final = _Web()


def door_maker(make_table: Callable[[], Table], make_web: Callable[[], WebTable]) -> MakeDoor:
    """What makes the door of each new connection. The tables, and all services with them, are made with the first."""
    dates = Dates()
    tables: list[tuple[Table, WebTable]] = []

    def make_door(session: Session, connection: Connection) -> GrpcDoor:
        if not tables:
            tables.append((make_table(), make_web()))
        return GrpcDoor(session, connection, *tables[0], dates)

    return make_door


class GrpcDoor:
    """See `kernel.api.ConnectionDoor`."""

    __slots__ = (
        "_amid_ms",
        "_armed_ms",
        "_dates",
        "_idle_ms",
        "_is_closing",
        "_keepalive",
        "_linger_ms",
        "_link",
        "_session",
        "_stalled_ms",
        "_table",
        "_taken_bytes",
        "_web",
        "_wire",
        "_young",
    )

    def __init__(
        self,
        session: Session,
        connection: Connection,
        table: Table,
        web: WebTable,
        dates: Dates,
    ) -> None:
        now = session.elapsed_ms()
        self._session = session
        self._table = table
        self._web = web
        self._dates = dates
        self._link = Link(session, connection)
        self._wire: Http2Connection = self._link.wire
        self._keepalive = Keepalive(now)
        self._young: list[tuple[Http2Stream, Exchange]] = []  # begun by the bytes now looked at
        self._amid_ms: int | None = now  # since when something is half here
        self._idle_ms: int | None = now  # since when no stream is open
        self._stalled_ms: int | None = None  # since when the peer takes nothing of what waits
        self._taken_bytes = 0
        self._linger_ms: int | None = None  # until when a connection that failed is kept
        self._is_closing = False
        self._armed_ms: int | None = None  # see `next_tick_ms`

    # --- bytes in ---

    def receive(self, data: bytes) -> None:
        """Bytes from the peer."""
        wire = self._wire
        if wire.failure is not None or self._is_closing:
            return
        now = self._session.elapsed_ms()
        self._keepalive.heard(now)
        for event in wire.receive(data, now):
            kind = event.kind
            if kind == CONTENT:
                stream = event.stream
                assert stream is not None
                if stream.note is not None:
                    stream.note.content(event.data, ended=event.ended)
            elif kind == BEGUN:
                self._begin(event)
            else:
                self._rare_event(event, now)
        if self._young:
            self._time_young()
        self._look(now)

    def _begin(self, event: Event) -> None:
        """The head of a request."""
        stream, head = event.stream, event.head
        assert stream is not None and head is not None
        plan = head.note
        if plan is None:
            plan = head.note = self._plan(head)
        exchange: Exchange
        if plan is _WEB:
            exchange = WebRequest(self._link, stream, head, self._web, self._dates)
        elif plan.refusal is not None:
            sending = self._wire.sending
            block = refusal_block(plan.refusal, sending.peer.header_list_bytes)
            sending.head(stream, block, ends=True)
            return
        elif plan.entry.method.is_unary:
            exchange = UnaryCall(self._link, stream, head, plan)
        else:
            call = StreamCall(self._link, stream, head, plan)
            stream.note = exchange = call
            call.begin()
            if event.ended and stream.note is not None:
                call.content(b"", ended=True)
            return
        stream.note = exchange
        if event.ended:
            exchange.content(b"", ended=True)
        else:
            self._young.append((stream, exchange))

    def _plan(self, head: Head) -> Plan | _Web:
        content_type = head.header(b"content-type") or b""
        if head.method == b"POST" and is_grpc(content_type):
            return Plan(head, self._table)
        return _WEB

    def _rare_event(self, event: Event, now: int) -> None:
        stream = event.stream
        exchange: Exchange | None = None if stream is None else stream.note
        if event.kind == TRAILERS:
            if exchange is not None:
                exchange.content(b"", ended=True)
        elif event.kind == RESET:
            if exchange is not None:
                exchange.gone()
        elif event.kind == ROOM:
            self._tell_room()
        elif event.kind == PINGED and self._keepalive.is_abused(now, self._wire.sending.moves):
            self._wire.fail(ENHANCE_YOUR_CALM, "too_many_pings")

    def _time_young(self) -> None:
        """Those whose request did not come whole with its head: mostly none."""
        for stream, exchange in self._young:
            if stream.note is exchange:
                self._link.time(exchange)
        self._young.clear()

    def _look(self, now: int) -> None:
        """What has changed behind these bytes."""
        wire = self._wire
        if wire.failure is not None:
            self._fail(now)
            return
        if not wire.is_amid:
            self._amid_ms = None
        elif self._amid_ms is None:
            self._amid_ms = now
        if wire.streams:
            self._idle_ms = None
        elif self._idle_ms is None:
            self._idle_ms = now

    def _fail(self, now: int) -> None:
        """Told already by the wire; whoever answers is let go."""
        self._abandon()
        if self._linger_ms is None:
            self._linger_ms = now + LINGER_MS

    def _abandon(self) -> None:
        for stream in list(self._wire.streams.values()):
            if stream.note is not None:
                stream.note.gone()

    def _serve_ready(self) -> None:
        """Those that had to wait until the peer took some of what it was answered."""
        link = self._link
        while link.ready and not link.is_pressed():
            exchange = next(iter(link.ready))
            del link.ready[exchange]
            exchange.serve()
        if link.ready:
            self._wire.grants.hold()
        else:
            self._wire.grants.release()

    def _tell_room(self) -> None:
        for exchange in list(self._link.thirsty):
            exchange.writable()

    # --- what happens ---

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages by the tags of their holders; those that come too late for theirs are given back."""
        found: dict[Exchange, list[Delivery]] = {}
        tags = self._link.tags
        for delivery in deliveries:
            exchange = tags.get(delivery.holder.tag)
            if exchange is None:
                give_back(self._session, delivery)
            else:
                found.setdefault(exchange, []).append(delivery)
        for exchange, mine in found.items():
            if exchange in self._link.waiting:
                exchange.deliver(mine)
            else:
                for delivery in mine:
                    give_back(self._session, delivery)

    def cancelled(self, holder: Holder) -> None:
        """The queue of somebody who waits has gone away: let it look."""
        exchange = self._link.tags.get(holder.tag)
        if exchange is not None:
            exchange.progressed()

    def answered(self, ticket: int, result: object) -> None:
        """What a command of some call promised: it knows its own ticket."""
        for exchange in list(self._link.waiting):
            if exchange in self._link.waiting:
                exchange.answered(ticket, result)

    def progressed(self) -> None:
        """A watched stream has grown, or the journal has come further."""
        self._link.outbox.release()
        for exchange in list(self._link.waiting):
            if exchange in self._link.waiting:
                exchange.progressed()

    def lost(self) -> None:
        """The connection is gone."""
        self._abandon()

    def shut(self, reason: str) -> None:
        """The broker is leaving: answer what is here, open nothing more."""
        self._wire.go_away(reason)
        for stream in list(self._wire.streams.values()):
            if stream.note is not None:
                stream.note.shut()

    # --- time ---

    def tick(self) -> None:
        """Somebody's time may be over, or there is room again."""
        self._armed_ms = None
        now = self._session.elapsed_ms()
        self._link.tick(now)
        self._serve_ready()
        self._tell_room()
        wire = self._wire
        if wire.failure is not None:
            self._is_closing = self._is_closing or self._linger_ms is None or self._linger_ms <= now
            return
        if self._amid_ms is not None and self._amid_ms + AMID_MS <= now:
            wire.fail(SETTINGS_TIMEOUT, "the rest of a frame took too long")
        elif self._idle_ms is not None and self._idle_ms + IDLE_MS <= now:
            wire.go_away("idle")
            self._is_closing = True
        elif self._is_stalled(now):
            wire.fail(ENHANCE_YOUR_CALM, "answers are not taken")
        elif wire.streams:
            self._mind_silence(now)
        self._look(now)

    def _is_stalled(self, now: int) -> bool:
        """Whether what is answered waits, and nothing has been taken for long."""
        sending = self._wire.sending
        if not sending.finished_bytes or sending.taken_bytes != self._taken_bytes:
            self._taken_bytes = sending.taken_bytes
            self._stalled_ms = now if sending.finished_bytes else None
        return self._stalled_ms is not None and self._stalled_ms + STALL_MS <= now

    def _mind_silence(self, now: int) -> None:
        if self._keepalive.is_lost(now):
            self._is_closing = True
            self._abandon()
        elif self._keepalive.wants_ping(now):
            self._wire.ping()

    def next_tick_ms(self) -> int | None:
        """The soonest deadline. One that was asked for and is put off is let come and looked at then, or each call
        would leave an entry in the broker's heap.
        """
        link = self._link
        if (link.thirsty or link.ready) and self._has_room():
            return self._session.elapsed_ms()
        due = self._due_ms()
        armed = self._armed_ms
        if armed is None or (due is not None and due < armed):
            self._armed_ms = armed = due
        return armed

    def _has_room(self) -> bool:
        """Whether somebody who waits for room could go on."""
        link = self._link
        return bool(link.ready and not link.is_pressed()) or any(
            exchange.has_room() for exchange in link.thirsty
        )

    def _due_ms(self) -> int | None:
        if self._linger_ms is not None:
            return self._linger_ms
        due = self._link.soonest_ms
        if self._amid_ms is not None:
            due = soonest(due, self._amid_ms + AMID_MS)
        if self._idle_ms is not None:
            return soonest(due, self._idle_ms + IDLE_MS)
        if self._wire.sending.finished_bytes:
            since = self._session.elapsed_ms() if self._stalled_ms is None else self._stalled_ms
            due = soonest(due, since + STALL_MS)
        return soonest(due, self._keepalive.due_ms())

    # --- bytes out ---

    def data_to_send(self) -> list[bytes]:
        """Everything that may leave, and that the peer has room for."""
        outbox = self._link.outbox
        if not outbox.is_empty():
            outbox.release()
        chunks = self._wire.sending.data_to_send()
        if self._idle_ms is None and not self._wire.streams:
            self._idle_ms = self._session.elapsed_ms()
        return chunks

    def is_full(self) -> bool:
        """Never: a peer that is not heard cannot say that there is room. What it may send is granted, or not."""
        return False

    def is_closing(self) -> bool:
        """Whether the connection ends, now that all answers have left."""
        if self._is_closing:
            return True
        wire = self._wire
        return wire.is_draining and not wire.streams and self._link.outbox.is_empty()
