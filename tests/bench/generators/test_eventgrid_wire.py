"""Publishes as azure-eventgrid spells them."""

import json

import pytest
from bench.generators.eventgrid_wire import CLOUD, GRID, event, request


@pytest.mark.parametrize(
    ("schema", "type_"),
    [(CLOUD, b"application/cloudevents-batch+json"), (GRID, b"application/json")],
)
def test_a_request_is_a_batch_of_the_schema(schema: str, type_: bytes) -> None:
    head, _, body = request("h:1", "t", schema, [event(schema, 7, {"n": 1})]).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /t/api/events?api-version=2018-01-01 HTTP/1.1\r\nHost: h:1\r\n")
    assert b"Content-Type: " + type_ in head
    assert f"Content-Length: {len(body)}".encode() in head
    (found,) = json.loads(body)
    assert found["data"] == {"n": 1}
    assert found["id"].endswith("7")
