"""A loss of power takes what was read and not yet synced: a real consumer is told where its log was cut."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from tests.crash.broker import BrokerProcess

pytestmark = pytest.mark.crash

DEADLINE_S = 20.0
TOPIC = "cut"


def send(bootstrap: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(TOPIC, value)
    assert producer.flush(DEADLINE_S) == 0


def read(consumer: Consumer, count: int) -> list[Any]:
    found = [consumer.poll(DEADLINE_S) for _ in range(count)]
    return [None if message is None else message.value() for message in found]


def next_error(consumer: Consumer) -> KafkaError:
    message = consumer.poll(DEADLINE_S)
    error = None if message is None else message.error()
    assert error is not None
    return error


def begin(broker: BrokerProcess, run: str) -> None:
    """`run` of the machine."""
    broker.program = ("tests.crash.rebooted", run, "serve")
    broker.start()


def test_a_reader_that_was_further_than_what_is_left_learns_where_it_was_cut(
    tmp_path: Path,
) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        begin(broker, "before")
        consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": "readers",
                "auto.offset.reset": "error",
                "reconnect.backoff.max.ms": 200,
            }
        )
        send(broker.bootstrap, b"1", b"2", b"3")
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        assert read(consumer, 3) == [b"1", b"2", b"3"]
        shutil.copytree(broker.data, tmp_path / "synced")
        send(broker.bootstrap, b"4", b"5")
        assert read(consumer, 2) == [b"4", b"5"]
        broker.kill()
        shutil.rmtree(broker.data)
        (tmp_path / "synced").rename(broker.data)
        begin(broker, "after")
        error = next_error(consumer)
        while error.code() != KafkaError._AUTO_OFFSET_RESET:  # but that the broker is not there
            error = next_error(consumer)
        assert "truncation detected at offset 5" in error.str()
        assert "broker end offset is 3" in error.str()
        consumer.close()
