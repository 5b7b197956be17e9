"""Kafka latency at low load, from plain sockets: produce on one, fetch on another.

| mode    | one sample is                                                                  |
|---------|--------------------------------------------------------------------------------|
| produce | produce one record, wait for its answer; then the next                         |
| paced   | produce `rate_per_s` single records on a fixed schedule; send to fetched       |

A fetch waits at the broker (up to 500 ms, at least one byte) as a consumer's does. Parameters:
host, port, mode, record_bytes, seconds, rate_per_s, topic. Results are in microseconds.
"""

import select
import time

from bench.generators import control
from bench.generators.amqp_latency import summary
from bench.generators.kafka_wire import (
    KafkaSocket,
    ProduceResponse,
    fetch_records_span,
    fetch_request,
    produce_request,
    record_batch,
    walk_batches,
)

WARM_UP_SAMPLES = 200  # a fresh topic's first requests pay for files and code paths


class Probe:
    """A producer's and a consumer's connection on one fresh topic."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.topic = str(parameters["topic"])
        host, port = parameters["host"], parameters["port"]
        self.control = KafkaSocket.connect(host, port)
        self.control.create_topic(self.topic, 1, {})
        self.producer = KafkaSocket.connect(host, port)
        self.consumer = KafkaSocket.connect(host, port)
        batch = record_batch([b"v" * int(parameters["record_bytes"])], int(time.time() * 1000))
        self.request = produce_request(self.topic, 0, batch, correlation=3)
        self.response = ProduceResponse(self.topic)
        self.next = 0
        self.sent_at: list[float] = []
        self.samples: list[float] = []

    def run(self) -> control.Result:
        """Collect samples for the time given."""
        if self.parameters["mode"] == "produce":
            self._produce()
        else:
            self._paced()
        return summary(self.samples[WARM_UP_SAMPLES:])

    def _produce(self) -> None:
        deadline = time.monotonic() + float(self.parameters["seconds"])
        while time.monotonic() < deadline or len(self.samples) <= WARM_UP_SAMPLES:
            start = time.perf_counter()
            self.producer.sock.sendall(self.request)
            answer = self.producer.receive()
            self.samples.append((time.perf_counter() - start) * 1e6)
            self.response.offset(answer, 0, 3)

    def _paced(self) -> None:
        rate = float(self.parameters["rate_per_s"])
        total = int(rate * float(self.parameters["seconds"])) + WARM_UP_SAMPLES
        start = time.perf_counter()
        give_up = start + total / rate + control.OVERTIME_MAX_S
        self._ask()
        while len(self.samples) < total:
            now = time.perf_counter()
            due = start + len(self.sent_at) / rate
            if len(self.sent_at) < total and now >= due:
                self.sent_at.append(time.perf_counter())
                self.producer.sock.sendall(self.request)
                continue
            wait = due - now if len(self.sent_at) < total else 1.0
            for sock in select.select([self.consumer.sock, self.producer.sock], [], [], wait)[0]:
                if sock is self.producer.sock:
                    self.response.offset(self.producer.receive(), 0, 3)
                else:
                    self._fetched(self.consumer.receive(), time.perf_counter())
            if now > give_up:
                raise control.LoadFailedError(f"{len(self.samples)} of {total} records came")

    def _ask(self) -> None:
        self.consumer.sock.sendall(fetch_request(self.topic, 0, self.next, correlation=4))

    def _fetched(self, answer: bytes, now: float) -> None:
        start, end = fetch_records_span(answer, self.topic)
        for base, count, _at in walk_batches(answer, start, end):
            for offset in range(max(base, self.next), base + count):
                self.samples.append((now - self.sent_at[offset]) * 1e6)
            self.next = base + count
        self._ask()

    def clean(self) -> None:
        """Delete the topic."""
        self.control.delete_topic(self.topic)


if __name__ == "__main__":
    control.serve(Probe)
