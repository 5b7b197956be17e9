"""Event Grid's own schema: its properties, its conversion to CloudEvents, bodies that are no JSON."""

import json
from typing import Any

import pytest

from dragoman import formats
from dragoman.formats import eventgrid
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import CANONICAL, CLOUDEVENT, EVENTGRID
from dragoman.model.message import Message

EVENT = {
    "id": "7", "topic": "/shop", "subject": "eu", "eventType": "made", "dataVersion": "1.0",
    "eventTime": "2020-01-01T00:00:00Z", "metadataVersion": "1", "data": {"a": 1},
}  # fmt: skip


def decode(**members: Any) -> Message:
    return eventgrid.decode(json.dumps({**EVENT, **members}).encode(), 5)


def render(message: Message) -> dict[str, Any]:
    (entry,) = eventgrid.render([(message, None)], RenderOptions("/orders"))
    found: dict[str, Any] = json.loads(entry)
    return found


def test_properties_are_fields_and_the_event() -> None:
    message = decode()
    assert (message.id, message.type, message.subject, message.source) == (
        "7",
        "made",
        "eu",
        "/shop",
    )
    assert (message.created_at_ms, message.content_type) == (1577836800000, "application/json")
    assert message.event is not None
    assert message.event["dataversion"] == "1.0"


def test_the_other_schema_is_a_conversion_without_remains() -> None:
    (entry,) = formats.translate(EVENTGRID, json.dumps(EVENT).encode(), CLOUDEVENT, RenderOptions())
    assert json.loads(entry) == {
        "specversion": "1.0", "id": "7", "source": "/shop", "type": "made", "subject": "eu",
        "time": "2020-01-01T00:00:00Z", "datacontenttype": "application/json", "dataversion": "1.0",
        "data": {"a": 1},
    }  # fmt: skip


@pytest.mark.parametrize("body", [b"plain", b"\xff\x00", b"", b'{"a": 1}', b"[", None])
def test_any_body_comes_back(body: bytes | None) -> None:
    found = render(Message(body))
    assert eventgrid.decode(json.dumps(found, separators=(", ", ": ")).encode()).body == body


def test_what_is_required_is_always_said() -> None:
    message = Message(b"1")
    message.stored_at_us = 1577836800_000_000
    found = render(message)
    assert (found["topic"], found["subject"], found["metadataVersion"]) == (
        "/orders",
        "/orders",
        "1",
    )
    assert found["eventTime"] == "2020-01-01T00:00:00.000Z"
    again = eventgrid.decode(json.dumps(found).encode())
    assert (again.id, again.subject, again.created_at_ms) == (None, None, None)


@pytest.mark.parametrize(
    "members",
    [{"id": 5}, {"subject": []}, {"eventTime": "x"}, {"dragomanbody": "hex"}, {"dragomanmeta": 5}],
)
def test_what_is_no_event_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        decode(**members)


def test_headers_are_set_on_the_message_that_it_is() -> None:
    entry = json.dumps(EVENT).encode()
    format_, changed = FormatTranslator().with_headers(EVENTGRID, entry, (("tenant", "x"),))
    assert format_ == CANONICAL
    message = formats.decode(format_, changed)
    assert (message.id, message.headers) == ("7", [("tenant", "x")])
