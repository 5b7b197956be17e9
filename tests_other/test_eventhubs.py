# mypy: disable-error-code="arg-type,union-attr"
"""@azure/event-hubs on Node: what it sends Kafka's clients read, what they send it receives."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_node

from dragoman.doors.eventhubs.hashing import partition_of

COUNT = 50
EXPECTED = [f"value-{number}" for number in range(COUNT)]
WAIT_S = 20
PARTITIONS = 4


@pytest.fixture(scope="module")
def node() -> Program:
    try:
        return on_node("eventhubs", "amqp")
    except MissingError as error:
        pytest.skip(f"eventhubs: {error}")


def address_of(broker: Broker) -> str:
    return f"{broker['amqp']['host']}:{broker['amqp']['port']}"


def test_what_node_sends_kafka_reads_in_the_partition_of_its_key(
    node: Program, broker: Broker
) -> None:
    node.run(address_of(broker), "send", "node-sends", COUNT)
    partition = partition_of("k", PARTITIONS)
    consumer = Consumer({"bootstrap.servers": broker["kafka"]["bootstrap"], "group.id": "g"})
    consumer.assign([TopicPartition("node-sends", partition, 0)])
    found = []
    for number in range(COUNT):
        record = consumer.poll(WAIT_S)
        assert record is not None and record.error() is None
        assert record.offset() == number
        assert record.key() == b"k"
        assert dict(record.headers())["text"] == b"\xa1\x02\xc3\xa9"
        found.append(record.value().decode())
    consumer.close()
    assert found == EXPECTED
    said = node.run(address_of(broker), "say", "node-sends", COUNT)
    assert said == ["0 1 2 3", f"{partition} 0 {COUNT - 1}"]


def test_what_kafka_sends_node_receives(node: Program, broker: Broker) -> None:
    producer = Producer({"bootstrap.servers": broker["kafka"]["bootstrap"]})
    for value in EXPECTED:
        producer.produce("node-receives", value.encode(), headers=[("a", b"b")])
    assert producer.flush(WAIT_S) == 0
    assert sorted(node.run(address_of(broker), "receive", "node-receives", COUNT)) == sorted(
        EXPECTED
    )


def test_a_higher_owner_level_takes_a_partition_from_node(node: Program, broker: Broker) -> None:
    assert node.run(address_of(broker), "steal", "node-steals", COUNT) == [
        "ReceiverDisconnectedError"
    ]
