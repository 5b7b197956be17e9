"""What a request is for."""

import pytest
from tests.doors.eventgrid.client import CLOUD, Grid, cloud, code

from dragoman.doors.eventgrid.topics import ANY_SCHEMA, GRID_SCHEMA, Topic, schema_of
from dragoman.doors.shared.arm.store import Resource


def test_a_stream_nobody_made_a_topic_of_takes_anything() -> None:
    topic = Topic("orders", None)
    assert (topic.schema, topic.id, topic.keys) == (ANY_SCHEMA, "/orders", ())


def test_a_topic_is_what_its_resource_says() -> None:
    resource = Resource({"id": "/t", "properties": {}}, {"keys": ["a", "b"]})
    topic = Topic("orders", resource)
    assert (topic.schema, topic.id, topic.keys) == (GRID_SCHEMA, "/t", ("a", "b"))
    assert schema_of({"inputSchema": None}) == GRID_SCHEMA


def test_a_changed_resource_is_read_anew() -> None:
    found = Grid(streams=())
    found.arm("PUT", "topics/orders", {})
    assert code(found.publish(cloud()))[0] == 400
    found.arm("PUT", "topics/orders", {"properties": {"inputSchema": "CloudEventSchemaV1_0"}})
    assert found.publish(cloud()).status == 200


def test_the_only_namespace_need_not_be_named() -> None:
    found = Grid(streams=())
    found.arm("PUT", "namespaces/ns1", {})
    found.arm("PUT", "namespaces/ns1/topics/orders", {})
    assert found.post("/topics/orders:publish", cloud(), CLOUD).status == 200
    found.arm("PUT", "namespaces/ns2", {})
    assert code(found.post("/topics/orders:publish", cloud(), CLOUD)) == (404, "NotFound")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("orders.example.org", 200),
        ("localhost", 404),
        ("127.0.0.1:80", 404),
        ("[::1]:80", 404),
        ("none.example.org", 404),
    ],
)
def test_a_host_name_says_which(host: str, status: int) -> None:
    found = Grid()
    body = b'{"specversion":"1.0","id":"1","source":"/a","type":"t"}'
    head = f"POST /api/events HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/cloudevents+json\r\n"
    found.client.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert found.client.take().startswith(f"HTTP/1.1 {status}".encode())
