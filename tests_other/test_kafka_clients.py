"""Kafka's clients of other hands, each by itself: what it writes, reads in a group, makes and unmakes, and commits.

Confluent's Python client is the judge: it writes what they read, and reads what they wrote.
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from tests_other.compiled import rdkafka
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, kcat, on_go, on_node, on_python

COUNT: Final = 20
VALUES: Final = [f"value-{number}" for number in range(COUNT)]
POLL_S: Final = 10.0
PYTHON: Final = "requirements-kafka.txt"
CLIENTS: Final[Mapping[str, Callable[[], Program]]] = {
    "franz-go": lambda: on_go("franzgo", "kafka"),
    "sarama": lambda: on_go("saramago", "kafka"),
    "platformatic": lambda: on_node("platformatic", "kafka"),
    "node-rdkafka": rdkafka,
    "quixstreams": lambda: on_python("quix_app", PYTHON),
    "faststream": lambda: on_python("faststream_app", PYTHON, "aiokafka"),
    "faststream-confluent": lambda: on_python("faststream_app", PYTHON, "confluent"),
    "kcat": lambda: kcat("kafka"),
}
OPERATORS: Final = {
    "franz-go": ["partitions 3", "retention.ms 2000000", "offsets 2 3", "lag 0"],
    "sarama": ["partitions 3", "retention.ms 2000000", "offsets 2 3", "lag 1"],
    "platformatic": ["partitions 3", "retention.ms 2000000", "offsets 2 3", "lag 1"],
    "node-rdkafka": ["partitions 4"],
}
REFUSED: Final = {
    "franz-go": ["refused INVALID_PARTITIONS"],
    "sarama": ["refused true"],
    "platformatic": ["refused INVALID_PARTITIONS"],
}


@pytest.fixture(scope="session")
def client() -> Callable[[str], Program]:
    """A client by its name; the test is skipped where it cannot be made ready."""
    known: dict[str, Program | MissingError] = {}

    def ready(name: str) -> Program:
        if name not in known:
            try:
                known[name] = CLIENTS[name]()
            except MissingError as error:
                known[name] = error
        found = known[name]
        if isinstance(found, MissingError):
            pytest.skip(f"{name}: {found}")
        return found

    return ready


@pytest.fixture
def address(broker: Broker) -> str:
    found: str = broker["kafka"]["bootstrap"]
    return found


def fill(address: str, topic: str, values: list[str]) -> None:
    producer = Producer({"bootstrap.servers": address, "compression.type": "gzip"})
    for value in values:
        producer.produce(topic, value, value, partition=0)
    assert producer.flush(POLL_S) == 0


def committed(address: str, topic: str, count: int) -> list[str]:
    """What a reader of committed records finds; no less than `count`, unless none come."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": f"judge-{topic}",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[str] = []
    while True:
        message = consumer.poll(POLL_S)
        assert message is not None, "no end"
        if message.error() is None:
            found.append((message.value() or b"").decode())
        elif len(found) >= count:
            break
    consumer.close()
    return found


@pytest.mark.parametrize("name", CLIENTS)
def test_what_it_writes_is_there_once_and_in_order(
    client: Callable[[str], Program], address: str, name: str
) -> None:
    client(name).run(address, "produce", f"{name}-writes", COUNT)
    assert committed(address, f"{name}-writes", COUNT) == VALUES


@pytest.mark.parametrize("name", CLIENTS)
def test_it_reads_all_in_a_group_which_goes_on_where_it_stopped(
    client: Callable[[str], Program], address: str, name: str
) -> None:
    mode = "group" if name == "kcat" else "consume"
    for values in (VALUES, [f"more-{number}" for number in range(COUNT)]):
        fill(address, f"{name}-reads", values)
        assert client(name).run(address, mode, f"{name}-reads", COUNT) == values


@pytest.mark.parametrize("name", ["franz-go", "platformatic"])
def test_it_reads_all_in_a_group_that_the_broker_assigns(
    client: Callable[[str], Program], address: str, name: str
) -> None:
    fill(address, f"{name}-assigned", VALUES)
    assert client(name).run(address, "assigned", f"{name}-assigned", COUNT) == VALUES


def test_franz_go_shares_what_it_reads(client: Callable[[str], Program], address: str) -> None:
    program = client("franz-go")
    fill(address, "franz-shared", VALUES)
    name, value = "share.auto.offset.reset", "earliest"
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    group = ConfigResource(ResourceType.GROUP, "franz-franz-shared", incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": address})
    admin.incremental_alter_configs([group])[group].result(POLL_S)
    assert program.run(address, "share", "franz-shared", COUNT) == VALUES


@pytest.mark.parametrize(
    "name", ["franz-go", "sarama", "platformatic", "node-rdkafka", "quixstreams"]
)
def test_of_its_transactions_the_committed_one_is_read_and_no_other(
    client: Callable[[str], Program], address: str, name: str
) -> None:
    client(name).run(address, "transact", f"{name}-transacts", COUNT)
    assert committed(address, f"{name}-transacts", COUNT) == VALUES


@pytest.mark.parametrize("name", OPERATORS)
def test_it_administers(client: Callable[[str], Program], address: str, name: str) -> None:
    said = client(name).run(address, "admin", f"{name}-operates", 3)
    assert said == [*OPERATORS[name], *REFUSED.get(name, [])]
