"""AMQP load by an official client: pika, as its manual shows it (BlockingConnection).

| mode           | what is done                                                                |
|----------------|-----------------------------------------------------------------------------|
| publish        | basic_publish with properties and headers, as fast as it goes                |
| consume        | consume and ack each of what waits (prefilled before `go`), content checked  |
| confirm        | publisher confirms: each basic_publish returns when it is confirmed          |
| paced_publish  | `rate_per_s` on a fixed schedule, the time of sending in the body            |
| paced_consume  | receive `rate_per_s * seconds` of them; the difference is the sample         |

The two paced halves run as two processes: the clock they share is the machine's monotonic one.
Parameters: host, port, mode, size_bytes, persistent, durable (of the queue, if not as the
messages), seconds, rate_per_s, queue, shared (the other half removes the queue).
"""

import struct
import time
from typing import Any

import pika

from bench.generators import control
from bench.generators.amqp_latency import summary
from bench.generators.amqp_wire import PERSISTENT, TRANSIENT, AmqpSocket, publish_block

PREFETCH = 300
PREFILL_BLOCK = 1000
PREFILL_MESSAGES_PER_S = 20_000  # about what pika consumes at best
WARM_UP_SAMPLES = 200
COUNT_TIMEOUT_S = 30.0


def connect(parameters: control.Parameters) -> Any:
    """A blocking connection's channel."""
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(host=parameters["host"], port=parameters["port"], heartbeat=0)
    )
    return connection.channel()


class Client:
    """One channel on one queue."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.queue = str(parameters["queue"])
        self.mode = str(parameters["mode"])
        self.seconds = float(parameters["seconds"])
        persistent = bool(parameters["persistent"])
        self.durable = bool(parameters.get("durable", persistent))
        self.delivery_mode = PERSISTENT if persistent else TRANSIENT
        self.channel = connect(parameters)
        self.channel.queue_declare(self.queue, durable=self.durable)
        self.body = b"p" * int(parameters["size_bytes"])
        self.properties = pika.BasicProperties(
            content_type="application/octet-stream",
            delivery_mode=self.delivery_mode,
            message_id="m-1",
            headers={"tenant": "blue", "attempt": 1},
        )
        self.waiting = 0
        if self.mode == "consume":
            self._prefill()
        elif self.mode == "confirm":
            self.channel.confirm_delivery()

    def _prefill(self) -> None:
        block = publish_block(self.queue, len(self.body), self.delivery_mode, PREFILL_BLOCK)
        blocks = max(1, int(PREFILL_MESSAGES_PER_S * self.seconds) // PREFILL_BLOCK)
        self.waiting = blocks * PREFILL_BLOCK
        connection = AmqpSocket.connect(self.parameters["host"], self.parameters["port"])
        for _ in range(blocks):
            connection.sock.sendall(block)
        give_up = time.monotonic() + COUNT_TIMEOUT_S
        while connection.declare(self.queue, durable=self.durable, passive=True) < self.waiting:
            if time.monotonic() > give_up:
                raise control.LoadFailedError("the prefill did not arrive")
            time.sleep(0.01)
        connection.close()

    def run(self) -> control.Result:
        """Run the mode."""
        modes = {
            "publish": self._publish,
            "confirm": self._publish,
            "consume": self._consume,
            "paced_publish": self._paced_publish,
            "paced_consume": self._paced_consume,
        }
        return modes[self.mode]()

    def _publish(self) -> control.Result:
        start = time.monotonic()
        count = 0
        while time.monotonic() - start < self.seconds:
            self.channel.basic_publish("", self.queue, self.body, self.properties)
            count += 1
        self._wait_ready(count)
        elapsed = time.monotonic() - start
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def _wait_ready(self, expected: int) -> None:
        """Wait until the queue holds as many as it must: a count may lag behind."""
        give_up = time.monotonic() + COUNT_TIMEOUT_S
        while (found := self._ready()) != expected:
            if time.monotonic() > give_up:
                raise control.LoadFailedError(f"{expected} must be in the queue, {found} are")
            time.sleep(0.005)

    def _ready(self) -> int:
        declared = self.channel.queue_declare(self.queue, durable=self.durable, passive=True)
        return int(declared.method.message_count)

    def _consume(self) -> control.Result:
        start = time.monotonic()
        count = 0
        self.channel.basic_qos(prefetch_count=PREFETCH)
        for method, _properties, body in self.channel.consume(self.queue):
            if int.from_bytes(body[:8], "big") != count % PREFILL_BLOCK:
                raise control.LoadFailedError(f"message {count} is out of order or changed")
            self.channel.basic_ack(method.delivery_tag)
            count += 1
            if count == self.waiting or time.monotonic() - start > self.seconds:
                break
        elapsed = time.monotonic() - start
        self.channel.cancel()
        self._wait_ready(self.waiting - count)
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def _paced_publish(self) -> control.Result:
        rate = float(self.parameters["rate_per_s"])
        total = int(rate * self.seconds)
        filler = self.body[8:]
        start = time.monotonic()
        for number in range(total):
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            body = struct.pack(">d", time.monotonic()) + filler
            self.channel.basic_publish("", self.queue, body, self.properties)
        return {"sent": total}

    def _paced_consume(self) -> control.Result:
        total = int(float(self.parameters["rate_per_s"]) * self.seconds)
        samples: list[float] = []
        give_up = self.seconds + COUNT_TIMEOUT_S
        self.channel.basic_qos(prefetch_count=PREFETCH)
        for method, _properties, body in self.channel.consume(
            self.queue, inactivity_timeout=give_up
        ):
            if body is None:
                raise control.LoadFailedError(f"{len(samples)} of {total} messages came")
            samples.append((time.monotonic() - struct.unpack(">d", body[:8])[0]) * 1e6)
            self.channel.basic_ack(method.delivery_tag)
            if len(samples) == total:
                break
        return summary(samples[WARM_UP_SAMPLES:])

    def clean(self) -> None:
        """Delete the queue, unless the other half does."""
        if not self.parameters.get("shared"):
            self.channel.queue_delete(self.queue)


if __name__ == "__main__":
    control.serve(Client)
