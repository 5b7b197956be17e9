import struct
from typing import Any

import pika.spec
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.reference import said_by, said_in

from dragoman.wire.amqp091 import outgoing
from dragoman.wire.amqp091.events import Content
from dragoman.wire.amqp091.frames import frame, method_frame
from dragoman.wire.amqp091.methods import (
    BasicAck,
    BasicDeliver,
    BasicGetOk,
    BasicNack,
    BasicPublish,
    BasicReturn,
)
from dragoman.wire.amqp091.parser import FrameParser
from dragoman.wire.amqp091.properties import encode_header

FRAME_MAX = 4096
names = st.text(st.characters(codec="utf-8"), max_size=8)
bodies = st.one_of(
    st.binary(max_size=20), st.sampled_from([bytes(4088), bytes(4089), bytes(8176), bytes(9000)])
)
runs = st.lists(
    st.tuples(names, names, st.sampled_from([{}, {"priority": 1}, {"type": "t"}]), bodies),
    max_size=6,
).flatmap(lambda run: st.integers(1, 3).map(lambda n: [m for m in run for _ in range(n)]))


def key_of(exchange: str, routing_key: str) -> bytes:
    e, k = exchange.encode(), routing_key.encode()
    return bytes([len(e)]) + e + bytes([len(k)]) + k


def content_frames(channel: int, method: Any, header: bytes, body: bytes, frame_max: int) -> bytes:
    """The slow, obvious way."""
    out = method_frame(channel, method) + frame(2, channel, header)
    step = frame_max - 8
    for at in range(0, len(body), step):
        out += frame(3, channel, body[at : at + step])
    return out


@given(runs, st.integers(0, 2**64 - 10), st.data())
def test_a_run_of_deliveries_is_what_the_slow_way_writes(
    run: list[tuple[str, str, dict[str, Any], bytes]], tag_first: int, data: st.DataObject
) -> None:
    flags = data.draw(st.lists(st.booleans(), min_size=len(run), max_size=len(run)))
    tag_first = min(tag_first, 2**64 - 100)
    entries = []
    expected = b""
    for index, (exchange, key, properties, body) in enumerate(run):
        header = encode_header(len(body), properties)
        entries += outgoing.pack_entries(key_of(exchange, key), [header], [body])
        method = BasicDeliver("ctag", tag_first + index, flags[index], exchange, key)
        expected += content_frames(9, method, header, body, FRAME_MAX)
    assert outgoing.deliver_run(9, b"ctag", tag_first, flags, entries, FRAME_MAX) == expected


@given(st.lists(st.tuples(st.sampled_from([{}, {"priority": 1}]), bodies), max_size=6))
def test_a_run_is_stored_verbatim(messages: list[tuple[dict[str, Any], bytes]]) -> None:
    key_raw = key_of("e", "k")
    headers = [encode_header(len(body), properties) for properties, body in messages]
    stored = outgoing.pack_entries(key_raw, headers, [body for _, body in messages])
    assert stored == [
        key_raw + struct.pack(">I", len(header)) + header + body
        for header, (_, body) in zip(headers, messages, strict=True)
    ]
    assert [outgoing.split_entry(entry) for entry in stored] == [
        (key_raw, header, body) for header, (_, body) in zip(headers, messages, strict=True)
    ]


@given(names, names, bodies)
def test_a_got_and_a_returned_message_carry_their_content(e: str, k: str, body: bytes) -> None:
    header = encode_header(len(body), {"delivery_mode": 2})
    (entry,) = outgoing.pack_entries(key_of(e, k), [header], [body])
    assert outgoing.get_ok(1, 5, True, 7, entry, FRAME_MAX) == content_frames(
        1, BasicGetOk(5, True, e, k, 7), header, body, FRAME_MAX
    )
    returned = outgoing.return_message(1, 312, b"NO_ROUTE", key_of(e, k), header, body, FRAME_MAX)
    assert returned == content_frames(
        1, BasicReturn(312, "NO_ROUTE", e, k), header, body, FRAME_MAX
    )


def test_settlements_are_the_methods_of_their_name() -> None:
    for multiple in (False, True):
        assert outgoing.ack(3, 9, multiple) == method_frame(3, BasicAck(9, multiple))
        for requeue in (False, True):
            nack = BasicNack(9, multiple, requeue)
            assert outgoing.nack(3, 9, multiple, requeue) == method_frame(3, nack)


@given(st.lists(bodies, max_size=5), st.booleans())
def test_what_a_client_publishes_is_what_the_parser_reads(
    messages: list[bytes], mandatory: bool
) -> None:
    headers = [encode_header(len(body), {}) for body in messages]
    data = outgoing.publish_run(2, key_of("e", "k"), mandatory, headers, messages, FRAME_MAX)
    expected = b"".join(
        content_frames(2, BasicPublish(0, "e", "k", mandatory), header, body, FRAME_MAX)
        for header, body in zip(headers, messages, strict=True)
    )
    assert data == expected
    assert said_by(FrameParser(FRAME_MAX, 0, 1 << 20).receive(data)) == said_in(data)


def test_pika_reads_a_delivery() -> None:
    header = encode_header(2, {"delivery_mode": 2})
    entries = outgoing.pack_entries(key_of("ex", "key"), [header], [b"hi"])
    data = outgoing.deliver_run(4, b"tag", 11, [True], entries, 0)
    consumed, method = pika.frame.decode_frame(data)
    assert isinstance(method.method, pika.spec.Basic.Deliver)
    assert method.method.consumer_tag == "tag"
    assert (method.method.delivery_tag, method.method.redelivered) == (11, True)
    assert (method.method.exchange, method.method.routing_key) == ("ex", "key")
    more, head = pika.frame.decode_frame(data[consumed:])
    assert (head.body_size, head.properties.delivery_mode) == (2, 2)
    _, body = pika.frame.decode_frame(data[consumed + more :])
    assert body.fragment == b"hi"


def test_a_delivery_is_read_back_as_content() -> None:
    entries = outgoing.pack_entries(key_of("", "q"), [encode_header(0, {})], [b""])
    data = outgoing.deliver_run(4, b"", 1, [False], entries, FRAME_MAX)
    (content,) = FrameParser(FRAME_MAX, 0, 100).receive(data)
    assert isinstance(content, Content)
    assert content.method == BasicDeliver(delivery_tag=1, routing_key="q")
    assert content.body == b""
