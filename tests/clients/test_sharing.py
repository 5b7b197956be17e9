"""Consumers of five protocols compete for the messages of one queue, each through its official client."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pika
import pytest
from azure.servicebus import ServiceBusClient
from confluent_kafka import ShareConsumer
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from grpc import insecure_channel
from tests.clients.servicebus_work import connection_string

from dragoman.app.config import ServeOptions
from dragoman.cli.api import Api, Where
from dragoman.testing.broker import RunningBroker, broker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
GROUP = "workers"
ROUNDS_MAX = 200
ROUND = 20
EACH_MIN = 3
WEIGHED = 200
HELD = 4
WAIT_S = 40.0
PULL_S = 60.0
LAST = b"last"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    options = ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as found:
        yield found


def make(running: RunningBroker, name: str, **settings: Any) -> None:
    said = {"lease_duration_ms": 60_000, **settings}
    Api(Where(url=running.sqs.url)).post("/queues", {"name": name, "settings": said})


def channel(running: RunningBroker) -> Any:
    return pika.BlockingConnection(pika.URLParameters(running.amqp.url)).channel()


class Workers:
    """A thread for each consumer; `counts` says who was given how many, `bodies` how often each message came."""

    def __init__(self, running: RunningBroker, name: str) -> None:
        self.counts: Counter[str] = Counter()
        self.bodies: Counter[bytes] = Counter()
        self._running = running
        self._name = name
        self._news = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self.rabbitmq, self.sqs, self.servicebus, self.pubsub, self.kafka)
        ]
        for thread in self._threads:
            thread.start()

    def took(self, who: str, *bodies: bytes) -> None:
        with self._news:
            self.counts[who] += len(bodies)
            self.bodies.update(bodies)
            self._news.notify_all()

    def has(self, count: int) -> bool:
        return len(self.bodies) >= count

    def wait(self, is_enough: Callable[[], bool]) -> bool:
        with self._news:
            return self._news.wait_for(is_enough, WAIT_S)

    def stop(self, publisher: Any) -> None:
        """Whoever waits for messages is given some to leave with."""
        self._stopping = True
        for thread in self._threads:
            while thread.is_alive():
                publisher.basic_publish("", self._name, LAST, mandatory=True)
                thread.join(0.1)

    def rabbitmq(self) -> None:
        mine = channel(self._running)
        mine.basic_qos(prefetch_count=2)
        for method, _, body in mine.consume(self._name, inactivity_timeout=0.1):
            if method is not None:
                mine.basic_ack(method.delivery_tag)
                self.took("rabbitmq", body)
            if self._stopping:
                break
        mine.cancel()
        mine.connection.close()

    def sqs(self) -> None:
        at = self._running.sqs
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        client = boto3.client("sqs", endpoint_url=at.url, region_name=at.region, **keys)
        url = client.get_queue_url(QueueName=self._name)["QueueUrl"]
        while not self._stopping:
            found = client.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
            for message in found:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                self.took("sqs", message["Body"].encode())
        client.close()

    def servicebus(self) -> None:
        said = connection_string(self._running)
        with (
            ServiceBusClient.from_connection_string(said) as client,
            client.get_queue_receiver(self._name) as receiver,
        ):
            while not self._stopping:
                for message in receiver.receive_messages(2, max_wait_time=0.5):
                    receiver.complete_message(message)
                    self.took("servicebus", b"".join(message.body))

    def pubsub(self) -> None:
        address = self._running.pubsub.emulator_host
        transport = SubscriberGrpcTransport(channel=insecure_channel(address))
        client = SubscriberClient(transport=transport)
        name = f"projects/default/subscriptions/{self._name}"
        while not self._stopping:
            answer = client.pull(subscription=name, max_messages=2, timeout=PULL_S, retry=None)
            ids = [one.ack_id for one in answer.received_messages]
            if ids:
                client.acknowledge(subscription=name, ack_ids=ids)
                self.took("pubsub", *[one.message.data for one in answer.received_messages])

    def kafka(self) -> None:
        terms = {"bootstrap.servers": self._running.kafka.bootstrap, "group.id": GROUP}
        consumer = ShareConsumer(terms | {"share.acknowledgement.mode": "implicit"})
        consumer.subscribe([self._name])
        while not self._stopping:
            found = [one for one in consumer.poll(0.2) if one.error() is None]
            consumer.commit_sync()
            self.took("kafka", *[one.value() or b"" for one in found])
        consumer.close()


def test_five_protocols_share_a_queue_and_one_that_is_stuck_keeps_nobody_waiting(
    running: RunningBroker,
) -> None:
    make(running, "work", share_group=GROUP)
    publisher, stuck = channel(running), channel(running)
    publisher.confirm_delivery()
    stuck.basic_qos(prefetch_count=HELD)
    stuck.basic_consume("work", lambda *_: None)  # acknowledges nothing
    workers = Workers(running, "work")
    published = 0
    for _ in range(ROUNDS_MAX):
        for _ in range(ROUND):
            publisher.basic_publish("", "work", b"%d" % published, mandatory=True)
            published += 1
        wanted = published - HELD
        assert workers.wait(partial(workers.has, wanted)), workers.counts
        if len(workers.counts) == 5 and min(workers.counts.values()) >= EACH_MIN:
            break
    else:
        raise AssertionError(workers.counts)
    workers.stop(publisher)
    stuck.connection.close()  # what it held is ready again
    found = set(workers.bodies) - {LAST}
    del workers.bodies[LAST]
    while len(found) < published:
        _, _, body = publisher.basic_get("work", auto_ack=True)
        found |= {body} - {LAST, None}
    assert max(workers.bodies.values()) == 1, "nobody was given what another had"
    publisher.connection.close()


def test_consumers_share_by_the_weights_of_their_protocols(running: RunningBroker) -> None:
    make(running, "weighed", weights={"amqp": 3})
    publisher, light = channel(running), channel(running)
    publisher.confirm_delivery()
    given: list[bytes] = []
    light.basic_consume("weighed", lambda *said: given.append(said[3]))
    with (
        ServiceBusClient.from_connection_string(connection_string(running)) as client,
        client.get_queue_receiver("weighed", prefetch_count=WEIGHED) as receiver,
    ):
        publisher.basic_publish("", "weighed", b"first", mandatory=True)
        heard = [*receiver.receive_messages(1, max_wait_time=0.5)]  # its link is open, with credit
        for number in range(WEIGHED):
            publisher.basic_publish("", "weighed", b"%d" % number, mandatory=True)
        while len(heard) + len(given) < WEIGHED + 1:
            light.connection.process_data_events(0.1)
            heard += receiver.receive_messages(WEIGHED, max_wait_time=0.1)
    share = WEIGHED / 4
    assert abs(len(heard) - share) <= 2, (len(heard), len(given))
    light.connection.close()
    publisher.connection.close()


def test_a_single_active_consumer_is_one_across_protocols(running: RunningBroker) -> None:
    make(running, "single", single_active=True)
    at = running.sqs
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    client = boto3.client("sqs", endpoint_url=at.url, region_name=at.region, **keys)
    url = client.get_queue_url(QueueName="single")["QueueUrl"]
    publisher, active = channel(running), channel(running)
    publisher.confirm_delivery()
    given: list[int] = []
    active.basic_qos(prefetch_count=1)
    tag = active.basic_consume("single", lambda *said: given.append(said[1].delivery_tag))
    for number in range(3):
        publisher.basic_publish("", "single", b"%d" % number, mandatory=True)
    while not given:
        active.connection.process_data_events(0.1)
    assert "Messages" not in client.receive_message(QueueUrl=url), "another is active"
    active.basic_ack(given[0])
    active.basic_cancel(tag)
    (message,) = client.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    method, _, _ = publisher.basic_get("single")
    assert method is None, "the one is who holds a message"
    client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    method, _, _ = publisher.basic_get("single")
    assert method is not None
    client.close()
    for each in (active, publisher):
        each.connection.close()
