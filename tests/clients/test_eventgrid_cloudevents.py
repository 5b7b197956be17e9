"""The CloudEvents SDK, with an HTTP client of one's own: binary, structured and batched, there and back."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from azure.eventgrid import EventGridConsumerClient
from azure.mgmt.eventgrid import models as m
from cloudevents.core.bindings.http import (
    HTTPMessage,
    from_http_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.v1.event import CloudEvent
from tests.clients.eventgrid_work import GROUP, KEY, Webhook, managed, serving, webhook

pytestmark = pytest.mark.clients
ATTRIBUTES = {
    "id": "7",
    "source": "/shop",
    "type": "made",
    "subject": "eü",
    "tenant": "gold",
    "datacontenttype": "application/json",
}


@pytest.fixture
def endpoint() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    request = urllib.request.Request(url, body, dict(headers))
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def batch(events: list[CloudEvent]) -> HTTPMessage:
    """The SDK has none: an array of what it writes one by one."""
    each = [json.loads(to_structured_event(event).body) for event in events]
    headers = {"content-type": "application/cloudevents-batch+json"}
    return HTTPMessage(headers, json.dumps(each).encode())


@pytest.mark.parametrize(
    "write", [to_binary_event, to_structured_event, lambda event: batch([event])],
    ids=["binary", "structured", "batch"],
)  # fmt: skip
def test_an_event_of_the_sdk_goes_through_a_topic_and_a_webhook_unchanged(
    tmp_path: Path, endpoint: Webhook, write: Any
) -> None:
    event = CloudEvent(attributes=ATTRIBUTES, data={"n": [1, "é"]})
    with serving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.eventgrid.port}/orders/api/events"
        manager = managed(tmp_path, running.eventgrid.port)
        topic = m.Topic(location="here", input_schema="CloudEventSchemaV1_0")
        manager.topics.begin_create_or_update(GROUP, "orders", topic).result()
        target = m.WebHookEventSubscriptionDestination(endpoint_url=endpoint.url)
        manager.topic_event_subscriptions.begin_create_or_update(
            GROUP, "orders", "hook", m.EventSubscription(destination=target)
        ).result()
        manager.close()
        message = write(event)
        assert post(url, {**message.headers, "aeg-sas-key": "bG9jYWw="}, message.body) == 200
        ((headers, body),) = endpoint.wait(lambda requests: len(requests) == 1)
    lowered = {name.lower(): value for name, value in headers.items()}
    found = from_http_event(HTTPMessage(lowered, json.dumps(body).encode()))
    assert found.get_data() == {"n": [1, "é"]}
    assert {name: found.get_attributes()[name] for name in ATTRIBUTES} == ATTRIBUTES


def test_an_event_of_the_sdk_is_pulled_by_azures_client(tmp_path: Path) -> None:
    event = CloudEvent(attributes=ATTRIBUTES, data={"n": 1})
    with serving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.eventgrid.port}"
        manager = managed(tmp_path, running.eventgrid.port)
        items = (GROUP, "ns1", "items")
        manager.namespaces.begin_create_or_update(*items[:2], m.Namespace(location="here")).result()
        manager.namespace_topics.begin_create_or_update(*items, m.NamespaceTopic()).result()
        operations = manager.namespace_topic_event_subscriptions
        operations.begin_create_or_update(*items, "sub", m.Subscription()).result()
        manager.close()
        message = to_binary_event(event)
        assert post(f"{url}/ns1/topics/items:publish", message.headers, message.body) == 200
        with EventGridConsumerClient(
            f"{url}/ns1", KEY, namespace_topic="items", subscription="sub"
        ) as consumer:
            (detail,) = consumer.receive(max_events=1, max_wait_time=10)
    found: Any = detail.event
    assert (found.data, found.subject, found.extensions) == ({"n": 1}, "eü", {"tenant": "gold"})
