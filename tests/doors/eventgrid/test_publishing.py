"""Events on their way in: three schemas, two addresses, all of a request or nothing."""

import json
from typing import Any

import pytest
from tests.doors.eventgrid.client import API, CLOUD, CLOUD_BATCH, Grid, cloud, code, grid, read

from dragoman.doors.eventgrid.events import EVENTS_MAX, PUBLISH_BYTES_MAX
from dragoman.doors.eventgrid.topics import DOMAINS, TOPICS
from dragoman.doors.shared.arm.store import Resource
from dragoman.kernel.api import CreateStream, StreamSettings

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/orders"


def topic(properties: dict[str, Any], **hidden: Any) -> Grid:
    """A broker with the topic `orders` as Resource Manager would have made it."""
    found = Grid()
    made(found, TOPICS, ID, "orders", properties, **hidden)
    return found


def made(found: Grid, types: Any, id_: str, name: str, properties: Any, **hidden: Any) -> None:
    shown = {"id": id_, "name": name, "properties": properties}
    store = found.face.store
    store.put(found.client.door._session, types, name, Resource(shown, {"stream": name, **hidden}))


def test_cloud_events_are_stored_as_they_were_sent() -> None:
    found = Grid()
    assert found.publish(cloud(1, data={"a": 1}), cloud(2)).status == 200
    assert [json.loads(body)["id"] for body in found.stored()] == ["1", "2"]
    assert found.stored()[0] == json.dumps(cloud(1, data={"a": 1})).encode()


def test_one_cloud_event_needs_no_array() -> None:
    found = Grid()
    response = found.post("/orders/api/events", cloud(5), CLOUD)
    assert (response.status, response.body) == (200, b"")
    assert [json.loads(body)["id"] for body in found.stored()] == ["5"]


def test_a_cloud_event_in_binary_mode_is_folded() -> None:
    found = Grid()
    headers = [(f"ce-{name}", str(value)) for name, value in cloud(7, subject="caf%C3%A9").items()]
    found.post("/orders/api/events", b'{"a":  1}', ("Content-Type", "application/json"), *headers)
    found.post("/orders/api/events", b"\xff\x00", ("Content-Type", "image/png"), *headers)
    found.post("/orders/api/events", b"", *headers)
    first, second, third = map(json.loads, found.stored())
    assert (first["subject"], first["datacontenttype"], first["data"]) == (
        "café", "application/json", {"a": 1},
    )  # fmt: skip
    assert second["data_base64"] == "/wA="
    assert not {"data", "data_base64"} & third.keys()


def test_event_grids_schema_is_completed_as_azure_does() -> None:
    found = topic({})
    event = grid(1)
    del event["dataVersion"]
    assert found.post(f"/orders/api/events{API}", [event, grid(2, topic=ID.upper())]).status == 200
    first, second = map(json.loads, found.stored())
    assert first == {**event, "topic": ID, "dataVersion": "", "metadataVersion": "1"}
    assert second["topic"] == ID.upper()


def test_what_is_said_as_null_is_completed_too() -> None:
    found = topic({})
    found.post("/orders/api/events", [grid(1, topic=None, metadataVersion="")])
    (body,) = found.stored()
    assert body.count(b'"topic"') == 1
    assert json.loads(body)["topic"] == ID


def test_a_custom_schema_is_mapped_and_the_original_is_the_data() -> None:
    mapping = {
        "inputSchemaMappingType": "Json",
        "properties": {
            "id": {"sourceField": "meta.id"},
            "eventType": {"sourceField": "kind"},
            "subject": {"sourceField": "nothing", "defaultValue": "DefaultSubject"},
            "dataVersion": {"defaultValue": "1.0"},
        },
    }
    found = topic({"inputSchema": "CustomEventSchema", "inputSchemaMapping": mapping})
    event = {"kind": "Created", "meta": {"id": "m1"}, "resource": "x"}
    assert found.post("/orders/api/events", [event]).status == 200
    (body,) = map(json.loads, found.stored())
    assert body["data"] == event
    assert {name: body[name] for name in ("id", "eventType", "subject", "dataVersion", "topic")} == {
        "id": "m1", "eventType": "Created", "subject": "DefaultSubject", "dataVersion": "1.0", "topic": ID,
    }  # fmt: skip
    assert code(found.post("/orders/api/events", [{"kind": 5}])) == (400, "InputJsonInvalid")
    assert code(found.post("/orders/api/events", [{}])) == (400, "InputJsonInvalid")


def test_a_topic_takes_its_own_schema_and_no_other() -> None:
    of_cloud = topic({"inputSchema": "CloudEventSchemaV1_0"})
    assert code(of_cloud.post("/orders/api/events", [grid()])) == (400, "InputJsonInvalid")
    assert of_cloud.publish(cloud()).status == 200
    of_grid = topic({"inputSchema": "EventGridSchema"})
    assert code(of_grid.publish(cloud())) == (400, "InputJsonInvalid")


BAD_GRID = [
    {"id": None}, {"id": ""}, {"id": 5}, {"subject": None}, {"eventType": ""}, {"eventTime": "x"},
    {"topic": "/other"}, {"metadataVersion": "2"}, {"dataVersion": 5}, {"topic": 5},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_GRID)
