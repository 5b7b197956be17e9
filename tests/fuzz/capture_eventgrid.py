"""What azure-eventgrid and azure-mgmt-eventgrid say, answered by a broker without sockets: `python -m tests.fuzz.capture eventgrid`.

Lock tokens in it are good at a fresh rig, whose chance is the same every time.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import patch

from azure.core.credentials import AccessToken, AzureKeyCredential, AzureSasCredential
from azure.core.messaging import CloudEvent
from azure.eventgrid import (
    EventGridConsumerClient,
    EventGridEvent,
    EventGridPublisherClient,
    generate_sas,
)
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid import models as m
from requests import Response, Session
from requests.adapters import BaseAdapter
from tests.fuzz.doors import DOORS
from tests.fuzz.rig import Rig

URL = "http://127.0.0.1:7070"
KEY = AzureKeyCredential("bG9jYWw=")
CLOUD = "CloudEventSchemaV1_0"
GROUP = "group"
QUICK: dict[str, Any] = {"polling": False}
THEN = datetime(2023, 11, 14, tzinfo=UTC)
EXCLUDED = ("User-Agent", "Accept-Encoding", "Connection", "x-ms-client-request-id", "traceparent")


class Wire(BaseAdapter):
    """Gives prepared requests to the rig, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(DOORS["eventgrid"]().make_door())
        self.frames: list[bytes] = []

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = {
            "Host": "127.0.0.1:7070",
            **{name: value for name, value in request.headers.items() if name not in EXCLUDED},
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        frame = f"{request.method} {request.path_url} HTTP/1.1\r\n{head}\r\n".encode() + body
        self.frames.append(frame)
        told, _, content = (self.rig.send(frame) or self.rig.wait()).partition(b"\r\n\r\n")
        lines = told.decode().split("\r\n")
        answer = Response()
        answer.status_code = int(lines[0].split()[1])
        answer.headers.update(dict(line.split(": ", 1) for line in lines[1:]))
        answer.request, answer.url, answer.raw = request, request.url, BytesIO(content)
        return answer

    def close(self) -> None: ...


class Token:
    """See `azure.core.credentials.TokenCredential`."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("token", 2**33)


def event(number: int, **more: Any) -> CloudEvent[Any]:
    told = {
        "id": str(number),
        "time": THEN,
        "subject": "eu/1",
        "dataschema": "s",
        "source": "/shop",
    }
    return CloudEvent(**{**told, "type": "made", "data": {"n": number}, **more})


def grid_event(number: int) -> EventGridEvent:
    return EventGridEvent("eu", "made", {"n": number}, "1.0", id=str(number), event_time=THEN)


def advanced() -> list[Any]:
    """A filter of each kind of operand."""
    return [
        m.NumberInAdvancedFilter(key="data.n", values=[1.0, 2.0]),
        m.NumberInRangeAdvancedFilter(key="data.n", values=[[1.0, 2.0]]),
        m.NumberGreaterThanAdvancedFilter(key="data.a.b", value=1.5),
        m.StringBeginsWithAdvancedFilter(key="subject", values=["é", "eu"]),
        m.StringNotContainsAdvancedFilter(key="data.s", values=["x"]),
        m.BoolEqualsAdvancedFilter(key="data.is", value=True),
        m.IsNullOrUndefinedAdvancedFilter(key="data.no"),
    ]


def manage(manager: EventGridManagementClient) -> None:
    """Resources of every kind, made, changed, listed and taken away."""
    make_topics(manager.topics)
    subscribe(manager.topic_event_subscriptions)
    topics = manager.topics
    topics.list_shared_access_keys(GROUP, "cloud")
    request = m.TopicRegenerateKeyRequest(key_name="key1")
    topics.begin_regenerate_key(GROUP, "cloud", request, **QUICK)
    list(topics.list_by_resource_group(GROUP))
    domain = m.Domain(location="here", input_schema=CLOUD)
    manager.domains.begin_create_or_update(GROUP, "domain", domain, **QUICK)
    manager.domain_topics.begin_create_or_update(GROUP, "domain", "eu", **QUICK)
    system = m.SystemTopic(location="here", source="/s", topic_type="Microsoft.Storage.x")
    manager.system_topics.begin_create_or_update(GROUP, "system", system, **QUICK)
    make_namespace(manager)


def make_topics(topics: Any) -> None:
    """One of each schema."""
    for name, schema in (("cloud", CLOUD), ("grid", "EventGridSchema")):
        topic = m.Topic(location="here", tags={"a": "b"}, input_schema=schema)
        topics.begin_create_or_update(GROUP, name, topic, **QUICK)
    mapping = m.JsonInputSchemaMapping(
        id=m.JsonField(source_field="i"),
        subject=m.JsonFieldWithDefault(source_field="s", default_value="none"),
        event_type=m.JsonFieldWithDefault(default_value="made"),
        data_version=m.JsonFieldWithDefault(default_value="1"),
    )
    own = m.Topic(location="here", input_schema="CustomEventSchema", input_schema_mapping=mapping)
    topics.begin_create_or_update(GROUP, "own", own, **QUICK)


def webhook() -> m.WebHookEventSubscriptionDestination:
    """With everything that can be said of one."""
    return m.WebHookEventSubscriptionDestination(
        endpoint_url="http://127.0.0.1:1/hook",
        max_events_per_batch=10,
        preferred_batch_size_in_kilobytes=64,
        delivery_attribute_mappings=[
            m.StaticDeliveryAttributeMapping(name="x-a", value="1", is_secret=True),
            m.DynamicDeliveryAttributeMapping(name="x-b", source_field="data.n"),
        ],
    )


def subscribe(subscriptions: Any) -> None:
    """To a webhook and to a queue; looked at and changed."""
    subscription = m.EventSubscription(
        destination=webhook(),
        filter=m.EventSubscriptionFilter(
            subject_begins_with="e",
            included_event_types=["made"],
            enable_advanced_filtering_on_arrays=True,
            advanced_filters=advanced(),
        ),
        event_delivery_schema=CLOUD,
        retry_policy=m.RetryPolicy(max_delivery_attempts=3, event_time_to_live_in_minutes=5),
        dead_letter_destination=m.StorageBlobDeadLetterDestination(
            resource_id="/s", blob_container_name="dead"
        ),
    )
    subscriptions.begin_create_or_update(GROUP, "cloud", "hook", subscription, **QUICK)
    queue = m.EventSubscription(
        destination=m.StorageQueueEventSubscriptionDestination(resource_id="/", queue_name="work")
    )
    subscriptions.begin_create_or_update(GROUP, "grid", "work", queue, **QUICK)
    change = m.EventSubscriptionUpdateParameters(labels=["x"])
    subscriptions.begin_update(GROUP, "grid", "work", change, **QUICK)
    subscriptions.get_full_url(GROUP, "cloud", "hook")
    subscriptions.get_delivery_attributes(GROUP, "cloud", "hook")
    list(subscriptions.list(GROUP, "cloud", filter="contains(name, 'hook')", top=1))


def make_namespace(manager: EventGridManagementClient) -> None:
    """With a topic, and a subscription that is pulled from."""
    namespace, topic = m.Namespace(location="here"), m.NamespaceTopic()
    manager.namespaces.begin_create_or_update(GROUP, "spaced", namespace, **QUICK)
    manager.namespace_topics.begin_create_or_update(GROUP, "spaced", "items", topic, **QUICK)
    pulled = m.Subscription(
        delivery_configuration=m.DeliveryConfiguration(
            delivery_mode="Queue",
            queue=m.QueueInfo(receive_lock_duration_in_seconds=60, max_delivery_count=3),
        ),
        filters_configuration=m.FiltersConfiguration(included_event_types=["made"]),
    )
    manager.namespace_topic_event_subscriptions.begin_create_or_update(
        GROUP, "spaced", "items", "sub", pulled, **QUICK
    )


def publish() -> None:
    """All schemas, all credentials."""

    def send(path: str, events: Any, credential: Any = KEY, **more: Any) -> None:
        client = EventGridPublisherClient(f"{URL}/{path}", credential, **more)
        client.send(events)

    signature = generate_sas(f"{URL}/cloud/api/events", KEY.key, datetime(2033, 1, 1, tzinfo=UTC))
    send("cloud/api/events", [event(1), event(2, data=b"\xff\0"), event(3, data="text")])
    send("cloud/api/events", event(4), AzureSasCredential(signature))
    send("cloud/api/events", event(5, extensions={"traceparent": "00-1", "n": "1"}))
    send("grid/api/events", [grid_event(number) for number in range(3)])
    send("own/api/events", [{"i": "1", "s": "x", "data": [1, {"a": None}]}])
    send("domain/api/events", event(6, source="eu"))
    send("", [event(number) for number in range(8)], namespace_topic="items")


def pull() -> None:
    """Received and settled in every way."""
    client = EventGridConsumerClient(URL, KEY, namespace_topic="items", subscription="sub")
    found = client.receive(max_events=6, max_wait_time=10)
    locks = [one.broker_properties.lock_token for one in found]
    client.renew_locks(lock_tokens=locks[:2])
    client.acknowledge(lock_tokens=locks[:2])
    client.release(lock_tokens=locks[2:4], release_delay=60)
    client.release(lock_tokens=locks[4:5])
    client.reject(lock_tokens=locks[5:])
    client.receive()
    client.receive(max_events=3, max_wait_time=10)


def by_hand() -> list[bytes]:
    """What the clients do not say: binary mode, a handshake's address, and the end of what was made."""
    head = b"Host: 127.0.0.1:7070\r\n"
    attributes = (
        b"ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /a%20b\r\nce-type: made\r\nce-n: 1\r\n"
    )
    base = b"/subscriptions/subscription/resourceGroups/group/providers/Microsoft.EventGrid/"
    version = b"?api-version=2025-02-15 HTTP/1.1\r\n"
    return [
        b"POST /cloud/api/events HTTP/1.1\r\n%s%sContent-Type: application/json\r\n"
        b'Content-Length: 7\r\n\r\n{"n":1}' % (head, attributes),
        b"POST /topics/items:publish HTTP/1.1\r\n%s%sContent-Type: text/plain\r\n"
        b"Content-Length: 4\r\n\r\ntext" % (head, attributes),
        b"GET /eventsubscriptions/hook/validate?id=0123456789abcdef&t=2 HTTP/1.1\r\n%s\r\n" % head,
        b"DELETE %stopics/cloud/eventSubscriptions/hook%s%s\r\n" % (base, version, head),
        b"DELETE %stopics/grid%s%s\r\n" % (base, version, head),
        b"DELETE %sdomains/domain%s%s\r\n" % (base, version, head),
        b"GET %stopics%s%s\r\n" % (base, version, head),
    ]


def frames() -> list[bytes]:
    """What the clients on the path have to say."""
    wire = Wire()
    with patch.object(Session, "get_adapter", lambda *_, **__: wire):
        manage(EventGridManagementClient(Token(), "subscription", base_url="https://localhost"))
        publish()
        pull()
    return [*wire.frames, *by_hand()]
