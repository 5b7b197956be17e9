"""One unary call: a request comes whole, a reply leaves whole. Hot.

content -> message -> handler -> Reply ----------------> outbox -> sending.answer
             |            '----> Pending -- its reply ---^
             '-- waits in `Link.ready` while the peer has enough to take
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from dragoman.doors.shared.grpc.call import Call, Pending, Reply
from dragoman.doors.shared.grpc.link import COLLECTED_BYTES_MAX, REQUEST_MS, Link, is_gone, soonest
from dragoman.doors.shared.grpc.outbox import Held
from dragoman.doors.shared.grpc.plan import Plan
from dragoman.doors.shared.grpc.replies import (
    HEAD_BLOCK,
    PACKED_HEAD_BLOCK,
    body_of,
    ok_block,
    refusal_block,
)
from dragoman.doors.shared.grpc.status import Status
from dragoman.kernel.api import Delivery
from dragoman.wire.grpc.codes import (
    CANCELLED,
    DEADLINE_EXCEEDED,
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
)
from dragoman.wire.grpc.messages import BadMessage, MessageReader, encode_message, only_message
from dragoman.wire.http2.heads import Head
from dragoman.wire.http2.streams import Http2Stream


class UnaryCall:
    """See `link.Exchange`."""

    __slots__ = (
        "_body_ms",
        "_call",
        "_held",
        "_is_over",
        "_link",
        "_message",
        "_pending",
        "_plan",
        "_reader",
        "_stream",
        "due_ms",
    )

    def __init__(self, link: Link, stream: Http2Stream, head: Head, plan: Plan) -> None:
        assert plan.entry is not None
        now = link.session.elapsed_ms()
        deadline = None if plan.timeout_ms is None else now + plan.timeout_ms
        self._link = link
        self._stream = stream
        self._plan = plan
        self._call = Call(plan.entry.method, link.session, link.connection, head.headers, deadline)
        self._reader: MessageReader | None = None
        self._message: bytes | None = None  # whole, not served yet
        self._pending: Pending | None = None
        self._held: Held | None = None
        self._is_over = False
        self._body_ms = now + REQUEST_MS
        self.due_ms: int | None = soonest(deadline, self._body_ms)

    # --- the request ---

    def content(self, data: bytes, *, ended: bool) -> None:
        """Some of the request; all of it, as a rule."""
        if ended and self._reader is None:
            message = only_message(data, self._call.method.request_bytes_max)
            if message is not None:
                self._whole(message)
                return
        try:
            self._collect(data, ended=ended)
        except BadMessage as bad:
            self._refuse(Status(bad.code, bad.text))

    def _collect(self, data: bytes, *, ended: bool) -> None:
        """In pieces, packed, or wrong. Raises BadMessage."""
        reader = self._reader
        if reader is None:
            method = self._call.method
            reader = self._reader = MessageReader(self._plan.unpacks, method.request_bytes_max)
        before = reader.held_bytes
        try:
            messages = reader.read(data)
        finally:
            self._link.collected_bytes += reader.held_bytes - before
        self._body_ms += len(data)
        if len(messages) > 1 or (messages and self._message is not None):
            raise BadMessage(INTERNAL, "a unary call with more than one message")
        if messages:
            self._message = messages[0]
            self._link.collected_bytes += len(messages[0])
        if self._link.collected_bytes > COLLECTED_BYTES_MAX:
            raise BadMessage(RESOURCE_EXHAUSTED, "too much of too many requests at once")
        if ended:
            if self._message is None or reader.held_bytes:
                raise BadMessage(INTERNAL, "a unary call without a whole message")
            self._whole(self._drop())

    def _drop(self) -> bytes:
        """The message that was collected, or part of it, is nobody's any more."""
        message, self._message = self._message, None
        reader, self._reader = self._reader, None
        if reader is not None:
            self._link.collected_bytes -= reader.held_bytes
        if message is not None:
            self._link.collected_bytes -= len(message)
        return message or b""

    def _whole(self, message: bytes) -> None:
        """Serve it, or let it wait until the peer has taken some."""
        link = self._link
        if link.ready or link.is_pressed():
            self._message = message
            link.collected_bytes += len(message)
            link.ready[self] = None
            self.due_ms = self._call.deadline_ms
            link.time(self)
        else:
            self._serve(message)

    def serve(self) -> None:
        """See `link.Exchange`."""
        self._serve(self._drop())

    def _serve(self, message: bytes) -> None:
        entry = self._plan.entry
        assert entry is not None
        call = self._call
        method = entry.method
        call.session.speak(entry.service.protocol)
        call.speak()
        try:
            request: Any = message if method.request is None else method.request.FromString(message)
            answer = method.handler(call, request)
        except DecodeError:
            text = (
                f"the request is no {method.request.DESCRIPTOR.full_name}" if method.request else ""
            )
            self._refuse(Status(INTERNAL, text))
        except Exception as error:  # noqa: BLE001 - the service has a word for each
            self._refuse(entry.status_of(call, error))
        else:
            if isinstance(answer, Reply):
                self._reply(answer)
            else:
                self._pending = answer
                self.due_ms = soonest(call.deadline_ms, answer.deadline_ms)
                self._link.wait(self, answer)

    # --- the answer ---

    def _reply(self, reply: Reply) -> None:
        self._over()
        data = body_of(reply.message)
        packs = self._plan.packs
        content = encode_message(data, packs)
        trailers = ok_block(reply.trailers)
        link = self._link
        if self._held is None and link.session.reached(reply.level) >= reply.position:
            link.sending.answer(
                self._stream, PACKED_HEAD_BLOCK if packs else HEAD_BLOCK, content, trailers
            )
            return
        self._held = Held()
        link.outbox.hold(
            self._held,
            reply.position,
            reply.level,
            len(content),
            lambda: self._leave(content, trailers),
        )

    def _leave(self, content: bytes, trailers: bytes) -> None:
        """The journal has come far enough."""
        if not is_gone(self._stream):
            block = PACKED_HEAD_BLOCK if self._plan.packs else HEAD_BLOCK
            self._link.sending.answer(self._stream, block, content, trailers)

    def _refuse(self, status: Status) -> None:
        """End with an error, at once: it reveals nothing that could be lost."""
        self._over()
        sending = self._link.sending
        block = refusal_block(status, sending.peer.header_list_bytes)
        sending.head(self._stream, block, ends=True)

    def _over(self) -> None:
        """Nothing more comes of it."""
        self._is_over = True
        self._stream.note = None
        self._drop()
        self._link.forget(self)

    # --- what happens ---

    def _ask(self, ask: Callable[[], Reply | None]) -> None:
        """Ask whoever has the answer later."""
        pending = self._pending
        assert pending is not None and self._plan.entry is not None
        self._call.speak()
        try:
            reply = ask()
        except Exception as error:  # noqa: BLE001 - as in `_serve`
            self._abandon()
            self._refuse(self._plan.entry.status_of(self._call, error))
            return
        if reply is not None:
            self._pending = None
            self._reply(reply)
        else:
            self.due_ms = soonest(self._call.deadline_ms, pending.deadline_ms)
            self._link.time(self)

    def _abandon(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.abandon()

    def gone(self) -> None:
        """Cancelled, or the connection is lost."""
        self._abandon()
        self._over()

    def tick(self, now_ms: int) -> None:
        """Too late for the client, or for whoever answers."""
        deadline = self._call.deadline_ms
        if deadline is not None and deadline <= now_ms:
            self._abandon()
            self._refuse(Status(DEADLINE_EXCEEDED, "Deadline Exceeded"))
        elif self._pending is not None:
            pending = self._pending
            if pending.deadline_ms is not None and pending.deadline_ms <= now_ms:
                self._ask(pending.expire)
        elif self._body_ms <= now_ms:
            self._refuse(Status(CANCELLED, "the request took too long"))
        else:
            self.due_ms = soonest(deadline, self._body_ms)

    def shut(self) -> None:
        """Answer with what there is; what is not whole is not looked at."""
        if self._pending is not None:
            self._ask(self._pending.expire)
        if not self._is_over:
            self._abandon()
            self._refuse(Status(UNAVAILABLE, "the broker is leaving"))

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for it."""
        pending = self._pending
        assert pending is not None
        self._ask(lambda: pending.deliver(deliveries))

    def progressed(self) -> None:
        """See `call.Pending`."""
        assert self._pending is not None
        self._ask(self._pending.progressed)

    def answered(self, ticket: int, result: object) -> None:
        """See `call.Pending`."""
        pending = self._pending
        assert pending is not None
        self._ask(lambda: pending.answered(ticket, result))

    def has_room(self) -> bool:
        """Its answer is taken whole."""
        return False

    def writable(self) -> None:
        """Its answer is taken whole."""
