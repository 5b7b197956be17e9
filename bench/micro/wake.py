"""What a wake costs beside its system calls: `python -m bench.micro.wake [case]`, CPU microseconds of the turn thread.

A read that brought one message, the turn it leads to, and one write: what a client like pika asks for each time. A
broker on files as it is served, its event loop replaced by a list of callbacks and its sockets by counters.

    publish   one message that nobody waits for
    consume   an acknowledgement, and the message that it makes room for
    confirm   one message, then its confirm once the journal has it
    send      SQS SendMessage
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from dragoman.app.broker import BrokerParts, assemble
from dragoman.app.config import ServeOptions
from dragoman.app.serve import calm_collector
from dragoman.listeners.shell import Doors, TcpShell
from dragoman.wire.amqp091 import outgoing
from dragoman.wire.amqp091.frames import PROTOCOL_HEADER, method_frame
from dragoman.wire.amqp091.methods import (
    BasicConsume,
    BasicQos,
    ChannelOpen,
    ConfirmSelect,
    ConnectionOpen,
    ConnectionStartOk,
    ConnectionTuneOk,
    Method,
    QueueDeclare,
)
from dragoman.wire.amqp091.properties import encode_header

WAKES: Final = 20_000
ROUNDS: Final = 7
FRAME_MAX: Final = 131_072
BODY: Final = b"p" * 100
HEADER: Final = encode_header(
    len(BODY),
    {
        "content_type": "application/octet-stream",
        "delivery_mode": 1,
        "message_id": "m-1",
        "headers": {"tenant": ("S", b"blue"), "attempt": ("I", 1)},
    },
)
PUBLISH: Final = outgoing.publish_run(1, b"\x00\x01q", False, [HEADER], [BODY], FRAME_MAX)
JSON: Final = b'{"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"%s"}' % BODY
SEND: Final = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1:4566\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"X-Amz-Target: AmazonSQS.%s\r\nContent-Length: %d\r\n\r\n%s"
)


class Loop:
    """Callbacks in the order they were asked for; time never comes."""

    def __init__(self) -> None:
        self.ready: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self.posted: SimpleQueue[tuple[Callable[..., object], tuple[object, ...]]] = SimpleQueue()

    def call_soon(self, callback: Callable[..., object], *args: object) -> None:
        self.ready.append((callback, args))

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> None:
        self.posted.put((callback, args))

    def call_later(self, delay_s: float, callback: Callable[..., object]) -> "Loop":
        return self

    def cancel(self) -> None:
        pass

    def run(self) -> None:
        """Until nothing is left of this round."""
        while self.ready:
            ready, self.ready = self.ready, []
            for callback, args in ready:
                callback(*args)

    def wait(self) -> None:
        """For what another thread has to say."""
        callback, args = self.posted.get()
        callback(*args)
        self.run()


class Transport(asyncio.Transport):
    """Takes everything at once."""

    writes = 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5672) if name.endswith("name") else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return True

    def write(self, data: Any) -> None:
        self.writes += 1

    def writelines(self, chunks: Any) -> None:
        self.writes += 1


class Client:
    """A connection to a broker of its own."""

    def __init__(self, folder: str, protocol: str) -> None:
        options = ServeOptions(data=folder)
        self.loop = Loop()
        self.parts: BrokerParts = assemble(options, self.loop)  # type: ignore[arg-type]
        self.shell = TcpShell(
            Doors(self.parts.broker, self.parts.doors, None), self.parts.doors[protocol], protocol
        )
        self.transport = Transport()
        self.shell.connection_made(self.transport)
        self.loop.run()

    def wake(self, data: bytes) -> None:
        """A read, and the turn behind it."""
        self.shell.data_received(data)
        self.loop.run()

    def answered(self, data: bytes) -> None:
        """As `wake`, until something was written."""
        writes = self.transport.writes
        self.wake(data)
        while self.transport.writes == writes:
            self.loop.wait()


def _amqp(folder: str, *methods: Method) -> Client:
    client = Client(folder, "amqp")
    client.wake(PROTOCOL_HEADER)
    login = ConnectionStartOk({}, "PLAIN", b"\x00guest\x00guest", "en_US")
    tune = ConnectionTuneOk(2047, FRAME_MAX, 0)
    methods_first: tuple[Method, ...] = (login, tune, ConnectionOpen("/"))
    for method in methods_first:
        client.wake(method_frame(0, method))
    declare = QueueDeclare(queue="q", durable=False)
    for method in (ChannelOpen(), declare, *methods):
        client.answered(method_frame(1, method))
    return client


def publish(folder: str) -> Callable[[], None]:
    client = _amqp(folder)
    return lambda: client.wake(PUBLISH)


def consume(folder: str) -> Callable[[], None]:
    client = _amqp(folder, BasicQos(prefetch_count=300))
    for _ in range(ROUNDS * WAKES // 1000 + 1):
        client.wake(PUBLISH * 1000)
    client.answered(method_frame(1, BasicConsume(queue="q", consumer_tag="tag")))
    tags = iter(range(1, 1 << 40))
    return lambda: client.wake(outgoing.ack(1, next(tags), False))


def confirm(folder: str) -> Callable[[], None]:
    client = _amqp(folder, ConfirmSelect(False))
    return lambda: client.answered(PUBLISH)


def send(folder: str) -> Callable[[], None]:
    client = Client(folder, "http")
    client.answered(SEND % (b"CreateQueue", 17, b'{"QueueName":"q"}'))
    request = SEND % (b"SendMessage", len(JSON), JSON)
    return lambda: client.answered(request)


CASES: Final = (publish, consume, confirm, send)


async def measure(case: Callable[[str], Callable[[], None]], wakes: int) -> None:
    """Print the best round."""
    best = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        wake = case(str(Path(folder) / "data"))
        for _ in range(ROUNDS):
            began = time.thread_time()
            for _ in range(wakes):
                wake()
            best = min(best, time.thread_time() - began)
    print(f"{case.__name__:8} {best / wakes * 1e6:7.2f}", flush=True)


def main() -> None:
    calm_collector()
    for case in CASES:
        if case.__name__ in sys.argv[1:] or not sys.argv[1:]:
            asyncio.run(measure(case, WAKES))


if __name__ == "__main__":
    main()
