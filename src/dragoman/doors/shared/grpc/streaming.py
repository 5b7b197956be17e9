"""One streaming call: messages in and out, in their order, until either side ends it.

    content -> messages -> Stream.received         Stream -> send, finish -> outbox -> sending
                                                     ^ writable, when there is room again

The answer's head leaves at once: clients wait for it. `send` and `finish` keep their order through the outbox. A client
that asks and takes no answers is not heard any more until it does.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from dragoman.doors.shared.grpc.call import Call, Kind, Message, RawHeader, Stream
from dragoman.doors.shared.grpc.link import COLLECTED_BYTES_MAX, Link, is_gone, soonest
from dragoman.doors.shared.grpc.outbox import Held
from dragoman.doors.shared.grpc.plan import Plan
from dragoman.doors.shared.grpc.replies import (
    HEAD_BLOCK,
    PACKED_HEAD_BLOCK,
    body_of,
    ok_block,
    refusal_block,
    status_block,
)
from dragoman.doors.shared.grpc.status import Status
from dragoman.kernel.api import Delivery
from dragoman.model.levels import APPLIED
from dragoman.wire.grpc.codes import DEADLINE_EXCEEDED, INTERNAL, RESOURCE_EXHAUSTED, UNAVAILABLE
from dragoman.wire.grpc.messages import BadMessage, MessageReader, encode_message
from dragoman.wire.http2.errors import CANCEL
from dragoman.wire.http2.heads import Head
from dragoman.wire.http2.streams import Http2Stream

ROOM_BYTES_MAX: Final = 256 << 10  # of one call, in queues here: a reader is handed no more past it
FLOOD_BYTES_MAX: Final = 1 << 20  # of one call, unsent: its requests wait past it
STREAMS_BYTES_MAX: Final = 16 << 20  # of all calls of a connection
AGAIN_BYTES: Final = (
    16 << 10
)  # room that is worth telling of, where the peer's window is not smaller


class StreamCall:
    """See `link.Exchange`, and `call.Sender`."""

    __slots__ = (
        "_call",
        "_has_one",
        "_held",
        "_is_ended",
        "_is_finished",
        "_link",
        "_plan",
        "_reader",
        "_stream",
        "_target",
        "_waiting",
        "_waiting_bytes",
        "due_ms",
    )

    def __init__(self, link: Link, stream: Http2Stream, head: Head, plan: Plan) -> None:
        assert plan.entry is not None
        now = link.session.elapsed_ms()
        deadline = None if plan.timeout_ms is None else now + plan.timeout_ms
        method = plan.entry.method
        self._link = link
        self._stream = stream
        self._plan = plan
        self._call = Call(method, link.session, link.connection, head.headers, deadline)
        self._reader = MessageReader(plan.unpacks, method.request_bytes_max)
        self._held = Held()
        self._target: Stream | None = None
        self._has_one = False  # message, received
        self._waiting: deque[bytes] = deque()  # requests, while too much of the answer is unsent
        self._waiting_bytes = 0
        self._is_ended = False  # the client sends no more
        self._is_finished = False  # nothing more is sent, or said to the target
        self.due_ms: int | None = deadline

    def begin(self) -> None:
        """Hand it to its handler."""
        entry = self._plan.entry
        assert entry is not None
        self._call.session.speak(entry.service.protocol)
        self._call.speak()
        try:
            target = entry.method.handler(self._call, self)
        except Exception as error:  # noqa: BLE001 - the service has a word for each
            self._refuse(entry.status_of(self._call, error))
            return
        if self._is_finished:
            return
        self._target = target
        self._open()
        self.due_ms = soonest(self._call.deadline_ms, target.tick_ms)
        self._link.wait(self, target)

    # --- the request ---

    def content(self, data: bytes, *, ended: bool) -> None:
        """Some of the requests."""
        try:
            for message in self._read(data, ended=ended):
                self._waiting.append(message)
                self._count_waiting(len(message))
            self._is_ended = ended
            self._work()
        except BadMessage as bad:
            self._fail(Status(bad.code, bad.text))

    def _count_waiting(self, change: int) -> None:
        self._waiting_bytes += change
        self._link.collected_bytes += change

    def _work(self) -> None:
        """Hand on what came, as long as the client takes what it is answered. Raises BadMessage."""
        waiting = self._waiting
        while waiting and not self._is_finished:
            if self._stream.queued_bytes + self._held.size_bytes > FLOOD_BYTES_MAX:
                self._link.thirsty[self] = None
                self._link.wire.grants.hold_stream(self._stream)
                return
            message = waiting.popleft()
            self._count_waiting(-len(message))
            self._receive(message)
        if self._stream.is_held:
            self._link.wire.grants.release_stream(self._stream)
        if self._is_ended and not self._is_finished:
            self._half_close()

    def _read(self, data: bytes, *, ended: bool) -> list[bytes]:
        """Messages that are whole now. Raises BadMessage."""
        reader = self._reader
        before = reader.held_bytes
        try:
            messages = reader.read(data)
        finally:
            self._link.collected_bytes += reader.held_bytes - before
        if self._link.collected_bytes > COLLECTED_BYTES_MAX:
            raise BadMessage(RESOURCE_EXHAUSTED, "too much of too many requests at once")
        if ended and reader.held_bytes:
            raise BadMessage(INTERNAL, "a message is cut short")
        return messages

    def _receive(self, body: bytes) -> None:
        """A whole message. Raises BadMessage."""
        target = self._target
        if target is None:
            return  # finished by one before it
        method = self._call.method
        if method.kind is Kind.SERVER and self._has_one:
            raise BadMessage(INTERNAL, "a server-streaming call with more than one message")
        self._has_one = True
        message: Any = body
        if method.request is not None:
            try:
                message = method.request.FromString(body)
            except DecodeError:
                name = method.request.DESCRIPTOR.full_name
                raise BadMessage(INTERNAL, f"the request is no {name}") from None
        self._tell(lambda: target.received(message))

    def _half_close(self) -> None:
        if self._call.method.kind is Kind.SERVER and not self._has_one:
            raise BadMessage(INTERNAL, "a server-streaming call without a message")
        target = self._target
        if target is not None:
            self._tell(target.half_closed)

    # --- what it sends: `call.Sender` ---

    def send(self, message: Message | bytes, *, position: int = 0, level: int = APPLIED) -> None:
        """See `call.Sender`."""
        assert not self._is_finished, "sent behind the end"
        self._open()
        content = encode_message(body_of(message), self._plan.packs)
        outbox = self._link.outbox
        if outbox.is_held(self._held, position, level):
            outbox.hold(self._held, position, level, len(content), lambda: self._leave(content))
        else:
            self._leave(content)

    def finish(
        self,
        status: Status | None = None,
        trailers: Sequence[RawHeader] = (),
        *,
        position: int = 0,
        level: int = APPLIED,
    ) -> None:
        """See `call.Sender`."""
        assert not self._is_finished, "finished twice"
        self._end()
        if status is None:
            block = ok_block(trailers)
        else:
            block = status_block(status, self._link.sending.peer.header_list_bytes)
        self._open()
        outbox = self._link.outbox
        if outbox.is_held(self._held, position, level):
            outbox.hold(self._held, position, level, 0, lambda: self._close(block))
        else:
            self._close(block)

    def room_bytes(self) -> int:
        """See `call.Sender`."""
        sending = self._link.sending
        stream = self._stream
        mine = min(ROOM_BYTES_MAX, stream.room_bytes, sending.room_bytes)
        mine -= stream.queued_bytes + self._held.size_bytes
        ours = STREAMS_BYTES_MAX - (sending.unsent_bytes - sending.finished_bytes)
        room = min(mine, ours - self._link.outbox.size_bytes)
        if room <= 0 and not self._is_finished:
            self._link.thirsty[self] = None
        return room

    def _leave(self, content: bytes) -> None:
        if not is_gone(self._stream):
            self._link.sending.data(self._stream, content)

    def _close(self, block: bytes) -> None:
        if not is_gone(self._stream):
            self._link.sending.finish(self._stream, block)

    def _open(self) -> None:
        """The answer's head, once."""
        if not (self._stream.has_head or is_gone(self._stream)):
            block = PACKED_HEAD_BLOCK if self._plan.packs else HEAD_BLOCK
            self._link.sending.head(self._stream, block)

    # --- endings ---

    def _end(self) -> None:
        """Nothing more is said to the target, or sent by it."""
        self._is_finished = True
        self._target = None
        self._stream.note = None
        self._link.collected_bytes -= self._reader.held_bytes
        self._waiting.clear()
        self._count_waiting(-self._waiting_bytes)
        self._link.forget(self)

    def _refuse(self, status: Status) -> None:
        """With an error, before anything was sent: alone, else behind it."""
        if self._is_finished:
            return
        if self._stream.has_head:
            self.finish(status)
            return
        self._end()
        sending = self._link.sending
        block = refusal_block(status, sending.peer.header_list_bytes)
        sending.head(self._stream, block, ends=True)

    def _fail(self, status: Status) -> None:
        """The target is not asked any more."""
        self._abandon()
        self._refuse(status)

    def _abandon(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            target.abandon()

    # --- what happens ---

    def _tell(self, tell: Callable[[], None]) -> None:
        target = self._target
        entry = self._plan.entry
        assert target is not None and entry is not None
        self._call.speak()
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - as in `begin`
            self._fail(entry.status_of(self._call, error))
            return
        if not self._is_finished:
            self.due_ms = soonest(self._call.deadline_ms, target.tick_ms)
            self._link.time(self)

    def gone(self) -> None:
        """Cancelled, or the connection is lost."""
        self._abandon()
        self._end()

    def serve(self) -> None:
        """It never waits to be served."""

    def shut(self) -> None:
        """See `call.Stream.abandon`."""
        self._fail(Status(UNAVAILABLE, "the broker is leaving"))

    def tick(self, now_ms: int) -> None:
        """Too late for the client, or time for the target."""
        deadline = self._call.deadline_ms
        target = self._target
        assert target is not None
        if deadline is not None and deadline <= now_ms:
            self._abandon()
            if self._stream.queued_bytes or self._held.count:
                self._end()  # nobody reads what waits
                self._link.sending.reset(self._stream, CANCEL)
            else:
                self._refuse(Status(DEADLINE_EXCEEDED, "Deadline Exceeded"))
        else:
            self._tell(target.tick)

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Messages for it."""
        target = self._target
        assert target is not None
        self._tell(lambda: target.deliver(deliveries))

    def progressed(self) -> None:
        """See `call.Stream`."""
        assert self._target is not None
        self._tell(self._target.progressed)

    def answered(self, ticket: int, result: object) -> None:
        """See `call.Stream`."""
        target = self._target
        assert target is not None
        self._tell(lambda: target.answered(ticket, result))

    def has_room(self) -> bool:
        """Whether there is room that is worth telling of."""
        window = min(self._stream.room_bytes, self._link.sending.room_bytes)
        room = self.room_bytes()
        return room > 0 and room + self._stream.queued_bytes >= min(AGAIN_BYTES, window)

    def writable(self) -> None:
        """Tell of room, if there is some; what came meanwhile is handed on first."""
        if self._target is None or not self.has_room():
            return
        self._link.thirsty.pop(self, None)
        if self._waiting:
            self._go_on()
        else:
            self._tell(self._target.writable)

    def _go_on(self) -> None:
        """What came while too much was unsent."""
        try:
            self._work()
        except BadMessage as bad:
            self._fail(Status(bad.code, bad.text))
        target = self._target
        if target is not None and self not in self._link.thirsty:
            self._tell(target.writable)
