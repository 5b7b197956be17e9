"""One queue, three protocols: boto3, confluent-kafka and pika send and receive each other's messages."""

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pika
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients.sqs_work import DEADLINE_S, client, serving

from dragoman.testing.broker import RunningBroker

pytestmark = pytest.mark.clients
EXAMPLES = 200


class World:
    """A client of each kind, on one broker."""

    def __init__(self, running: RunningBroker) -> None:
        self.running = running
        self.sqs = client(running)
        self.producer = Producer({"bootstrap.servers": running.kafka.bootstrap, "linger.ms": 0})
        self.connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        self.channel = self.connection.channel()
        self.consumers: dict[str, Consumer] = {}
        self.urls: dict[str, str] = {}

    def make(self, name: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.urls[name] = url
        return url

    def receive(self, name: str, count: int = 1) -> list[Any]:
        """So many messages, deleted."""
        found: list[Any] = []
        while len(found) < count:
            messages = self.sqs.receive_message(
                QueueUrl=self.urls[name],
                MaxNumberOfMessages=min(count - len(found), 10),
                WaitTimeSeconds=10,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages")
            assert messages, f"{len(found)} of {count} came"
            for message in messages:
                self.sqs.delete_message(
                    QueueUrl=self.urls[name], ReceiptHandle=message["ReceiptHandle"]
                )
            found += messages
        return found

    def consume(self, topic: str) -> Any:
        """The next record of a topic."""
        consumer = self.consumers.get(topic)
        if consumer is None:
            consumer = Consumer(
                {
                    "bootstrap.servers": self.running.kafka.bootstrap,
                    "group.id": "g",
                    "fetch.wait.max.ms": 10,
                }
            )
            consumer.assign([TopicPartition(topic, 0, 0)])
            self.consumers[topic] = consumer
        record = consumer.poll(DEADLINE_S)
        assert record is not None
        assert record.error() is None
        return record

    def forward(self, name: str, onward: str) -> None:
        """One message, as a program does that receives here and sends there."""
        (message,) = self.receive(name)
        self.sqs.send_message(
            QueueUrl=self.urls[onward],
            MessageBody=message["Body"],
            MessageAttributes=message.get("MessageAttributes", {}),
        )

    def get(self, queue: str) -> tuple[Any, bytes]:
        """The next message of a queue, by AMQP."""
        method, properties, body = self.channel.basic_get(queue)
        assert method is not None
        self.channel.basic_ack(method.delivery_tag)
        return properties, body

    def close(self) -> None:
        self.sqs.close()
        self.connection.close()
        for consumer in self.consumers.values():
            consumer.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serving() as running:
        found = World(running)
        yield found
        found.close()


# --- whatever a message says ---

LEGAL = st.characters(
    codec="utf-8",
    include_characters="\t\n\r",
    exclude_categories=["Cc", "Cs"],
    exclude_characters="\ufffe\uffff",
)
TEXT = st.text(LEGAL, min_size=1, max_size=20)
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}(\.[A-Za-z0-9_-]{1,8})?", fullmatch=True).filter(
    lambda name: (
        not name.lower().startswith(("aws.", "amazon.", "ce-"))
        and name not in {"type", "reply-to", "message-id"}
    )
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-(10**6), 10**6).map(lambda n: f"{n}.5"),  # pika writes 1.50 as 1.5
    st.sampled_from(["007", "1e5", "+3", ".5"]),
)
VALUES = st.one_of(
    st.builds(lambda text: {"DataType": "String", "StringValue": text}, TEXT),
    st.builds(lambda text: {"DataType": "Number", "StringValue": text}, NUMBERS),
    st.builds(
        lambda raw: {"DataType": "Binary", "BinaryValue": raw}, st.binary(min_size=1, max_size=20)
    ),
    st.builds(
        lambda text, label: {"DataType": f"String.{label}", "StringValue": text},
        TEXT,
        st.sampled_from(["email", "uuid", "bool", "json"]),
    ),
)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=7)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXT, ATTRIBUTES)
def test_a_message_that_kafka_and_rabbitmq_clients_send_on_is_the_same_for_sqs(
    world: World, body: str, attributes: dict[str, Any]
) -> None:
    """boto3 -> topic and queue `first` -> Kafka's client -> `second` -> RabbitMQ's client -> `third` -> boto3."""
    for name in ("first", "second", "third"):
        if name not in world.urls:
            world.make(name)
    sent = world.sqs.send_message(
        QueueUrl=world.urls["first"], MessageBody=body, MessageAttributes=attributes
    )
    record = world.consume("first")
    assert record.value() == body.encode()
    world.producer.produce("second", record.value(), record.key(), headers=record.headers())
    world.producer.flush(DEADLINE_S)
    properties, raw = world.get("second")
    world.channel.basic_publish("", "third", raw, properties)
    (message,) = world.receive("third")
    assert message["Body"] == body
    found = message.get("MessageAttributes", {})
    assert found.pop("message-id")["StringValue"] == sent["MessageId"]
    found.pop("creation-time")  # of the Kafka record
    found.pop("dragoman-meta", None)
    assert found == attributes
    world.receive("first")


