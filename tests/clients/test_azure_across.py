# mypy: disable-error-code="no-untyped-call,arg-type,union-attr"
"""One stream, four protocols: what a client of Kafka, RabbitMQ, Service Bus or Event Hubs sends, all four receive.

Each has a reader of its own: a cursor, a queue, a subscription, a partition. Fields are where each protocol has them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import pika
import pytest
from azure.eventhub import EventData
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiveMode
from confluent_kafka import Consumer, Producer, TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients.eventhubs_work import WAIT_S, Hub, connection_string, receiving, serving, until

from dragoman.kernel.api import (
    CreateStream,
    CreateSubscription,
    DeclareQueue,
    StreamSettings,
    SubscriptionSettings,
)

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EXAMPLES = 40
NAME = "all"
META = "dragoman-meta"
TOPOLOGY = (
    CreateStream(name=NAME, settings=StreamSettings(1, retention_ms=-1), attach=True),
    DeclareQueue(name=NAME, settings=SubscriptionSettings(owns_stream=False)),
    CreateSubscription(name=NAME, subscription="sb", settings=SubscriptionSettings()),
)

Said = dict[str, Any]
"""body, id, correlation, content_type, reply_to, type, key, headers: whatever the protocol calls them."""


class Kafka:
    """Everything but the body is bytes: typed headers are text."""

    FIELDS: ClassVar = {
        "id": "message-id",
        "correlation": "correlation-id",
        "content_type": "content-type",
        "reply_to": "reply-to",
        "type": "type",
    }

    def __init__(self, bootstrap: str) -> None:
        self.producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "log_level": 0})
        self.consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "g", "fetch.wait.max.ms": 10}
        )
        self.consumer.assign([TopicPartition(NAME, 0, 0)])

    def send(self, said: Said) -> None:
        headers = [(name, said[field].encode()) for field, name in self.FIELDS.items()]
        headers += [(name, as_bytes(value)) for name, value in said["headers"].items()]
        self.producer.produce(NAME, said["body"], said["key"], headers=headers)
        assert self.producer.flush(WAIT_S) == 0

    def receive(self) -> Said:
        record = self.consumer.poll(WAIT_S)
        assert record is not None and record.error() is None
        headers = dict(record.headers() or ())
        headers.pop(META, None)
        found = {field: headers.pop(name).decode() for field, name in self.FIELDS.items()}
        return {**found, "body": record.value(), "key": record.key().decode(), "headers": headers}


class RabbitMQ:
    """The key is a header."""

    FIELDS: ClassVar = {
        "id": "message_id",
        "correlation": "correlation_id",
        "content_type": "content_type",
        "reply_to": "reply_to",
        "type": "type",
    }

    def __init__(self, url: str) -> None:
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def send(self, said: Said) -> None:
        fields = {name: said[field] for field, name in self.FIELDS.items()}
        headers = {**said["headers"], "x-partition-key": said["key"]}
        properties = pika.BasicProperties(headers=headers, **fields)
        self.channel.basic_publish("", NAME, said["body"], properties)

    def receive(self) -> Said:
        method, properties, body = self.channel.basic_get(NAME, auto_ack=True)
        assert method is not None
        headers = dict(properties.headers)
        headers.pop(META, None)
        found = {field: getattr(properties, name) for field, name in self.FIELDS.items()}
        return {**found, "body": body, "key": headers.pop("x-partition-key"), "headers": headers}


class ServiceBus:
    """Sends to the topic, receives from a subscription."""

    FIELDS: ClassVar = {
        "id": "message_id",
        "correlation": "correlation_id",
        "content_type": "content_type",
        "reply_to": "reply_to",
        "type": "subject",
        "key": "partition_key",
    }

    def __init__(self, string: str, stack: ExitStack) -> None:
        client = stack.enter_context(ServiceBusClient.from_connection_string(string, retry_total=0))
        self.sender = stack.enter_context(client.get_topic_sender(NAME))
        self.receiver = stack.enter_context(
            client.get_subscription_receiver(
                NAME, "sb", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE
            )
        )

    def send(self, said: Said) -> None:
        fields = {name: said[field] for field, name in self.FIELDS.items()}
        self.sender.send_messages(
            ServiceBusMessage(said["body"], application_properties=said["headers"], **fields)
        )

    def receive(self) -> Said:
        (message,) = self.receiver.receive_messages(1, max_wait_time=WAIT_S)
        found = {field: getattr(message, name) for field, name in self.FIELDS.items()}
        headers = named(message.application_properties)
        return {**found, "body": b"".join(message.body), "headers": headers}


class EventHubs:
    """Properties of AMQP that its client has no name for stand in the raw message."""

    def __init__(self, hub: Hub, stack: ExitStack) -> None:
        self.hub = hub
        self.events: list[EventData] = []
        self.count = 0
        stack.enter_context(
            receiving(
                hub.consumer(),
                lambda _, event: self.events.append(event),
                partition_id="0",
                starting_position="-1",
            )
        )

    def send(self, said: Said) -> None:
        event = EventData(said["body"])
        event.properties = said["headers"]
        event.message_id, event.correlation_id = said["id"], said["correlation"]
        event.content_type = said["content_type"]
        raw = event.raw_amqp_message.properties
        raw.subject, raw.reply_to = said["type"], said["reply_to"]
        self.hub.send(event, partition_key=said["key"])

    def receive(self) -> Said:
        self.count += 1
        until(lambda: len(self.events) >= self.count)
        event = self.events[self.count - 1]
        raw = event.raw_amqp_message.properties
        return {
            "body": b"".join(event.body),
            "id": event.message_id,
            "correlation": event.correlation_id,
            "content_type": event.content_type,
            "reply_to": raw.reply_to.decode(),
            "type": raw.subject.decode(),
            "key": event.partition_key.decode(),
            "headers": named(event.properties),
        }


def as_bytes(value: Any) -> bytes:
    """A value as Kafka has it."""
    if isinstance(value, bytes):
        return value
    return str(value).lower().encode() if isinstance(value, bool) else str(value).encode()


def named(properties: Any) -> dict[str, Any]:
    """Properties whose names are text; values stay as the client gives them."""
    found = {as_text(name): value for name, value in (properties or {}).items()}
    found.pop(META, None)
    return found


def as_text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def alike(value: Any) -> Any:
    """Clients for Python hand text out as bytes, all of Azure's and Kafka's: what is compared is bytes there."""
    return value.encode() if isinstance(value, str) else value


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    with serving(topology=TOPOLOGY) as running, ExitStack() as stack:
        hub = Hub(running, NAME)
        kafka, rabbitmq = Kafka(running.kafka.bootstrap), RabbitMQ(running.amqp.url)
        stack.callback(kafka.consumer.close)
        stack.callback(rabbitmq.connection.close)
        yield {
            "kafka": kafka,
            "rabbitmq": rabbitmq,
            "servicebus": ServiceBus(connection_string(running.amqp.port), stack),
            "eventhubs": EventHubs(hub, stack),
        }
        hub.close()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
ASCII = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(
    lambda name: name not in ("type", "traceparent", "tracestate")
)
VALUES = st.one_of(TEXT, st.binary(max_size=8), st.booleans(), st.integers(-(2**31), 2**31 - 1))
MESSAGES = st.fixed_dictionaries(
    {
        "body": st.binary(min_size=1, max_size=60),
        "id": TEXT,
        "correlation": TEXT,
        "content_type": ASCII,
        "reply_to": TEXT,
        "type": TEXT,
        "key": TEXT,
        "headers": st.dictionaries(NAMES, VALUES, max_size=5),
    }
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["kafka", "rabbitmq", "servicebus", "eventhubs"]), MESSAGES)
def test_what_one_sends_all_receive(clients: dict[str, Any], sender: str, said: Said) -> None:
    judge(clients, sender, said)


def judge(clients: dict[str, Any], sender: str, said: Said) -> None:
    """What `sender` says all get, each field in its place."""
    if (
        sender == "servicebus"
    ):  # its client for Python sends bytes as the text they are, or not at all
        headers = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in said["headers"].items()
        }
        said = {**said, "headers": headers}
    clients[sender].send(said)
    for name, client in clients.items():
        found = client.receive()
        values = expected(said["headers"], sender, name)
        got = {key: alike(value) for key, value in found.pop("headers").items()}
        assert got == {key: alike(value) for key, value in values.items()}, name
        assert found == {field: said[field] for field in found}, name
        assert len(found) == 7


def expected(headers: dict[str, Any], sender: str, receiver: str) -> dict[str, Any]:
    """Through Kafka, at either end, every value is its text."""
    show: Callable[[Any], Any] = as_bytes if "kafka" in (sender, receiver) else lambda value: value
    return {name: show(value) for name, value in headers.items()}
