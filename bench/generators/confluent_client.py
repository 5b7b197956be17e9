"""Kafka load by an official client: confluent-kafka (librdkafka), linger 5 ms, acks=1.

| mode           | what is done                                                                |
|----------------|-----------------------------------------------------------------------------|
| produce        | produce as fast as the local queue takes, every delivery report counted      |
| consume        | consume what waits (prefilled before `go`), check.crcs on                    |
| paced_publish  | `rate_per_s` on a fixed schedule without linger, the time of sending inside  |
| paced_consume  | receive `rate_per_s * seconds` of them; the difference is the sample         |

Parameters: host, port, mode, record_bytes, seconds, rate_per_s, topic, shared (the topic is made
and removed by the other half).
"""

import struct
import time
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from bench.generators import control
from bench.generators.amqp_latency import summary
from bench.generators.kafka_wire import KafkaSocket, record_batch

LINGER_MS = 5
PREFILL_BATCH_RECORDS = 64
PREFILL_MESSAGES_PER_S = 400_000  # more than the client reads; the round ends with its time
CONSUME_AT_ONCE = 1000
FLUSH_TIMEOUT_S = 60.0
READ_TIMEOUT_S = 5.0
WARM_UP_SAMPLES = 200


class Client:
    """One producer or one consumer on one partition."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.parameters = parameters
        self.topic = str(parameters["topic"])
        self.mode = str(parameters["mode"])
        self.seconds = float(parameters["seconds"])
        self.servers = f"{parameters['host']}:{parameters['port']}"
        self.value = b"v" * int(parameters["record_bytes"])
        self.control = KafkaSocket.connect(parameters["host"], parameters["port"])
        if not parameters.get("shared"):
            self.control.create_topic(self.topic, 1, {})
        self.failed = 0
        self.delivered = 0
        self.waiting = 0
        if self.mode == "consume":
            self._prefill()
        if "consume" in self.mode:
            self.consumer = self._open_consumer()
        else:
            self.producer = self._open_producer()

    def _open_producer(self) -> Any:
        linger = 0 if self.mode == "paced_publish" else LINGER_MS
        producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "acks": 1,
                "linger.ms": linger,
                "queue.buffering.max.messages": 100_000,
            }
        )
        producer.list_topics(self.topic, timeout=20)
        return producer

    def _open_consumer(self) -> Any:
        consumer = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": "bench",
                "enable.auto.commit": False,
                "check.crcs": True,
                "fetch.wait.max.ms": 500,
                "fetch.min.bytes": 1,
            }
        )
        consumer.assign([TopicPartition(self.topic, 0, 0)])
        consumer.poll(0.3)  # connects; on an empty topic the first fetch now waits at the broker
        if self.mode == "consume":
            consumer.seek(TopicPartition(self.topic, 0, 0))
        return consumer

    def _prefill(self) -> None:
        batch = record_batch([self.value] * PREFILL_BATCH_RECORDS, int(time.time() * 1000))
        batches = int(PREFILL_MESSAGES_PER_S * self.seconds) // PREFILL_BATCH_RECORDS
        self.control.fill(self.topic, 0, batch, batches)
        self.waiting = batches * PREFILL_BATCH_RECORDS

    def run(self) -> control.Result:
        """Run the mode."""
        modes = {
            "produce": self._produce,
            "consume": self._consume,
            "paced_publish": self._paced_publish,
            "paced_consume": self._paced_consume,
        }
        return modes[self.mode]()

    def _on_delivery(self, error: Any, _message: Any) -> None:
        if error is not None:
            self.failed += 1
        self.delivered += 1

    def _produce(self) -> control.Result:
        start = time.monotonic()
        produced = 0
        produce, poll = self.producer.produce, self.producer.poll
        while time.monotonic() - start < self.seconds:
            try:
                produce(self.topic, self.value, partition=0, on_delivery=self._on_delivery)
                produced += 1
            except BufferError:
                poll(0.01)
            if produced % 256 == 0:
                poll(0)
        left = self.producer.flush(FLUSH_TIMEOUT_S)
        elapsed = time.monotonic() - start
        stored = self._stored()
        if left or self.failed or not produced == self.delivered == stored:
            raise control.LoadFailedError(
                f"{produced} produced, {self.delivered} reported, {self.failed} failed, {stored=}"
            )
        return self._result(produced, elapsed)

    def _stored(self) -> int:
        """Records of the topic: as many as the broker says, and those that can be read behind. tansu now and then
        leaves out the last batch when it is asked for the end, and hands it out all the same.
        """
        stored = self.control.end_offset(self.topic, 0)
        if stored >= self.delivered:
            return stored
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "bench"})
        consumer.assign([TopicPartition(self.topic, 0, stored)])
        give_up = time.monotonic() + READ_TIMEOUT_S
        while stored < self.delivered and time.monotonic() < give_up:
            for message in consumer.consume(CONSUME_AT_ONCE, 0.5):
                stored += message.error() is None and message.offset() == stored
        consumer.close()
        return stored

    def _consume(self) -> control.Result:
        start = time.monotonic()
        expected = 0
        while expected < self.waiting and time.monotonic() - start < self.seconds:
            for message in self.consumer.consume(CONSUME_AT_ONCE, 0.5):
                if message.error():
                    raise KafkaException(message.error())
                if message.offset() != expected:
                    raise control.LoadFailedError(f"{expected} expected, {message.offset()} came")
                expected += 1
        return self._result(expected, time.monotonic() - start)

    def _result(self, count: int, elapsed: float) -> control.Result:
        megabytes = count * len(self.value) / 1e6
        return {
            "count": count,
            "seconds": elapsed,
            "rate": count / elapsed,
            "megabytes": megabytes,
            "mb_per_s": megabytes / elapsed,
        }

    def _paced_publish(self) -> control.Result:
        rate = float(self.parameters["rate_per_s"])
        total = int(rate * self.seconds)
        filler = self.value[8:]
        start = time.monotonic()
        for number in range(total):
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            value = struct.pack(">d", time.monotonic()) + filler
            self.producer.produce(self.topic, value, partition=0, on_delivery=self._on_delivery)
            self.producer.poll(0)
        if self.producer.flush(FLUSH_TIMEOUT_S) or self.failed:
            raise control.LoadFailedError("not every record was stored")
        return {"sent": total}

    def _paced_consume(self) -> control.Result:
        total = int(float(self.parameters["rate_per_s"]) * self.seconds)
        samples: list[float] = []
        give_up = time.monotonic() + self.seconds + control.OVERTIME_MAX_S
        while len(samples) < total:
            message = self.consumer.poll(1.0)
            now = time.monotonic()
            if message is not None:
                if message.error():
                    raise KafkaException(message.error())
                samples.append((now - struct.unpack(">d", message.value()[:8])[0]) * 1e6)
            elif now > give_up:
                raise control.LoadFailedError(f"{len(samples)} of {total} records came")
        return summary(samples[WARM_UP_SAMPLES:])

    def clean(self) -> None:
        """Delete the topic, unless the other half does."""
        if not self.parameters.get("shared"):
            self.control.delete_topic(self.topic)


if __name__ == "__main__":
    control.serve(Client)
