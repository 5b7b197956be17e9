"""AMQP latency at low load, from plain blocking sockets.

| mode    | one sample is                                                                 |
|---------|-------------------------------------------------------------------------------|
| confirm | publish one message, wait for its confirm; then the next                      |
| deliver | publish one, wait until the consumer has it whole, ack it; then the next      |
| paced   | publish `rate_per_s` on a fixed schedule, whatever comes back; send to receive |

A paced sample runs from the moment of the actual send: a generator that wakes late does not
count against the broker. Parameters: host, port, mode, size_bytes, persistent, seconds,
rate_per_s, queue. Results are in microseconds.
"""

import select
import time

from bench.generators import control
from bench.generators.amqp_raw import CONSUMER_TAG
from bench.generators.amqp_wire import (
    ACK_FRAME,
    PERSISTENT,
    TRANSIENT,
    AmqpError,
    AmqpSocket,
    ConfirmCount,
    DeliveryShape,
    ack,
    publish,
)
from bench.measure import percentile

WARM_UP_SAMPLES = 50
PREFETCH = 1000


class Probe:
    """A publisher's and a consumer's connection on one fresh queue."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.queue = f"{parameters['queue']}-latency"
        durable = bool(parameters["persistent"])
        size = int(parameters["size_bytes"])
        self.control = AmqpSocket.connect(parameters["host"], parameters["port"])
        self.control.declare(self.queue, durable=durable)
        self.publisher = AmqpSocket.connect(parameters["host"], parameters["port"])
        self.shape = DeliveryShape(self.queue, CONSUMER_TAG, size)
        self.body_filler = b"x" * (size - 8)
        self.delivery_mode = PERSISTENT if durable else TRANSIENT
        self.received = 0
        self._tail = b""
        if parameters["mode"] == "confirm":
            self.publisher.confirm_select()
        else:
            self.consumer = AmqpSocket.connect(parameters["host"], parameters["port"])
            self.consumer.consume(self.queue, CONSUMER_TAG, prefetch=PREFETCH, no_ack=False)

    def message(self, number: int) -> bytes:
        """The frames of one publish."""
        body = number.to_bytes(8, "big") + self.body_filler
        return publish(self.queue, body, self.delivery_mode)

    def run(self) -> control.Result:
        """Collect samples for the time given."""
        mode = self.parameters["mode"]
        sample = {"confirm": self._confirm, "deliver": self._deliver}.get(mode)
        if sample is None:
            return summary(self._paced())
        deadline = time.monotonic() + float(self.parameters["seconds"])
        samples: list[float] = []
        number = 0
        while time.monotonic() < deadline or number <= WARM_UP_SAMPLES + 1:
            samples.append(sample(number))
            number += 1
        return summary(samples[WARM_UP_SAMPLES:])

    def _confirm(self, number: int) -> float:
        data = self.message(number)
        start = time.perf_counter()
        self.publisher.sock.sendall(data)
        got = b""
        while len(got) < ACK_FRAME.size:
            got += self.publisher.sock.recv(4096)
        took = time.perf_counter() - start
        count = ConfirmCount()
        count.floor = number
        count.feed(got)
        if count.confirmed != number + 1:
            raise AmqpError(f"publish {number} not confirmed")
        return took * 1e6

    def _deliver(self, number: int) -> float:
        data = self.message(number)
        start = time.perf_counter()
        self.publisher.sock.sendall(data)
        got = bytearray()
        while len(got) < self.shape.size:
            got += self.consumer.sock.recv(4096)
        took = time.perf_counter() - start
        self.shape.check(got, 0, number + 1, number)
        self.consumer.sock.sendall(ack(number + 1, multiple=False))
        return took * 1e6

    def _paced(self) -> list[float]:
        rate = float(self.parameters["rate_per_s"])
        total = int(rate * float(self.parameters["seconds"]))
        sent_at: list[float] = []
        samples: list[float] = []
        start = time.perf_counter()
        give_up = start + float(self.parameters["seconds"]) + control.OVERTIME_MAX_S
        while self.received < total:
            now = time.perf_counter()
            due = start + len(sent_at) / rate
            if len(sent_at) < total and now >= due:
                data = self.message(len(sent_at))
                sent_at.append(time.perf_counter())
                self.publisher.sock.sendall(data)
                continue
            wait = due - now if len(sent_at) < total else 1.0
            if select.select([self.consumer.sock], [], [], wait)[0]:
                samples.extend(self._receive(sent_at))
            if now > give_up:
                raise control.LoadFailedError(f"{self.received} of {total} messages came")
        return samples[WARM_UP_SAMPLES:]

    def _receive(self, sent_at: list[float]) -> list[float]:
        buffer = bytearray(self._tail + self.consumer.sock.recv(1 << 16))
        now = time.perf_counter()
        count = len(buffer) // self.shape.size
        samples = []
        for index in range(count):
            number = self.received
            self.shape.check(buffer, index * self.shape.size, number + 1, number)
            samples.append((now - sent_at[number]) * 1e6)
            self.received += 1
        self._tail = bytes(buffer[count * self.shape.size :])
        if count:
            self.consumer.sock.sendall(ack(self.received, multiple=True))
        return samples

    def clean(self) -> None:
        """Delete the queue."""
        self.control.delete(self.queue)


def summary(samples: list[float]) -> control.Result:
    return {
        "count": len(samples),
        "p50_us": percentile(samples, 0.50),
        "p99_us": percentile(samples, 0.99),
        "max_us": max(samples),
    }


if __name__ == "__main__":
    control.serve(Probe)
