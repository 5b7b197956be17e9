"""Exactly once with Apache Kafka's own client and with Kafka Streams, in transactions of the second kind (KIP-890)."""

from collections import Counter

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_java

COUNT = 60
LINES = [f"the quick fox {number % 3}" for number in range(30)]


@pytest.fixture(scope="session")
def java() -> Program:
    try:
        return on_java("KafkaExactlyOnce", "kafka", "pom-kafka.xml")
    except MissingError as error:
        pytest.skip(f"kafka-streams: {error}")


@pytest.fixture
def address(broker: Broker) -> str:
    found: str = broker["kafka"]["bootstrap"]
    return found


def fill(address: str, topic: str, lines: list[str], partitions: int = 3) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(topic, partitions)])[topic].result()
    producer = Producer({"bootstrap.servers": address})
    for number, line in enumerate(lines):
        producer.produce(topic, line, str(number))
    assert producer.flush(10) == 0


def committed(address: str, topic: str, count: int, group: str = "judge") -> list[str]:
    """Values that an isolated reader sees: `count`, and then none."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic])
    found: list[str] = []
    for _ in range(200):
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            found.append((message.value() or b"").decode())
        elif len(found) >= count:
            break
    consumer.close()
    return found


def test_each_record_is_transformed_once_however_many_transactions_were_aborted(
    address: str, java: Program
) -> None:
    lines = [f"value-{number}" for number in range(COUNT)]
    fill(address, "loop-in", lines)
    (said,) = java.said(address, "loop", "loop-in", "loop-out", str(COUNT))
    assert said.startswith(f"{COUNT} in ")
    assert sorted(committed(address, "loop-out", COUNT)) == sorted(map(str.upper, lines))


def test_kafka_streams_counts_each_word_once(address: str, java: Program) -> None:
    fill(address, "words-in", LINES)
    words = Counter(word for line in LINES for word in line.split())
    said = java.said(address, "words", "words-in", "words-out", str(words.total()))
    updates = [(word, int(count)) for word, count in (line.split() for line in said)]
    assert sorted(updates) == sorted(
        (word, count) for word, total in words.items() for count in range(1, total + 1)
    )


def test_the_older_of_two_producers_is_fenced(address: str, java: Program) -> None:
    assert java.said(address, "fence", "fenced") == ["fenced"]
    assert committed(address, "fenced", 1) == ["younger"]


def test_an_operator_sees_an_open_transaction_and_fences_its_producer(
    address: str, java: Program
) -> None:
    assert java.said(address, "admin", "watched") == [
        "listed Ongoing",
        "described Ongoing [watched-0]",
        "producers 1 open since 0",
        "fenced",
    ]
