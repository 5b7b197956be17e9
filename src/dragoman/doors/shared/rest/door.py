"""One HTTP connection without a socket: requests served in order, answers out in the same order. Hot.

    receive -> wire -> queue -> handler -> outbox -> data_to_send
                         ^ stops while a request is parked, or the peer does not take what was answered
                                              ^ held while the journal has not come far enough

Whatever a client sends, the answer is HTTP's or its service's own. Deadlines: a head, a body and the pause between two
requests each have one; who is slower is told 408, or in a pause nothing, and closed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.shared.rest.call import (
    BODY_BYTES_MAX,
    Parked,
    Request,
    Response,
    tag_of,
)
from dragoman.doors.shared.rest.problem import problem
from dragoman.doors.shared.rest.routes import Table
from dragoman.doors.shared.rest.serving import refused, serve
from dragoman.doors.shared.strays import give_back
from dragoman.doors.shared.websocket import MakeDoor as MakeInner
from dragoman.doors.shared.websocket import WebSocketDoor
from dragoman.kernel.api import Connection, Delivery, Holder, Session
from dragoman.model.levels import APPLIED
from dragoman.wire.http.connection import BODY, HEAD, IDLE, Failure, HttpConnection
from dragoman.wire.http.response import CONTINUE, Dates, encode_response
from dragoman.wire.http.websocket import accept, protocols_of

HEAD_MS: Final = 10_000  # from its first byte to its last
BODY_MS: Final = 30_000  # and a millisecond more for each byte that came: 1 kB/s will do
IDLE_MS: Final = (
    120_000  # longer than clients keep unused connections, so that mostly they close them
)
LINGER_MS: Final = (
    2_000  # for the rest of a body that was refused: closing at once may lose the answer
)
BEHIND_MAX: Final = 1_000  # requests behind a parked one, before reading stops
BEHIND_BYTES_MAX: Final = 8 << 20  # of their bodies
UNSENT_BYTES_MAX: Final = 1 << 20  # of answers that the peer has not taken, before more is served
CODES: Final = {
    400: "bad-request",
    408: "timeout",
    413: "content-too-large",
    414: "target-too-long",
    417: "expectation-failed",
    431: "headers-too-large",
    501: "not-implemented",
    505: "version-not-supported",
}

MakeDoor = Callable[[Session, Connection], "HttpDoor"]
InnerDoor = tuple[MakeInner, str]
"""What makes a door that is reached through a WebSocket, and the protocol that it speaks."""


def door_maker(
    make_table: Callable[[], Table], sockets: Mapping[str, InnerDoor] | None = None
) -> MakeDoor:
    """What makes the door of each new connection. The table, and with it all services, is made with the first.

    sockets   which doors are reached through a WebSocket, by subprotocol
    """
    dates = Dates()
    tables: list[Table] = []

    def make_door(session: Session, connection: Connection) -> HttpDoor:
        if not tables:
            tables.append(make_table())
        return HttpDoor(session, connection, tables[0], dates, sockets or {})

    return make_door


class HttpDoor:
    """See `kernel.api.ConnectionDoor`."""

    __slots__ = (
        "_armed_ms",
        "_behind_bytes",
        "_connection",
        "_dates",
        "_is_closing",
        "_is_draining",
        "_linger_bytes",
        "_linger_ms",
        "_outbox",
        "_parked",
        "_parked_request",
        "_parked_tag",
        "_queue",
        "_session",
        "_since_ms",
        "_sockets",
        "_table",
        "_unsent_bytes",
        "_wire",
    )

    def __init__(
        self,
        session: Session,
        connection: Connection,
        table: Table,
        dates: Dates,
        sockets: Mapping[str, InnerDoor],
    ) -> None:
        self._session = session
        self._connection = connection
        self._table = table
        self._dates = dates
        self._sockets = sockets
        self._wire = HttpConnection(self._body_bytes_max)
        self._wire.takes_over = self._takes_over
        # Lists: a deque has room for 64 from the start, which counts where ten thousand connections wait.
        self._queue: list[Request] = []  # whole, not served yet
        self._behind_bytes = 0  # of their bodies
        self._outbox: list[tuple[int, int, bytes]] = []  # position, level, answer
        self._unsent_bytes = 0  # of those
        self._parked: Parked | None = None
        self._parked_request: Request | None = None
        self._parked_tag: Any = None
        self._since_ms = session.elapsed_ms()  # when this stage of the wire began
        self._armed_ms: int | None = None  # see `next_tick_ms`
        self._is_draining = False
        self._is_closing = False
        self._linger_ms = 0  # until when a refused body is let run out; 0 not
        self._linger_bytes = 0  # of it, still to come; < 0 unknown

    # --- bytes in ---

    def receive(self, data: bytes) -> None:
        """Bytes from the peer; none of them say that it is not silent, but time was moved on."""
        if self._is_closing or self._linger_ms:
            self._let_run_out(len(data))
            return
        wire = self._wire
        stage = wire.stage
        requests = wire.receive(data)
        if requests or wire.stage != stage or not data:
            self._since_ms = self._session.elapsed_ms()
            for request in requests:
                self._queue.append(request)
                self._behind_bytes += len(request.body)
        if wire.is_upgraded:
            self._hand_over()
            return
        self._work()

    def _takes_over(self, request: Request) -> bool:
        """Whether the connection goes on as a WebSocket: not while something before it is unanswered."""
        if self._queue or self._outbox or self._parked is not None or self._is_draining:
            return False
        return any(name in self._sockets for name in protocols_of(request))

    def _hand_over(self) -> None:
        """Another door speaks from now on, to what came behind the request, too."""
        request = self._queue.pop()
        if self._queue:  # they came with it, and their answers would end up in frames
            self._work()
            self._is_closing = True
            return
        name = next(name for name in protocols_of(request) if name in self._sockets)
        make_door, protocol = self._sockets[name]
        session = self._session
        inner = make_door(session, self._connection)
        session.speak(protocol)
        door = WebSocketDoor(inner, accept(request, name, session.wall_ms()))
        session.hand_over(door)
        door.receive(self._wire.rest)

    def _body_bytes_max(self, request: Request) -> int:
        """Route it; what its routes take."""
        found = self._table.find(request)
        request.note = found
        return BODY_BYTES_MAX if found is None else found.body_bytes_max

    def _work(self) -> None:
        """Serve requests until one parks, or the peer has enough to read; then what stands behind all of them."""
        queue = self._queue
        while queue and self._parked is None and self._unsent_bytes <= UNSENT_BYTES_MAX:
            request = queue.pop(0)
            self._behind_bytes -= len(request.body)
            self._serve(request)
        if queue or self._parked is not None or self._is_closing:
            return
        wire = self._wire
        if wire.failure is not None:
            self._fail(wire.failure)
        elif self._is_draining:
            self._is_closing = True
        elif wire.wants_continue:
            wire.wants_continue = False
            self._since_ms = self._session.elapsed_ms()
            self._outbox.append((0, APPLIED, CONTINUE))

    def _serve(self, request: Request) -> None:
        answer = serve(self._table, request, self._session, self._connection)
        if isinstance(answer, Response):
            self._answer(request, answer)
            return
        self._parked = answer
        self._parked_request = request
        self._parked_tag = tag_of(answer)
        if self._is_draining:
            self._unpark(answer.expire)

    def _answer(self, request: Request, response: Response) -> None:
        """Queue an answer behind those before it."""
        closes = request.is_last or (self._is_draining and not self._queue)
        data = encode_response(
            response.status,
            response.headers,
            response.body,
            self._dates.at(self._session.wall_ms()),
            closes=closes,
            keeps=request.is_old,
            is_head=request.method == "HEAD",
        )
        self._outbox.append((response.position, response.level, data))
        self._unsent_bytes += len(data)
        if closes:
            self._is_closing = True

    def _fail(self, failure: Failure) -> None:
        """Bytes that are no request, or too many: the last thing said here."""
        response = problem(failure.status, CODES[failure.status], failure.text)
        request = Request("GET", b"/", (), b"")
        request.is_last = True
        self._answer(request, response)
        if failure.unread_bytes and not self._is_draining:
            self._linger_ms = self._session.elapsed_ms() + LINGER_MS
            self._linger_bytes = failure.unread_bytes

    def _let_run_out(self, size: int) -> None:
        """Bytes of a body that was refused."""
        if self._linger_bytes > 0:
            self._linger_bytes -= size
            if self._linger_bytes <= 0:
                self._linger_ms = 0

    # --- what happens ---

    def _unpark(self, ask: Callable[[], Response | None]) -> None:
        """Ask the parked request; if it has its answer, go on behind it."""
        request = self._parked_request
        assert request is not None, "nobody is parked"
        try:
            response = ask()
        except Exception as error:  # noqa: BLE001 - as in `_serve`
            self._abandon()
            response = refused(self._session, request, error)
        if response is not None:
            self._parked = self._parked_request = None
            self._since_ms = self._session.elapsed_ms()
            self._answer(request, response)
            self._work()

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for the parked request; those that come too late for theirs are given back."""
        parked = self._parked
        mine: list[Delivery] = []
        for delivery in deliveries:
            if parked is not None and delivery.holder.tag is self._parked_tag:
                mine.append(delivery)
            else:
                give_back(self._session, delivery)
        if parked is not None and mine:
            self._unpark(lambda: parked.deliver(mine))

    def cancelled(self, holder: Holder) -> None:
        """The queue of a parked request has gone away: let it look."""
        parked = self._parked
        if parked is not None and holder.tag is self._parked_tag:
            self._unpark(parked.progressed)

    def answered(self, ticket: int, result: object) -> None:
        """What a command of the parked request promised."""
        parked = self._parked
        if parked is not None:
            self._unpark(lambda: parked.answered(ticket, result))

    def progressed(self) -> None:
        """A watched stream has grown, or the journal has come further."""
        if self._parked is not None:
            self._unpark(self._parked.progressed)

    def lost(self) -> None:
        """The connection is gone."""
        self._abandon()

    def _abandon(self) -> None:
        """Whoever waits gives up what it held for its answer."""
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.abandon()

    def shut(self, reason: str) -> None:
        """The broker is leaving: answer what is here, the last with `connection: close`."""
        self._is_draining = True
        if self._parked is not None:
            self._unpark(self._parked.expire)
        self._work()

    # --- time ---

    def tick(self) -> None:
        """Somebody's time may be over, or what was held back may be served."""
        self._armed_ms = None
        now = self._session.elapsed_ms()
        if self._linger_ms and self._linger_ms <= now:
            self._linger_ms = 0
        parked = self._parked
        if parked is not None and parked.deadline_ms is not None and parked.deadline_ms <= now:
            self._unpark(parked.expire)
        limit = self._stage_deadline_ms()
        if limit is not None and limit <= now:
            self._time_out()
        self._work()

    def _time_out(self) -> None:
        """The peer is too slow, or has gone quiet."""
        stage = self._wire.stage
        if stage != IDLE:
            what = "headers" if stage == HEAD else "body"
            self._wire.fail(408, f"the {what} took too long")
        elif self._outbox:
            self._since_ms = self._session.elapsed_ms()  # it is we who are slow
        else:
            self._is_closing = True

    def _stage_deadline_ms(self) -> int | None:
        """When the peer's time for this stage is over."""
        wire = self._wire
        if wire.failure is not None or self._is_closing:
            return None
        if wire.stage == HEAD:
            return self._since_ms + HEAD_MS
        if wire.stage == BODY:
            waits = wire.wants_continue
            return None if waits else self._since_ms + BODY_MS + wire.body_received_bytes()
        return None if self._queue or self._parked is not None else self._since_ms + IDLE_MS

    def next_tick_ms(self) -> int | None:
        """The soonest deadline. One that was asked for and is put off is let come and looked at then, or each request
        would leave an entry in the broker's heap.
        """
        armed = self._armed_ms
        if self._parked is None:
            if self._queue and self._unsent_bytes <= UNSENT_BYTES_MAX:
                return self._session.elapsed_ms()
            if armed is not None and self._wire.stage == IDLE and not self._linger_ms:
                return armed  # a pause that began anew ends later
        soonest = self._linger_ms or self._stage_deadline_ms()
        parked = self._parked
        if parked is not None and parked.deadline_ms is not None:
            soonest = parked.deadline_ms if soonest is None else min(soonest, parked.deadline_ms)
        if armed is None or (soonest is not None and soonest < armed):
            self._armed_ms = armed = soonest
        return armed

    # --- bytes out ---

    def data_to_send(self) -> list[bytes]:
        """Answers that may leave, in the order of their requests."""
        chunks: list[bytes] = []
        session = self._session
        for position, level, data in self._outbox:
            if level > APPLIED and session.reached(level) < position:
                session.want(position, level)
                break
            chunks.append(data)
            self._unsent_bytes -= len(data)
        del self._outbox[: len(chunks)]
        return chunks

    def is_full(self) -> bool:
        """Whether enough waits behind a parked request, or behind answers that are not taken."""
        return len(self._queue) > BEHIND_MAX or self._behind_bytes > BEHIND_BYTES_MAX

    def is_closing(self) -> bool:
        """Whether the connection ends, now that all answers have left."""
        return self._is_closing and not self._outbox and not self._linger_ms
