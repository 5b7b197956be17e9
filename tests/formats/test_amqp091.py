from datetime import UTC, datetime
from typing import Any

import pytest
from tests.formats.amqp_entries import entry_of

from dragoman.formats.amqp091 import (
    SECONDS_MAX,
    decode,
    payload_bytes,
    read_kept,
    read_table,
    split,
)
from dragoman.formats.errors import FormatError
from dragoman.model.message import FIELDS, Message, Typed
from dragoman.wire.amqp091.properties import encode_header

MOMENT = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
STORED_MS = 1_000_000


def said_by(message: Message) -> dict[str, Any]:
    """Every field that holds something, the origin aside."""
    empty = Message(b"nothing")
    names = [name for name in FIELDS if name not in {"origin", "stored_at_us"}]
    found = {name: getattr(message, name) for name in names}
    return {name: each for name, each in found.items() if each not in (getattr(empty, name), [])}


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"content_type": "text/plain"}, {"content_type": "text/plain"}),
        ({"content_encoding": "gzip"}, {"content_encoding": "gzip"}),
        ({"delivery_mode": 2}, {"durable": True}),
        ({"delivery_mode": 1}, {"durable": False}),
        ({"priority": 7}, {"priority": 7}),
        ({"correlation_id": "c"}, {"correlation": "c"}),
        ({"reply_to": "r"}, {"reply_to": "r"}),
        ({"expiration": "5000"}, {"expires_at_ms": STORED_MS + 5000}),
        ({"message_id": "m"}, {"id": "m"}),
        ({"timestamp": MOMENT}, {"created_at_ms": round(MOMENT.timestamp()) * 1000}),
        ({"message_type": "t"}, {"type": "t"}),
        ({"user_id": "u"}, {"user": "u"}),
        ({"app_id": "a"}, {"app": "a"}),
        ({"headers": {"n": None, "tier": "gold"}}, {"headers": [("n", None), ("tier", "gold")]}),
        ({"headers": {"x-partition-key": "k"}}, {"key": b"k"}),
        ({"headers": {"x-group-id": "g"}}, {"group": "g"}),
        ({"headers": {"x-deduplication-header": "d"}}, {"dedup": "d"}),
        ({"headers": {"x-delay": 250}}, {"deliver_at_ms": STORED_MS + 250}),
        ({"headers": {"traceparent": "00-1"}}, {"trace": ("00-1", None)}),
    ],
)
def test_each_property_that_pamqp_writes_has_its_field(
    properties: dict[str, Any], said: dict[str, Any]
) -> None:
    assert said_by(decode(entry_of(**properties), STORED_MS)) == {"body": b"x", **said}


def test_a_message_says_where_it_was_published_to_and_when_it_was_stored() -> None:
    message = decode(entry_of(b"hello", "logs", "app.error"), STORED_MS)
    assert message.origin == ("amqp091", "app.error", -1, "logs")
    assert (message.body, message.stored_at_us) == (b"hello", STORED_MS * 1000)


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({"delivery_mode": 7}, {"delivery-mode": 7}),
        ({"expiration": "soon"}, {"expiration": "soon"}),
        ({"expiration": "007"}, {"expiration": "007"}),
        ({"cluster_id": "c"}, {"cluster-id": "c"}),
        ({"timestamp": SECONDS_MAX + 1}, {"timestamp": SECONDS_MAX + 1}),
    ],
)
def test_what_no_field_can_say_is_kept_for_readers_of_the_same_protocol(
    properties: dict[str, Any], kept: dict[str, Any]
) -> None:
    content = encode_header(1, properties)  # pamqp refuses to write them
    message = decode(b"\0\0" + len(content).to_bytes(4, "big") + content + b"x")
    assert read_kept(message) == kept
    assert set(said_by(message)) == {"body", "rest"}


@pytest.mark.parametrize(
    "rest", [b"no json", b"[" * 100_000, b"[1]", b'{"expiration": 5}', b'{"delivery-mode": 256}']
)
def test_what_was_not_kept_by_us_is_not_believed(rest: bytes) -> None:
    message = Message(b"x")
    message.rest = {"amqp091": rest}
    assert read_kept(message) == {}


def test_headers_are_read_without_the_rest_and_fields_among_them_stay() -> None:
    entry = entry_of(content_type="t", content_encoding="e", headers={"a": "b", "x-delay": 5})
    assert read_table(entry) == [("a", "b"), ("x-delay", Typed("i8", 5))]
    assert read_table(entry_of()) == []


def test_a_payload_is_counted_without_what_stands_before_it() -> None:
    assert payload_bytes(entry_of(b"body", "e", "k", headers={"a": "b"})) == 4
    assert payload_bytes(b"unreadable") == 10


def test_the_ends_of_a_message_are_found_without_decoding() -> None:
    entry = entry_of(b"body", "e", "k")
    exchange, key, start, stop = split(entry)
    assert (exchange, key, entry[stop:]) == (b"e", b"k", b"body")
    assert entry[start : start + 2] == b"\0\x3c"


@pytest.mark.parametrize(
    ("at", "byte"),
    [(-13, 61), (-3, 1), (-1, 1)],
    ids=["class", "body size", "undefined flag"],
)
def test_a_content_header_that_is_none_is_refused(at: int, byte: int) -> None:
    entry = bytearray(entry_of(b""))
    entry[at] = byte
    with pytest.raises(FormatError):
        decode(bytes(entry))