HEADER_NAMES = st.from_regex(r"[A-Za-z0-9 ._é-]{1,20}", fullmatch=True).filter(
    lambda name: not name.lower().startswith(("ce_", "ce-", "cloudevents:", "dragoman", "x-"))
)
PAST_MS = 1_700_000_000_000  # as Kafka, the broker refuses a record from the future
OWN = (
    "message-id",
    "dragoman-meta",
)  # what a message gets on its way, and what SQS had no place for


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(min_size=1, max_size=40),
    st.none() | st.binary(min_size=1, max_size=10),
    st.lists(st.tuples(HEADER_NAMES, st.none() | st.binary(max_size=20)), max_size=12),
    st.integers(1, PAST_MS),
)
def test_a_kafka_record_that_an_sqs_client_sends_on_is_the_same_for_kafka(
    world: World, value: bytes, key: bytes | None, headers: list[Any], timestamp_ms: int
) -> None:
    for name in ("k-in", "k-out"):
        if name not in world.urls:
            world.make(name)
    world.producer.produce("k-in", value, key, headers=headers, timestamp=timestamp_ms)
    assert world.producer.flush(DEADLINE_S) == 0
    world.forward("k-in", "k-out")
    record = world.consume("k-out")
    assert (record.value(), record.key()) == (value, key)
    assert record.timestamp()[1] == timestamp_ms
    assert [one for one in record.headers() if one[0] not in OWN] == headers
    world.receive("k-out")


SHORT = st.text(max_size=20).filter(lambda text: len(text.encode()) < 200)
TABLE_VALUES = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), SHORT, st.binary(max_size=9), st.none()
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "content_type": SHORT,
        "content_encoding": st.just("identity"),
        "headers": st.dictionaries(HEADER_NAMES, TABLE_VALUES, max_size=8),
        "priority": st.integers(0, 255),
        "correlation_id": SHORT,
        "reply_to": SHORT,
        "message_id": SHORT.filter(bool),
        "timestamp": st.integers(1, 2**41),
        "type": SHORT,
        "app_id": SHORT,
    },
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=1, max_size=40), PROPERTIES)
def test_a_message_of_rabbitmq_that_an_sqs_client_sends_on_is_the_same_for_rabbitmq(
    world: World, body: bytes, properties: dict[str, Any]
) -> None:
    for name in ("r-in", "r-out"):
        if name not in world.urls:
            world.make(name)
    world.channel.basic_publish("", "r-in", body, pika.BasicProperties(**properties))
    world.forward("r-in", "r-out")
    found, raw = world.get("r-out")
    assert raw == body
    told = {name: value for name, value in vars(found).items() if value is not None}
    told["headers"] = {
        name: value for name, value in (found.headers or {}).items() if name not in OWN
    }
    if "message_id" not in properties:
        assert told.pop("message_id")
    assert told.pop("delivery_mode", 2) == 2  # queues of SQS keep what they are given
    assert told == {"headers": {}, **properties}