def test_a_bad_event_refuses_the_whole_request(change: dict[str, Any]) -> None:
    found = topic({})
    assert code(found.post("/orders/api/events", [grid(1), grid(2, **change)])) == (
        400, "InputJsonInvalid",
    )  # fmt: skip
    assert found.stored() == []


BAD_BODIES = [
    b"", b"{}", b"[1]", b"[[]]", b"[", b"null", b"[{]", b"\xff", b'[{"id": "\xff"}]', b'"x"',
    b"[" * 100_000, json.dumps(grid()).encode(),
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES)
@pytest.mark.parametrize("kind", [("Content-Type", "application/json"), CLOUD, CLOUD_BATCH])
def test_whatever_is_no_array_of_events_is_refused(body: bytes, kind: tuple[str, str]) -> None:
    found = Grid()
    assert code(found.post("/orders/api/events", body, kind)) == (400, "InputJsonInvalid")
    assert code(found.post("/topics/orders:publish", body, CLOUD)) == (400, "InputJsonInvalid")
    assert found.stored() == []


def test_an_empty_array_is_nothing_to_do() -> None:
    assert Grid().post("/orders/api/events", []).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("ce-specversion", "1.0")],
        [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/a"),
            ("ce-type", "t"),
            ("ce-A_B", "x"),
        ],
    ],
)
def test_headers_that_are_no_event_are_refused(headers: list[tuple[str, str]]) -> None:
    assert code(Grid().post("/orders/api/events", b"x", *headers)) == (400, "InputJsonInvalid")


def test_what_is_too_large_is_refused_in_event_grids_words() -> None:
    found = Grid()
    big = b"[" + b" " * PUBLISH_BYTES_MAX + b"]"
    assert code(found.post("/orders/api/events", big)) == (413, "RequestEntityTooLarge")
    many = b"[" + b",".join([b"{}"] * (EVENTS_MAX + 1)) + b"]"
    assert code(found.post("/orders/api/events", many)) == (413, "RequestEntityTooLarge")
    event = [(f"ce-{name}", str(value)) for name, value in cloud().items()]
    assert code(found.post("/orders/api/events", big, *event)) == (413, "RequestEntityTooLarge")


def test_a_domains_events_go_to_the_topics_they_name_and_to_the_domain() -> None:
    found = Grid(streams=("shop", "shop/orders", "shop/bills"))
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/domains/shop"
    made(found, DOMAINS, id_, "shop", {})
    events = [
        grid(1, topic="orders"),
        grid(2, topic="bills"),
        grid(3, topic="Orders"),
        grid(4, topic="none"),
    ]
    assert found.post("/shop/api/events", events).status == 200
    ids = {
        name: [json.loads(b)["id"] for b in found.stored(name)]
        for name in ("shop", "shop/orders", "shop/bills")
    }
    assert ids == {"shop": ["1", "2", "3", "4"], "shop/orders": ["1", "3"], "shop/bills": ["2"]}
    assert json.loads(found.stored("shop/bills")[0])["topic"] == f"{id_}/topics/bills"
    assert code(found.post("/shop/api/events", [grid(5)])) == (400, "InputJsonInvalid")


def test_cloud_events_of_a_domain_name_their_topic_as_source() -> None:
    found = Grid(streams=("shop", "shop/orders"))
    made(found, DOMAINS, "/d/shop", "shop", {"inputSchema": "CloudEventSchemaV1_0"})
    assert found.publish(cloud(1, source="orders"), topic="shop").status == 200
    assert len(found.stored("shop/orders")) == 1


def test_a_namespaces_topic_is_published_to_and_answers_with_an_object() -> None:
    found = Grid()
    response = found.post("/topics/orders:publish?api-version=2024-06-01", cloud(1), CLOUD)
    assert (response.status, read(response)) == (200, {})
    assert found.post("/topics/orders:publish", [cloud(2)], CLOUD_BATCH).status == 200
    assert len(found.stored()) == 2


def test_a_stream_is_found_by_what_it_is_called_here() -> None:
    found = Grid(streams=())
    found.submit(CreateStream(name="orders.eu", settings=StreamSettings(retention_ms=-1)))
    assert found.publish(cloud(), topic="orders-eu-53f70a3c").status == 200
    assert len(found.stored("orders.eu")) == 1


@pytest.mark.parametrize(
    "path",
    ["/nothing/api/events", "/api/events", "/topics/nothing:publish", "/ns/topics/orders:publish"],
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert code(Grid().post(path, [cloud()], CLOUD_BATCH)) == (404, "NotFound")


def test_the_host_says_what_the_path_does_not() -> None:
    found = Grid()
    head = b"POST /api/events HTTP/1.1\r\nHost: orders.westeurope-1.eventgrid.azure.net\r\n"
    body = json.dumps(cloud()).encode()
    found.client.send(
        head
        + b"Content-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
    )
    assert found.client.take().startswith(b"HTTP/1.1 200")
    assert len(found.stored()) == 1
