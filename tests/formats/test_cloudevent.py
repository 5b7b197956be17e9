"""CloudEvents in JSON: what their attributes are, what becomes of messages born elsewhere."""

import json
from typing import Any

import pytest

from dragoman import formats
from dragoman.formats import cloudevent
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import AMQP091, CLOUDEVENT, KAFKA
from dragoman.model.message import Message

EVENT = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "made"}


def decode(**members: Any) -> Message:
    return cloudevent.decode(json.dumps({**EVENT, **members}).encode(), 5)


def render(message: Message, **options: Any) -> dict[str, Any]:
    (entry,) = cloudevent.render([(message, None)], RenderOptions("/orders", **options))
    found: dict[str, Any] = json.loads(entry)
    return found


def test_attributes_are_the_event_and_the_fields_that_say_the_same() -> None:
    message = decode(
        subject="eu", time="2020-01-01T00:00:00.5Z", datacontenttype="text/plain", tenant="gold",
        partitionkey="k", traceparent="00-1", groupid="g", nothing=None, data="hello",
    )  # fmt: skip
    assert (message.id, message.type, message.subject, message.source) == (
        "7",
        "made",
        "eu",
        "/shop",
    )
    assert (message.key, message.group, message.trace) == (b"k", "g", ("00-1", None))
    assert (message.body, message.content_type) == (b"hello", "text/plain")
    assert message.created_at_ms == 1577836800500
    assert message.event is not None
    assert message.event["tenant"] == "gold"
    assert not {"data", "datacontenttype", "nothing"} & message.event.keys()
    assert message.headers == []


def test_a_kafka_reader_gets_the_attributes_in_binary_mode() -> None:
    entry = json.dumps({**EVENT, "tenant": "gold", "data": {"a": 1}}).encode()
    (batch,) = formats.translate(CLOUDEVENT, entry, KAFKA, RenderOptions("q"))
    fields = FormatTranslator().fields(KAFKA, batch, 0)
    assert {name: fields.headers[name] for name in ("ce_id", "ce_tenant")} == {
        "ce_id": "7", "ce_tenant": "gold",
    }  # fmt: skip
    assert formats.decode(KAFKA, batch).body == b'{"a": 1}'


def test_headers_become_extensions_and_headers_again() -> None:
    message = Message(b"{}", [("tenant", "gold"), ("X-Odd", "1"), ("id", "no"), ("n", 5)])
    found = render(message)
    assert (found["tenant"], found["n"]) == ("gold", 5)
    assert found["id"] != "no"
    again = cloudevent.decode(json.dumps(found).encode())
    assert again.headers == message.headers
    assert again.event is None


def test_an_app_that_edits_an_extension_wins() -> None:
    found = render(Message(b"{}", [("tenant", "gold")]))
    found["tenant"] = "silver"
    assert cloudevent.decode(json.dumps(found).encode()).headers == [("tenant", "silver")]


def test_a_name_that_clients_refuse_to_read_is_told_in_the_meta_alone() -> None:
    found = render(Message(b"{}", [("7", "gold")]))
    assert "7" not in found
    assert cloudevent.decode(json.dumps(found).encode()).headers == [("7", "gold")]


def test_a_client_that_spells_the_time_in_its_own_way_edits_nothing() -> None:
    born = Message(b"{}")
    born.created_at_ms = 1_500
    found = render(born)
    assert found["time"] == "1970-01-01T00:00:01.500Z"
    found["time"] = "1970-01-01T00:00:01.500000+00:00"
    again = cloudevent.decode(json.dumps(found).encode())
    assert (again.event, again.created_at_ms) == (None, 1_500)


def test_what_says_nothing_is_called_by_its_place() -> None:
    found = render(Message(b"1"), ids=["orders-0-5"])
    assert (found["id"], found["source"], found["type"]) == (
        "orders-0-5", "/orders", cloudevent.TYPE_UNSAID,
    )  # fmt: skip
    assert render(Message(b"1"))["id"] != render(Message(b"2"))["id"]


@pytest.mark.parametrize(
    ("body", "content_type", "member", "value"),
    [
        (b'{"a": 1}', None, "data", {"a": 1}),
        (b"5", "application/problem+json; charset=utf-8", "data", 5),
        (b"{", "application/json", "data_base64", "ew=="),
        (b"plain", None, "data_base64", "cGxhaW4="),
        ("é".encode(), "text/plain", "data", "é"),
        (b"\xff", "text/plain", "data_base64", "/w=="),
        (b"<a/>", "image/svg+xml", "data", "<a/>"),
        (b"abc", "application/octet-stream", "data_base64", "YWJj"),
        (b"", None, "data_base64", ""),
    ],
)
def test_a_body_is_data_as_its_type_says(
    body: bytes, content_type: str | None, member: str, value: object
) -> None:
    message = Message(body)
    message.content_type = content_type
    found = render(message)
    assert found[member] == value
    assert cloudevent.decode(json.dumps(found).encode()).body == body or member == "data"


def test_a_tombstone_has_no_data() -> None:
    assert not {"data", "data_base64"} & render(Message(None)).keys()


def test_a_string_of_another_type_than_json_is_the_text() -> None:
    assert decode(datacontenttype="application/xml", data="<a/>").body == b"<a/>"
    assert decode(data="x").body == b'"x"'


@pytest.mark.parametrize(
    "members",
    [
        {"id": ""}, {"id": None}, {"id": 5}, {"source": ""}, {"type": None}, {"specversion": "0.3"},
        {"specversion": 1.0}, {"subject": 5}, {"Tenant": "x"}, {"a_b": "x"}, {"ext": [1]},
        {"ext": {"a": 1}}, {"time": "yesterday"}, {"data_base64": "?"}, {"data_base64": 5},
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        decode(**members)


def test_attributes_can_be_set_and_never_the_required_ones() -> None:
    entry = json.dumps({**EVENT, "data": 1}).encode()
    changed = FormatTranslator().with_headers(
        CLOUDEVENT, entry, (("tenant", "x"), ("id", "no"), ("A", "b"))
    )
    assert json.loads(changed[1]) == {**EVENT, "tenant": "x", "data": 1}


def test_an_amqp_message_with_event_headers_is_that_event() -> None:
    message = Message(b"{}")
    message.event = {"specversion": "1.0", "id": "9", "source": "/a", "type": "t", "ext": "e"}
    (entry,) = formats.render([(message, None)], AMQP091, RenderOptions("q"))
    found = json.loads(formats.translate(AMQP091, entry, CLOUDEVENT, RenderOptions("/q"))[0])
    assert {name: found[name] for name in message.event} == message.event
