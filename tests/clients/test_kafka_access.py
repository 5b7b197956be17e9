"""Access lists as confluent-kafka's admin makes them, and what its producers and consumers are told that lack them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from pika.exceptions import ChannelClosedByBroker
from tests.clients.kafka_work import DEADLINE_S
from tests.clients.process import broker_process
from tests.clients.test_kafka_python import work

pytestmark = pytest.mark.clients

USERS = {"root": "r", "ann": "a", "bob": "b"}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    more = '[security]\nsuperusers = ["root"]'
    with broker_process("durable", tmp_path, users=USERS, more=more) as number:
        yield number


def settings(port: int, user: str, **more: Any) -> dict[str, Any]:
    return {
        "bootstrap.servers": f"127.0.0.1:{port}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": USERS[user],
        **{name.replace("_", "."): value for name, value in more.items()},
    }


def allow(kind: ResourceType, name: str, operation: AclOperation, **more: Any) -> AclBinding:
    fields: dict[str, Any] = {
        "resource_pattern_type": ResourcePatternType.LITERAL,
        "principal": "User:ann",
        "host": "*",
        "permission_type": AclPermissionType.ALLOW,
    } | more
    return AclBinding(kind, name, operation=operation, **fields)


ORDERS = allow(
    ResourceType.TOPIC,
    "ord",
    AclOperation.WRITE,
    resource_pattern_type=ResourcePatternType.PREFIXED,
)
READS = allow(ResourceType.TOPIC, "orders", AclOperation.READ)
GROUP = allow(ResourceType.GROUP, "workers", AclOperation.READ)
DENIED = allow(
    ResourceType.TOPIC,
    "orders",
    AclOperation.WRITE,
    principal="User:*",
    host="10.1.2.3",
    permission_type=AclPermissionType.DENY,
)
ANYTHING: Any = None  # which the type of a filter's fields does not allow, and its meaning does
EVERYTHING = AclBindingFilter(
    ResourceType.ANY,
    ANYTHING,
    ResourcePatternType.ANY,
    ANYTHING,
    ANYTHING,
    AclOperation.ANY,
    AclPermissionType.ANY,
)


def operate(port: int, *bindings: AclBinding) -> AdminClient:
    admin = AdminClient(settings(port, "root"))
    admin.create_topics([NewTopic("orders", 1, 1), NewTopic("other", 1, 1)])
    for made in admin.create_acls(list(bindings)).values():
        made.result(DEADLINE_S)
    return admin


def send(port: int, user: str, topic: str) -> KafkaError | None:
    told: list[KafkaError | None] = []
    producer = Producer(settings(port, user, enable_idempotence=False))
    producer.produce(topic, b"value", on_delivery=lambda error, _: told.append(error))
    producer.flush(DEADLINE_S)
    return told[0]


def receive(port: int, user: str, group: str) -> bytes | int | None:
    """A value, or the code of the refusal."""
    consumer = Consumer(settings(port, user, group_id=group, auto_offset_reset="earliest"))
    consumer.subscribe(["orders"])
    try:
        message = consumer.poll(DEADLINE_S)
    finally:
        consumer.close()
    assert message is not None
    error = message.error()
    return message.value() if error is None else error.code()


def test_lists_are_made_told_back_and_removed(port: int) -> None:
    made = [ORDERS, READS, GROUP, DENIED]
    admin = operate(port, *made)
    assert set(admin.describe_acls(EVERYTHING).result(DEADLINE_S)) == set(made)
    (gone,) = admin.delete_acls([EVERYTHING]).values()
    assert set(gone.result(DEADLINE_S)) == set(made)
    assert admin.describe_acls(EVERYTHING).result(DEADLINE_S) == []
    stranger = AdminClient(settings(port, "ann"))
    (made_up,) = stranger.create_acls([READS]).values()
    with pytest.raises(KafkaException) as refused:
        made_up.result(DEADLINE_S)
    assert refused.value.args[0].code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED


def test_who_may_not_see_the_lists_is_told_so_though_librdkafka_shows_none_of_it(port: int) -> None:
    """It reads the code of such an answer and drops it, Apache Kafka's too."""
    operate(port, ORDERS)
    assert AdminClient(settings(port, "ann")).describe_acls(EVERYTHING).result(DEADLINE_S) == []
    ann = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "ann",
        "sasl_plain_password": USERS["ann"],
    }
    told = work("refused", f"127.0.0.1:{port}", json.dumps(ann))
    assert told == {"error": "ClusterAuthorizationFailedError"}


