"""What gRPC costs before its handler: `python -m bench.micro.grpc`, CPU microseconds per call and per streamed message.

    in one process    bytes to bytes, no socket: a unary call of 100 bytes, a message received of a stream
    over sockets      server processes on uvloop: a broker with a handler that answers at once, and grpc.aio with the
                      same; unary calls, IN_FLIGHT at a time, and a stream of 100-byte messages out; CPU of the server,
                      system time included

Rounds alternate between the servers. Trust the ratio.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc.aio
from bench.micro.sides import ROUNDS, compare, served

from dragoman.app.config import ServeOptions
from dragoman.app.serve import start
from dragoman.doors.shared.grpc.call import Call, Kind, Method, Reply, Sender, Status
from dragoman.doors.shared.grpc.door import door_maker
from dragoman.doors.shared.grpc.table import Table
from dragoman.doors.shared.rest.routes import Table as WebTable
from dragoman.wire.grpc.messages import encode_message
from dragoman.wire.http2.compression import encode_block
from dragoman.wire.http2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    window_update,
)
from dragoman.wire.protobuf.pool import define

PACKAGE = define(
    """
file dragoman/bench/echo.proto
package dragoman.bench

message Text
  bytes data 1

service Echo
  Say Text -> Text
  Pour Text -> Text*
  Drink Text* -> Text
