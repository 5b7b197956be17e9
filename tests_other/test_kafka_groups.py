"""Share groups with Apache Kafka's own client and command-line tools."""

import subprocess

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, jars, on_java, tool

COUNT = 30
RUN_S_MAX = 60


@pytest.fixture(scope="session")
def java() -> Program:
    try:
        return on_java("KafkaGroups", "kafka", "pom-kafka.xml")
    except MissingError as error:
        pytest.skip(f"kafka-clients: {error}")


@pytest.fixture
def address(broker: Broker) -> str:
    found: str = broker["kafka"]["bootstrap"]
    return found


def run(name: str, *arguments: str) -> str:
    """What a command-line tool says; its class name is given."""
    try:
        class_path = f"{jars('pom-kafka.xml') / 'jars'}/*"
        command = [tool("java", "default-jre"), "-cp", class_path, name, *arguments]
    except MissingError as error:
        pytest.skip(f"kafka-tools: {error}")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_S_MAX)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def fill(address: str, topic: str) -> list[str]:
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(topic, 2)])[topic].result(10)
    producer = Producer({"bootstrap.servers": address})
    values = [f"value-{number}" for number in range(COUNT)]
    for value in values:
        producer.produce(topic, value, value)
    assert producer.flush(10) == 0
    return values


def configure(address: str, group: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": address})
    admin.incremental_alter_configs([resource])[resource].result(10)


def groups(address: str, *arguments: str) -> str:
    name = "org.apache.kafka.tools.consumer.group.ShareGroupCommand"
    return run(name, "--bootstrap-server", address, *arguments)


def test_share_consumers_release_and_accept_and_the_tools_see_and_move_their_group(
    java: Program, address: str
) -> None:
    values = fill(address, "share-java")
    configure(address, "sharers", "share.auto.offset.reset", "earliest")
    said = java.said(address, "share", "sharers", "share-java", str(COUNT))
    assert sorted(said) == sorted(values)
    described = groups(address, "--describe", "--group", "sharers").splitlines()
    rows = [line.split() for line in described if line.startswith("sharers")]
    assert [row[1] for row in rows] == ["share-java", "share-java"]
    assert sum(int(row[3]) for row in rows) == COUNT
    moved = ("--group", "sharers", "--topic", "share-java", "--reset-offsets", "--to-earliest")
    groups(address, *moved, "--execute")
    again = run(
        "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
        *("--bootstrap-server", address, "--topic", "share-java", "--group", "sharers"),
        *("--max-messages", str(COUNT), "--timeout-ms", "20000"),
    )
    assert sorted(again.split()) == sorted(values)
    assert "successful" in groups(address, "--delete", "--group", "sharers")
