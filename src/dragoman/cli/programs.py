"""The programs that `dragoman snippet` prints: each sends one message by an official client and receives it.

They are formats, to be filled with what the client needs to be told (literals); a test runs every one of them.
"""

from collections.abc import Mapping
from typing import Final

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
# pip install azure-eventgrid; the topic is made by `dragoman queue create orders`
from azure.core.credentials import AzureKeyCredential
from azure.eventgrid import EventGridConsumerClient, EventGridEvent, EventGridPublisherClient

url, key = {url}, AzureKeyCredential({key})

with EventGridPublisherClient(f"{{url}}/orders/api/events", key) as publisher:
    publisher.send(EventGridEvent("tables/7", "Orders.Placed", "one coffee", "1.0"))

namespace = {{"namespace_topic": "orders", "subscription": "orders"}}
with EventGridConsumerClient(url, key, **namespace) as consumer:
    for received in consumer.receive(max_events=1, max_wait_time=10):
        print(received.event.data)
        consumer.acknowledge(lock_tokens=[received.broker_properties.lock_token])
"""
PUBSUB: Final = """\
# pip install google-cloud-pubsub
import os

os.environ["PUBSUB_EMULATOR_HOST"] = {emulator_host}
from google.cloud import pubsub_v1

publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
topic = publisher.topic_path("default", "orders")
subscription = subscriber.subscription_path("default", "kitchen")
publisher.create_topic(name=topic)
subscriber.create_subscription(name=subscription, topic=topic)
publisher.publish(topic, b"one coffee", table="7").result(10)

for received in subscriber.pull(subscription=subscription, max_messages=1).received_messages:
    print(received.message.data.decode())
    subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
publisher.stop()
subscriber.close()
"""
CLOUDTASKS: Final = """\
# pip install google-cloud-tasks
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport


class Worker(BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments): ...


channel = grpc.insecure_channel({emulator_host})
transport = CloudTasksGrpcTransport(channel=channel, credentials=AnonymousCredentials())
client = tasks_v2.CloudTasksClient(transport=transport)
parent = "projects/default/locations/local"
queue = client.create_queue(parent=parent, queue={{"name": f"{{parent}}/queues/orders"}})

worker = HTTPServer(("127.0.0.1", 0), Worker)
request = {{"url": f"http://127.0.0.1:{{worker.server_port}}/", "body": b"one coffee"}}
client.create_task(parent=queue.name, task={{"http_request": request}})
worker.handle_request()
worker.server_close()
channel.close()
"""
SERVICEBUS: Final = """\
# pip install azure-servicebus; the queue is made by `dragoman queue create orders`
from azure.servicebus import ServiceBusClient, ServiceBusMessage

string = {connection_string}

with ServiceBusClient.from_connection_string(string) as client:
    with client.get_queue_sender("orders") as sender:
        sender.send_messages(ServiceBusMessage("one coffee"))
    with client.get_queue_receiver("orders") as receiver:
        for message in receiver.receive_messages(max_message_count=1, max_wait_time=10):
            print(str(message))
            receiver.complete_message(message)
"""
EVENTHUBS: Final = """\
# pip install azure-eventhub
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

string = {connection_string}

with EventHubProducerClient.from_connection_string(string, eventhub_name="orders") as producer:
    batch = producer.create_batch()
    batch.add(EventData("one coffee"))
    producer.send_batch(batch)

consumer = EventHubConsumerClient.from_connection_string(string, "$Default", eventhub_name="orders")


def received(partition, event):
    if event is not None:
        print(event.body_as_str())
        consumer.close()


with consumer:
    consumer.receive(received, starting_position="-1")
"""
PROGRAMS: Final[Mapping[tuple[str, str], str]] = {
    ("kafka", "python"): KAFKA,
    ("amqp", "python"): AMQP,
    ("sqs", "python"): SQS,
    ("eventgrid", "python"): EVENTGRID,
    ("pubsub", "python"): PUBSUB,
    ("cloudtasks", "python"): CLOUDTASKS,
    ("servicebus", "python"): SERVICEBUS,
    ("eventhubs", "python"): EVENTHUBS,
}
