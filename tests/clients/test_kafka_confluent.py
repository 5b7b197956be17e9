"""confluent-kafka (librdkafka), unmodified, over TCP."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from tests.clients.kafka_work import DEADLINE_S, ENGINES, opened, serving

pytestmark = pytest.mark.clients


@pytest.fixture(params=ENGINES)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def produce(bootstrap: str, topic: str, *values: bytes, **more: Any) -> None:
    partition = more.pop("partition", -1)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, **more})
    failed: list[Any] = []
    for value in values:
        producer.produce(
            topic,
            value,
            key=b"k",
            partition=partition,
            headers=[("h", b"1"), ("h", None)],
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    assert producer.flush(DEADLINE_S) == 0
    assert failed == []


def consumer_of(bootstrap: str, group: str, **more: Any) -> Consumer:
    return opened(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **more,
        }
    )


def read(consumer: Consumer, count: int) -> list[Any]:
    found: list[Any] = []
    end = time.monotonic() + DEADLINE_S  # noqa: TID251 - a client's own time
    while len(found) < count and time.monotonic() < end:  # noqa: TID251
        message = consumer.poll(0.5)
        if message is not None:
            assert message.error() is None, message.error()
            found.append(message)
    return found


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_is_produced_is_consumed_by_a_group(bootstrap: str, codec: str) -> None:
    values = [b"%d" % index * 50 for index in range(50)]
    produce(bootstrap, "orders", *values, **{"compression.type": codec, "enable.idempotence": True})
    consumer = consumer_of(bootstrap, "readers")
    consumer.subscribe(["orders"])
    found = read(consumer, len(values))
    assert [message.value() for message in found] == values
    assert found[0].headers() == [("h", b"1"), ("h", None)]
    assert found[0].key() == b"k"
    consumer.commit(asynchronous=False)
    committed = consumer.committed([TopicPartition("orders", 0)], DEADLINE_S)
    assert committed[0].offset == len(values)
    consumer.close()
    again = consumer_of(bootstrap, "readers")
    again.subscribe(["orders"])
    produce(bootstrap, "orders", b"next")
    assert [message.value() for message in read(again, 1)] == [b"next"]
    again.close()


def test_two_members_share_partitions(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("shared", 4, 1)])["shared"].result(DEADLINE_S)
    members = [consumer_of(bootstrap, "pair", **{"heartbeat.interval.ms": 200}) for _ in range(2)]
    for member in members:
        member.subscribe(["shared"])
    end = time.monotonic() + DEADLINE_S  # noqa: TID251
    while time.monotonic() < end:  # noqa: TID251
        for member in members:
            member.poll(0.1)
        sizes = [len(member.assignment()) for member in members]
        if sizes == [2, 2]:
            break
    assert [len(member.assignment()) for member in members] == [2, 2]
    listed = admin.describe_consumer_groups(["pair"])["pair"].result(DEADLINE_S)
    assert len(listed.members) == 2
    for member in members:
        member.close()


def test_cooperative_members_share_partitions(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("shared", 4, 1)])["shared"].result(DEADLINE_S)
    terms = {"heartbeat.interval.ms": 200, "partition.assignment.strategy": "cooperative-sticky"}
    members = [consumer_of(bootstrap, "pair", **terms) for _ in range(2)]
    for member in members:
        member.subscribe(["shared"])
    end = time.monotonic() + DEADLINE_S  # noqa: TID251
    while time.monotonic() < end:  # noqa: TID251
        for member in members:
            member.poll(0.1)
        if [len(member.assignment()) for member in members] == [2, 2]:
            break
    assert [len(member.assignment()) for member in members] == [2, 2]
    for member in members:
        member.close()


def test_admin_makes_describes_changes_and_deletes_topics(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topic = NewTopic("t", 2, 3, config={"retention.ms": "60000"})
    admin.create_topics([topic])["t"].result(DEADLINE_S)
    with pytest.raises(KafkaException) as refusal:
        admin.create_topics([topic])["t"].result(DEADLINE_S)
    assert refusal.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    resource = ConfigResource(ResourceType.TOPIC, "t")
    configs = admin.describe_configs([resource])[resource].result(DEADLINE_S)
    assert configs["retention.ms"].value == "60000"
    assert configs["retention.ms"].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    assert configs["retention.bytes"].source == ConfigSource.DEFAULT_CONFIG.value
    assert configs["retention.ms"].synonyms["log.retention.ms"].value == "604800000"
    change = ConfigResource(
        ResourceType.TOPIC,
        "t",
        incremental_configs=[
            ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    admin.incremental_alter_configs([change])[change].result(DEADLINE_S)
    assert admin.describe_configs([resource])[resource].result(DEADLINE_S)[
        "retention.ms"
    ].value == ("1000")
    admin.create_partitions([NewPartitions("t", 5)])["t"].result(DEADLINE_S)
    assert len(admin.list_topics(timeout=DEADLINE_S).topics["t"].partitions) == 5
    admin.delete_topics(["t"])["t"].result(DEADLINE_S)
    assert "t" not in admin.list_topics(timeout=DEADLINE_S).topics


def test_admin_lists_offsets_trims_and_removes_groups(bootstrap: str) -> None:
    produce(bootstrap, "t", *[b"%d" % index for index in range(10)])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    part = TopicPartition("t", 0)
    newest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    latest = admin.list_offsets({part: newest})[part].result(DEADLINE_S)
    assert latest.offset == 10
    trimmed = admin.delete_records([TopicPartition("t", 0, 4)])
    assert next(iter(trimmed.values())).result(DEADLINE_S).low_watermark == 4
    consumer = consumer_of(bootstrap, "g")
    consumer.assign([TopicPartition("t", 0, OFFSET_BEGINNING)])
    first = read(consumer, 1)[0]
    assert first.offset() >= 4 or first.value() >= b"4"
    consumer.commit(offsets=[TopicPartition("t", 0, 7)], asynchronous=False)
    consumer.close()
    request = ConsumerGroupTopicPartitions("g")
    result = admin.list_consumer_group_offsets([request])["g"].result(DEADLINE_S)
    assert [(p.topic, p.offset) for p in result.topic_partitions] == [("t", 7)]
    groups = admin.list_consumer_groups().result(DEADLINE_S)
    assert [group.group_id for group in groups.valid] == ["g"]
    admin.delete_consumer_groups(["g"])["g"].result(DEADLINE_S)
    assert admin.list_consumer_groups().result(DEADLINE_S).valid == []


def test_transactions_are_seen_when_committed_and_never_when_aborted(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "tx"})
    producer.init_transactions(DEADLINE_S)
    reader = consumer_of(bootstrap, "g", **{"isolation.level": "read_committed"})
    for name, commits in (("first", True), ("never", False), ("last", True)):
        producer.begin_transaction()
        for index in range(5):
            producer.produce("t", f"{name} {index}".encode())
        if commits:
            offset = TopicPartition("source", 0, 7)
            produce(bootstrap, "source", b"x")
            producer.send_offsets_to_transaction(
                [offset], reader.consumer_group_metadata(), DEADLINE_S
            )
            producer.commit_transaction(DEADLINE_S)
        else:
            producer.abort_transaction(DEADLINE_S)
    reader.subscribe(["t"])
    found = [message.value() for message in read(reader, 10)]
    assert found == [b"%s %d" % (n, i) for n in (b"first", b"last") for i in range(5)]
    assert reader.committed([TopicPartition("source", 0)], DEADLINE_S)[0].offset == 7
    reader.close()


def test_sasl_plain_lets_in_who_knows_the_password(tmp_path: Path) -> None:
    with serving("memory", tmp_path, users={"alice": "secret"}) as bootstrap:
        terms = {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "alice",
            "sasl.password": "secret",
        }
        produce(bootstrap, "t", b"x", **terms)
        errors: list[Any] = []
        wrong = Producer(
            {
                "bootstrap.servers": bootstrap,
                **terms,
                "sasl.password": "guess",
                "error_cb": errors.append,
                "log_level": 0,
            }
        )
        wrong.poll(1)
        assert any(error.code() == KafkaError._AUTHENTICATION for error in errors)


def test_event_hubs_connection_strings_open_the_connection(tmp_path: Path) -> None:
    with serving("memory", tmp_path, keys={"root": "c2VjcmV0"}) as bootstrap:
        terms = {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "$ConnectionString",
            "sasl.password": "Endpoint=sb://localhost/;SharedAccessKeyName=root;SharedAccessKey=c2VjcmV0",
        }
        produce(bootstrap, "hub", b"x", **terms)


def test_a_restart_keeps_topics_ids_offsets_and_commits(tmp_path: Path) -> None:
    with serving("files", tmp_path) as bootstrap:
        produce(bootstrap, "kept", b"one", b"two", **{"enable.idempotence": True})
        consumer = consumer_of(bootstrap, "g")
        consumer.subscribe(["kept"])
        first = read(consumer, 1)[0]
        consumer.commit(message=first, asynchronous=False)
        consumer.close()
        admin = AdminClient({"bootstrap.servers": bootstrap})
        uuid = topic_id(admin, "kept")
    with serving("files", tmp_path) as bootstrap:
        admin = AdminClient({"bootstrap.servers": bootstrap})
        assert topic_id(admin, "kept") == uuid
        produce(bootstrap, "kept", b"three", **{"enable.idempotence": True})
        consumer = consumer_of(bootstrap, "g")
        consumer.subscribe(["kept"])
        found = read(consumer, 2)
        assert [(m.offset(), m.value()) for m in found] == [(1, b"two"), (2, b"three")]
        consumer.close()


def topic_id(admin: AdminClient, name: str) -> str:
    from confluent_kafka import TopicCollection  # noqa: PLC0415

    described = admin.describe_topics(TopicCollection([name]))[name].result(DEADLINE_S)
    return str(described.topic_id)
