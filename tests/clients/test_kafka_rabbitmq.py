"""One queue, two protocols: what RabbitMQ's client publishes Kafka's consumes, and the other way round."""

from typing import Any

import pika
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.clients.kafka_work import DEADLINE_S

from dragoman.testing.broker import broker

pytestmark = pytest.mark.clients


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


def next_of(consumer: Consumer) -> Any:
    message = consumer.poll(DEADLINE_S)
    assert message is not None
    assert message.error() is None
    return message
