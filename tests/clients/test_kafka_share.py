"""Share groups (KIP-932), as confluent-kafka's ShareConsumer reads by them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from confluent_kafka import AcknowledgeType, Producer, ShareConsumer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from tests.clients.kafka_work import DEADLINE_S, ENGINES, now, serving

pytestmark = pytest.mark.clients

COUNT = 200


@pytest.fixture(params=ENGINES)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def configure(bootstrap: str, **configs: str) -> AdminClient:
    """A topic of two partitions, and a group that reads it from the beginning."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("t", 2, 1)])["t"].result(DEADLINE_S)
    configs = {"share.auto.offset.reset": "earliest", **configs}
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in configs.items()
    ]
    resource = ConfigResource(ResourceType.GROUP, "g", incremental_configs=entries)
    admin.incremental_alter_configs([resource])[resource].result(DEADLINE_S)
    return admin


def member(bootstrap: str, mode: str = "implicit") -> ShareConsumer:
    made = ShareConsumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "g",
            "share.acknowledgement.mode": mode,
        }
    )
    made.subscribe(["t"])
    return made


def produce(bootstrap: str, count: int = COUNT) -> set[bytes]:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    values = [f"value-{number}".encode() for number in range(count)]
    for value in values:
        producer.produce("t", value, key=value)
    assert producer.flush(DEADLINE_S) == 0
    return set(values)


def poll(consumer: ShareConsumer, seconds: float = 0.2) -> list[Any]:
    messages = list(consumer.poll(seconds))
    for message in messages:
        assert message.error() is None, message.error()
    return messages


def read(members: list[ShareConsumer], count: int) -> list[bytes]:
    """Values, in the order they came, until there are `count` of them."""
    values: list[bytes] = []
    deadline = now() + DEADLINE_S
    while len(values) < count and now() < deadline:
        for each in members:
            values += [message.value() for message in poll(each)]
    return values


def test_members_share_the_records_of_a_topic(bootstrap: str) -> None:
    configure(bootstrap)
    members = [member(bootstrap), member(bootstrap), member(bootstrap)]
    for each in members:
        poll(each)
    expected = produce(bootstrap)
    values = read(members, COUNT)
    assert sorted(values) == sorted(expected)
    for each in members:
        each.commit_sync()
        each.close()
    late = member(bootstrap)
    assert read([late], 0) == []
    assert poll(late, 1.0) == []
    late.close()


def test_each_record_is_accepted_released_or_rejected(bootstrap: str) -> None:
    configure(bootstrap)
    produce(bootstrap, 3)
    consumer = member(bootstrap, "explicit")
    fates = {
        b"value-0": AcknowledgeType.ACCEPT,
        b"value-1": AcknowledgeType.RELEASE,
        b"value-2": AcknowledgeType.REJECT,
    }
    seen: list[bytes] = []
    deadline = now() + DEADLINE_S
    while seen.count(b"value-1") < 2 and now() < deadline:
        for message in poll(consumer):
            is_again = message.value() in seen
            seen.append(message.value())
            consumer.acknowledge(
                message, AcknowledgeType.ACCEPT if is_again else fates[message.value()]
            )
        consumer.commit_sync()
    assert sorted(seen) == [b"value-0", b"value-1", b"value-1", b"value-2"]
    consumer.close()


def test_what_a_member_that_vanished_held_comes_again_until_it_was_tried_too_often(
    bootstrap: str,
) -> None:
    configure(bootstrap, share_delivery_count_limit="2", share_record_lock_duration_ms="1000")
    produce(bootstrap, 1)
    for _ in range(2):
        consumer = member(bootstrap, "explicit")
        deadline = now() + DEADLINE_S
        messages: list[Any] = []
        while not messages and now() < deadline:
            messages = poll(consumer)
        assert [message.value() for message in messages] == [b"value-0"]
        consumer.acknowledge(messages[0], AcknowledgeType.RELEASE)
        consumer.close()
    last = member(bootstrap)
    assert poll(last, 2.0) == []
    last.close()


def test_a_group_reads_what_rabbitmq_publishes_and_takes_nothing_from_its_consumers(
    bootstrap: str,
) -> None:
    configure(bootstrap)
    host, port = bootstrap.split(":")
    connection = pika.BlockingConnection(pika.ConnectionParameters(host, int(port)))
    channel = connection.channel()
    channel.queue_declare("t", durable=True)
    for number in range(10):
        channel.basic_publish("", "t", f"from rabbit {number}".encode())
    produce(bootstrap, 10)
    consumer = member(bootstrap)
    values = read([consumer], 20)
    assert len(set(values)) == len(values) == 20
    consumer.close()
    taken = [channel.basic_get("t", auto_ack=True)[2] for _ in range(20)]
    connection.close()
    assert set(taken) == set(values)


def test_a_group_goes_on_where_it_stood_when_the_broker_starts_again(tmp_path: Path) -> None:
    with serving("files", tmp_path) as bootstrap:
        configure(bootstrap)
        produce(bootstrap, 50)
        consumer = member(bootstrap)
        assert len(read([consumer], 50)) == 50
        consumer.commit_sync()
        consumer.close()
        produce(bootstrap, 5)
    with serving("files", tmp_path) as bootstrap:
        consumer = member(bootstrap)
        assert sorted(read([consumer], 5)) == [f"value-{at}".encode() for at in range(5)]
        consumer.close()
