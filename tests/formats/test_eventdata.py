"""JSON as events have it: times, types, values that JSON lacks."""

import json

import pytest
from msgspec import Raw

from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import (
    is_json_type,
    is_text_type,
    read_data,
    read_members,
    read_time_ms,
    read_value,
    write_data,
    write_json,
)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T02:00:00.123456789+02:00", 123),
        ("1969-12-31T23:59:59.9Z", -100),
    ],
)
def test_a_time_is_read_in_any_zone(text: str, ms: int) -> None:
    assert read_time_ms(json.dumps(text).encode()) == ms


def test_types_say_what_data_is() -> None:
    assert is_json_type(None)
    assert is_json_type("Application/Vnd.X+JSON; charset=utf-8")
    assert not is_json_type("text/plain")
    assert is_text_type("TEXT/HTML;x")
    assert not is_text_type("image/png")


def test_lone_surrogates_are_written_as_question_marks() -> None:
    assert write_json({"a\udcff": ["\ud800", 1]}) == b'{"a?":["?",1]}'


@pytest.mark.parametrize("body", [None, b"", b"1", b"x", b"\xff"])
@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "image/png"])
def test_a_body_comes_back_from_its_member(body: bytes | None, content_type: str | None) -> None:
    members = read_members(write_json(write_data(body, content_type)))
    assert read_data(members, content_type) == body


@pytest.mark.parametrize("raw", [b"{", b"[" * 100_000, b'{"a": "\xff"}'])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        read_value(Raw(raw))
