"""Entries of SQS messages: packed and taken apart, and what each part is in the canonical message."""

import hashlib
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman import formats
from dragoman.formats import sqs
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, KAFKA, SQS
from dragoman.model.message import Typed

SMALL = st.binary(max_size=20)


def attributes(*pairs: tuple[str, str, bytes]) -> bytes:
    return b"".join(
        sqs.pack_attribute(
            name.encode(), kind.encode(), 2 if kind.startswith("Binary") else 1, value
        )
        for name, kind, value in pairs
    )


def sent(*pairs: tuple[str, str, bytes], body: bytes = b"x", id: bytes = b"i" * 16) -> bytes:
    message = sqs.SqsMessage(id, 5_000, body)
    message.attributes = attributes(*pairs)
    return message.pack()


@given(SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, st.lists(st.tuples(SMALL, SMALL, SMALL)))
def test_what_is_packed_is_unpacked(
    body: bytes,
    group: bytes,
    dedup: bytes,
    trace: bytes,
    sender: bytes,
    source: bytes,
    deaths: bytes,
    pairs: list[tuple[bytes, bytes, bytes]],
) -> None:
    message = sqs.SqsMessage(b"0123456789abcdef", 1 << 40, body)
    message.group, message.dedup, message.trace = group, dedup, trace
    message.sender, message.source, message.deaths = sender, source, deaths
    message.attributes = b"".join(sqs.pack_attribute(*pair[:2], 1, pair[2]) for pair in pairs)
    found = sqs.unpack(message.pack())
    for name in ("id", "sent_ms", "body", "group", "dedup", "trace", "sender", "source", "deaths"):
        assert getattr(found, name) == getattr(message, name), name
    assert found.body_md5 == hashlib.md5(body).digest()
    assert [
        (name, kind, value) for name, kind, _, value in sqs.unpack_attributes(found.attributes)
    ] == pairs
    assert found.pack() == message.pack()


def test_the_md5_of_attributes_is_what_aws_documents() -> None:
    """The example of Amazon's developer guide, as its SDKs compute it."""
    parts = [("test_attribute_name_1", "String", b"test_attribute_value_1")]
    raw = attributes(*parts)
    expected = hashlib.md5(
        b"\0\0\0\x15test_attribute_name_1\0\0\0\x06String\x01\0\0\0\x16test_attribute_value_1"
    ).digest()
    assert sqs.unpack(sent(*parts)).attributes_md5 == expected == sqs.md5_of(raw)


def test_the_md5_goes_by_names_whatever_the_order() -> None:
    one = [("b", "String", b"1"), ("a", "Number", b"2")]
    assert sqs.unpack(sent(*one)).attributes_md5 == sqs.unpack(sent(*one[::-1])).attributes_md5
    assert sqs.unpack(sent(*one)).attributes == attributes(*one)


def test_a_message_says_what_it_is() -> None:
    message = sqs.SqsMessage(bytes(range(16)), 5_000, "é".encode())
    message.group, message.dedup = b"g", b"d"
    found = sqs.decode(message.pack(), 7_000)
    assert (found.body, found.group, found.dedup) == ("é".encode(), "g", "d")
    assert found.id == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert (found.stored_at_us, found.created_at_ms, found.durable) == (7_000_000, None, True)


def test_attributes_are_typed_headers() -> None:
    entry = sent(
        ("s", "String", b"text"),
        ("n", "Number", b"42"),
        ("d", "Number", b"149.90"),
        ("b", "Binary", b"\xff"),
        ("t", "String.bool", b"true"),
        ("u", "String.uuid", b"00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("f", "Number.f64", b"1.5"),
    )
    assert dict(sqs.decode(entry).headers) == {
        "s": "text",
        "n": 42,
        "d": Decimal("149.90"),
        "b": b"\xff",
        "t": True,
        "u": UUID("00010203-0405-0607-0809-0a0b0c0d0e0f"),
        "f": 1.5,
    }


def test_attributes_that_are_fields_become_them() -> None:
    entry = sent(
        ("content-type", "String", b"application/json"),
        ("message-id", "String", b"mine"),
        ("correlation-id", "Number.u64", b"7"),
        ("creation-time", "Number.timestamp", b"1234"),
        ("x-partition-key", "Binary", b"\xff"),
        ("traceparent", "String", b"00-1-2-01"),
        ("ce-specversion", "String", b"1.0"),
        ("ce-type", "String", b"t"),
        ("kept", "String", b"v"),
    )
    found = sqs.decode(entry)
    assert (found.content_type, found.id) == ("application/json", "mine")
    assert found.correlation == Typed("u64", 7)
    assert (found.created_at_ms, found.key) == (1234, b"\xff")
    assert found.trace == ("00-1-2-01", None)
    assert found.event == {"specversion": "1.0", "type": "t"}
    assert found.headers == [("kept", "v")]


def test_what_only_sqs_has_comes_back_to_it() -> None:
    message = sqs.SqsMessage(b"i" * 16, 1, b"x")
    message.trace = b"Root=1-5759e988-bd862e3fe1be46a994272793"
    message.attributes = attributes(
        ("mail", "String.email", b"a@b"), ("n", "Number", b"007"), ("g", "Binary.gif", b"G")
    )
    found = sqs.decode(message.pack())
    assert dict(found.headers) == {"mail": "a@b", "n": "007", "g": b"G"}
    for format_ in (KAFKA, AMQP091):
        (entry,) = formats.render([(found, None)], format_, RenderOptions("q"))
        back = formats.decode(format_, entry)
        (again,) = formats.render([(back, None)], SQS, RenderOptions("q"))
        raw = sqs.unpack(again)
        assert raw.trace == message.trace
        assert raw.attributes.endswith(message.attributes)  # behind message-id


def test_a_body_that_was_wrapped_is_unwrapped() -> None:
    wrapped = sqs.decode(sent(("dragoman-body", "String", b"base64"), body=b"/wA="))
    assert (wrapped.body, wrapped.headers) == (b"\xff\0", [])
    broken = sqs.decode(sent(("dragoman-body", "String", b"base64"), body=b"!"))
    assert (broken.body, broken.headers) == (b"!", [("dragoman-body", "base64")])


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\x01\0" + bytes(60),
        sent(("a", "String", b"\xff")),
        sent(("\udcff".encode(errors="surrogateescape").decode("latin-1"), "String.bool", b"\xff")),
        sent()[:-1] + b"y",
    ],
)
def test_what_cannot_be_read_is_refused(entry: bytes) -> None:
    with pytest.raises(FormatError):
        sqs.decode(entry)


@given(st.binary(max_size=60))
def test_attributes_of_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        found = sqs.unpack_attributes(raw)
    except FormatError:
        return
    assert b"".join(sqs.pack_attribute(*one) for one in found) == raw or any(
        one[2] not in (1, 2) for one in found
    )
