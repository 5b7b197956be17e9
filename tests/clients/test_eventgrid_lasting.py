"""Webhooks that fail: their events outlive the broker, and cost the other webhooks nothing."""

from pathlib import Path

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridPublisherClient
from azure.mgmt.eventgrid import models as m
from tests.clients.eventgrid_work import GROUP, KEY, Webhook, managed, serving, webhook

from dragoman.testing.broker import RunningBroker

pytestmark = pytest.mark.clients
CLOUD = "CloudEventSchemaV1_0"
FIRST_S = 12.0  # the first retry comes after 10 s and a little
LATER_S = 400.0  # whatever was tried up to four times is due
SOON_S = 0.5
EVENTS = 50


def subscribe(folder: Path, running: RunningBroker, **endpoints: Webhook) -> None:
    """The topic `orders`, and webhooks that want its events and have agreed."""
    manager = managed(folder, running.eventgrid.port)
    topic = m.Topic(location="here", input_schema=CLOUD)
    manager.topics.begin_create_or_update(GROUP, "orders", topic).result()
    for name, endpoint in endpoints.items():
        target = m.WebHookEventSubscriptionDestination(endpoint_url=endpoint.url)
        subscription = m.EventSubscription(destination=target)
        operations = manager.topic_event_subscriptions
        operations.begin_create_or_update(GROUP, "orders", name, subscription).result()
    manager.close()


def send(running: RunningBroker, events: list[CloudEvent[object]]) -> None:
    url = f"http://127.0.0.1:{running.eventgrid.port}/orders/api/events"
    with EventGridPublisherClient(url, KEY) as publisher:
        publisher.send(events)


def numbers(endpoint: Webhook) -> set[int]:
    """Of the events that have come."""
    return {body["data"]["n"] for _, body in endpoint.requests}


def serving_on(folder: Path) -> dict[str, object]:
    return {"data": str(folder / "data"), "memory": False, "push_allow": ("127.0.0.0/8",)}


def test_a_retry_is_kept_over_a_restart_in_the_middle_of_its_wait(tmp_path: Path) -> None:
    with webhook() as endpoint:
        endpoint.statuses = [500]
        with serving(tmp_path, **serving_on(tmp_path)) as running:
            subscribe(tmp_path, running, hook=endpoint)
            send(running, [CloudEvent("/shop", "made", data={"n": 1})])
            endpoint.wait(lambda requests: len(requests) == 1)
        with serving(tmp_path, **serving_on(tmp_path)) as running:
            assert len(endpoint.requests) == 1
            running.clock.advance(FIRST_S)
            (_, first), (headers, again) = endpoint.wait(lambda requests: len(requests) == 2)
    assert (first["id"], first["data"]) == (again["id"], {"n": 1})
    assert headers["aeg-delivery-count"] == "1"


def test_a_dead_webhook_slows_no_other_and_gets_its_events_when_it_is_back(tmp_path: Path) -> None:
    with webhook() as live, webhook() as dead, serving(tmp_path) as running:
        subscribe(tmp_path, running, live=live, dead=dead)
        dead.close()
        for number in range(EVENTS):
            send(running, [CloudEvent("/shop", "made", data={"n": number})])
        live.wait(lambda requests: len(requests) == EVENTS)
        assert dead.requests == []
        dead.listen()
        while len(numbers(dead)) < EVENTS:  # a try under way counts its wait from when it failed
            running.clock.advance(LATER_S)
            dead.came_within(SOON_S, lambda _: len(numbers(dead)) == EVENTS)
        assert len(live.requests) == EVENTS
