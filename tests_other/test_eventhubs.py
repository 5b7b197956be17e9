# mypy: disable-error-code="arg-type,union-attr"
"""@azure/event-hubs on Node: what it sends Kafka's clients read, what they send it receives."""

import contextlib
import os
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.crash.broker import free_port
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


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """A processor that keeps its checkpoints in Azure Blob, and the address of an emulator of that."""
    try:
        found = on_node("checkpoints", "amqp", "package-checkpoints.json")
    except MissingError as error:
        pytest.skip(f"checkpoints: {error}")
    port = free_port()
    command = [found.command[0], str(found.cwd / "node_modules/azurite/dist/src/blob/main.js")]
    command += ["--blobPort", str(port), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    command += ["--location", str(tmp_path_factory.mktemp("blobs"))]
    account = "dragoman " + b64encode(b"a key of the test").decode()
    environment = {**os.environ, "AZURITE_ACCOUNTS": account.replace(" ", ":")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as azurite:
        wait_for(port)
        known = replace(found, command=("env", f"BLOB_ACCOUNT={account}", *found.command))
        yield known, f"http://127.0.0.1:{port}/dragoman"
        azurite.terminate()


def wait_for(port: int) -> None:
    began = time.monotonic()
    while time.monotonic() < began + WAIT_S:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on {port}")


@pytest.mark.timeout(300)  # the first installs
def test_a_processor_goes_on_where_its_checkpoints_in_azure_blob_say(
    blobs: tuple[Program, str], broker: Broker
) -> None:
    program, url = blobs
    producer = Producer({"bootstrap.servers": broker["kafka"]["bootstrap"]})
    for values in (["a", "b", "c", "d", "e"], ["f", "g", "h"]):
        for value in values:
            producer.produce("node-checkpoints", value.encode(), key=value.encode())
        assert producer.flush(WAIT_S) == 0
        told = (address_of(broker), "process", "node-checkpoints", str(len(values)), url)
        assert program.said(*told) == values
