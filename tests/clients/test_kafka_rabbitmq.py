"""One queue, two protocols: what RabbitMQ's client publishes Kafka's consumes, and the other way round."""

import time
import tomllib
from pathlib import Path
from typing import Any

import pika
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.clients.kafka_work import DEADLINE_S

from dragoman.app.configfile import read
from dragoman.testing.broker import broker

FEEDS = """
[namespace.default.stream.sales]
[namespace.default.stream.openings]
[namespace.default.queue.ledger]
[namespace.default.route.news]
kind = "direct"
[namespace.default.pump.to-ledger]
source = "sales"
targets = [{ name = "ledger" }]
headers_set = [["via", "ledger"]]
[namespace.default.pump.to-news]
source = "sales"
targets = [{ name = "news", is_route = true, key = "sale" }]
[namespace.default.binding.openings]
route = "news"
target = "openings"
key = "open"
filter = { x-match = "all", shop = "north" }
headers_set = [["source", "news"]]
"""

pytestmark = pytest.mark.clients


def test_a_stream_of_rabbitmq_is_a_topic_and_a_topic_such_a_stream() -> None:
    with broker() as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("log", durable=True, arguments={"x-queue-type": "stream"})
        channel.basic_publish("", "log", b"from rabbitmq")
        producer = Producer({"bootstrap.servers": running.kafka.bootstrap})
        for topic in ("log", "topic"):
            producer.produce(topic, b"from kafka", headers=[("a", b"b")])
        assert producer.flush(DEADLINE_S) == 0
        consumer = Consumer({"bootstrap.servers": running.kafka.bootstrap, "group.id": "g"})
        consumer.assign([TopicPartition("log", 0, 0)])
        assert [next_of(consumer).value() for _ in range(2)] == [b"from rabbitmq", b"from kafka"]
        consumer.close()
        channel.basic_qos(prefetch_count=5)
        for queue, offset in (("log", 1), ("topic", 0)):
            start = {"x-stream-offset": "first" if queue == "topic" else offset}
            _, properties, body = next(channel.consume(queue, arguments=start))
            assert (body, properties.headers["x-stream-offset"]) == (b"from kafka", offset)
            assert properties.headers["a"] == "b"
            channel.cancel()
        connection.close()


def test_a_queue_and_a_topic_of_one_name_are_the_same_messages() -> None:
    with broker() as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        channel = connection.channel()
        channel.queue_declare("orders", durable=True)
        properties = pika.BasicProperties(headers={"b": "x"}, message_id="m1")
        channel.basic_publish("", "orders", b"from rabbitmq", properties)
        channel.basic_publish("", "orders", b"again")
        consumer = Consumer({"bootstrap.servers": running.kafka.bootstrap, "group.id": "g"})
        consumer.assign([TopicPartition("orders", 0, 0)])
        first, second = (next_of(consumer) for _ in range(2))
        assert (first.offset(), first.value()) == (0, b"from rabbitmq")
        assert ("b", b"x") in first.headers()
        assert ("message-id", b"m1") in first.headers()
        assert second.value() == b"again"
        consumer.close()
        producer = Producer(
            {
                "bootstrap.servers": running.kafka.bootstrap,
                "linger.ms": 20,
                "compression.type": "zstd",
            }
        )
        for index in range(3):
            producer.produce("orders", b"from kafka %d" % index, headers={"h": b"v"})
        assert producer.flush(DEADLINE_S) == 0
        taken = [channel.basic_get("orders", auto_ack=True) for _ in range(5)]
        assert [body for _, _, body in taken] == [
            b"from rabbitmq",
            b"again",
            *(b"from kafka %d" % index for index in range(3)),
        ]
        assert taken[-1][1].headers["h"] == "v"
        assert channel.basic_get("orders") == (None, None, None)
        connection.close()


def test_readers_of_both_kinds_have_the_same_stream_at_once() -> None:
    """Consumers of the queue compete for its messages; each Kafka group gets all of them."""
    count = 300
    with broker() as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        channel = connection.channel()
        channel.queue_declare("both", durable=True)
        taken: dict[str, list[bytes]] = {"one": [], "other": []}
        channel.basic_qos(prefetch_count=20)
        for name, bodies in taken.items():
            channel.basic_consume(
                "both",
                lambda channel, method, _, body, bodies=bodies: (
                    bodies.append(body),
                    channel.basic_ack(method.delivery_tag),
                ),
                consumer_tag=name,
            )
        producer = Producer({"bootstrap.servers": running.kafka.bootstrap})
        for number in range(count // 2):
            producer.produce("both", b"kafka %d" % number)
            channel.basic_publish("", "both", b"rabbitmq %d" % number)
        assert producer.flush(DEADLINE_S) == 0
        groups = [read_all(running.kafka.bootstrap, group, "both", count) for group in ("g", "h")]
        end = time.monotonic() + DEADLINE_S  # noqa: TID251
        while sum(map(len, taken.values())) < count:
            assert time.monotonic() < end, taken  # noqa: TID251
            connection.process_data_events(0.1)
        connection.close()
    assert groups[0] == groups[1]
    assert sorted(taken["one"] + taken["other"]) == sorted(groups[0])
    assert min(map(len, taken.values())) > 0
    for said in (b"kafka ", b"rabbitmq "):
        of_one_sender = [body for body in groups[0] if body.startswith(said)]
        assert of_one_sender == [b"%s%d" % (said, number) for number in range(count // 2)]


def test_a_topic_feeds_a_queue_and_an_exchange_and_an_exchange_a_topic_by_configuration() -> None:
    options = read(tomllib.loads(FEEDS), Path())
    options.memory, options.ports = True, {"kafka": 0, "amqp": 0}
    with broker(options) as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("dispatch", durable=True)
        channel.queue_bind("dispatch", "news", "sale")
        producer = Producer({"bootstrap.servers": running.kafka.bootstrap})
        producer.produce("sales", b"a lamp", key="lamp", headers={"shop": b"north"})
        assert producer.flush(DEADLINE_S) == 0
        for queue, headers in (("ledger", {"via": "ledger"}), ("dispatch", {})):
            body, found = got(channel, queue)
            assert body == b"a lamp"
            assert found == {"shop": "north", "x-partition-key": "lamp", **headers}
        for shop in ("north", "south"):
            properties = pika.BasicProperties(headers={"shop": shop})
            channel.basic_publish("news", "open", shop.encode(), properties)
        consumer = Consumer({"bootstrap.servers": running.kafka.bootstrap, "group.id": "g"})
        consumer.assign([TopicPartition("openings", 0, 0)])
        message = next_of(consumer)
        assert message.value() == b"north"
        assert dict(message.headers()) == {"shop": b"north", "source": b"news"}
        assert consumer.poll(0.2) is None, "the binding's filter keeps the other out"
        consumer.close()
        connection.close()


def got(channel: Any, queue: str) -> tuple[bytes, dict[str, Any]]:
    """The next message of a queue that something else fills, and its headers but the meta."""
    end = time.monotonic() + DEADLINE_S  # noqa: TID251
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is not None:
            properties.headers.pop("dragoman-meta", None)
            return body, properties.headers
        assert time.monotonic() < end  # noqa: TID251


def read_all(bootstrap: str, group: str, topic: str, count: int) -> list[bytes]:
    """What a group of its own reads of a topic, from its beginning."""
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    bodies = [next_of(consumer).value() for _ in range(count)]
    consumer.close()
    return bodies


def next_of(consumer: Consumer) -> Any:
    message = consumer.poll(DEADLINE_S)
    assert message is not None
    assert message.error() is None
    return message
