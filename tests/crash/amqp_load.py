"""AMQP load by pika: a publisher with confirms and a consumer that acks late. Run as `publish` or `consume`.

Both reconnect for ever, until SIGTERM. History lines, in the order of what happened:

    publish     s ID    sent                         c ID    confirmed                     n ID   refused
    consume     d ID    delivered                    a ID    ack sent
                f N     the first N acks are final: a message published behind them on the same
                        connection was confirmed, and the broker's journal keeps that order

The status file gets a line each time the connection is lost: publishes unconfirmed, or messages held, at that moment.
"""

import signal
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import pika
import pika.exceptions
from pika.adapters.select_connection import SelectConnection

QUEUE = "crash"
MARKS = "crash-marks"
WINDOW = 600  # publishes unconfirmed at most
HELD = 200  # messages the consumer keeps before it begins to ack
PREFETCH = 600
ACK_AT_ONCE = 40
BODY_BYTES = 300
PER_TICK = 100  # publishes at most each 10 ms
TICK_S = 0.01
PERSISTENT = pika.BasicProperties(delivery_mode=2)


def body_of(number: int) -> bytes:
    """Its id, and bytes that depend on it."""
    return f"{number}:".encode() + bytes([number % 251]) * BODY_BYTES


def number_of(body: bytes) -> int:
    """Raises ValueError when it is not what `body_of` made."""
    number = int(body[: body.index(b":")])
    if body != body_of(number):
        raise ValueError(f"changed: {number}")
    return number


class Load:
    """What both have: a connection, made again whenever it is lost."""

    def __init__(self, port: int, history: Path, status: Path) -> None:
        self.parameters = pika.ConnectionParameters(
            "127.0.0.1", port, heartbeat=0, blocked_connection_timeout=None
        )
        self.out = history.open("w")
        self.status = status
        self.is_leaving = False
        self.channel: Any = None
        self.connection: Any = None
        signal.signal(signal.SIGTERM, self._leave)

    def _leave(self, *_: Any) -> None:
        self.is_leaving = True

    def run(self) -> None:
        while not (self.is_leaving and self.is_done()):
            self.connection = SelectConnection(
                self.parameters,
                on_open_callback=lambda connection: connection.channel(
                    on_open_callback=self._opened
                ),
                on_open_error_callback=lambda connection, _: connection.ioloop.stop(),
                on_close_callback=lambda connection, _: connection.ioloop.stop(),
            )
            self.connection.ioloop.start()
            if self.channel is not None:
                if not self.is_leaving:
                    with self.status.open("a") as status:
                        status.write(f"{self.under_way()}\n")
                self.lost()
                self.channel = None
            time.sleep(0.03)
        self.out.close()

    def _opened(self, channel: Any) -> None:
        self.channel = channel
        channel.confirm_delivery(self.confirmed)
        channel.queue_declare(MARKS, durable=True)
        channel.queue_declare(QUEUE, durable=True, callback=lambda _: self.ready())

    def _end_if_done(self) -> None:
        if self.is_leaving and self.is_done():
            self.connection.close()
        else:
            self.connection.ioloop.call_later(0.05, self._end_if_done)

    def ready(self) -> None:
        """The queue is there."""
        raise NotImplementedError

    def confirmed(self, frame: Any) -> None:
        """An ack or nack from the broker."""
        raise NotImplementedError

    def under_way(self) -> int:
        """How much would have to be judged if the connection were lost now."""
        raise NotImplementedError

    def lost(self) -> None:
        """The connection is gone."""
        raise NotImplementedError

    def is_done(self) -> bool:
        """Nothing is left to wait for."""
        raise NotImplementedError


class Publisher(Load):
    """Sends ids 0, 1, 2 ... each once; what was not confirmed when a connection broke stays unknown."""

    def __init__(self, port: int, history: Path, status: Path) -> None:
        super().__init__(port, history, status)
        self.next = 0
        self.tag = 0
        self.unconfirmed: dict[int, int] = {}

    def ready(self) -> None:
        self.tag = 0
        self._tick()
        self._end_if_done()

    def _tick(self) -> None:
        channel = self.channel
        if self.is_leaving or channel is None or not channel.is_open:
            return
        room = min(WINDOW - len(self.unconfirmed), PER_TICK)
        for _ in range(room):
            self.tag += 1
            self.unconfirmed[self.tag] = self.next
            self.out.write(f"s {self.next}\n")
            channel.basic_publish("", QUEUE, body_of(self.next), PERSISTENT)
            self.next += 1
        self.connection.ioloop.call_later(TICK_S, self._tick)

    def confirmed(self, frame: Any) -> None:
        method = frame.method
        word = "c" if isinstance(method, pika.spec.Basic.Ack) else "n"
        tags = [method.delivery_tag]
        if method.multiple:
            tags = [tag for tag in self.unconfirmed if tag <= method.delivery_tag]
        for tag in tags:
            self.out.write(f"{word} {self.unconfirmed.pop(tag)}\n")

    def under_way(self) -> int:
        return len(self.unconfirmed)

    def lost(self) -> None:
        self.unconfirmed.clear()

    def is_done(self) -> bool:
        return not self.unconfirmed


class Consumer(Load):
    """Keeps HELD messages, acks the oldest in turn one by one and many at once, and asks for proof each time."""

    def __init__(self, port: int, history: Path, status: Path) -> None:
        super().__init__(port, history, status)
        self.held: deque[tuple[int, int]] = deque()
        self.acks = 0
        self.tag = 0
        self.marks: dict[int, int] = {}  # publish tag of a mark, and acks sent before it
        self.rounds = 0

    def ready(self) -> None:
        self.tag = 0
        self.channel.basic_qos(prefetch_count=PREFETCH)
        self.channel.basic_consume(QUEUE, self._delivered)
        self._finish()
        self._end_if_done()

    def _delivered(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        number = number_of(body)
        self.out.write(f"d {number}\n")
        self.held.append((method.delivery_tag, number))
        if len(self.held) >= HELD + ACK_AT_ONCE:
            self._ack(ACK_AT_ONCE)

    def _ack(self, count: int) -> None:
        self.rounds += 1
        tag = 0
        for _ in range(count):
            tag, number = self.held.popleft()
            self.out.write(f"a {number}\n")
            self.acks += 1
            if self.rounds % 2:
                self.channel.basic_ack(tag)
        if self.rounds % 2 == 0:
            self.channel.basic_ack(tag, multiple=True)
        self.tag += 1
        self.marks[self.tag] = self.acks
        self.channel.basic_publish("", MARKS, b"mark", PERSISTENT)

    def _finish(self) -> None:
        """Once the test says so, all that is held is acked."""
        if self.is_leaving and self.held and self.channel is not None and self.channel.is_open:
            self._ack(len(self.held))
        self.connection.ioloop.call_later(0.05, self._finish)

    def confirmed(self, frame: Any) -> None:
        method = frame.method
        if not isinstance(method, pika.spec.Basic.Ack):
            raise TypeError(f"a mark was refused: {method}")
        tags = [tag for tag in self.marks if tag <= method.delivery_tag]
        if not method.multiple:
            tags = [method.delivery_tag]
        # A mark that is confirmed proves what was sent before it, whatever marks are still open.
        self.out.write(f"f {max(self.marks.pop(tag) for tag in tags)}\n")

    def under_way(self) -> int:
        return len(self.held)

    def lost(self) -> None:
        self.held.clear()
        self.marks.clear()

    def is_done(self) -> bool:
        return not self.held and not self.marks


if __name__ == "__main__":
    kind = {"publish": Publisher, "consume": Consumer}[sys.argv[1]]
    kind(int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])).run()
