"""One stream, four protocols: google-cloud-pubsub, confluent-kafka, pika and boto3 take what the others send."""

from collections.abc import Iterator
from typing import Any

import boto3
import pika
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from confluent_kafka import Consumer, Producer
from tests.clients.pubsub_work import DEADLINE_S, Google, serving, subscription

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def channel(google: Google) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(google.running.amqp.url))
    yield connection.channel()
    connection.close()


@pytest.fixture(scope="module")
def sqs(google: Google) -> Any:
    at = google.running.sqs
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client("sqs", endpoint_url=at.url, region_name=at.region, **keys)


def consumed(google: Google, topic: str) -> Any:
    consumer = Consumer(
        {
            "bootstrap.servers": google.running.kafka.bootstrap,
            "group.id": topic,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    record = consumer.poll(DEADLINE_S)
    consumer.close()
    assert record is not None
    assert record.error() is None
    return record


def produce(google: Google, topic: str, value: bytes, **more: Any) -> None:
    producer = Producer({"bootstrap.servers": google.running.kafka.bootstrap, "linger.ms": 0})
    producer.produce(topic, value, **more)
    assert producer.flush(DEADLINE_S) == 0


def test_what_is_published_is_consumed_by_kafka_and_rabbitmq_and_received_by_sqs(
    google: Google, channel: Any, sqs: Any
) -> None:
    google.make("out", retain_acked_messages=True)
    channel.queue_declare("out", durable=True)
    google.publish("out", b"hello", key="k", tier="gold", **{"content-type": "text/plain"})
    record = consumed(google, "out")
    assert (record.value(), record.key()) == (b"hello", b"k")
    headers = dict(record.headers())
    assert (headers["tier"], headers["content-type"]) == (b"gold", b"text/plain")
    _, properties, body = channel.basic_get("out", auto_ack=False)
    assert (body, properties.content_type) == (b"hello", "text/plain")
    assert (properties.headers["tier"], properties.headers["x-group-id"]) == ("gold", "k")
    channel.basic_recover(requeue=True)
    url = sqs.get_queue_url(QueueName="out")["QueueUrl"]
    (message,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=10
    )["Messages"]
    assert message["Body"] == "hello"
    assert message["MessageAttributes"]["tier"]["StringValue"] == "gold"
    assert message["Attributes"]["MessageGroupId"] == "k"


def test_what_kafka_produces_is_pulled_by_a_subscription(google: Google) -> None:
    sub = google.make("kafka-in", enable_message_ordering=True)
    produce(google, "kafka-in", b"hello", key=b"k", headers=[("tier", b"gold")])
    (received,) = google.pull(sub)
    message = received.message
    assert (message.data, message.ordering_key, message.attributes["tier"]) == (
        b"hello",
        "k",
        "gold",
    )


def test_a_topic_of_kafkas_is_a_topic(google: Google) -> None:
    produce(google, "kafka-own", b"0")
    sub = google.subscribe("kafka-own", "kafka-own-sub")
    produce(google, "kafka-own", b"1")
    assert [one.message.data for one in google.pull(sub)] == [b"1"]
    google.publish("kafka-own", b"2")
    assert [one.message.data for one in google.pull(sub)] == [b"2"]


def test_a_queue_of_rabbitmqs_is_a_subscription(google: Google, channel: Any) -> None:
    channel.queue_declare("jobs", durable=True)
    properties = pika.BasicProperties(
        headers={"tier": "gold", "count": 5}, message_id="m-1", correlation_id="c-1"
    )
    channel.basic_publish("", "jobs", b"hello", properties)
    (received,) = google.pull(subscription("jobs"))
    attributes = dict(received.message.attributes)
    assert received.message.data == b"hello"
    assert (attributes["tier"], attributes["count"], attributes["message-id"]) == (
        "gold",
        "5",
        "m-1",
    )
    google.publish("jobs", b"back", **attributes)
    _, properties, body = channel.basic_get("jobs", auto_ack=True)
    assert (body, properties.headers["count"], properties.message_id) == (b"back", 5, "m-1")


def test_what_sqs_sends_is_pulled_with_the_types_as_text(google: Google, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="sqs-in")["QueueUrl"]
    attributes = {"price": {"DataType": "Number", "StringValue": "149.9"}}
    sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    (received,) = google.pull(subscription("sqs-in"))
    assert (received.message.data, received.message.attributes["price"]) == (b"hello", "149.9")


def test_service_bus_and_pubsub_take_what_the_other_sends(google: Google) -> None:
    sub = google.make("azure")
    google.subscribe("azure", "bus")
    opened = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE"
    place = f"Endpoint=sb://127.0.0.1:{google.running.amqp.port}"
    string = f"{place};{opened};UseDevelopmentEmulator=true;"
    with ServiceBusClient.from_connection_string(string, retry_total=0) as client:
        with client.get_topic_sender("azure") as sender:
            sender.send_messages(
                ServiceBusMessage(b"from azure", application_properties={"tier": "gold"})
            )
        (received,) = google.pull(sub)
        assert received.message.data == b"from azure"
        assert received.message.attributes["tier"] == "gold"
        google.publish("azure", b"from google", tier="tin")
        with client.get_subscription_receiver("azure", "bus") as receiver:
            found = receiver.receive_messages(2, max_wait_time=DEADLINE_S)
            found += receiver.receive_messages(2 - len(found)) if len(found) < 2 else []
            for message in found:
                receiver.complete_message(message)
    assert [b"".join(message.body) for message in found] == [b"from azure", b"from google"]
    assert found[1].application_properties == {b"tier": b"tin"}


def test_an_unknown_project_is_there_once_it_is_named(google: Google) -> None:
    name, sub = "projects/never-seen/topics/new", "projects/never-seen/subscriptions/new"
    google.publisher.create_topic(name=name)
    google.subscriber.create_subscription(name=sub, topic=name)
    google.publisher.publish(name, b"here").result(DEADLINE_S)
    assert [one.message.data for one in google.pull(sub)] == [b"here"]
