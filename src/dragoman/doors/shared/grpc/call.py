"""What a handler of a gRPC method is given, and what it gives back.

    unary      handler(call, request) -> Reply          answered, once what it tells is durable enough
                                      -> Pending        answered later: something was delivered, time was over, ...
    streaming  handler(call, sender)  -> Stream         is handed requests and events, sends and finishes by its sender
                                         raises         a Status as it is; what else, as the service's `refuse` says it

All streaming kinds have one shape. A server-streaming method is handed its one request by `Stream.received`, then
`half_closed`; a client-streaming method sends its one response, then finishes.

Handlers are sans-IO and never wait. A connection is one `Session` with many calls; deliveries find theirs by the tag of
their holder, which is the `Pending` or the `Stream` itself: `Consume(..., tag=self)`.

                 the door says                        the handler may answer by
    Pending      deliver progressed answered expire   returning a Reply; None waits on
    Stream       received half_closed deliver         sender.send, sender.finish
                 progressed answered writable tick
    both         abandon                              nothing: nobody waits any more

Each of them may raise, as a handler may: the call ends with that status, and `abandon` comes. After a Reply, a `finish`
or `abandon` nothing more is said to it; what it no longer needs (a consumer, a watch) it gives up before.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, Protocol

from google.protobuf.message import Message as Message  # noqa: PLC0414 - part of what a handler sees

from dragoman.doors.shared.grpc.status import Status as Status  # noqa: PLC0414
from dragoman.kernel.api import ANONYMOUS, Connection, Delivery, Session
from dragoman.model.levels import APPLIED, WRITTEN
from dragoman.wire.grpc.codes import INVALID_ARGUMENT
from dragoman.wire.grpc.metadata import decode_binary
from dragoman.wire.http.request import RawHeader as RawHeader  # noqa: PLC0414

REQUEST_BYTES_MAX: Final = 4 << 20
"""Of one message, unpacked: what gRPC's own libraries take unless told otherwise."""


class Kind(Enum):
    """Which side sends one message, and which any number of them."""

    UNARY = "unary"
    SERVER = "server streaming"
    CLIENT = "client streaming"
    BIDI = "bidirectional streaming"


class Call:
    """One call being answered.

    principal    who makes it, once that is known; its session speaks for that one whenever the call is at work
    metadata     what the client sent with it, names in lower case, repeated ones repeated, values as sent
    deadline_ms  elapsed time after which nobody waits for the answer; None never. The door sees to it: the call is
                 answered DEADLINE_EXCEEDED and abandoned
    """

    __slots__ = ("connection", "deadline_ms", "metadata", "method", "principal", "session")

    def __init__(
        self,
        method: "Method",
        session: Session,
        connection: Connection,
        metadata: Sequence[RawHeader],
        deadline_ms: int | None,
    ) -> None:
        self.method = method
        self.session = session
        self.connection = connection
        self.metadata = metadata
        self.deadline_ms = deadline_ms
        self.principal = ANONYMOUS

    def speak(self) -> None:
        """What follows is this call's."""
        self.session.act_as(self.principal, self.connection.peer[0])

    def header(self, name: bytes) -> bytes | None:
        """A value of the metadata by its lower-case name, the first of several; None when it is not there."""
        for known, value in self.metadata:
            if known == name:
                return value
        return None

    def binary(self, name: bytes) -> bytes | None:
        """The value of a name in `-bin`, decoded. Raises a Status for what is not base64."""
        value = self.header(name)
        try:
            return None if value is None else decode_binary(value)
        except ValueError:
            text = f"{name.decode()} is not base64"
            raise Status(INVALID_ARGUMENT, text) from None


class Reply:
    """The response of a unary call. It leaves once the journal's `position` has reached `level`.

    message   of the method's response class, or that in bytes
    trailers  metadata behind it; values of names in `-bin` are bytes, base64 is made of them on the way
    """

    __slots__ = ("level", "message", "position", "trailers")

    def __init__(
        self,
        message: Message | bytes,
        trailers: Sequence[RawHeader] = (),
        *,
        position: int = 0,
        level: int = APPLIED,
    ) -> None:
        self.message = message
        self.trailers = trailers
        self.position = position
        self.level = level

    def after(self, position: int, level: int) -> "Reply":
        """This reply, to leave no sooner than when `position` has reached `level`."""
        self.level = max(self.level, level)
        self.position = max(self.position, position)
        return self


def written(session: Session, message: Any) -> Reply:
    """The answer, to leave when what was decided is written."""
    return Reply(message, position=session.position(), level=WRITTEN)


