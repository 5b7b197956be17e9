"""Kafka load by confluent-kafka: an idempotent producer, and a group member that commits. Run as `produce` or `consume`.

librdkafka reconnects by itself and sends again what was not answered; both end on SIGTERM. History lines:

    produce     s ID                 c ID PARTITION OFFSET    confirmed           x TEXT    fatal
    consume     d PARTITION OFFSET ID                         delivered
                c PARTITION OFFSET                            commit answered: the group goes on from here

The producer's status file gets nothing: what it has under way survives in its own queue.
"""

import signal
import sys
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

TOPIC = "crash-topic"
GROUP = "crash-group"
PARTITIONS = 2
BODY_BYTES = 2000
PER_TICK = 60  # each 10 ms: 12 MB/s, so that a checkpoint comes every few seconds
TICK_S = 0.01
COMMIT_EVERY = 300
FLUSH_S = 20.0


def body_of(number: int) -> bytes:
    """Its id, and bytes that depend on it."""
    return f"{number}:".encode() + bytes([number % 251]) * BODY_BYTES


def number_of(body: bytes) -> int:
    """Raises ValueError when it is not what `body_of` made."""
    number = int(body[: body.index(b":")])
    if body != body_of(number):
        raise ValueError(f"changed: {number}")
    return number


def settings(port: int, **more: Any) -> dict[str, Any]:
    """Reconnect soon: brokers come back within a second here."""
    return {
        "bootstrap.servers": f"127.0.0.1:{port}",
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
        "retry.backoff.ms": 50,
        "log_level": 2,
        **more,
    }


class Stop:
    """Whether SIGTERM has come."""

    def __init__(self) -> None:
        self.is_set = False
        signal.signal(signal.SIGTERM, self._set)

    def _set(self, *_: Any) -> None:
        self.is_set = True


def produce(port: int, history: Path) -> None:
    """Ids 0, 1, 2 ... to partitions in turn."""
    stop = Stop()
    producer = Producer(settings(port, **{"enable.idempotence": True, "linger.ms": 2}))
    with history.open("w") as out:

        def report(error: Any, message: Any) -> None:
            number = number_of(message.value())
            if error is None:
                out.write(f"c {number} {message.partition()} {message.offset()}\n")
            else:
                out.write(f"x {number} {error}\n")

        number = 0
        while not stop.is_set:
            for _ in range(PER_TICK):
                try:
                    producer.produce(
                        TOPIC, body_of(number), partition=number % PARTITIONS, on_delivery=report
                    )
                except BufferError:
                    break
                out.write(f"s {number}\n")
                number += 1
            producer.poll(TICK_S)
            time.sleep(TICK_S / 2)
        left = producer.flush(FLUSH_S)
        if left:
            out.write(f"x {left} not answered\n")


def consume(port: int, history: Path) -> None:
    """Read everything, commit every COMMIT_EVERY messages and at the end."""
    stop = Stop()
    with history.open("w") as out:
        # Told by poll or commit of this thread: in order with deliveries.
        def committed(error: Any, partitions: list[Any]) -> None:
            if error is None:
                for place in partitions:
                    if place.error is None and place.offset >= 0:
                        out.write(f"c {place.partition} {place.offset}\n")

        consumer = Consumer(
            settings(
                port,
                **{
                    "group.id": GROUP,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "session.timeout.ms": 6000,
                    "heartbeat.interval.ms": 200,
                    "on_commit": committed,
                    "check.crcs": True,
                },
            )
        )
        consumer.subscribe([TOPIC])
        since = 0
        while not stop.is_set:
            for message in consumer.consume(500, 0.05):
                error = message.error()
                if error is not None:
                    if error.code() != KafkaError._PARTITION_EOF and error.fatal():
                        raise KafkaException(error)
                    continue
                number = number_of(message.value() or b"")
                out.write(f"d {message.partition()} {message.offset()} {number}\n")
                since += 1
            if since >= COMMIT_EVERY:
                since = 0
                try:
                    consumer.commit(asynchronous=True)
                except KafkaException:
                    continue
        consumer.close()


if __name__ == "__main__":
    {"produce": produce, "consume": consume}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
