"""Stored messages as events of the schema wanted."""

import json

import pytest

from dragoman.doors.eventgrid.rendering import INPUT_SCHEMA, as_event
from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, GRID_SCHEMA
from dragoman.formats import canonical
from dragoman.formats.errors import FormatError
from dragoman.model.levels import CANONICAL, CLOUDEVENT, EVENTGRID
from dragoman.model.message import Message

CLOUD = b'{"specversion":"1.0","id":"1","source":"/a","type":"t","data":1}'
GRID = b'{"id":"1","topic":"/a","subject":"s","eventType":"t","eventTime":"2020-01-01T00:00:00Z","data":{"x": 1}}'


def rendered(format_: int, body: bytes, schema: str) -> bytes:
    return as_event(format_, body, 0, schema, "/topics/orders", 7, 5)


def test_the_schema_that_is_stored_comes_as_it_stands() -> None:
    assert rendered(CLOUDEVENT, CLOUD, CLOUD_SCHEMA) is CLOUD
    assert rendered(EVENTGRID, GRID, GRID_SCHEMA) is GRID


def test_the_other_is_converted() -> None:
    assert json.loads(rendered(EVENTGRID, GRID, CLOUD_SCHEMA))["source"] == "/a"
    assert json.loads(rendered(CLOUDEVENT, CLOUD, GRID_SCHEMA))["eventType"] == "t"


def test_the_inputs_own_is_the_data_and_for_all_else_cloud_events() -> None:
    assert rendered(EVENTGRID, GRID, INPUT_SCHEMA) == b'{"x": 1}'
    assert rendered(CLOUDEVENT, CLOUD, INPUT_SCHEMA) is CLOUD
    no_data = GRID.replace(b',"data":{"x": 1}', b"")
    assert json.loads(rendered(EVENTGRID, no_data, INPUT_SCHEMA))["type"] == "t"


def test_what_says_nothing_is_called_by_its_place() -> None:
    event = json.loads(rendered(CANONICAL, canonical.encode(Message(b"1")), CLOUD_SCHEMA))
    assert (event["source"], event["id"]) == ("/topics/orders", "topics/orders/7")


@pytest.mark.parametrize("schema", [CLOUD_SCHEMA, GRID_SCHEMA])
def test_what_cannot_be_read_is_refused(schema: str) -> None:
    with pytest.raises(FormatError):
        rendered(CANONICAL, b"\xff", schema)
