"""Where subscriptions go."""

from typing import Any

import pytest

from dragoman.doors.eventgrid.destinations import (
    REFUSED,
    container_of,
    destination_of,
    static_attributes,
)
from dragoman.doors.shared.arm.errors import ArmError


def hook(**properties: Any) -> Any:
    return {"endpointType": "WebHook", "properties": {"endpointUrl": "https://h/x", **properties}}


@pytest.mark.parametrize(
    ("properties", "count", "size"),
    [
        ({}, 1, 0),
        ({"maxEventsPerBatch": 10}, 10, 65_536),
        ({"preferredBatchSizeInKilobytes": 2}, 5_000, 2_048),
        ({"maxEventsPerBatch": 7, "preferredBatchSizeInKilobytes": 1_024}, 7, 1_048_576),
        ({"maxEventsPerBatch": 1}, 1, 0),
    ],
)
def test_batches_are_off_until_asked_for(properties: Any, count: int, size: int) -> None:
    found = destination_of(hook(**properties))
    assert (found.url, found.count_max, found.bytes_max) == ("https://h/x", count, size)


def test_queues_are_queues_and_the_others_streams() -> None:
    queue = destination_of({"endpointType": "StorageQueue", "properties": {"queueName": "q"}})
    hub = destination_of(
        {"endpointType": "EventHub", "properties": {"resourceId": "/x/eventHubs/h"}}
    )
    assert (queue.stream, queue.is_queue, hub.stream, hub.is_queue) == ("q", True, "h", False)


def test_attributes_are_said_once_or_looked_up() -> None:
    mappings = [
        {"name": "a", "type": "Static", "properties": {"value": "1", "isSecret": True}},
        {"name": "b", "type": "Dynamic", "properties": {"sourceField": "data.x"}},
    ]
    found = destination_of(hook(deliveryAttributeMappings=mappings))
    assert found.attributes == [{"name": "a", "value": "1"}, {"name": "b", "path": ["data", "x"]}]
    assert static_attributes(found.attributes) == (("a", "1"),)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"endpointType": "WebHook"}, {"endpointType": "WebHook", "properties": []},
        hook(endpointUrl="gopher://x"), hook(endpointUrl="http://[x"), hook(endpointUrl="http://h:99999"), hook(endpointUrl="http:"), hook(endpointUrl="http://" + "x" * 3_000), hook(endpointUrl=5),
        hook(maxEventsPerBatch=0), hook(maxEventsPerBatch=5_001), hook(maxEventsPerBatch=True),
        hook(preferredBatchSizeInKilobytes=1_025), hook(deliveryAttributeMappings={}),
        hook(deliveryAttributeMappings=[1]), hook(deliveryAttributeMappings=[{"name": "a", "type": "Other"}]),
        hook(deliveryAttributeMappings=[{"name": "aeg-x", "type": "Static", "properties": {"value": "1"}}]),
        hook(deliveryAttributeMappings=[{"name": "a", "type": "Static", "properties": {"value": "x" * 4_097}}]),
        hook(deliveryAttributeMappings=[{"name": "a", "type": "Dynamic", "properties": {}}]),
        hook(deliveryAttributeMappings=[{"name": "a", "type": "Static", "properties": {"value": "1"}}] * 11),
        {"endpointType": "ServiceBusQueue", "properties": {"resourceId": "/x/topics/t"}},
        {"endpointType": "StorageQueue", "properties": {}}, {"endpointType": 5}, {"endpointType": []}, {"endpointType": {}},
        *({"endpointType": kind, "properties": {"resourceId": "/x"}} for kind in REFUSED),
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_is_not_offered_is_refused(body: Any) -> None:
    with pytest.raises(ArmError):
        destination_of(body)


def test_dead_letters_go_to_a_container() -> None:
    body = {"endpointType": "StorageBlob", "properties": {"blobContainerName": "dead"}}
    assert container_of(body) == "dead"
    assert container_of({}) == ""
    bad: Any
    for bad in ({"endpointType": []}, {"endpointType": "Other"}, {"endpointType": "StorageBlob"}):
        with pytest.raises(ArmError):
            container_of(bad)