class Pending(Protocol):
    """A unary call whose reply comes later. See the module.

    deadline_ms  its own, elapsed time, None never; it is read after each call. What the client's deadline is stands in
                 `Call.deadline_ms`: who wants to answer before that asks for a sooner one
    """

    deadline_ms: int | None

    def deliver(self, deliveries: list[Delivery]) -> Reply | None:
        """All that this turn hands to its holders, a run of one partition each: nothing comes after a reply."""
        ...

    def progressed(self) -> Reply | None:
        """Something asked for by `Session.want` or `Session.watch` on this connection has happened, perhaps for
        another call, or a holder's queue has gone away.
        """
        ...

    def answered(self, ticket: int, result: object) -> Reply | None:
        """What a command promised by a ticket; tickets of other calls are seen too."""
        ...

    def expire(self) -> Reply:
        """The deadline of its own has come, or the broker leaves."""
        ...

    def abandon(self) -> None:
        """Nobody waits for the reply any more: cancelled, past the client's deadline, refused, or the connection is
        gone. The session is still open.
        """
        ...


class Sender(Protocol):
    """The sending half of a streaming call. Messages leave in the order in which they were sent."""

    def send(self, message: Message | bytes, *, position: int = 0, level: int = APPLIED) -> None:
        """Send a message, no sooner than when `position` has reached `level`. Taken whatever the room; requests are
        not handed on while much is unsent, so that who answers each with a few messages needs not look at it.
        """
        ...

    def finish(
        self,
        status: Status | None = None,
        trailers: Sequence[RawHeader] = (),
        *,
        position: int = 0,
        level: int = APPLIED,
    ) -> None:
        """End the call, behind what was sent; None is OK."""
        ...

    def room_bytes(self) -> int:
        """What may be sent before the peer's flow control and our own bound are used up; none or less: send no more,
        `Stream.writable` is told. A reader that streams answers that by `SetCredit`, and is handed nothing meanwhile.
        """
        ...


class Stream(Protocol):
    """A streaming call. See the module.

    tick_ms  elapsed time at which it wants `tick`, None never; it is read after each call
    """

    tick_ms: int | None

    def received(self, message: Any) -> None:
        """A request message: of the method's request class, or bytes where it has none."""
        ...

    def half_closed(self) -> None:
        """The client sends no more messages; it still receives."""
        ...

    def deliver(self, deliveries: list[Delivery]) -> None:
        """What this turn hands to its holders, a run of one partition each."""
        ...

    def progressed(self) -> None:
        """See `Pending.progressed`."""
        ...

    def answered(self, ticket: int, result: object) -> None:
        """See `Pending.answered`."""
        ...

    def writable(self) -> None:
        """There is room again, after `Sender.room_bytes` had told of none."""
        ...

    def tick(self) -> None:
        """`tick_ms` is reached."""
        ...

    def abandon(self) -> None:
        """See `Pending.abandon`. When the broker leaves, the client is told UNAVAILABLE, and comes back elsewhere."""
        ...


UnaryHandler = Callable[[Call, Any], Reply | Pending]
StreamHandler = Callable[[Call, Sender], Stream]


class Method:
    """Where a handler is reached: `/SERVICE/NAME`.

    request            class of its messages; None hands the handler bytes, for those that read them by themselves
    request_bytes_max  of one message; larger ones are refused with RESOURCE_EXHAUSTED before they are read
    """

    __slots__ = (
        "handler",
        "is_unary",
        "kind",
        "name",
        "request",
        "request_bytes_max",
        "response",
    )

    def __init__(
        self,
        name: str,
        kind: Kind,
        request: type[Message] | None,
        response: type[Message],
        handler: UnaryHandler | StreamHandler,
        *,
        request_bytes_max: int = REQUEST_BYTES_MAX,
    ) -> None:
        self.name = name
        self.kind = kind
        self.is_unary = kind is Kind.UNARY
        self.request = request
        self.response = response
        self.handler: Any = handler
        self.request_bytes_max = request_bytes_max


class Service(Protocol):
    """One interface: what it serves, and how it says no.

    name      as in the path: `google.pubsub.v1.Publisher`
    protocol  whose traffic it is, for metrics: `pubsub`
    """

    name: str
    protocol: str

    def methods(self) -> Sequence[Method]: ...

    def refuse(self, call: Call, error: Exception) -> Status:
        """A handler's error in the service's own words: KernelError, or (a fault of ours) anything. A Status that a
        handler raises is not asked about.
        """
        ...
