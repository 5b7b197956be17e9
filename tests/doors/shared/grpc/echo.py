"""A service made for tests: all kinds of calls, and what may go wrong in each.

What a request says by its `text` is done: `fail`, `broken`, `wait`, ...; anything else is answered as it is.
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.shared.grpc.call import (
    Call,
    Kind,
    Method,
    Pending,
    Reply,
    Sender,
    Status,
    Stream,
)
from dragoman.doors.shared.grpc.status import status_of
from dragoman.kernel.api import Consume, Delivery
from dragoman.model.levels import SYNCED
from dragoman.wire.grpc.codes import ABORTED, FAILED_PRECONDITION
from dragoman.wire.protobuf.known import ErrorInfo
from dragoman.wire.protobuf.pool import define

PACKAGE: Final = define(
    """
file dragoman/tests/echo.proto
package dragoman.tests.echo

message Text
  string text 1, int32 count 2, bytes data 3, string:string labels 4, Text inner 5, int64 large 6
  string* words 7

service Echo
  Say Text -> Text
    POST /v1/{text=texts/*}:say *
    GET /v1/{text=texts/*}
  Split Text -> Text*
  Join Text* -> Text
  Talk Text* -> Text*
"""
)
Text: Final[Any] = PACKAGE["Text"]


class Waiting:
    """A unary call whose reply comes when the test, or time, says so."""

    def __init__(self, call: Call, until_ms: int | None) -> None:
        self.call = call
        self.deadline_ms = until_ms
        self.reply: Reply | None = None
        self.is_abandoned = False
        self.got: list[Delivery] = []

    def deliver(self, deliveries: list[Delivery]) -> Reply | None:
        self.got += deliveries
        return Reply(Text(text="delivered", count=len(self.got)))

    def progressed(self) -> Reply | None:
        return self.reply

    def answered(self, ticket: int, result: object) -> Reply | None:
        return None

    def expire(self) -> Reply:
        return Reply(Text(text="expired"))

    def abandon(self) -> None:
        self.is_abandoned = True


class Talking:
    """A stream: what comes in, and a way out."""

    def __init__(self, call: Call, sender: Sender) -> None:
        self.call = call
        self.sender = sender
        self.tick_ms: int | None = None
        self.texts: list[Any] = []
        self.is_abandoned = False
        self.is_half_closed = False
        self.rest = 0

    def received(self, message: Any) -> None:
        self.texts.append(message)
        if message.text == "fail":
            raise Status(ABORTED, "as asked")
        if message.text == "broken":
            raise KeyError("planted")

    def half_closed(self) -> None:
        self.is_half_closed = True

    def deliver(self, deliveries: list[Delivery]) -> None:
        self.sender.send(Text(text="delivered", count=len(deliveries)))

    def progressed(self) -> None: ...

    def answered(self, ticket: int, result: object) -> None: ...

    def writable(self) -> None: ...

    def tick(self) -> None: ...

    def abandon(self) -> None:
        self.is_abandoned = True


class Splitting(Talking):
    """One request, `count` responses of `data`, as there is room."""

    def received(self, message: Any) -> None:
        super().received(message)
        self.rest = message.count

    def half_closed(self) -> None:
        self.writable()

    def writable(self) -> None:
        text = self.texts[0]
        while self.rest and self.sender.room_bytes() > 0:
            self.rest -= 1
            self.sender.send(Text(text=text.text, count=self.rest, data=text.data))
        if not self.rest:
            self.sender.finish(trailers=[(b"x-split", b"%d" % text.count)])


class Joining(Talking):
    """Many requests, one response."""

    def half_closed(self) -> None:
        joined = " ".join(text.text for text in self.texts)
        self.sender.send(Text(text=joined, count=len(self.texts)))
        self.sender.finish()


class Echoing(Talking):
    """A response to each request; the last says goodbye."""

    def received(self, message: Any) -> None:
        super().received(message)
        if message.text == "bye":
            self.sender.send(Text(text="bye", count=len(self.texts)))
            self.sender.finish(Status(FAILED_PRECONDITION, "said bye", [ErrorInfo(reason="BYE")]))
        elif message.text == "tick":
            self.tick_ms = self.call.session.elapsed_ms() + 1_000
        else:
            self.sender.send(message)

    def tick(self) -> None:
        self.tick_ms = None
        self.sender.send(Text(text="tock"))

    def half_closed(self) -> None:
        self.sender.finish()


class EchoService:
    """See the module. What was made for calls is kept for tests to look at."""

    name = "dragoman.tests.echo.Echo"
    protocol = "echo"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.waiting: list[Waiting] = []
        self.streams: list[Talking] = []
        self.position = 0

    def methods(self) -> Sequence[Method]:
        return (
            Method("Say", Kind.UNARY, Text, Text, self.say),
            Method("Split", Kind.SERVER, Text, Text, lambda *at: self.stream(Splitting, *at)),
            Method("Join", Kind.CLIENT, Text, Text, lambda *at: self.stream(Joining, *at)),
            Method("Talk", Kind.BIDI, Text, Text, lambda *at: self.stream(Echoing, *at)),
        )

    def refuse(self, call: Call, error: Exception) -> Status:
        return status_of(error)

    def stream(self, kind: type[Talking], call: Call, sender: Sender) -> Stream:
        self.calls.append(call)
        if call.header(b"x-refuse") is not None:
            raise Status(ABORTED, "refused at once")
        self.streams.append(kind(call, sender))
        return self.streams[-1]

    def say(self, call: Call, request: Any) -> Reply | Pending:
        self.calls.append(call)
        what = request.text
        if what == "fail":
            detail = ErrorInfo(reason="ASKED", domain="echo", metadata={"a": "b"})
            raise Status(
                FAILED_PRECONDITION, "as asked: 100 % ü", [detail], [(b"x-why", b"because")]
            )
        if what == "broken":
            raise KeyError("planted")
        if what == "durable":
            self.position += 1
            return Reply(request, position=self.position, level=SYNCED)
        if what == "metadata":
            value = call.binary(b"x-data-bin") or b""
            return Reply(
                Text(text="metadata", data=value), [(b"x-back-bin", value), (b"x-back", b"yes")]
            )
        if what in {"wait", "receive"}:
            return self.wait(call, what)
        return Reply(request)

    def wait(self, call: Call, what: str) -> Pending:
        waiting = Waiting(call, call.session.elapsed_ms() + 60_000)
        self.waiting.append(waiting)
        if what == "receive":
            call.session.submit(
                Consume(name="q", tag=waiting, credit_max=10, lease_duration_ms=60_000)
            )
        return waiting
