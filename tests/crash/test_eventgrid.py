"""kill -9 in the middle of a wait: a webhook that failed gets its event from the next life of the broker."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridPublisherClient
from tests.clients.eventgrid_work import KEY, webhook
from tests.crash.broker import BrokerProcess

pytestmark = pytest.mark.crash
RESOURCES = "/providers/Microsoft.EventGrid/topics/orders"
OTHER = "/providers/Microsoft.EventGrid/topics/other"
RETRY_S = 30.0
FIRST_S = 9.0  # the first retry comes after 10 s and a little


def ask(broker: BrokerProcess, method: str, path: str, body: Any = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{broker.bootstrap}{path}", raw, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def is_waiting(broker: BrokerProcess) -> bool:
    """Whether the event waits for its retry."""
    found = ask(broker, "GET", "/admin/v1/streams/default/orders/subscriptions")["items"]
    return any(one["name"] == "hook" and one["waiting"] == 1 for one in found)


@pytest.mark.timeout(90)
def test_an_event_that_waits_for_its_retry_survives_a_kill(tmp_path: Path) -> None:
    with webhook() as endpoint, BrokerProcess(tmp_path / "data") as broker:
        endpoint.statuses = [500]
        broker.start()
        schema = {"inputSchema": "CloudEventSchemaV1_0"}
        ask(broker, "PUT", RESOURCES, {"properties": schema})
        target = {"endpointType": "WebHook", "properties": {"endpointUrl": endpoint.url}}
        hook = f"{RESOURCES}/eventSubscriptions/hook"
        ask(broker, "PUT", hook, {"properties": {"destination": target}})
        url = f"http://{broker.bootstrap}/orders/api/events"
        with EventGridPublisherClient(url, KEY) as publisher:
            publisher.send(CloudEvent("/shop", "made", data={"n": 1}))
        endpoint.wait(lambda requests: len(requests) == 1)
        began = time.monotonic()
        while not is_waiting(broker):
            assert time.monotonic() < began + RETRY_S
        ask(broker, "PUT", OTHER, {"properties": schema})
        with EventGridPublisherClient(f"http://{broker.bootstrap}/other/api/events", KEY) as later:
            later.send(CloudEvent("/shop", "made"))  # answered once all before it is written
        broker.kill()
        broker.start()
        (_, first), (headers, again) = endpoint.wait(lambda requests: len(requests) == 2, RETRY_S)
    assert time.monotonic() > began + FIRST_S
    assert first == again
    assert headers["aeg-delivery-count"] == "1"