def test_who_lacks_a_permission_is_told_what_kafka_tells(port: int) -> None:
    operate(port, ORDERS, READS, GROUP, DENIED)
    assert send(port, "ann", "orders") is None
    for user, topic in (("ann", "other"), ("bob", "orders")):
        error = send(port, user, topic)
        assert error is not None
        assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert receive(port, "ann", "workers") == b"value"
    assert receive(port, "ann", "strangers") == KafkaError.GROUP_AUTHORIZATION_FAILED
    assert receive(port, "bob", "workers") == KafkaError.GROUP_AUTHORIZATION_FAILED
    assert receive(port, "root", "strangers") == b"value"


def take_back(admin: AdminClient, *bindings: AclBinding) -> None:
    for given in bindings:
        meant = AclBindingFilter(
            given.restype,
            given.name,
            given.resource_pattern_type,
            given.principal,
            given.host,
            given.operation,
            given.permission_type,
        )
        (gone,) = admin.delete_acls([meant]).values()
        assert gone.result(DEADLINE_S) == [given]


def next_error(consumer: Consumer) -> KafkaError | None:
    message = consumer.poll(DEADLINE_S)
    assert message is not None
    return message.error()


def test_a_permission_that_is_taken_back_ends_what_runs(port: int) -> None:
    admin = operate(port, ORDERS, READS, GROUP)
    told: list[KafkaError | None] = []
    producer = Producer(settings(port, "ann"))
    group = {"group_id": "workers", "auto_offset_reset": "earliest", "group_protocol": "consumer"}
    consumer = Consumer(settings(port, "ann", **group))
    consumer.subscribe(["orders"])
    producer.produce("orders", b"value", on_delivery=lambda error, _: told.append(error))
    producer.flush(DEADLINE_S)
    assert next_error(consumer) is None
    take_back(admin, READS)
    error = next_error(consumer)
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    take_back(admin, GROUP, ORDERS)
    while error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        error = next_error(consumer)
    assert error.code() == KafkaError._FATAL
    assert "Group authorization failed" in error.str()
    producer.produce("orders", b"value", on_delivery=lambda error, _: told.append(error))
    producer.flush(DEADLINE_S)
    assert [None if each is None else each.code() for each in told] == [
        None,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ]
    consumer.close()


def test_topics_that_may_not_be_described_are_hidden(port: int) -> None:
    operate(port, READS)
    seen = AdminClient(settings(port, "ann")).list_topics(timeout=DEADLINE_S).topics
    assert set(seen) == {"orders"}
    assert set(AdminClient(settings(port, "root")).list_topics(timeout=DEADLINE_S).topics) == {
        "orders",
        "other",
    }


def test_the_same_list_holds_for_rabbitmqs_clients(port: int) -> None:
    """What Kafka's list denies, no other door allows."""
    operate(port, ORDERS)
    for user, queue, is_allowed in (("ann", "orders", True), ("ann", "other", False)):
        parameters = pika.ConnectionParameters(
            "127.0.0.1", port, credentials=pika.PlainCredentials(user, USERS[user])
        )
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            if is_allowed:
                channel.basic_publish("", queue, b"from rabbitmq", mandatory=True)
                continue
            with pytest.raises(ChannelClosedByBroker) as refused:
                channel.basic_publish("", queue, b"from rabbitmq", mandatory=True)
            assert refused.value.reply_code == 403
