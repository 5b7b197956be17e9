"""What is written natively, so that clients see it without knowing us."""

import pytest

from dragoman.formats.amqp10 import decode
from dragoman.formats.amqp10write import render
from dragoman.formats.options import RenderOptions
from dragoman.model.message import Message, Typed
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import decode as decode_value
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import split_entry


def application_of(entry: bytes) -> dict[str, object]:
    parts = split_entry(entry)
    found: dict[str, object] = decode_value(entry, parts.application)[0].value
    return found


def test_fields_go_to_their_places_and_nothing_is_attached() -> None:
    message = Message(b"body", [("n", Typed("u8", 3)), ("s", "text")])
    message.id, message.type, message.group = "id", "label", "session"
    message.created_at_ms, message.priority, message.key = 5, 7, b"k"
    message.event = {"id": "1", "specversion": "1.0"}
    (entry,) = render([(message, None)], RenderOptions("q"))
    parts = split_entry(entry)
    assert from_bytes(entry, parts.properties)[0] == Properties(
        message_id="id", subject="label", group_id="session", creation_time=5
    )
    assert application_of(entry) == {
        "n": 3, "s": "text", "cloudEvents:specversion": "1.0", "cloudEvents:id": "1",
    }  # fmt: skip
    assert entry.endswith(b"\0\x53\x75\xa0\x04body")


def test_a_header_that_is_a_list_is_attached_and_comes_back() -> None:
    (entry,) = render([(Message(b"x", [("list", [1, 2])]), None)], RenderOptions("q"))
    assert list(application_of(entry)) == ["dragoman-meta"]
    assert decode(entry).headers == [("list", [1, 2])]


def test_where_nothing_may_be_attached_it_is_counted() -> None:
    options = RenderOptions("q", carry=False)
    render([(Message(b"x", [("list", [1, 2])]), None)], options)
    assert options.dropped_count == 1


@pytest.mark.parametrize(("left", "ttl"), [(500, b"\x70\x00\x00\x01\xf4"), (-9, b"\x43")])
def test_a_life_is_what_remains_of_it(left: int, ttl: bytes) -> None:
    message = Message(b"x")
    message.expires_at_ms = 10_000 + left
    (entry,) = render([(message, None)], RenderOptions("q", 10_000))
    assert b"\0\x53\x70\xc0" in entry and ttl in entry[22:40]


def test_a_tombstone_is_a_null() -> None:
    (entry,) = render([(Message(None), None)], RenderOptions("q"))
    assert entry.endswith(b"\0\x53\x77\x40")
    assert decode(entry).body is None
