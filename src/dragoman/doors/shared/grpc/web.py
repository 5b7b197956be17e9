"""A request over HTTP/2 that is no gRPC: served by the table of services over HTTP, as over HTTP/1.1.

Requests of one connection are answered as they come to be, not in their order: that is what HTTP/2 is for.
"""

from collections.abc import Callable

from dragoman.doors.shared.grpc.link import COLLECTED_BYTES_MAX, REQUEST_MS, Link, is_gone
from dragoman.doors.shared.grpc.outbox import Held
from dragoman.doors.shared.rest.call import (
    BODY_BYTES_MAX,
    Parked,
    RawHeader,
    Request,
    Response,
    tag_of,
)
from dragoman.doors.shared.rest.problem import problem
from dragoman.doors.shared.rest.routes import Table
from dragoman.doors.shared.rest.serving import refused, serve
from dragoman.kernel.api import Delivery
from dragoman.wire.http.response import BODILESS, Dates
from dragoman.wire.http2.compression import encode_block
from dragoman.wire.http2.heads import Head
from dragoman.wire.http2.streams import Http2Stream


class WebRequest:
    """See `link.Exchange`."""

    __slots__ = (
        "_body_bytes_max",
        "_dates",
        "_is_over",
        "_link",
        "_parked",
        "_parts",
        "_request",
        "_size_bytes",
        "_stream",
        "_table",
        "due_ms",
    )

    def __init__(
        self, link: Link, stream: Http2Stream, head: Head, table: Table, dates: Dates
    ) -> None:
        self._link = link
        self._stream = stream
        self._table = table
        self._dates = dates
        self._request = request_of(head)
        found = table.find(self._request)
        self._request.note = found
        self._body_bytes_max = BODY_BYTES_MAX if found is None else found.body_bytes_max
        self._parts: list[bytes] = []
        self._size_bytes = 0
        self._parked: Parked | None = None
        self._is_over = False
        self.due_ms: int | None = link.session.elapsed_ms() + REQUEST_MS

    def content(self, data: bytes, *, ended: bool) -> None:
        """Some of the body."""
        self._size_bytes += len(data)
        self._link.collected_bytes += len(data)
        self._parts.append(data)
        if self._size_bytes > self._body_bytes_max:
            text = f"the body is larger than {self._body_bytes_max} bytes"
            self._answer(problem(413, "content-too-large", text))
        elif self._link.collected_bytes > COLLECTED_BYTES_MAX:
            self._answer(problem(503, "busy", "too much of too many requests at once"))
        elif not ended:
            assert self.due_ms is not None
            self.due_ms += len(data)
        elif self._link.ready or self._link.is_pressed():
            self.due_ms = None
            self._link.time(self)
            self._link.ready[self] = None
        else:
            self.serve()

    def serve(self) -> None:
        """See `link.Exchange`."""
        link = self._link
        request = self._request
        request.body = b"".join(self._parts)
        self._drop()
        answer = serve(self._table, request, link.session, link.connection)
        if isinstance(answer, Response):
            self._answer(answer)
        else:
            self._parked = answer
            self.due_ms = answer.deadline_ms
            link.wait(self, tag_of(answer))

    def _drop(self) -> None:
        self._link.collected_bytes -= self._size_bytes
        self._size_bytes = 0
        self._parts = []

    # --- the answer ---

    def _answer(self, response: Response) -> None:
        self._over()
        outbox = self._link.outbox
        held = Held()
        if outbox.is_held(held, response.position, response.level):
            size = len(response.body)
            outbox.hold(
                held, response.position, response.level, size, lambda: self._leave(response)
            )
        else:
            self._leave(response)

    def _leave(self, response: Response) -> None:
        stream = self._stream
        if is_gone(stream):
            return
        sending = self._link.sending
        date = self._dates.at(self._link.session.wall_ms())
        body = b"" if self._request.method == "HEAD" else response.body
        sending.head(stream, head_block(response, date), ends=not body)
        if body:
            sending.data(stream, body)
            sending.finish(stream)

    def _over(self) -> None:
        self._is_over = True
        self._stream.note = None
        self._drop()
        self._link.forget(self)

    # --- what happens ---

    def _unpark(self, ask: Callable[[], Response | None]) -> None:
        parked = self._parked
        assert parked is not None
        try:
            response = ask()
        except Exception as error:  # noqa: BLE001 - the face has a word for each
            self._abandon()
            response = refused(self._link.session, self._request, error)
        if response is not None:
            self._parked = None
            self._answer(response)
        else:
            self.due_ms = parked.deadline_ms
            self._link.time(self)

    def _abandon(self) -> None:
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.abandon()

    def gone(self) -> None:
        """Cancelled, or the connection is lost."""
        self._abandon()
        self._over()

    def shut(self) -> None:
        """Answer with what there is."""
        if self._parked is not None:
            self._unpark(self._parked.expire)
        if not self._is_over:
            self._abandon()
            self._answer(problem(503, "leaving", "the broker is leaving"))

    def tick(self, now_ms: int) -> None:
        """The body took too long, or whoever answers has waited long enough."""
        if self._parked is not None:
            self._unpark(self._parked.expire)
        else:
            self._answer(problem(408, "timeout", "the body took too long"))

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for it."""
        parked = self._parked
        assert parked is not None
        self._unpark(lambda: parked.deliver(deliveries))

    def progressed(self) -> None:
        """See `rest.call.Parked`."""
        assert self._parked is not None
        self._unpark(self._parked.progressed)

    def answered(self, ticket: int, result: object) -> None:
        """See `rest.call.Parked`."""
        parked = self._parked
        assert parked is not None
        self._unpark(lambda: parked.answered(ticket, result))

    def has_room(self) -> bool:
        """Its answer is taken whole."""
        return False

    def writable(self) -> None:
        """Its answer is taken whole."""


def request_of(head: Head) -> Request:
    """As HTTP/1.1 would have it: what is signed and routed by is the same."""
    headers = list(head.headers)
    if head.authority is not None and head.header(b"host") is None:
        headers.insert(0, (b"host", head.authority))
    return Request(head.method.decode(), head.path, headers, b"")


def head_block(response: Response, date: bytes) -> bytes:
    """An answer's head; names are in lower case on the wire (RFC 9113, section 8.2.1)."""
    fields: list[RawHeader] = [(b":status", b"%d" % response.status)]
    fields += [(name.lower(), value.translate(_CUT)) for name, value in response.headers]
    fields.append((b"date", date))
    if response.status not in BODILESS:
        fields.append((b"content-length", b"%d" % len(response.body)))
    return encode_block(fields)


_CUT = bytes.maketrans(b"\r\n\0", b"   ")
