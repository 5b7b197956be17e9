# mypy: disable-error-code="no-untyped-call,arg-type,union-attr"
"""A bad message, and what its sender is told: with the official client of each protocol, on one stream with one rule."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import grpc
import pika
import pika.exceptions
import pytest
from azure.core.exceptions import HttpResponseError
from azure.eventgrid import EventGridEvent, EventGridPublisherClient
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.exceptions import EventHubError
from azure.mgmt.eventgrid import models as m
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, Producer
from google.api_core.exceptions import InvalidArgument
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.pubsub_v1 import PublisherClient as Gapic
from google.pubsub_v1 import SchemaServiceClient
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from tests.clients.eventgrid_work import GROUP, KEY, managed, serving
from tests.clients.pubsub_work import Google, topic
from tests.clients.servicebus_work import connection_string

from dragoman.kernel.api import DeclareQueue
from dragoman.testing.broker import RunningBroker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DEADLINE_S = 20
WORKER = str(Path(__file__).parent / "kafka_refused_worker.py")
NAMES = ("orders", "buried", "marked", "dropped")
SCHEMA = '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}'
GOOD, BAD = b'{"total": 1}', b'{"total": "much"}'
WHY = 'rule strict: body/total: "much" is not of type "number"'


class Broker:
    """A broker with streams, one for each thing that may become of a bad message."""

    def __init__(self, running: RunningBroker, folder: Path) -> None:
        self.running = running
        self.folder = folder
        self.url = f"http://127.0.0.1:{running.sqs.port}/admin/v1"
        self.ask("POST", "/rules", name="strict", settings={"on": NAMES[:1], "schema": "order"})
        for name, bad in zip(NAMES[1:], ("dead-letter", "pass", "drop"), strict=True):
            settings = {"on": [name], "schema": "order", "bad": bad}
            self.ask("POST", "/rules", name=name, settings=settings)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode() if body else None, method=method
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read() or b"null")

    def stored(self, name: str) -> list[Any]:
        found = self.ask("GET", f"/streams/default/{name}/messages?limit=1000")["items"]
        return [item["message"] for item in found]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    from dragoman.kernel.api import RegisterSchema  # noqa: PLC0415

    schema = RegisterSchema(subject="order", kind="json", text=SCHEMA, revision="1")
    folder = tmp_path_factory.mktemp("rules")
    with serving(folder, topology=(schema, *[DeclareQueue(name=name) for name in NAMES])) as found:
        yield Broker(found, folder)


def test_kafka_is_told_the_record_and_the_whole_batch_fails(broker: Broker) -> None:
    told: list[Any] = []
    at = broker.running.kafka.bootstrap
    producer = Producer({"bootstrap.servers": at, "linger.ms": 50, "log_level": 0})
    for value in (GOOD, BAD):
        producer.produce("orders", value, on_delivery=lambda error, _: told.append(error))
    producer.flush(DEADLINE_S)
    assert [error.name() for error in told] == ["INVALID_RECORD"] * 2
    assert GOOD not in [one["body"] for one in broker.stored("orders")]


def test_each_record_of_a_kafka_batch_is_told_what_is_wrong_with_it(broker: Broker) -> None:
    values = [value.decode() for value in (GOOD, BAD, GOOD, BAD)]
    at = broker.running.kafka.bootstrap
    done = subprocess.run(
        [sys.executable, "-W", "ignore", WORKER, at, "orders", *values],
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * DEADLINE_S,
    )
    told = json.loads(done.stdout)
    assert [WHY in text for text in told] == [False, True, False, True], told
    assert all(text.startswith("InvalidRecordError") is (WHY in text) for text in told), told


def test_rabbitmq_nacks_the_bad_message_alone(broker: Broker) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(broker.running.amqp.url))
    channel = connection.channel()
    channel.basic_publish("", "buried", BAD)  # nobody waits to hear of it
    channel.confirm_delivery()
    with pytest.raises(pika.exceptions.NackError):
        channel.basic_publish("", "orders", BAD)
    channel.basic_publish("", "orders", b'{"total": 2}')
    assert channel.is_open
    before = len(broker.stored("orders"))
    free = connection.channel()
    for body in (BAD, b'{"total": 3}', BAD):
        free.basic_publish("", "orders", body)
    channel.queue_declare("orders", passive=True)
    free.close()
    assert len(broker.stored("orders")) == before + 1
    _, properties, body = channel.basic_get("buried/dead", auto_ack=True)
    assert body == BAD
    assert properties.headers["x-first-death-reason"] == "rule"
    connection.close()


def test_sqs_fails_the_bad_entry_alone(broker: Broker) -> None:
    at = broker.running.sqs
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    sqs = boto3.client("sqs", endpoint_url=at.url, region_name=at.region, **keys)
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    with pytest.raises(sqs.exceptions.InvalidMessageContents, match="rule strict") as caught:
        sqs.send_message(QueueUrl=url, MessageBody=BAD.decode())
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    bodies = [GOOD.decode(), BAD.decode(), '{"total": 4}']
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["0", "2"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"], failed["Message"]) == (
        "1",
        "InvalidMessageContents",
        True,
        WHY,
    )
    with pytest.raises(ClientError):
        sqs.send_message(QueueUrl=url, MessageBody=BAD.decode(), DelaySeconds=5)


def test_sns_gives_a_queues_bad_message_to_the_subscriptions_dead_letters(broker: Broker) -> None:
    at = broker.running.sqs
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    sns, sqs = (
        boto3.client(name, endpoint_url=at.url, region_name=at.region, **keys)
        for name in ("sns", "sqs")
    )

    def queue(name: str) -> tuple[str, str]:
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    (url, arn), (dead_url, dead_arn) = queue("told"), queue("told-dead")
    broker.ask("POST", "/rules", name="told", settings={"on": ["told"], "schema": "order"})
    topic_arn = sns.create_topic(Name="orders-sns")["TopicArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn})
    attributes = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    sns.publish(TopicArn=topic_arn, Message=BAD.decode())
    bodies = [GOOD.decode(), BAD.decode(), '{"total": 5}']
    entries = [{"Id": str(at), "Message": body} for at, body in enumerate(bodies)]
    answer = sns.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["0", "1", "2"]
    for place, wanted in ((url, [bodies[0], bodies[2]]), (dead_url, [BAD.decode()] * 2)):
        found = sqs.receive_message(QueueUrl=place, MaxNumberOfMessages=10)["Messages"]
        assert [one["Body"] for one in found] == wanted


def test_pubsub_refuses_the_whole_publish(broker: Broker) -> None:
    google = Google(broker.running)
    google.publisher.create_topic(name=topic("orders-pubsub"))
    broker.ask(
        "POST", "/rules", name="pubsub", settings={"on": ["orders-pubsub"], "schema": "order"}
    )
    messages = [{"data": GOOD}, {"data": BAD}]
    with pytest.raises(InvalidArgument, match="rule pubsub: body/total"):
        Gapic(transport=google.publisher.transport).publish(
            topic=topic("orders-pubsub"), messages=messages
        )
    assert broker.stored("orders-pubsub") == []
    google.close()


def test_a_topics_schema_settings_hold_for_every_protocol(broker: Broker) -> None:
    google = Google(broker.running)
    schemas = SchemaServiceClient(
        transport=SchemaServiceGrpcTransport(channel=grpc.insecure_channel(google.address))
    )
    avro = {"type": "record", "name": "R", "fields": [{"name": "total", "type": "int"}]}
    made = schemas.create_schema(
        parent="projects/default",
        schema={"type_": "AVRO", "definition": json.dumps(avro)},
        schema_id="total",
    )
    schemas.transport.close()
    settings = {"schema": made.name, "encoding": "JSON"}
    google.publisher.create_topic(request={"name": topic("schooled"), "schema_settings": settings})
    reader = google.subscribe("schooled", "schooled-sub")
    told: list[Any] = []
    producer = Producer({"bootstrap.servers": broker.running.kafka.bootstrap, "log_level": 0})
    for value in (GOOD, BAD):
        producer.produce("schooled", value, on_delivery=lambda error, _: told.append(error))
        producer.flush(DEADLINE_S)
    assert [error and error.name() for error in told] == [None, "INVALID_RECORD"]
    string = connection_string(broker.running)
    with (
        ServiceBusClient.from_connection_string(string, retry_total=0) as client,
        client.get_topic_sender("schooled") as sender,
        pytest.raises(ServiceBusError, match="rule schema total"),
    ):
        sender.send_messages(ServiceBusMessage(BAD))
    with pytest.raises(InvalidArgument, match="failed schema validation"):
        google.publish("schooled", BAD)
    google.publish("schooled", b'{"total": 2}')
    assert [one.message.data for one in google.pull(reader, 2)] == [GOOD, b'{"total": 2}']
    google.close()


def test_cloud_tasks_and_event_grid_say_invalid_argument_and_bad_request(broker: Broker) -> None:
    place = broker.running.cloudtasks
    transport = CloudTasksGrpcTransport(
        channel=grpc.insecure_channel(f"{place.host}:{place.port}"),
        credentials=AnonymousCredentials(),
    )
    tasks = tasks_v2.CloudTasksClient(transport=transport)
    parent = "projects/default/locations/local"
    queue = tasks.create_queue(parent=parent, queue={"name": f"{parent}/queues/tasks"}).name
    broker.ask("POST", "/rules", name="tasks", settings={"on": ["tasks"], "schema": "order"})
    request = {"url": "http://127.0.0.1:9/", "body": BAD, "http_method": "POST"}
    with pytest.raises(InvalidArgument, match="rule tasks: body/total"):
        tasks.create_task(parent=queue, task={"http_request": request})
    tasks.transport.close()
    port = broker.running.eventgrid.port
    with managed(broker.folder, port) as manager:
        made = m.Topic(location="here")
        manager.topics.begin_create_or_update(GROUP, "events", made).result()
    streams = broker.ask("GET", "/streams?contains=events")["items"]
    settings = {"on": [streams[0]["name"]], "check": "m.type == 'made'"}
    broker.ask("POST", "/rules", name="events", settings=settings)
    endpoint = f"http://127.0.0.1:{port}/events/api/events"
    with EventGridPublisherClient(endpoint, KEY) as publisher:
        publisher.send(EventGridEvent("s", "made", {}, "1"))
        with pytest.raises(HttpResponseError, match="rule events") as caught:
            publisher.send(EventGridEvent("s", "lost", {}, "1"))
    assert (caught.value.status_code, caught.value.error.code) == (400, "BadRequest")


def test_service_bus_and_event_hubs_are_rejected_with_an_argument_error(broker: Broker) -> None:
    string = connection_string(broker.running)
    with (
        ServiceBusClient.from_connection_string(string, retry_total=0) as client,
        client.get_queue_sender("orders") as sender,
        pytest.raises(ServiceBusError, match="rule strict: body/total"),
    ):
        sender.send_messages(ServiceBusMessage(BAD))
    hub = EventHubProducerClient.from_connection_string(
        f"{string}EntityPath=orders;", retry_total=0
    )
    with hub:
        batch = hub.create_batch()
        batch.add(EventData(BAD))
        with pytest.raises(EventHubError, match="rule strict: body/total"):
            hub.send_batch(batch)


def test_what_passes_is_marked_for_every_reader_and_what_is_dropped_is_gone(
    broker: Broker,
) -> None:
    at = broker.running.kafka.bootstrap
    producer = Producer({"bootstrap.servers": at, "linger.ms": 50, "enable.idempotence": True})
    for name in ("marked", "dropped"):
        for value in (GOOD, BAD, GOOD):
            producer.produce(name, value, key=b"k")
    assert producer.flush(DEADLINE_S) == 0
    producer.produce("dropped", b'{"total": 6}')
    assert producer.flush(DEADLINE_S) == 0
    consumer = Consumer({"bootstrap.servers": at, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.subscribe(["marked", "dropped"])
    records: dict[str, list[Any]] = {"marked": [], "dropped": []}
    while sum(map(len, records.values())) < 6:
        record = consumer.poll(DEADLINE_S)
        assert record is not None
        assert record.error() is None
        records[str(record.topic())].append((record.offset(), record.value(), record.headers()))
    consumer.close()
    mark = [("dragoman-invalid", WHY.replace("strict", "marked").encode())]
    assert records["marked"] == [(0, GOOD, None), (1, BAD, mark), (2, GOOD, None)]
    assert [each[0] for each in records["dropped"]] == [0, 2, 3]
    (rule,) = [one for one in broker.ask("GET", "/rules")["items"] if one["name"] == "dropped"]
    assert (rule["seen"], rule["bad"]) == (4, 1)
    connection = pika.BlockingConnection(pika.URLParameters(broker.running.amqp.url))
    got = [connection.channel().basic_get("marked") for _ in range(2)]
    assert got[1][1].headers["dragoman-invalid"] == mark[0][1].decode()
    connection.close()


def test_a_subscription_with_rules_gets_what_these_make_and_its_neighbours_what_was_sent(
    broker: Broker,
) -> None:
    google = Google(broker.running)
    whole = google.make("orders-taken", "whole")
    reader = google.subscribe("orders-taken", "cut")
    cut = {"check": "msg.total > 1.0", "set": {"body": "{'total': msg.total}"}}
    broker.ask("POST", "/rules", name="cut", settings=cut)
    path = "/streams/default/orders-taken/subscriptions/cut"
    broker.ask("PATCH", path, settings={"rules": ["cut"]})
    bodies = [b'{"total": 2, "card": "1234"}', b'{"total": 1}']
    google.publish("orders-taken", *bodies)
    assert {one.message.data for one in google.pull(whole, 2)} == set(bodies)
    assert [one.message.data for one in google.pull(reader)] == [b'{"total":2}']
    google.close()
    broker.ask("POST", path + "/seek", time_ms=0)
    with (
        ServiceBusClient.from_connection_string(connection_string(broker.running)) as client,
        client.get_subscription_receiver("orders-taken", "cut") as receiver,
    ):
        (message,) = receiver.receive_messages(max_wait_time=DEADLINE_S)
        assert b"".join(message.body) == b'{"total":2}'
        receiver.complete_message(message)
