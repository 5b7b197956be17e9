"""What filters read of stored events, whatever protocol brought them."""

import json

import pytest

from dragoman import formats
from dragoman.formats.eventfields import find_member
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import AMQP091, CLOUDEVENT, EVENTGRID, KAFKA
from dragoman.model.message import Message
from dragoman.ports.translator import FieldSource

CLOUD = {
    "specversion": "1.0", "id": "7", "source": "/shop", "type": "Order.Created", "subject": "eu",
    "tenant": "gold", "nothing": None, "data": {"a": {"b": [1, "x"]}, "n": None},
}  # fmt: skip
GRID = {
    "id": "7", "topic": "/shop", "eventType": "Order.Created", "subject": "eu",
    "eventTime": "2020-01-01T00:00:00Z", "dataVersion": "2", "data": {"a": {"b": [1, "x"]}},
}  # fmt: skip


def fields(format_: int, event: object) -> FieldSource:
    return FormatTranslator().fields(format_, json.dumps(event).encode(), 0)


def foreign(format_: int) -> FieldSource:
    message = Message(b'{"a": {"b": [1, "x"]}}', [("tenant", "gold")])
    message.type = "Order.Created"
    (entry,) = formats.render([(message, None)], format_, RenderOptions("q"))
    return FormatTranslator().fields(format_, entry, 0)


@pytest.mark.parametrize(
    "source",
    [fields(CLOUDEVENT, CLOUD), fields(EVENTGRID, GRID), foreign(KAFKA), foreign(AMQP091)],
)
def test_type_and_data_are_found_in_events_of_any_origin(source: FieldSource) -> None:
    assert source.attribute("event:type") == "Order.Created"
    assert source.attribute("event:nothing") is None
    assert source.attribute("type") == "Order.Created"
    assert source.member(("a", "b")) == [1, "x"]
    assert source.member(("a", "b", "c")) is None
    assert source.member(()) == {"a": {"b": [1, "x"]}} or source.member(("n",)) is None


@pytest.mark.parametrize("source", [fields(CLOUDEVENT, CLOUD), foreign(KAFKA), foreign(AMQP091)])
def test_extensions_and_the_headers_of_other_protocols_are_one(source: FieldSource) -> None:
    assert source.attribute("event:tenant") == "gold"
    assert source.headers["tenant"] == "gold"


def test_attributes_of_the_schema_are_found_by_their_names_in_cloud_events() -> None:
    source = fields(EVENTGRID, GRID)
    found = [source.attribute(f"event:{name}") for name in ("source", "dataversion", "time", "id")]
    assert found == ["/shop", "2", "2020-01-01T00:00:00Z", "7"]
    assert source.headers["eventType"] == "Order.Created"
    assert "data" not in source.headers
    assert source.attribute("created_at") == 1577836800000


def test_data_in_base64_is_looked_into() -> None:
    event = {**CLOUD, "data_base64": "eyJhIjogMX0="}
    del event["data"]
    assert fields(CLOUDEVENT, event).member(("a",)) == 1
    assert fields(CLOUDEVENT, {**event, "data_base64": "?"}).member(("a",)) is None
    assert fields(CLOUDEVENT, {**event, "data_base64": 5}).member(("a",)) is None


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_parsed_has_nothing(body: bytes) -> None:
    for format_ in (CLOUDEVENT, EVENTGRID):
        source = FormatTranslator().fields(format_, body, 0)
        assert source.attribute("event:type") is None
        assert source.member(("a",)) is None
        assert source.headers == {}


def test_a_path_leads_through_objects_only() -> None:
    assert find_member({"a": [1]}, ("a", "0")) is None
    assert find_member(5, ()) == 5
