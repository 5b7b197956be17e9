"""Messages without an id get one; those that have one keep it, in whatever form they say it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.servicebus.client import Client, World
from tests.doors.shared.amqp10.client import message_of

from dragoman import formats
from dragoman.doors.servicebus.naming import named, session_in
from dragoman.formats import pubsub, sqs
from dragoman.formats.amqp10 import read_properties
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import Fields
from dragoman.kernel.api import Address, Publish
from dragoman.kernel.leases.index import key_in
from dragoman.model.levels import AMQP10, KAFKA, PUBSUB, SQS
from dragoman.model.message import Message
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import pack_entry, slice_message, split_entry
from dragoman.wire.amqp10.values import Described, ULong
from dragoman.wire.kafka.records import read_records

BODY = encode(Described(ULong(0x75), b"x"))


def entry_of(properties: bytes) -> bytes:
    return pack_entry(slice_message(properties + BODY))


def id_in(entry: bytes) -> object:
    return read_properties(entry, split_entry(entry)).message_id


@pytest.mark.parametrize(
    "properties",
    [
        b"",
        b"\x00\x53\x73\x45",
        b"\x00\x53\x73\xc0\x01\x00",
        b"\x00\x53\x73\xd0\x00\x00\x00\x04\x00\x00\x00\x00",
        to_bytes(Properties(subject="s")),
        b"\x00\x80" + (0x73).to_bytes(8, "big") + b"\xc0\x02\x01\x40",
    ],
)
def test_what_has_no_id_is_shown_with_one_of_its_stream_and_number(properties: bytes) -> None:
    entry = entry_of(properties)
    shown = named(entry, "n/q", 7)
    assert shown == named(entry, "n/q", 7)
    ids = {id_in(shown), id_in(named(entry, "n/q", 8)), id_in(named(entry, "n/r", 7))}
    assert len(ids) == 3 and all(type(one) is str and len(one) == 32 for one in ids)
    assert shown.endswith(BODY)
    was, now = (read_properties(one, split_entry(one)) for one in (entry, shown))
    assert now.subject == was.subject


@pytest.mark.parametrize(
    "properties",
    [
        to_bytes(Properties(message_id="mine")),
        to_bytes(Properties(message_id="mine", subject="s" * 300)),
        b"\x00\x80" + (0x73).to_bytes(8, "big") + b"\xc0\x07\x01\xa1\x04mine",
    ],
)
def test_an_id_that_is_there_stays(properties: bytes) -> None:
    entry = entry_of(properties)
    assert named(entry, "n/q", 7) is entry
    assert id_in(entry) == "mine"


def filled() -> tuple[World, Client]:
    world = World()
    world.queue()
    world.kernel.publish(Publish("default", Address("q"), AMQP10, [entry_of(b"")] * 2))
    return world, world.azure()


def test_whoever_looks_at_another_doors_message_sees_the_same_id() -> None:
    _, client = filled()
    _, body = client.ask("peek-message", {"message-count": 2})
    peeked = [message_of(item["message"]).id for item in body["messages"]]
    client.receiver()
    received = [message_of(frame.payload).id for frame in client.transfers()]
    assert peeked == received
    assert len(set(peeked)) == 2 and all(peeked)


# --- session = group = ordering key ---

NATIVE: dict[int, Callable[[bytes], bytes | None]] = {
    KAFKA: lambda entry: next(iter(read_records(entry))).key,
    SQS: lambda entry: sqs.unpack(entry).group,
    PUBSUB: lambda entry: pubsub.unpack(entry).ordering_key,
}
"""Where each protocol has what orders a message."""
names = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), min_size=1, max_size=128)


def rendered(message: Message, format_: int) -> bytes:
    (entry,) = formats.render([(message, None)], format_, RenderOptions("orders"))
    return entry


def session_of(entry: bytes) -> str | None:
    return read_properties(entry, split_entry(entry)).group_id


@given(session=names, format_=st.sampled_from(sorted(NATIVE)))
def test_a_session_is_every_protocols_ordering_key_and_comes_back(
    session: str, format_: int
) -> None:
    message = Message(b"x")
    message.group = session
    sent = rendered(message, AMQP10)
    assert key_in(Fields(AMQP10, sent, 0)) == session.encode()
    there = rendered(formats.decode(AMQP10, sent), format_)
    assert NATIVE[format_](there) == session.encode()
    assert key_in(Fields(format_, there, 0)) == session.encode()
    assert session_of(rendered(formats.decode(format_, there), AMQP10)) == session


@given(key=names, format_=st.sampled_from(sorted(NATIVE)))
def test_every_protocols_ordering_key_is_a_session(key: str, format_: int) -> None:
    message = Message(b"x")
    if format_ == KAFKA:
        message.key = key.encode()
    else:
        message.group = key
    sent = rendered(message, format_)
    assert NATIVE[format_](sent) == key.encode()
    assert key_in(Fields(format_, sent, 0)) == key.encode()
    shown = named(rendered(formats.decode(format_, sent), AMQP10), "n/q", 1, in_session=True)
    assert session_of(shown) == session_in(shown) == key
