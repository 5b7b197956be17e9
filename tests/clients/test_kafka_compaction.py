"""A compacted topic, read by confluent-kafka, kafka-python and aiokafka; the test moves the broker's clock."""

import asyncio
import warnings
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from dragoman.testing import RunningBroker, broker

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of kafka-python's way to load resources
    from kafka import KafkaConsumer
    from kafka import TopicPartition as PythonPartition

pytestmark = pytest.mark.clients

TOPIC = "table"
DEADLINE_S = 20.0
ROUND_S = 16
STEP_S = 0.5  # a round goes step by step, and waits between two
ROUNDS = 4  # one meets the tombstone, one lets it go
LAST = {b"k%d" % number: b"new" for number in range(5)} | {b"end": b""}


def fill(dragoman: RunningBroker) -> None:
    bootstrap = dragoman.kafka.bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap})
    config = {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0",
        "delete.retention.ms": "1000",
    }
    admin.create_topics([NewTopic(TOPIC, 1, 1, config=config)])[TOPIC].result(DEADLINE_S)
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": "gzip"})
    for value in (b"old", b"older", b"new"):
        for number in range(5):
            producer.produce(TOPIC, value, b"k%d" % number)
        assert producer.flush(DEADLINE_S) == 0
    producer.produce(TOPIC, b"here", b"gone")
    producer.flush(DEADLINE_S)
    producer.produce(TOPIC, None, b"gone")
    producer.flush(DEADLINE_S)
    dragoman.clock.advance(
        1
    )  # what is stored at the same time may be one entry, and the last is left alone
    producer.produce(TOPIC, b"", b"end")
    assert producer.flush(DEADLINE_S) == 0


def read_confluent(bootstrap: str, count: int) -> list[tuple[Any, ...]]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g"})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    polled = [consumer.poll(DEADLINE_S) for _ in range(count)]
    consumer.close()
    found = [message for message in polled if message is not None]
    assert len(found) == count
    return [(m.offset(), m.key(), m.value()) for m in found]


def read_python(bootstrap: str, count: int) -> list[tuple[Any, ...]]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=20_000)
    partition = PythonPartition(TOPIC, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    found = [next(consumer) for _ in range(count)]
    consumer.close()
    return [(m.offset, m.key, m.value) for m in found]


async def read_aio(bootstrap: str, count: int) -> list[tuple[Any, ...]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    partition = AioPartition(TOPIC, 0)
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    found = [await asyncio.wait_for(consumer.getone(), DEADLINE_S) for _ in range(count)]
    await consumer.stop()
    return [(m.offset, m.key, m.value) for m in found]


def test_of_each_key_the_last_record_stays_at_its_offset_and_tombstones_go_in_time() -> None:
    with broker() as dragoman:
        bootstrap = dragoman.kafka.bootstrap
        fill(dragoman)
        assert len(read_confluent(bootstrap, 18)) == 18
        for _ in range(int(ROUNDS * ROUND_S / STEP_S)):
            dragoman.clock.advance(STEP_S)
        found = read_confluent(bootstrap, len(LAST))
        assert {key: value for _, key, value in found} == LAST
        assert [offset for offset, _, _ in found] == [10, 11, 12, 13, 14, 17]
        assert read_python(bootstrap, len(LAST)) == found
        assert asyncio.run(read_aio(bootstrap, len(LAST))) == found
