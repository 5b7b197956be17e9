"""Policies as Google's clients set and read them, and what clients are told that lack a permission: Pub/Sub, Cloud Tasks,
and Kafka in the same namespace.
"""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from confluent_kafka import Producer
from google.api_core.exceptions import Aborted, InvalidArgument, NotFound, PermissionDenied
from google.auth.credentials import AnonymousCredentials
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.iam.v1.policy_pb2 import Policy
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from tests.clients.pubsub_work import DEADLINE_S, Received, subscription, topic

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import RunningBroker, broker

pytestmark = pytest.mark.clients

KEYS = {"root": "cm9vdA==", "ann": "YW5u"}
PARENT = "projects/default/locations/local"
QUEUE = f"{PARENT}/queues/mail"
ORDERS, SUB = topic("orders"), subscription("sub")


class _Keyed(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Shows a key with every call."""

    def __init__(self, name: str) -> None:
        self._shown = ("x-goog-api-key", f"{name}:{KEYS[name]}")

    def _with(self, details: Any) -> Any:
        return details._replace(metadata=[*(details.metadata or ()), self._shown])

    def intercept_unary_unary(self, go_on: Any, details: Any, request: Any) -> Any:
        return go_on(self._with(details), request)

    def intercept_stream_stream(self, go_on: Any, details: Any, requests: Any) -> Any:
        return go_on(self._with(details), requests)


class Client:
    """Somebody's clients of both services."""

    def __init__(self, running: RunningBroker, name: str) -> None:
        address = running.pubsub.emulator_host  # every port serves both
        channel = grpc.intercept_channel(grpc.insecure_channel(address), _Keyed(name))
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        shown: dict[str, Any] = {"channel": channel, "credentials": nobody}
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(**shown))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(**shown))
        self.tasks: Any = CloudTasksClient(transport=CloudTasksGrpcTransport(**shown))

    def publish(self) -> str:
        return str(self.publisher.publish(ORDERS, b"m").result(DEADLINE_S))


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    users = {"root": "r", "ann": "a"}
    settings = ServeOptions(memory=True, keys=KEYS, users=users, superusers=("root",))
    settings.guarded = ("default",)
    settings.ports = dict.fromkeys(settings.ports, 0)
    with broker(settings) as found:
        yield found


@pytest.fixture(scope="module")
def root(running: RunningBroker) -> Client:
    client = Client(running, "root")
    client.publisher.create_topic(name=ORDERS)
    client.subscriber.create_subscription(name=SUB, topic=ORDERS)
    client.tasks.create_queue(parent=PARENT, queue={"name": QUEUE})
    client.tasks.pause_queue(name=QUEUE)
    return client


@pytest.fixture(scope="module")
def ann(root: Client, running: RunningBroker) -> Client:
    return Client(running, "ann")


def bind(client: Any, resource: str, *roles: str) -> None:
    """As Google's own guide does: read, change, write."""
    policy: Policy = client.get_iam_policy(request={"resource": resource})
    del policy.bindings[:]
    for role in roles:
        policy.bindings.add(role=role, members=["user:ann"])
    client.set_iam_policy(request={"resource": resource, "policy": policy})


def test_a_publisher_publishes_by_every_protocol_until_the_binding_goes(
    root: Client, ann: Client, running: RunningBroker
) -> None:
    bind(root.publisher, ORDERS, "roles/pubsub.publisher")
    assert ann.publish()
    with pytest.raises(PermissionDenied, match="User not authorized"):
        ann.publisher.get_topic(topic=ORDERS)
    names = ["pubsub.topics.publish", "pubsub.topics.update"]
    asked = {"resource": ORDERS, "permissions": names}
    assert list(ann.publisher.test_iam_permissions(request=asked).permissions) == names[:1]
    assert list(root.publisher.test_iam_permissions(request=asked).permissions) == names
    assert kafka_refusal(running) is None
    bind(root.publisher, ORDERS)
    with pytest.raises(PermissionDenied):
        ann.publish()
    assert "TOPIC_AUTHORIZATION_FAILED" in str(kafka_refusal(running))


def kafka_refusal(running: RunningBroker) -> Any:
    """What ann is told who produces by Kafka."""
    told: list[Any] = []
    producer = Producer(
        {
            "bootstrap.servers": running.kafka.bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "ann",
            "sasl.password": "a",
        }
    )
    producer.produce("orders", b"k", on_delivery=lambda error, _: told.append(error))
    assert producer.flush(DEADLINE_S) == 0
    return None if told[0] is None else told[0].name()


def test_a_subscriber_is_called_back_and_another_is_refused(root: Client, ann: Client) -> None:
    refused = ann.subscriber.subscribe(SUB, lambda _: None)
    with pytest.raises(PermissionDenied):
        refused.result(DEADLINE_S)
    bind(root.subscriber, SUB, "roles/pubsub.subscriber")
    root.publish()
    received = Received(1)
    future = ann.subscriber.subscribe(SUB, received)
    received.wait()
    future.cancel()
    future.result(DEADLINE_S)
    with pytest.raises(PermissionDenied):
        ann.subscriber.delete_subscription(subscription=SUB)


def test_a_policy_is_read_and_written_by_its_etag_and_what_is_not_known_is_refused(
    root: Client, ann: Client
) -> None:
    audit = root.publisher.create_topic(name=topic("audit")).name
    bind(root.publisher, audit, "roles/pubsub.admin")
    old = ann.publisher.get_iam_policy(request={"resource": audit})
    assert [(each.role, list(each.members)) for each in old.bindings] == [
        ("roles/pubsub.admin", ["user:ann"])
    ]
    policy = Policy(etag=old.etag)
    policy.bindings.add(role="roles/pubsub.viewer", members=["allUsers"])
    policy.bindings.extend(old.bindings)
    ann.publisher.set_iam_policy(request={"resource": audit, "policy": policy})
    with pytest.raises(Aborted):
        ann.publisher.set_iam_policy(request={"resource": audit, "policy": policy})
    for role, member in (
        ("roles/pubsub.publisher", "group:all@example.com"),
        ("roles/storage.admin", "user:ann"),
    ):
        wrong = Policy()
        wrong.bindings.add(role=role, members=[member])
        with pytest.raises(InvalidArgument):
            ann.publisher.set_iam_policy(request={"resource": audit, "policy": wrong})
    with pytest.raises(PermissionDenied):
        ann.subscriber.get_iam_policy(request={"resource": SUB})
    with pytest.raises(NotFound):
        root.publisher.get_iam_policy(request={"resource": topic("absent")})


def test_an_enqueuer_creates_tasks_and_sees_none(root: Client, ann: Client) -> None:
    task = {"http_request": {"url": "http://127.0.0.1:1/"}}
    with pytest.raises(PermissionDenied, match=r"cloudtasks\.tasks\.create"):
        ann.tasks.create_task(parent=QUEUE, task=task)
    bind(root.tasks, QUEUE, "roles/cloudtasks.enqueuer")
    made = ann.tasks.create_task(parent=QUEUE, task=task)
    with pytest.raises(PermissionDenied, match=r"cloudtasks\.tasks\.get"):
        ann.tasks.get_task(name=made.name)
    with pytest.raises(PermissionDenied):
        ann.tasks.resume_queue(name=QUEUE)
    bind(root.tasks, QUEUE, "roles/cloudtasks.viewer", "roles/cloudtasks.taskDeleter")
    assert ann.tasks.get_task(name=made.name).name == made.name
    ann.tasks.delete_task(name=made.name)
    assert [each.name for each in ann.tasks.list_queues(parent=PARENT)] == [QUEUE]
