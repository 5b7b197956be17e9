"""Webhooks: what is sent, and what becomes of it."""

import json
from typing import Any

import pytest
from tests.doors.eventgrid.client import Grid, cloud, grid

from dragoman.formats import canonical
from dragoman.kernel.api import (
    Address,
    CreatePump,
    DescribeQueue,
    Lease,
    ListPumps,
    Publish,
    PumpSettings,
    QueueInfo,
)
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message

SUB = "topics/orders/eventSubscriptions/sub"


def hooked(
    schema: str = "EventGridSchema", hook: dict[str, Any] | None = None, **more: Any
) -> Grid:
    """A topic with a webhook that has shaken hands."""
    found = Grid(streams=())
    topic = {"inputSchema": schema}
    if schema == "CustomEventSchema":
        topic["inputSchemaMapping"] = {  # type: ignore[assignment]
            "inputSchemaMappingType": "Json",
            "properties": {
                "eventType": {"sourceField": "kind"},
                "subject": {"defaultValue": "s"},
                "dataVersion": {"defaultValue": "1"},
            },
        }
    found.arm("PUT", "topics/orders", {"properties": topic})
    destination = {
        "endpointType": "WebHook",
        "properties": {"endpointUrl": "http://h.test/hook", **(hook or {})},
    }
    found.arm("PUT", SUB, {"properties": {"destination": destination, **more}})
    (request,) = [request for request, _ in found.outbound.under_way]
    if request.method == "OPTIONS":
        found.answer(200, headers=[("webhook-allowed-origin", "*")])
    else:
        code = json.loads(request.body)[0]["data"]["validationCode"]
        found.answer(200, body=json.dumps({"validationResponse": code}).encode())
    return found


def info(found: Grid) -> QueueInfo:
    state: QueueInfo = found.submit(DescribeQueue(name="orders", subscription="sub"))
    return state


def under_way(found: Grid) -> list[Any]:
    return [json.loads(request.body) for request, _ in found.outbound.under_way]


def test_an_event_is_posted_alone_in_an_array() -> None:
    found = hooked()
    found.publish_grid(grid(1), grid(2))
    assert [[event["id"] for event in body] for body in under_way(found)] == [["1"], ["2"]]
    request = found.answer(200)
    headers = dict(request.headers)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (headers["aeg-event-type"], headers["aeg-subscription-name"]) == ("Notification", "SUB")
    assert (headers["aeg-delivery-count"], headers["aeg-data-version"]) == ("0", "1.0")
    assert headers["aeg-output-event-id"] == "1"
    found.answer(204)
    assert (info(found).ready, info(found).leased) == (0, 0)


def test_a_cloud_event_is_posted_as_itself() -> None:
    found = hooked("CloudEventSchemaV1_0")
    found.publish(cloud(1, data={"a": 1}))
    assert under_way(found) == [cloud(1, data={"a": 1})]
    assert (
        dict(found.answer(200).headers)["Content-Type"]
        == "application/cloudevents+json; charset=utf-8"
    )


def test_batches_are_as_large_as_the_subscription_says() -> None:
    found = hooked("CloudEventSchemaV1_0", {"maxEventsPerBatch": 3})
    found.publish(*[cloud(number) for number in range(7)])
    assert [len(body) for body in under_way(found)] == [3, 3, 1]
    assert dict(found.answer().headers)["Content-Type"].startswith(
        "application/cloudevents-batch+json"
    )


def test_event_grids_schema_is_delivered_as_cloud_events_where_asked_for() -> None:
    found = hooked(eventDeliverySchema="CloudEventSchemaV1_0")
    found.publish_grid(grid(1))
    (event,) = under_way(found)
    assert (event["specversion"], event["type"], event["data"]) == ("1.0", "made", {"n": 1})
    assert event["source"].endswith("/topics/orders")


@pytest.mark.parametrize("schema", ["EventGridSchema", "CustomInputSchema", "CloudEventSchemaV1_0"])
def test_a_custom_event_is_delivered_mapped_or_as_it_came(schema: str) -> None:
    found = hooked("CustomEventSchema", eventDeliverySchema=schema)
    found.post("/orders/api/events", [{"kind": "made", "x": 1}])
    (body,) = under_way(found)
    event = body if schema == "CloudEventSchemaV1_0" else body[0]
    if schema == "CustomInputSchema":
        assert event == {"kind": "made", "x": 1}
    else:
        assert event["data"] == {"kind": "made", "x": 1}
        assert event.get("eventType", event.get("type")) == "made"


def test_messages_of_other_protocols_are_delivered_in_the_subscriptions_schema() -> None:
    found = hooked()
    message = Message(b"plain text", [("tenant", "gold")])
    found.world.broker.begin_turn()
    found.world.kernel.publish(
        Publish("default", Address("orders"), CANONICAL, [canonical.encode(message)])
    )
    found.world.run()
    ((event,),) = under_way(found)
    assert (event["data"], event["dragomanbody"]) == ("plain text", "text")
    assert event["topic"].endswith("/topics/orders")