def test_fields_of_kafka_and_rabbitmq_have_their_places_in_sqs(world: World) -> None:
    world.make("fields")
    world.producer.produce(
        "fields", b"from kafka", b"key", headers=[("h", b"v"), ("raw", b"\xff")], timestamp=1234
    )
    world.producer.flush(DEADLINE_S)
    properties = pika.BasicProperties(
        content_type="text/plain",
        correlation_id="c",
        reply_to="r",
        type="t",
        message_id="m",
        headers={"n": 5, "b": True},
    )
    world.channel.basic_publish("", "fields", b"from rabbitmq", properties)
    one, other = sorted(world.receive("fields", 2), key=lambda message: message["Body"])
    assert one["Body"] == "from kafka"
    assert one["MessageAttributes"] == {
        "creation-time": {"DataType": "Number.timestamp", "StringValue": "1234"},
        "x-partition-key": {"DataType": "String", "StringValue": "key"},
        "h": {"DataType": "String", "StringValue": "v"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\xff"},
    }
    told = {name: value["StringValue"] for name, value in other["MessageAttributes"].items()}
    assert told == {
        "content-type": "text/plain", "correlation-id": "c", "reply-to": "r", "type": "t", "message-id": "m",
        "n": "5", "b": "true",
    }  # fmt: skip
    assert other["MessageAttributes"]["b"]["DataType"] == "String.bool"


def test_attributes_of_sqs_have_their_places_in_kafka_and_rabbitmq(world: World) -> None:
    url = world.make("outward")
    attributes = {
        "content-type": {"DataType": "String", "StringValue": "a/b"},
        "n": {"DataType": "Number", "StringValue": "5"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\xff"},
    }
    sent = world.sqs.send_message(
        QueueUrl=url, MessageBody="x", MessageAttributes=attributes, MessageGroupId="g"
    )
    record = world.consume("outward")
    headers = dict(record.headers())
    assert record.key() == b"g"
    assert (headers["content-type"], headers["n"], headers["raw"]) == (b"a/b", b"5", b"\xff")
    assert headers["message-id"].decode() == sent["MessageId"]
    properties, _ = world.get("outward")
    assert (properties.content_type, properties.message_id) == ("a/b", sent["MessageId"])
    assert properties.headers == {"n": 5, "raw": b"\xff", "x-group-id": "g"}


def test_a_dead_letter_of_one_protocol_is_known_as_such_in_the_others(world: World) -> None:
    dead = world.make("dead")
    arn = world.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'
    url = world.sqs.create_queue(QueueName="deadly", Attributes={"RedrivePolicy": policy})[
        "QueueUrl"
    ]
    world.channel.basic_publish("", "deadly", b"rejected by rabbitmq")
    method, _, _ = world.channel.basic_get("deadly")
    world.channel.basic_reject(method.delivery_tag, requeue=False)
    (message,) = world.receive("dead")
    assert message["Body"] == "rejected by rabbitmq"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn.replace(":dead", ":deadly")
    assert message["MessageAttributes"]["x-last-death-reason"]["StringValue"] == "rejected"
    world.sqs.send_message(QueueUrl=url, MessageBody="received too often")
    world.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    world.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)  # by then it is dead
    properties, body = world.get("dead")
    assert body == b"received too often"
    assert properties.headers["x-last-death-reason"] == "delivery_limit"
    assert properties.headers["x-death"][0]["queue"] == "deadly"


# --- one queue, several readers ---


def test_an_sqs_receiver_and_a_rabbitmq_consumer_share_a_queue_fairly(world: World) -> None:
    world.make("shared")
    total = 200
    taken: dict[str, list[str]] = {"sqs": [], "rabbitmq": []}
    is_ready = threading.Event()

    def receive() -> None:
        sqs = client(world.running)
        is_ready.set()
        while sum(map(len, taken.values())) < total:
            messages = sqs.receive_message(QueueUrl=world.urls["shared"], WaitTimeSeconds=1)
            for message in messages.get("Messages", ()):
                sqs.delete_message(
                    QueueUrl=world.urls["shared"], ReceiptHandle=message["ReceiptHandle"]
                )
                taken["sqs"].append(message["Body"])
        sqs.close()

    thread = threading.Thread(target=receive)
    thread.start()
    assert is_ready.wait(DEADLINE_S)
    connection = pika.BlockingConnection(pika.URLParameters(world.running.amqp.url))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    sender = client(world.running)
    sent = 0
    for method, _, body in channel.consume("shared", inactivity_timeout=0.002):
        if method is not None:
            taken["rabbitmq"].append(body.decode())
            channel.basic_ack(method.delivery_tag)
        if sent < total:
            sender.send_message(QueueUrl=world.urls["shared"], MessageBody=f"{sent}")
            sent += 1
        elif sum(map(len, taken.values())) == total:
            break
    channel.cancel()
    connection.close()
    sender.close()
    thread.join(DEADLINE_S)
    assert sorted(taken["sqs"] + taken["rabbitmq"], key=int) == [f"{n}" for n in range(total)]
    assert min(map(len, taken.values())) >= total / 5


def test_a_kafka_topic_with_an_sqs_queue_bound_to_it(world: World) -> None:
    """The topic's messages are carried on to a queue of another name."""
    admin = AdminClient({"bootstrap.servers": world.running.kafka.bootstrap})
    admin.create_topics([NewTopic("readings", num_partitions=2)])["readings"].result(DEADLINE_S)
    world.make("alarms")
    pump = {
        "name": "p",
        "source": "readings",
        "settings": {"targets": [{"name": "alarms"}]},
    }
    body = json.dumps(pump).encode()
    asked = Request(f"{world.running.sqs.url}/admin/v1/pumps", body, method="POST")
    asked.add_header("Content-Type", "application/json")
    with urlopen(asked, timeout=DEADLINE_S) as answer:
        assert answer.status == 201
    for number in range(30):
        world.producer.produce("readings", b"%d" % number, b"k%d" % number, headers=[("n", b"v")])
    assert world.producer.flush(DEADLINE_S) == 0
    found = world.receive("alarms", 30)
    assert sorted(int(message["Body"]) for message in found) == list(range(30))
    assert found[0]["MessageAttributes"]["n"]["StringValue"] == "v"


def test_a_kafka_topic_with_a_queue_opened_on_it(world: World) -> None:
    admin = AdminClient({"bootstrap.servers": world.running.kafka.bootstrap})
    admin.create_topics([NewTopic("events", num_partitions=3)])["events"].result(DEADLINE_S)
    for number in range(30):
        world.producer.produce("events", b"%d" % number, b"k%d" % number)
    assert world.producer.flush(DEADLINE_S) == 0
    world.make("events")
    found = [int(message["Body"]) for message in world.receive("events", 30)]
    assert sorted(found) == list(range(30))
    world.producer.produce("events", b"30")
    world.producer.flush(DEADLINE_S)
    assert world.receive("events")[0]["Body"] == "30"
    consumer = Consumer(
        {
            "bootstrap.servers": world.running.kafka.bootstrap,
            "group.id": "own",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["events"])
    values: set[int] = set()
    for _ in range(31):
        record: Any = consumer.poll(DEADLINE_S)
        values.add(int(record.value()))
    consumer.close()
    assert values == set(range(31))
