"""`dragoman snippet PROTOCOL`: a small whole program for an official client, ready to run."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from dragoman.cli.endpoints import endpoints
from dragoman.cli.errors import CommandError

Protocol = Literal["kafka", "amqp", "sqs", "eventgrid"]
Language = Literal["python"]

KAFKA: Final = """\
# pip install confluent-kafka
from confluent_kafka import Consumer, Producer

broker = {broker}

producer = Producer(broker)
producer.produce("orders", key="7", value="one coffee")
producer.flush()

consumer = Consumer({{**broker, "group.id": "kitchen", "auto.offset.reset": "earliest"}})
consumer.subscribe(["orders"])
message = consumer.poll(10)
print(message.value().decode())
consumer.close()
"""
AMQP: Final = """\
# pip install pika
import pika

connection = pika.BlockingConnection(pika.URLParameters({url}))
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare("orders", durable=True)
channel.basic_publish("", "orders", b"one coffee")

for method, properties, body in channel.consume("orders", inactivity_timeout=10):
    print(body.decode())
    channel.basic_ack(method.delivery_tag)
    break
connection.close()
"""
SQS: Final = """\
# pip install boto3
import boto3

sqs = boto3.client(
    "sqs",
    endpoint_url={url},
    region_name={region},
    aws_access_key_id={access_key},
    aws_secret_access_key={secret_key},
)
queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
sqs.send_message(QueueUrl=queue, MessageBody="one coffee")

for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]:
    print(message["Body"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
"""
EVENTGRID: Final = """\
# pip install azure-eventgrid
from azure.core.credentials import AzureKeyCredential
from azure.eventgrid import EventGridEvent, EventGridPublisherClient

client = EventGridPublisherClient({url}, AzureKeyCredential({key}))
client.send(
    EventGridEvent(
        subject="orders/7", event_type="Orders.Placed", data={{"item": "coffee"}}, data_version="1"
    )
)
"""
PROGRAMS: Final[Mapping[tuple[str, str], str]] = {
    ("kafka", "python"): KAFKA,
    ("amqp", "python"): AMQP,
    ("sqs", "python"): SQS,
    ("eventgrid", "python"): EVENTGRID,
}


def snippet(
    protocol: Protocol, *, lang: Language = "python", ready_file: Path | None = None
) -> int:
    """Print a program that sends a message and receives it.

    Args:
        protocol: Which client's.
        lang: Which language.
        ready_file: What `dragoman serve --ready-file` wrote; without it, the usual ports are assumed.
    """
    known = endpoints(ready_file)
    if protocol not in known:
        raise CommandError(f"the broker does not serve {protocol}")
    sys.stdout.write(PROGRAMS[protocol, lang].format(**_literals(known[protocol])))
    return 0


def _literals(endpoint: Mapping[str, Any]) -> dict[str, str]:
    """What the endpoint tells, as literals of any of the languages; `broker` is a Kafka client's part."""
    found = {name: json.dumps(value) for name, value in endpoint.items()}
    if "bootstrap" in endpoint:
        broker = {"bootstrap.servers": endpoint["bootstrap"]}
        if "username" in endpoint:
            broker |= {
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": endpoint["username"],
                "sasl.password": endpoint["password"],
            }
        found["broker"] = json.dumps(broker, indent=4 if len(broker) > 1 else None)
    return found