"""
)
Text = PACKAGE["Text"]
ANSWER = Text(data=b"x" * 100)
BODY = ANSWER.SerializeToString()
CONTENT = encode_message(BODY)
WINDOW = (1 << 31) - 1
IN_FLIGHT = 32
CALLS = 50_000
PATH = "/dragoman.bench.Echo/"
POURED = 2_000_000  # more than a round takes
HELLO = (
    PREFACE
    + frame(SETTINGS, 0, 0, b"\0\x04" + WINDOW.to_bytes(4, "big"))
    + window_update(0, WINDOW - 65_535)
)


def fields_of(method: str) -> list[tuple[bytes, bytes]]:
    """As gRPC's own clients send them."""
    return [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", (PATH + method).encode()),
        (b":authority", b"127.0.0.1"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        (b"user-agent", b"grpc-python-asyncio/1.85.3 grpc-c/53.0.0 (linux; chttp2)"),
        (b"grpc-accept-encoding", b"identity, deflate, gzip"),
    ]


class Pouring:
    """A stream out, as there is room."""

    tick_ms: int | None = None

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._left = POURED

    def received(self, message: Any) -> None: ...

    def half_closed(self) -> None:
        self.writable()

    def writable(self) -> None:
        send, room = self._sender.send, self._sender.room_bytes
        while self._left and room() > 0:
            for _ in range(min(self._left, 100)):
                send(ANSWER)
            self._left -= 100
        if not self._left:
            self._sender.finish()

    def deliver(self, deliveries: Any) -> None: ...
    def progressed(self) -> None: ...
    def answered(self, ticket: int, result: object) -> None: ...
    def tick(self) -> None: ...
    def abandon(self) -> None: ...


class Drinking(Pouring):
    """A stream in."""

    def half_closed(self) -> None:
        self._sender.send(ANSWER)
        self._sender.finish()


class Service:
    """Handlers that do nothing."""

    name = "dragoman.bench.Echo"
    protocol = "bench"

    def methods(self) -> list[Method]:
        return [
            Method("Say", Kind.UNARY, Text, Text, lambda call, request: Reply(ANSWER)),
            Method("Pour", Kind.SERVER, Text, Text, lambda call, sender: Pouring(sender)),
            Method("Drink", Kind.CLIENT, Text, Text, lambda call, sender: Drinking(sender)),
        ]

    def refuse(self, call: Call, error: Exception) -> Status:
        raise error


class Session:
    """As much of a session as the door asks for."""

    def elapsed_ms(self) -> int:
        return 1

    def wall_ms(self) -> int:
        return 1

    def speak(self, protocol: str) -> None:
        pass

    def reached(self, level: int) -> int:
        return 1


def us_per(count: int, work: Callable[[], object]) -> float:
    """CPU, best of rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best / count * 1e6


def make_door() -> Any:
    """A door with its client's greeting read."""
    session: Any = Session()
    door = door_maker(lambda: Table([Service()]), lambda: WebTable([]))(session, session)
    door.receive(HELLO)
    door.data_to_send()
    return door


def in_process() -> None:
    """Bytes to bytes."""
    block = encode_block(fields_of("Say"))
    flags = END_HEADERS

    def calls() -> None:
        door = make_door()
        for number in range(1, 2 * CALLS, 2):
            door.receive(
                frame(HEADERS, flags, number, block) + frame(DATA, END_STREAM, number, CONTENT)
            )
            door.data_to_send()
            door.is_closing()
            door.is_full()
            door.next_tick_ms()

    def messages_in() -> None:
        door = make_door()
        door.receive(frame(HEADERS, flags, 1, encode_block(fields_of("Drink"))))
        piece = frame(DATA, 0, 1, CONTENT * 100)
        for _ in range(CALLS // 100):
            door.receive(piece)
            door.data_to_send()

    print(f"in one process   unary call   {us_per(CALLS, calls):6.2f}")
    print(f"                 message in   {us_per(CALLS, messages_in):6.2f}", flush=True)


async def _serve_aio(tell: Callable[[int], None]) -> None:
    server = grpc.aio.server()

    async def say(request: Any, context: Any) -> Any:
        return ANSWER

    async def pour(request: Any, context: Any) -> Any:
        for _ in range(POURED):
            yield ANSWER

    coding = {
        "request_deserializer": Text.FromString,
        "response_serializer": Text.SerializeToString,
    }
    handlers = {
        "Say": grpc.unary_unary_rpc_method_handler(say, **coding),
        "Pour": grpc.unary_stream_rpc_method_handler(pour, **coding),
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("dragoman.bench.Echo", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    tell(port)
    await asyncio.Event().wait()


async def _serve_broker(tell: Callable[[int], None]) -> None:
    options = ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    running = await start(options)
    make = door_maker(lambda: Table([Service()]), lambda: WebTable([]))
    running.parts.doors["http2"] = make
    tell(running.listeners["sqs"].port)
    await asyncio.Event().wait()


class Client(asyncio.Protocol):
    """Calls again when it was answered; or counts what is poured."""

    def __init__(self, method: str, counter: list[int]) -> None:
        self.is_unary = method == "Say"
        self.block = encode_block(fields_of(method))
        self.counter = counter
        self.rest = b""
        self.number = 1
        self.room = 65_535

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write
        self.write(HELLO)
        for _ in range(IN_FLIGHT if self.is_unary else 1):
            self.write(self.call())

    def call(self) -> bytes:
        number = self.number
        self.number += 2
        self.room -= len(CONTENT)
        head = frame(HEADERS, END_HEADERS, number, self.block)
        return head + frame(DATA, END_STREAM, number, CONTENT)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        at, end, done = 0, len(data), 0
        while end - at >= 9:
            size = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if end - at < 9 + size:
                break
            kind = data[at + 3]
            if kind == HEADERS and data[at + 4] & END_STREAM:
                done += 1
            elif kind == DATA and not self.is_unary:
                self.counter[0] += data.count(BODY, at + 9, at + 9 + size)
            elif kind == SETTINGS and not data[at + 4]:
                self.write(frame(SETTINGS, 1, 0, b""))
            elif kind == 6 and not data[at + 4]:
                self.write(frame(6, 1, 0, data[at + 9 : at + 17]))
            elif kind == WINDOW_UPDATE and data[at + 5 : at + 9] == b"\0\0\0\0":
                self.room += int.from_bytes(data[at + 9 : at + 13], "big")
            at += 9 + size
        self.rest = data[at:]
        if done and self.is_unary:
            assert self.room > 0
            self.counter[0] += done
            self.write(b"".join(self.call() for _ in range(done)))


def over_sockets() -> None:
    """Alternating rounds."""
    with served({"grpc.aio": _serve_aio, "broker": _serve_broker}) as sides:
        for method in ("Say", "Pour"):
            compare(sides, method, partial(Client, method), 1)


if __name__ == "__main__":
    if "--sockets" not in sys.argv:
        in_process()
    if "--no-sockets" not in sys.argv:
        over_sockets()
