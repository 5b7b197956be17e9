"""What the calls of one connection share: its session, its wire, who waits for what.

exchange     whoever answers one stream: a unary call, a streaming one, a request that is no gRPC
tags         whose deliveries are whose
waiting      exchanges to be told of progress
timed        exchanges with a deadline
"""

from typing import Final, Protocol

from dragoman.doors.shared.grpc.outbox import Outbox
from dragoman.kernel.api import Connection, Delivery, Session
from dragoman.wire.http2.connection import Http2Connection
from dragoman.wire.http2.streams import CLOSED, Http2Stream

UNSENT_BYTES_MAX: Final = 4 << 20  # of whole answers that wait, before more calls are served
COLLECTED_BYTES_MAX: Final = 64 << 20  # of requests that are not whole, or not served yet
REQUEST_MS: Final = (
    30_000  # for a request to come whole; and a millisecond more for each byte of it
)


class Exchange(Protocol):
    """One stream's answerer. Nothing is said to it any more once it has left its link (`Link.forget`)."""

    due_ms: int | None

    def content(self, data: bytes, *, ended: bool) -> None:
        """Some of the request."""
        ...

    def gone(self) -> None:
        """The stream was reset, or the connection is lost."""
        ...

    def serve(self) -> None:
        """There is room for its answer now: it had to wait (`Link.ready`)."""
        ...

    def shut(self) -> None:
        """The broker leaves: end soon."""
        ...

    def tick(self, now_ms: int) -> None:
        """`due_ms` is reached."""
        ...

    def deliver(self, deliveries: list[Delivery]) -> None: ...

    def progressed(self) -> None: ...

    def answered(self, ticket: int, result: object) -> None: ...

    def has_room(self) -> bool:
        """Whether it may send again, of those that were told of no room."""
        ...

    def writable(self) -> None:
        """Send again, if there is room."""
        ...


class Link:
    """See the module.

    ready            exchanges whose requests are whole and that wait to be served, in their order
    thirsty          streaming calls that were told of no room
    collected_bytes  of requests, in memory
    soonest_ms       of all deadlines, at the latest: when somebody is to look
    """

    __slots__ = (
        "collected_bytes",
        "connection",
        "outbox",
        "ready",
        "sending",
        "session",
        "soonest_ms",
        "tags",
        "thirsty",
        "timed",
        "waiting",
        "wire",
    )

    def __init__(self, session: Session, connection: Connection) -> None:
        self.session = session
        self.connection = connection
        self.wire = Http2Connection()
        self.sending = self.wire.sending
        self.outbox = Outbox(session)
        self.ready: dict[Exchange, None] = {}
        self.thirsty: dict[Exchange, None] = {}
        self.tags: dict[object, Exchange] = {}
        self.waiting: dict[Exchange, object] = {}  # with their tags
        self.timed: dict[Exchange, None] = {}
        self.soonest_ms: int | None = None
        self.collected_bytes = 0

    def is_pressed(self) -> bool:
        """Whether the peer has enough to take before it is served more."""
        return self.sending.finished_bytes + self.outbox.size_bytes > UNSENT_BYTES_MAX

    def wait(self, exchange: Exchange, tag: object) -> None:
        """It has somebody who answers later, whose deliveries have that tag."""
        self.tags[tag] = exchange
        self.waiting[exchange] = tag
        self.time(exchange)

    def time(self, exchange: Exchange) -> None:
        """Its deadline may have changed."""
        due = exchange.due_ms
        if due is None:
            self.timed.pop(exchange, None)
            return
        self.timed[exchange] = None
        if self.soonest_ms is None or due < self.soonest_ms:
            self.soonest_ms = due

    def forget(self, exchange: Exchange) -> None:
        """It has answered, or never will."""
        self.ready.pop(exchange, None)
        self.thirsty.pop(exchange, None)
        self.timed.pop(exchange, None)
        if exchange in self.waiting:
            self.tags.pop(self.waiting.pop(exchange), None)

    def tick(self, now_ms: int) -> None:
        """Tell whoever is due; who is next is found out anew."""
        if self.soonest_ms is None or self.soonest_ms > now_ms:
            return
        for exchange in list(self.timed):
            if exchange in self.timed and exchange.due_ms is not None and exchange.due_ms <= now_ms:
                exchange.tick(now_ms)
        dues = [exchange.due_ms for exchange in self.timed if exchange.due_ms is not None]
        self.soonest_ms = min(dues, default=None)


def soonest(first: int | None, second: int | None) -> int | None:
    """Of two deadlines, either of which may be none."""
    if first is None:
        return second
    return first if second is None else min(first, second)


def is_gone(stream: Http2Stream) -> bool:
    """Whether nothing can be sent any more."""
    return stream.state == CLOSED
