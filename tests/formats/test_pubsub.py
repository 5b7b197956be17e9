"""Messages of Pub/Sub taken apart and packed, beside Google's own classes; attributes that are fields."""

from typing import Any

import pytest
from google.pubsub_v1.types import PubsubMessage as Google
from hypothesis import given
from hypothesis import strategies as st

from dragoman import formats
from dragoman.formats import pubsub
from dragoman.formats.errors import FormatError
from dragoman.formats.pubsub import PubsubMessage, unpack
from dragoman.model.levels import PUBSUB

NAMES = st.text(st.characters(codec="utf-8"), max_size=200)


def entry_of(data: bytes = b"x", key: str = "", **attributes: Any) -> bytes:
    entry: bytes = Google.pb(
        Google(data=data, ordering_key=key, attributes=attributes)
    ).SerializeToString()
    return entry


@given(st.binary(max_size=300), st.dictionaries(NAMES, NAMES, max_size=4), NAMES)
def test_google_and_we_read_and_write_the_same(
    data: bytes, attributes: dict[str, str], key: str
) -> None:
    found = unpack(entry_of(data, key, **attributes))
    assert (found.data, found.ordering_key) == (data, key.encode())
    assert dict(found.attributes) == {k.encode(): v.encode() for k, v in attributes.items()}
    assert found.is_plain
    again = Google.deserialize(found.pack())
    assert (again.data, dict(again.attributes), again.ordering_key) == (data, attributes, key)


def test_what_a_publisher_should_not_say_is_noticed() -> None:
    whole = Google(data=b"x", message_id="5", publish_time={"seconds": 3})
    assert not unpack(Google.pb(whole).SerializeToString()).is_plain
    assert not unpack(entry_of() + entry_of(b"y")).is_plain
    twice = unpack(entry_of(a="1") + entry_of(b"y", a="2"))
    assert (twice.data, twice.attributes, twice.is_plain) == (b"y", [(b"a", b"2")], False)
    assert unpack(b"").is_plain


@pytest.mark.parametrize(
    "entry", [b"\x0a\x05abc", b"\x12\x03\x0a\x05a", b"\x0b", b"\x08", b"\x0d\0", b"\xff" * 11]
)
def test_bytes_that_are_no_message_are_refused(entry: bytes) -> None:
    with pytest.raises(FormatError):
        unpack(entry)


def test_fields_of_other_kinds_are_passed_over() -> None:
    assert unpack(b"\x08\x96\x01\x0d1234\x09" + b"8" * 8 + b"\x12\x07\x18\x01\x0a\x01a\x12\0").attributes == [
        (b"a", b"")
    ]  # fmt: skip


def test_long_numbers_are_written_in_sevens() -> None:
    for number in (0, 127, 128, 300, 1 << 40):
        raw = pubsub.varint(number)
        assert pubsub.read_varint(raw, 0) == (number, len(raw))


def test_attributes_that_are_fields_become_fields() -> None:
    fields: dict[str, Any] = {
        "content-type": "text/plain",
        "message-id": "m",
        "correlation-id": "c",
        "creation-time": "2024-05-01T12:00:00.250Z",
        "x-partition-key": "k",
        "tier": "gold",
    }
    message = formats.decode(PUBSUB, entry_of(b"x", "g", **fields), stored_ms=7)
    assert (message.content_type, message.id, message.correlation) == ("text/plain", "m", "c")
    assert (message.group, message.key, message.durable) == ("g", b"k", True)
    assert (message.created_at_ms, message.stored_at_us) == (1714564800250, 7000)
    assert list(message.headers) == [("tier", "gold")]


def test_an_ordering_key_that_repeats_the_key_is_no_group() -> None:
    fields: dict[str, Any] = {"x-partition-key": "k"}
    message = formats.decode(PUBSUB, entry_of(b"x", "k", **fields))
    assert (message.group, message.key) == (None, b"k")


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-05-01", "2024-05-01T12:00:00.25Z", "-", "9" * 40]
)
def test_a_time_that_we_would_write_otherwise_is_a_header(text: str) -> None:
    fields: dict[str, Any] = {"creation-time": text}
    message = formats.decode(PUBSUB, entry_of(**fields))
    assert (message.created_at_ms, list(message.headers)) == (None, [("creation-time", text)])


def test_text_that_is_none_is_refused() -> None:
    raw = PubsubMessage()
    raw.ordering_key = b"\xff"
    with pytest.raises(FormatError):
        formats.decode(PUBSUB, raw.pack())
    with pytest.raises(FormatError):
        pubsub.read_attributes(b"\x12\x06\x0a\x01\xff\x12\x01a")
    assert pubsub.read_attributes(entry_of(type="t")) == [("type", "t")]
