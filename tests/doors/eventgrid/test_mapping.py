"""Custom schemas, mapped."""

import json
from typing import Any

import pytest

from dragoman.doors.eventgrid.errors import EventGridError
from dragoman.doors.eventgrid.mapping import InputMapping
from dragoman.formats.errors import FormatError

DEFAULTS = {name: {"defaultValue": "d"} for name in ("eventType", "subject", "dataVersion")}


def mapped(event: Any, **properties: Any) -> Any:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return json.loads(InputMapping({**DEFAULTS, **properties}).apply(raw, "made-up", 1_000, "/t"))


def test_what_nobody_says_is_made_up() -> None:
    assert mapped({}) == {
        "id": "made-up", "eventTime": "1970-01-01T00:00:01.000Z", "topic": "/t", "eventType": "d", "subject": "d",
        "dataVersion": "d", "metadataVersion": "1", "data": {},
    }  # fmt: skip


def test_fields_are_found_by_their_path() -> None:
    found = mapped(
        {"a": {"b": "x"}, "when": "2020-01-01T00:00:00Z", "n": None},
        id={"sourceField": "a.b"}, eventTime={"sourceField": "when"}, topic={"sourceField": "a.b"},
        subject={"sourceField": "n", "defaultValue": "fallback"}, eventType={"sourceField": "a.b.c", "defaultValue": "e"},
    )  # fmt: skip
    assert (found["id"], found["topic"], found["eventTime"]) == ("x", "x", "2020-01-01T00:00:00Z")
    assert (found["subject"], found["eventType"]) == ("fallback", "e")


def test_the_data_keeps_its_bytes() -> None:
    made = InputMapping(DEFAULTS).apply(b'{"a":  1.50}', "i", 0, "/t")
    assert made.endswith(b'"data":{"a":  1.50}}')


@pytest.mark.parametrize(
    ("event", "properties"),
    [
        ({"a": 5}, {"eventType": {"sourceField": "a"}}),
        ({"a": "soon"}, {"eventTime": {"sourceField": "a"}}),
        ({}, {"eventType": {"sourceField": "a"}}),
        ({}, {"subject": {}}),
    ],
)
def test_an_event_that_does_not_fit_is_refused(event: Any, properties: Any) -> None:
    with pytest.raises(EventGridError):
        mapped(event, **properties)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(FormatError):
        mapped(b"[1]")
    with pytest.raises(EventGridError):
        InputMapping({"id": "x"})
