"""Apache Kafka's own command-line tools, as operators run them."""

import subprocess

import pytest
from confluent_kafka import Producer
from tests_other.conftest import Broker
from tests_other.ready import MissingError, jars, tool

RUN_S_MAX = 60
TOOLS = "org.apache.kafka.tools."


@pytest.fixture
def address(broker: Broker) -> str:
    found: str = broker["kafka"]["bootstrap"]
    return found


def run(name: str, address: str, *arguments: str, at: str = "--bootstrap-server") -> str:
    """What a tool says; its class name is given."""
    try:
        class_path = f"{jars('pom-kafka.xml') / 'jars'}/*"
        command = [tool("java", "default-jre"), "-cp", class_path, name, at, address, *arguments]
    except MissingError as error:
        pytest.skip(f"kafka-tools: {error}")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_S_MAX)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


def test_topics_are_made_described_and_measured(address: str) -> None:
    run(f"{TOOLS}TopicCommand", address, "--create", "--topic", "tools", "--partitions", "2")
    said = run(f"{TOOLS}TopicCommand", address, "--describe", "--topic", "tools")
    assert "PartitionCount: 2" in said
    producer = Producer({"bootstrap.servers": address})
    producer.produce("tools", b"value", partition=1)
    assert producer.flush(10) == 0
    said = run(f"{TOOLS}GetOffsetShell", address, "--topic", "tools")
    assert said.split() == ["tools:0:0", "tools:1:1"]
    said = run(f"{TOOLS}LogDirsCommand", address, "--describe", "--topic-list", "tools")
    assert '"partition":"tools-1"' in said


def test_transactions_are_listed_and_features_described(address: str) -> None:
    producer = Producer({"bootstrap.servers": address, "transactional.id": "tools-tx"})
    producer.init_transactions(10)
    said = run(f"{TOOLS}TransactionsCommand", address, "list")
    assert "tools-tx" in said
    assert "Empty" in said
    said = run(f"{TOOLS}FeatureCommand", address, "describe")
    assert "transaction.version" in said


def test_users_are_made_and_described(address: str) -> None:
    user = ("--entity-type", "users", "--entity-name", "alice")
    change = "SCRAM-SHA-256=[iterations=4096,password=secret]"
    run("kafka.admin.ConfigCommand", address, "--alter", "--add-config", change, *user)
    infos = producer_settings(address)
    assert Producer(infos).list_topics(timeout=10).brokers


def producer_settings(address: str) -> dict[str, str]:
    return {
        "bootstrap.servers": address,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "alice",
        "sasl.password": "secret",
    }
