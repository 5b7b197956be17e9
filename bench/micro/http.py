"""What a small JSON POST costs before its handler: `python -m bench.micro.http`, CPU microseconds per request.

    in one process    bytes to bytes, no socket: the wire alone, the whole door, and httptools with bare callbacks
    over sockets      server processes on uvloop: a broker with a handler that answers at once, and a bare protocol on
                      httptools; 32 connections, one request at a time on each; CPU of the server, system time included

Rounds alternate between the servers. Trust the ratio.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import httptools
from bench.micro.sides import ROUNDS, compare, served

from dragoman.app.broker import BrokerParts
from dragoman.app.config import ServeOptions
from dragoman.app.serve import start
from dragoman.doors.shared.rest.call import Request, Response, Route
from dragoman.doors.shared.rest.door import door_maker
from dragoman.doors.shared.rest.routes import Table
from dragoman.wire.http.connection import HttpConnection

BODY = (
    b'{"QueueUrl":"http://127.0.0.1:4566/000000000000/orders","MessageBody":"' + b"x" * 100 + b'"}'
)
REQUEST = (
    b"POST /orders HTTP/1.1\r\nHost: 127.0.0.1:4566\r\nAccept-Encoding: identity\r\n"
    b"X-Amz-Target: AmazonSQS.SendMessage\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"User-Agent: Boto3/1.42 md/Botocore\r\nX-Amz-Date: 20261127T000000Z\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
) + BODY
ANSWER = b'{"MessageId":"0123456789abcdef","MD5OfMessageBody":"0123456789abcdef0123456789abcdef"}'
BARE_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n"
    b"date: Fri, 27 Nov 2026 00:00:00 GMT\r\n\r\n" % len(ANSWER)
) + ANSWER
CONNECTIONS = 32
CALLS = 50_000
JSON = (b"content-type", b"application/x-amz-json-1.0")


class Bare(asyncio.Protocol):
    """The least that a server on httptools does: collect the request, write a ready answer."""

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.write(BARE_ANSWER)


class Face:
    """One route that answers at once."""

    name = "bench"

    def routes(self) -> list[Route]:
        answer = Response(200, ANSWER, (JSON,))
        return [Route("POST", "/orders", lambda call: answer)]

    def refuse(self, request: Request, error: Exception) -> Response:
        raise error

    def not_found(self, request: Request, allowed: object) -> Response | None:
        return None


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


def us_per_call(work: Callable[[], object]) -> float:
    """CPU, best of rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            work()
        best = min(best, time.process_time() - began)
    return best / CALLS * 1e6


def in_process() -> None:
    """Bytes to bytes."""
    bare = Bare()
    bare.connection_made(type("Nowhere", (), {"write": staticmethod(lambda data: None)}))
    wire = HttpConnection(lambda request: 1 << 20)
    session: Any = Session()
    door = door_maker(lambda: Table([Face()]))(session, session)

    def through_the_door() -> None:
        door.receive(REQUEST)
        door.data_to_send()
        door.is_closing()
        door.is_full()
        door.next_tick_ms()

    print(
        f"in one process   bare httptools {us_per_call(lambda: bare.data_received(REQUEST)):6.2f}"
    )
    print(f"                 wire           {us_per_call(lambda: wire.receive(REQUEST)):6.2f}")
    print(f"                 door           {us_per_call(through_the_door):6.2f}", flush=True)


async def _serve_bare(tell: Callable[[int], None]) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    tell(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


async def _serve_broker(tell: Callable[[int], None]) -> None:
    options = ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    running = await start(options)
    parts: BrokerParts = running.parts
    parts.doors["http"] = door_maker(lambda: Table([Face()]))
    tell(running.listeners["sqs"].port)
    await asyncio.Event().wait()


class Client(asyncio.Protocol):
    """Asks again when it was answered."""

    def __init__(self, counter: list[int]) -> None:
        self.counter = counter
        self.got = 0
        self.size = 0

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write
        self.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if not self.size:
            self.size = len(data)  # the first answer comes in one piece
        self.got += len(data)
        if self.got >= self.size:
            self.got = 0
            self.counter[0] += 1
            self.write(REQUEST)


def over_sockets() -> None:
    """Alternating rounds."""
    with served({"bare httptools": _serve_bare, "broker": _serve_broker}) as sides:
        compare(sides, "request", Client, CONNECTIONS)


if __name__ == "__main__":
    if "--sockets" not in sys.argv:
        in_process()
    if "--no-sockets" not in sys.argv:
        over_sockets()
