"""A task is a message: Kafka, RabbitMQ, SQS and Pub/Sub make them, and take what becomes of them."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import grpc
import pika
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients.pubsub_work import Google, topic
from tests.clients.test_cloudtasks_google import DEADLINE_S, PARENT, Target, target

from dragoman.app.config import ServeOptions
from dragoman.cli.commands import run
from dragoman.testing.broker import RunningBroker, broker

pytestmark = pytest.mark.clients
EXAMPLES = 15
BODIES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)
HEADERS = st.dictionaries(
    st.from_regex(r"x-[a-z]{1,8}", fullmatch=True),
    st.from_regex(r"[!-~]([ -~]{0,9}[!-~])?", fullmatch=True),
    max_size=4,
)
FIFTY_MS = {"nanos": 50_000_000}


class World:
    """A client of each kind on one broker, and one target."""

    def __init__(self, running: RunningBroker, there: Target) -> None:
        self.running = running
        self.there = there
        place = running.cloudtasks
        self.channel = grpc.insecure_channel(f"{place.host}:{place.port}")
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        transport = CloudTasksGrpcTransport(channel=self.channel, credentials=anonymous)
        self.tasks: Any = tasks_v2.CloudTasksClient(transport=transport)
        self.google = Google(running)
        self.producer = Producer({"bootstrap.servers": running.kafka.bootstrap, "linger.ms": 0})
        self.connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        self.amqp = self.connection.channel()
        at = running.sqs
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        self.sqs = boto3.client("sqs", endpoint_url=at.url, region_name=at.region, **keys)

    def make(self, name: str, **fields: Any) -> str:
        """A queue whose tasks go to the target."""
        port = int(self.there.url.rpartition(":")[2])
        uri = {"scheme": "HTTP", "host": "127.0.0.1", "port": port}
        queue = {
            "name": f"{PARENT}/queues/{name}",
            "http_target": {"uri_override": uri},
            **fields,
        }
        return str(self.tasks.create_queue(parent=PARENT, queue=queue).name)

    def next(self, at: int) -> tuple[str, bytes, dict[str, str]]:
        """The request of that number: method, body, headers."""
        self.there.wait(at + 1)
        method, _, headers, body = self.there.requests[at]
        return method, body, {name.lower(): value for name, value in headers.items()}

    def by_kafka(self, queue: str, body: bytes, headers: dict[str, str]) -> None:
        said: Any = [(name, value.encode()) for name, value in headers.items()]
        self.producer.produce(queue, body, headers=said)
        self.producer.flush(DEADLINE_S)

    def by_route(self, queue: str, body: bytes, headers: dict[str, str]) -> None:
        self.amqp.exchange_declare("jobs", "topic")
        self.amqp.queue_bind(queue, "jobs", "job.#")
        told = pika.BasicProperties(headers=dict(headers))
        self.amqp.basic_publish("jobs", "job.new", body, told)
        self.amqp.queue_unbind(queue, "jobs", "job.#")

    def by_sqs(self, queue: str, body: bytes, headers: dict[str, str]) -> None:
        attributes: Any = {
            name: {"DataType": "String", "StringValue": value} for name, value in headers.items()
        }
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody=body.decode(), MessageAttributes=attributes)

    def by_pubsub(self, queue: str, body: bytes, headers: dict[str, str]) -> None:
        self.google.publisher.publish(topic(queue), body, **headers).result(DEADLINE_S)

    def close(self) -> None:
        self.connection.close()
        self.google.close()
        self.channel.close()
        self.sqs.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    options = ServeOptions(memory=True, push_allow=("127.0.0.1",))
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running, target() as there:
        found = World(running, there)
        yield found
        found.close()


@pytest.mark.parametrize("how", ["by_kafka", "by_route", "by_sqs", "by_pubsub"])
def test_what_any_protocol_sends_to_a_queue_is_its_task(world: World, how: str) -> None:
    queue = f"across-{how[3:]}"
    world.make(queue)
    send: Callable[[str, bytes, dict[str, str]], None] = getattr(world, how)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(BODIES, HEADERS)
    def check(body: str, headers: dict[str, str]) -> None:
        at = len(world.there.requests)
        send(queue, body.encode(), headers)
        method, came, told = world.next(at)
        assert (method, came) == ("POST", body.encode())
        assert {name: told.get(name) for name in headers} == headers
        assert told["x-cloudtasks-queuename"] == queue

    check()


def test_a_kafka_topic_is_carried_to_a_queue(world: World) -> None:
    world.make("fed")
    at = len(world.there.requests)
    world.by_kafka("source", b"first", {})
    url = f"http://127.0.0.1:{world.running.sqs.port}"
    assert run(["pump", "create", "feeding", "source", "fed", "--url", url]) == 0
    assert world.next(at)[1] == b"first"
    world.by_kafka("source", b"second", {})
    assert world.next(at + 1)[1] == b"second"


def test_an_sqs_queue_can_have_its_messages_sent_as_tasks(world: World) -> None:
    world.sqs.create_queue(QueueName="becomes")
    world.by_sqs("becomes", b"before", {})
    at = len(world.there.requests)
    world.make("becomes")
    assert world.next(at)[1] == b"before"


def test_a_task_whose_attempts_are_spent_is_received_by_sqs(world: World) -> None:
    url = world.sqs.create_queue(QueueName="failed")["QueueUrl"]
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "failed"}
    world.amqp.queue_declare("mail", durable=True, arguments=dead)
    retry = {"max_attempts": 2, "min_backoff": FIFTY_MS, "max_backoff": FIFTY_MS}
    name = world.make("mail", retry_config=retry)
    at = len(world.there.requests)
    world.there.answers = [(500, {}), (500, {})]
    task = {"name": f"{name}/tasks/one", "http_request": {"url": world.there.url, "body": b"lost"}}
    world.tasks.create_task(parent=name, task=task)
    world.next(at + 1)
    (message,) = world.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert message["Body"] == "lost"


def test_a_kafka_consumer_reads_the_tasks_of_a_queue(world: World) -> None:
    name = world.make("read")
    world.tasks.pause_queue(name=name)  # what is done is kept for nobody
    world.tasks.create_task(
        parent=name, task={"http_request": {"url": world.there.url, "body": b"a task"}}
    )
    consumer = Consumer({"bootstrap.servers": world.running.kafka.bootstrap, "group.id": "g"})
    consumer.assign([TopicPartition("read", 0, 0)])
    record = consumer.poll(DEADLINE_S)
    consumer.close()
    assert record is not None
    assert record.value() == b"a task"