def test_delivery_attributes_are_headers_said_once_or_found_in_the_event() -> None:
    attributes = [
        {"name": "Authorization", "type": "Static", "properties": {"value": "Bearer x"}},
        {"name": "X-Colour", "type": "Dynamic", "properties": {"sourceField": "data.colour"}},
        {"name": "X-Flag", "type": "Dynamic", "properties": {"sourceField": "data.flag"}},
        {"name": "X-None", "type": "Dynamic", "properties": {"sourceField": "data.none.deep"}},
        {"name": "X-Bad", "type": "Dynamic", "properties": {"sourceField": "data.bad"}},
    ]
    found = hooked(hook={"deliveryAttributeMappings": attributes})
    found.publish_grid(grid(1, data={"colour": "red", "flag": True, "bad": "a\r\nx: y"}))
    headers = dict(found.answer().headers)
    assert (headers["Authorization"], headers["X-Colour"], headers["X-Flag"]) == (
        "Bearer x",
        "red",
        "true",
    )
    assert not {"X-None", "X-Bad"} & headers.keys()


def test_a_failed_event_is_tried_again_at_its_time_and_says_how_often() -> None:
    found = hooked()
    found.publish_grid(grid(1))
    found.answer(500)
    assert (found.outbound.under_way, info(found).leased) == ([], 0)
    found.world.advance(9_999)
    assert found.outbound.under_way == []
    found.world.advance(1_100)
    assert dict(found.answer(500).headers)["aeg-delivery-count"] == "1"
    found.world.advance(29_000)
    assert found.outbound.under_way == []
    found.world.advance(4_100)
    assert dict(found.answer(200).headers)["aeg-delivery-count"] == "2"


DEAD = {
    "endpointType": "StorageBlob",
    "properties": {"resourceId": "/x", "blobContainerName": "grave"},
}


def buried(found: Grid) -> list[dict[str, Any]]:
    return [
        json.loads(body)
        for delivery in found.submit(Lease(name="grave", count_max=10))
        for body in delivery.bodies
    ]


def test_an_event_whose_attempts_are_spent_is_a_dead_letter_that_tells_all() -> None:
    found = hooked(deadLetterDestination=DEAD, retryPolicy={"maxDeliveryAttempts": 2})
    published_ms = found.world.clock.now_ms
    found.publish_grid(grid(1))
    found.answer(404)
    found.world.advance(400_000)
    found.answer(0, failure="refused")
    (event,) = buried(found)
    assert published_ms >= 0
    assert {
        name: event[name]
        for name in ("id", "deadLetterReason", "deliveryAttempts", "lastDeliveryOutcome")
    } == {
        "id": "1",
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        "deliveryAttempts": 2,
        "lastDeliveryOutcome": "SocketError",
    }
    assert {"publishTime", "lastDeliveryAttemptTime"} <= event.keys()


def test_an_event_that_no_attempt_will_help_is_one_at_once() -> None:
    found = hooked("CloudEventSchemaV1_0", deadLetterDestination=DEAD)
    found.publish(cloud(1))
    found.answer(400)
    (event,) = buried(found)
    assert (event["deadletterreason"], event["lastdeliveryoutcome"]) == (
        "UndeliverableDueToHttpBadRequest",
        "BadRequest",
    )
    assert event["deliveryattempts"] == 1


def test_it_is_brought_back_to_a_topic_that_is_named_and_to_no_subscription() -> None:
    found = hooked("CloudEventSchemaV1_0", deadLetterDestination=DEAD)
    found.publish(cloud(1))
    found.answer(400)
    settings = PumpSettings(targets=(), to_origin=True, until_end=True)
    found.submit(CreatePump(name="back", source="grave", subscription="grave", settings=settings))
    found.world.advance(1_000)
    (ended,) = [pump for pump in found.submit(ListPumps(with_ended=True)) if pump.name == "back"]
    assert ended.trouble == "it died in sub, which is no stream here: name a target"
    settings = PumpSettings(targets=(Address("orders"),), until_end=True)
    found.submit(CreatePump(name="on", source="grave", subscription="grave", settings=settings))
    found.world.advance(1_000)
    assert json.loads(found.answer(200).body)["id"] == "1"


def test_an_event_that_is_too_old_at_its_next_attempt_is_one_too() -> None:
    found = hooked(deadLetterDestination=DEAD, retryPolicy={"eventTimeToLiveInMinutes": 1})
    found.publish_grid(grid(1))
    found.answer(503)
    found.world.advance(61_000)
    (event,) = buried(found)
    assert (event["deadLetterReason"], event["deliveryAttempts"]) == ("TimeToLiveExceeded", 1)


def test_without_a_dead_letter_destination_it_is_dropped() -> None:
    found = hooked()
    found.publish_grid(grid(1))
    found.answer(400)
    assert (info(found).ready, info(found).leased) == (0, 0)


def test_what_cannot_be_read_is_given_up() -> None:
    found = hooked("CloudEventSchemaV1_0", deadLetterDestination=DEAD)
    found.world.broker.begin_turn()
    found.world.kernel.publish(Publish("default", Address("orders"), CANONICAL, [b"\xff"]))
    found.world.run()
    assert found.outbound.under_way == []
    assert info(found).ready == 0


def test_a_filter_holds_back_what_it_does_not_match() -> None:
    found = hooked(
        filter={
            "advancedFilters": [{"operatorType": "NumberGreaterThan", "key": "data.n", "value": 1}]
        }
    )
    found.publish_grid(grid(1), grid(2))
    assert [[event["id"] for event in body] for body in under_way(found)] == [["2"]]
