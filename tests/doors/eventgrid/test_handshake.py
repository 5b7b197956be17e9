"""Handshakes of both schemas, by answer and by hand."""

import json
from typing import Any

import pytest
from tests.doors.eventgrid.client import Grid, cloud, code, grid

SUB = "topics/orders/eventSubscriptions/sub"
HOOK = {"endpointType": "WebHook", "properties": {"endpointUrl": "http://h.test/hook"}}


def subscribed(schema: str = "EventGridSchema", **more: Any) -> Grid:
    found = Grid(streams=())
    found.arm("PUT", "topics/orders", {"properties": {"inputSchema": schema}})
    found.arm("PUT", SUB, {"properties": {"destination": HOOK, **more}})
    return found


def state(found: Grid) -> str:
    told: str = found.arm("GET", SUB)[1]["properties"]["provisioningState"]
    return told


def asked(found: Grid) -> dict[str, Any]:
    """The data of the validation event under way."""
    (request,) = [request for request, _ in found.outbound.under_way]
    (event,) = json.loads(request.body)
    data: dict[str, Any] = event["data"]
    return data


def test_the_code_given_back_opens_the_way() -> None:
    found = subscribed()
    (request,) = [request for request, _ in found.outbound.under_way]
    (event,) = json.loads(request.body)
    assert (request.method, request.url) == ("POST", "http://h.test/hook")
    assert ("aeg-event-type", "SubscriptionValidation") in request.headers
    assert ("aeg-subscription-name", "SUB") in request.headers
    assert event["eventType"] == "Microsoft.EventGrid.SubscriptionValidationEvent"
    assert event["topic"].endswith("/topics/orders")
    found.publish_grid(grid(1))
    assert len(found.outbound.under_way) == 1
    found.answer(
        200, body=json.dumps({"validationResponse": event["data"]["validationCode"]}).encode()
    )
    assert state(found) == "Succeeded"
    assert json.loads(found.answer(200).body)[0]["id"] == "1"


def test_an_endpoint_that_cannot_answer_calls_the_url_within_ten_minutes() -> None:
    found = subscribed()
    url = asked(found)["validationUrl"].removeprefix("http://here")
    found.answer(200, body=b"ok")
    assert state(found) == "AwaitingManualAction"
    found.world.advance(599_999)
    assert found.ask("GET", url).status == 200
    assert state(found) == "Succeeded"
    assert found.ask("GET", url).status == 200 or state(found) == "Succeeded"


def test_after_ten_minutes_it_has_failed() -> None:
    found = subscribed()
    url = asked(found)["validationUrl"].removeprefix("http://here")
    found.answer(200)
    found.world.advance(600_001)
    assert state(found) == "Failed"
    assert code(found.ask("GET", url)) == (400, "BadRequest")


def test_the_url_needs_the_code() -> None:
    found = subscribed()
    found.answer(200)
    path = "/eventsubscriptions/sub/validate"
    assert code(found.ask("GET", f"{path}?topic=orders&id=guess")) == (400, "BadRequest")
    assert code(found.ask("GET", f"{path}?topic=orders")) == (400, "BadRequest")
    assert code(found.ask("GET", f"{path}?topic=none&id=x")) == (404, "NotFound")
    assert state(found) == "AwaitingManualAction"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b""),
        (500, b""),
        (202, b""),
        (302, b""),
        (200, b'{"validationResponse": "wrong"}'),
        (200, b'{"validationResponse": 5}'),
    ],
)
def test_any_other_answer_is_a_failure_and_nothing_waits_for_it(status: int, body: bytes) -> None:
    found = subscribed()
    found.answer(status, body=body)
    assert state(found) == "Failed"
    found.publish_grid(grid(1))
    assert found.outbound.under_way == []


def test_a_failed_one_can_be_tried_again() -> None:
    found = subscribed()
    found.answer(500)
    found.arm("PUT", SUB, {"properties": {"destination": HOOK}})
    assert state(found) == "Creating"
    found.answer(
        200, body=json.dumps({"validationResponse": asked(found)["validationCode"]}).encode()
    )
    assert state(found) == "Succeeded"


def test_a_cloud_event_endpoint_is_asked_for_permission() -> None:
    found = subscribed("CloudEventSchemaV1_0")
    (request,) = [request for request, _ in found.outbound.under_way]
    headers = dict(request.headers)
    assert (request.method, headers["WebHook-Request-Origin"]) == ("OPTIONS", "eventgrid.azure.net")
    assert headers["WebHook-Request-Callback"].startswith(
        "http://here/eventsubscriptions/sub/validate?"
    )
    assert headers["WebHook-Request-Rate"] == "120"
    found.answer(
        200,
        headers=[("webhook-allowed-origin", "eventgrid.azure.net"), ("webhook-allowed-rate", "*")],
    )
    assert state(found) == "Succeeded"


def test_an_endpoint_may_allow_it_later_by_the_callback() -> None:
    found = subscribed("CloudEventSchemaV1_0")
    (request,) = [request for request, _ in found.outbound.under_way]
    callback = dict(request.headers)["WebHook-Request-Callback"].removeprefix("http://here")
    found.answer(204)
    assert state(found) == "AwaitingManualAction"
    assert found.post(callback).status == 200
    assert state(found) == "Succeeded"


def test_another_origin_is_not_ours() -> None:
    found = subscribed("CloudEventSchemaV1_0")
    found.answer(200, headers=[("webhook-allowed-origin", "example.org")])
    assert state(found) == "Failed"


def test_a_webhook_that_has_shaken_hands_need_not_again_for_a_new_filter() -> None:
    found = subscribed("CloudEventSchemaV1_0")
    found.answer(200, headers=[("webhook-allowed-origin", "*")])
    found.arm("PATCH", SUB, {"filter": {"subjectBeginsWith": "eu"}})
    assert (state(found), found.outbound.under_way) == ("Succeeded", [])
    other = {**HOOK, "properties": {"endpointUrl": "http://h.test/other"}}
    found.arm("PATCH", SUB, {"destination": other})
    assert state(found) == "Creating"
    found.publish(cloud(1, subject="eu"))
    found.answer(500)
    assert state(found) == "Failed"


def test_a_handshake_of_a_subscription_that_is_gone_ends_nowhere() -> None:
    found = subscribed()
    found.arm("DELETE", SUB)
    found.answer(200)
    assert found.world.faults == []
