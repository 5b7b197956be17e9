"""azure-eventgrid and azure-mgmt-eventgrid, unmodified: made by the one, used by the other, blocking and not."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential, AzureSasCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.core.messaging import CloudEvent
from azure.eventgrid import (
    EventGridConsumerClient,
    EventGridEvent,
    EventGridPublisherClient,
    generate_sas,
)
from azure.eventgrid.aio import EventGridConsumerClient as AsyncConsumer
from azure.eventgrid.aio import EventGridPublisherClient as AsyncPublisher
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid import models as m
from tests.clients.eventgrid_work import GROUP, KEY, StaticToken, Webhook, managed, serving, webhook

from dragoman.app.loop import SystemClock

pytestmark = pytest.mark.clients
CLOUD = "CloudEventSchemaV1_0"


@dataclass
class Azure:
    """A broker, and what manages it."""

    url: str
    manager: EventGridManagementClient

    def topic(self, name: str = "orders", **properties: Any) -> m.Topic:
        topic = m.Topic(location="here", **properties)
        return self.manager.topics.begin_create_or_update(GROUP, name, topic).result()

    def send(self, events: Any, path: str = "orders/api/events", **more: Any) -> None:
        credential = more.pop("credential", KEY)
        with EventGridPublisherClient(f"{self.url}/{path}", credential, **more) as publisher:
            publisher.send(events)

    @contextmanager
    def consumer(
        self, path: str, topic: str, subscription: str
    ) -> Iterator[EventGridConsumerClient]:
        url = f"{self.url}/{path}".rstrip("/")
        with EventGridConsumerClient(
            url, KEY, namespace_topic=topic, subscription=subscription
        ) as found:
            yield found

    def hook(self, endpoint: Webhook, topic: str = "orders", **more: Any) -> m.EventSubscription:
        batch = more.pop("batch", {})
        target = m.WebHookEventSubscriptionDestination(endpoint_url=endpoint.url, **batch)
        subscription = m.EventSubscription(destination=target, **more)
        begun = self.manager.topic_event_subscriptions.begin_create_or_update(
            GROUP, topic, "hook", subscription
        )
        return begun.result()


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with serving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.eventgrid.port}"
        with managed(tmp_path, running.eventgrid.port) as manager:
            yield Azure(url, manager)


@pytest.fixture
def endpoint() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


def test_cloud_events_reach_a_webhook_that_was_made_by_the_management_client(
    azure: Azure, endpoint: Webhook
) -> None:
    made = azure.topic(input_schema=CLOUD)
    port = azure.url.rpartition(":")[2]
    shown: tuple[Any, Any] = (made.provisioning_state, made.endpoint)
    assert shown == ("Succeeded", f"https://localhost:{port}/orders/api/events")
    assert azure.hook(endpoint).provisioning_state == "Succeeded"
    events = [CloudEvent("/shop", "made", data={"n": 1}), CloudEvent("/shop", "made", data=b"\xff")]
    azure.send(events)
    found = endpoint.wait(lambda requests: len(requests) == 2)
    bodies: list[CloudEvent[Any]] = sorted(
        (CloudEvent.from_dict(body) for _, body in found), key=lambda e: str(type(e.data))
    )
    assert [event.data for event in bodies] == [b"\xff", {"n": 1}]
    assert {headers["aeg-event-type"] for headers, _ in found} == {"Notification"}


def test_events_of_event_grids_schema_are_completed_and_retried(
    azure: Azure, endpoint: Webhook
) -> None:
    azure.topic()
    azure.hook(endpoint)
    event = EventGridEvent("eu", "made", {"n": 1}, "1.0")
    azure.send(event)
    ((_, body),) = endpoint.wait(lambda requests: len(requests) == 1)
    assert body[0]["id"] == str(event.id)
    assert body[0]["topic"].endswith("/topics/orders")


def test_batches_filters_and_attributes(azure: Azure, endpoint: Webhook) -> None:
    azure.topic(input_schema=CLOUD)
    attributes = [
        m.StaticDeliveryAttributeMapping(name="x-static", value="s"),
        m.DynamicDeliveryAttributeMapping(name="x-dynamic", source_field="data.colour"),
    ]
    filters: list[m.AdvancedFilter] = [m.StringInAdvancedFilter(key="data.colour", values=["RED"])]
    azure.hook(
        endpoint,
        batch={"max_events_per_batch": 50, "delivery_attribute_mappings": attributes},
        filter=m.EventSubscriptionFilter(advanced_filters=filters),
    )
    colours = ["red", "blue"] * 50
    azure.send([CloudEvent("/s", "t", data={"colour": colour}) for colour in colours])
    found = endpoint.wait(lambda requests: sum(len(body) for _, body in requests) == 50)
    assert {event["data"]["colour"] for _, body in found for event in body} == {"red"}
    assert (found[0][0]["x-static"], found[0][0]["x-dynamic"]) == ("s", "red")


def pull(azure: Azure, subscription: m.Subscription) -> m.Subscription:
    """The namespace `ns1` with the topic `items` and its subscription `sub`."""
    manager, items = azure.manager, (GROUP, "ns1", "items")
    manager.namespaces.begin_create_or_update(*items[:2], m.Namespace(location="here")).result()
    manager.namespace_topics.begin_create_or_update(*items, m.NamespaceTopic()).result()
    operations = manager.namespace_topic_event_subscriptions
    return operations.begin_create_or_update(*items, "sub", subscription).result()


def test_a_namespace_is_pulled_from_by_token(azure: Azure) -> None:
    queue = m.QueueInfo(receive_lock_duration_in_seconds=60, max_delivery_count=10)
    delivery = m.DeliveryConfiguration(delivery_mode="Queue", queue=queue)
    made = pull(azure, m.Subscription(delivery_configuration=delivery))
    assert made.provisioning_state == "Succeeded"
    events = [CloudEvent("/s", "t", data={"n": number}) for number in range(4)]
    azure.send(events, "ns1", namespace_topic="items")
    azure.send(CloudEvent("/s", "t", data=b"\x00\xff"), "ns1", namespace_topic="items")
    with azure.consumer("ns1", "items", "sub") as consumer:
        found = consumer.receive(max_events=10, max_wait_time=10)
        data = [one.event.data for one in found]
        assert data == [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}, b"\x00\xff"]
        locks = [one.broker_properties.lock_token for one in found]
        assert consumer.acknowledge(lock_tokens=locks[:1]).succeeded_lock_tokens == locks[:1]
        assert consumer.renew_locks(lock_tokens=locks[1:2]).succeeded_lock_tokens == locks[1:2]
        assert consumer.reject(lock_tokens=locks[2:3]).succeeded_lock_tokens == locks[2:3]
        assert consumer.release(lock_tokens=locks[3:4]).succeeded_lock_tokens == locks[3:4]
        lost = consumer.acknowledge(lock_tokens=[locks[0], "nonsense"]).failed_lock_tokens
        assert [one.error.code for one in lost] == ["TokenLost", "BadToken"]
        (again,) = consumer.receive(max_events=10, max_wait_time=10)
        assert again.broker_properties.delivery_count == 2
        with pytest.raises(HttpResponseError):
            consumer.receive(max_events=101)


def test_the_asynchronous_clients_wait_for_what_comes(azure: Azure) -> None:
    pull(azure, m.Subscription())

    async def work() -> list[Any]:
        url = f"{azure.url}/ns1"
        consumer = AsyncConsumer(url, KEY, namespace_topic="items", subscription="sub")
        publisher = AsyncPublisher(url, KEY, namespace_topic="items")
        async with consumer, publisher:
            waiting = asyncio.ensure_future(consumer.receive(max_events=5, max_wait_time=30))
            await asyncio.sleep(0)
            await publisher.send(CloudEvent("/s", "t", data="late"))
            return [one.event.data for one in await waiting]

    assert asyncio.run(work()) == ["late"]


def test_keys_signatures_and_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, keys={"admin": "YWRtaW4ta2V5"}) as running:
        url = f"http://127.0.0.1:{running.eventgrid.port}"
        manager = managed(tmp_path, running.eventgrid.port, "YWRtaW4ta2V5")
        azure = Azure(url, manager)
        azure.topic(input_schema=CLOUD)
        keys = azure.manager.topics.list_shared_access_keys(GROUP, "orders")
        assert keys.key1 is not None
        assert keys.key2 is not None
        endpoint = f"{url}/orders/api/events"
        event = CloudEvent("/s", "t", data=1)
        until = datetime.fromtimestamp(SystemClock().wall_ms() // 1_000, UTC) + timedelta(minutes=5)
        azure.send(event, credential=AzureKeyCredential(keys.key1))
        signature = generate_sas(endpoint, keys.key2, until)
        azure.send(event, credential=AzureSasCredential(signature))
        late = generate_sas(endpoint, keys.key2, until - timedelta(hours=1))
        for credential in (KEY, AzureSasCredential(late)):
            with pytest.raises(ClientAuthenticationError):
                azure.send(event, credential=credential)
        body = m.TopicRegenerateKeyRequest(key_name="key1")
        fresh = azure.manager.topics.begin_regenerate_key(GROUP, "orders", body).result()
        assert fresh.key1 != keys.key1
        with pytest.raises(ClientAuthenticationError):
            azure.send(event, credential=AzureKeyCredential(keys.key1))
        manager.close()


def test_resources_are_listed_changed_and_deleted(azure: Azure, endpoint: Webhook) -> None:
    manager = azure.manager
    made = azure.topic()
    azure.topic("bills")
    assert [one.name for one in manager.topics.list_by_resource_group(GROUP)] == ["bills", "orders"]
    assert [
        one.name for one in manager.topics.list_by_subscription(filter="contains(name, 'ord')")
    ] == ["orders"]
    update = m.TopicUpdateParameters(tags={"a": "b"})
    assert manager.topics.begin_update(GROUP, "orders", update).result().tags == {"a": "b"}
    azure.hook(endpoint)
    assert made.id is not None
    by_scope = manager.event_subscriptions.get(made.id, "hook")
    assert isinstance(by_scope.destination, m.WebHookEventSubscriptionDestination)
    assert by_scope.destination.endpoint_base_url == endpoint.url.partition("?")[0]
    full = manager.topic_event_subscriptions.get_full_url(GROUP, "orders", "hook")
    assert full.endpoint_url == endpoint.url
    for listed in (
        manager.topic_event_subscriptions.list(GROUP, "orders"),
        manager.event_subscriptions.list_global_by_subscription(),
        manager.event_subscriptions.list_by_resource(
            GROUP, "Microsoft.EventGrid", "topics", "orders"
        ),
    ):
        assert [one.name for one in listed] == ["hook"]
    change = m.EventSubscriptionUpdateParameters(labels=["x"])
    changed = manager.topic_event_subscriptions.begin_update(
        GROUP, "orders", "hook", change
    ).result()
    assert (changed.labels, changed.provisioning_state) == (["x"], "Succeeded")
    manager.topic_event_subscriptions.begin_delete(GROUP, "orders", "hook").result()
    manager.topics.begin_delete(GROUP, "orders").result()
    with pytest.raises(ResourceNotFoundError):
        manager.topics.get(GROUP, "orders")
    with pytest.raises(ResourceNotFoundError):
        azure.send(EventGridEvent("eu", "made", {}, "1.0"))


def test_a_domain_and_our_own_queues(azure: Azure) -> None:
    manager = azure.manager
    domain = m.Domain(location="here", input_schema=CLOUD)
    manager.domains.begin_create_or_update(GROUP, "shop", domain).result()
    manager.domain_topics.begin_create_or_update(GROUP, "shop", "orders").result()
    target = m.ServiceBusQueueEventSubscriptionDestination(
        resource_id="/s/namespaces/n/queues/work"
    )
    subscription = m.EventSubscription(destination=target)
    operations = manager.domain_topic_event_subscriptions
    operations.begin_create_or_update(GROUP, "shop", "orders", "sub", subscription).result()
    azure.send(
        [CloudEvent("orders", "t", data=1), CloudEvent("bills", "t", data=2)], "shop/api/events"
    )
    with azure.consumer("", "work", "work") as consumer:
        found = consumer.receive(max_events=10, max_wait_time=10)
    assert [one.event.data for one in found] == [1]


def test_a_system_topic_is_subscribed_to_as_any_other(azure: Azure, endpoint: Webhook) -> None:
    manager = azure.manager
    topic = m.SystemTopic(
        location="here", source="/s/x", topic_type="Microsoft.Storage.StorageAccounts"
    )
    manager.system_topics.begin_create_or_update(GROUP, "blobs", topic).result()
    target = m.WebHookEventSubscriptionDestination(endpoint_url=endpoint.url)
    subscription = m.EventSubscription(destination=target)
    operations = manager.system_topic_event_subscriptions
    made = operations.begin_create_or_update(GROUP, "blobs", "hook", subscription).result()
    assert made.provisioning_state == "Succeeded"
    azure.send(EventGridEvent("s", "Microsoft.Storage.BlobCreated", {}, "1"), "blobs/api/events")
    assert len(endpoint.wait(lambda requests: len(requests) == 1)) == 1


def test_a_token_opens_a_topic_over_https(azure: Azure, endpoint: Webhook, tmp_path: Path) -> None:
    azure.topic(input_schema=CLOUD)
    azure.hook(endpoint)
    port = azure.url.rpartition(":")[2]
    url = f"https://localhost:{port}/orders/api/events"
    authority = str(tmp_path / "ca.pem")
    with EventGridPublisherClient(url, StaticToken()) as publisher:
        publisher.send(CloudEvent("/shop", "made", data=1), connection_verify=authority)
    ((_, body),) = endpoint.wait(lambda requests: len(requests) == 1)
    assert body["data"] == 1


def test_a_schema_of_ones_own_is_mapped(azure: Azure, endpoint: Webhook) -> None:
    mapping = m.JsonInputSchemaMapping(
        event_type=m.JsonFieldWithDefault(source_field="kind", default_value="other"),
        subject=m.JsonFieldWithDefault(source_field="where"),
        data_version=m.JsonFieldWithDefault(default_value="1"),
    )
    azure.topic(input_schema="CustomEventSchema", input_schema_mapping=mapping)
    azure.hook(endpoint)
    azure.send([{"kind": "made", "where": "eu", "n": 1}])
    ((_, (event,)),) = endpoint.wait(lambda requests: len(requests) == 1)
    assert (event["eventType"], event["subject"], event["dataVersion"]) == ("made", "eu", "1")
    assert event["data"] == {"kind": "made", "where": "eu", "n": 1}


def test_a_dead_letter_is_read_by_name_and_says_why(azure: Azure, endpoint: Webhook) -> None:
    endpoint.statuses = [400]
    azure.topic(input_schema=CLOUD)
    grave = m.StorageBlobDeadLetterDestination(resource_id="/x", blob_container_name="grave")
    azure.hook(endpoint, dead_letter_destination=grave)
    azure.send(CloudEvent("/shop", "made", data=1))
    with azure.consumer("", "grave", "grave") as consumer:
        (found,) = consumer.receive(max_events=1, max_wait_time=10)
    event: Any = found.event
    assert event.data == 1
    assert event.extensions["deadletterreason"] == "UndeliverableDueToHttpBadRequest"
