"""Prebuilt AMQP frames: their layout, what a delivery must look like, confirms in any order."""

import struct

import pytest
from bench.generators.amqp_wire import (
    BASIC_DELIVER,
    BASIC_NACK,
    BODY,
    FRAME_END,
    HEADER,
    AmqpError,
    ConfirmCount,
    DeliveryShape,
    ack,
    frame,
    method,
    publish_block,
    short,
)
from hypothesis import given
from hypothesis import strategies as st


def delivery(tag: int, number: int, *, queue: str = "q", size_bytes: int = 32) -> bytes:
    """What a broker sends a consumer 'c' for one message."""
    arguments = short("c") + struct.pack(">Q", tag) + b"\0" + short("") + short(queue)
    body = struct.pack(">Q", number) + b"x" * (size_bytes - 8)
    header = struct.pack(">HHQHB", 60, 0, size_bytes, 0x1000, 2)
    return (
        method(BASIC_DELIVER >> 16, BASIC_DELIVER & 0xFFFF, arguments)
        + frame(HEADER, 1, header)
        + frame(BODY, 1, body)
    )


def test_a_block_is_whole_publishes_of_one_size() -> None:
    one = publish_block("q", 100, 2, 1)
    block = publish_block("q", 100, 2, 10)
    assert len(block) == 10 * len(one)
    assert block.startswith(one)
    assert block.endswith(b"x" * 92 + bytes([FRAME_END]))


def test_a_delivery_of_the_shape_passes() -> None:
    shape = DeliveryShape("q", "c", 32)
    data = delivery(1, 0) + delivery(2, 1)
    assert shape.size * 2 == len(data)
    shape.check(bytearray(data), shape.size, 2, 1)


@pytest.mark.parametrize(("tag", "number"), [(3, 1), (2, 2)])
def test_a_lost_or_reordered_delivery_is_refused(tag: int, number: int) -> None:
    shape = DeliveryShape("q", "c", 32)
    with pytest.raises(AmqpError, match="expected"):
        shape.check(bytearray(delivery(tag, number)), 0, 2, 1)


def test_another_frame_than_a_delivery_is_refused() -> None:
    shape = DeliveryShape("q", "c", 32)
    with pytest.raises(AmqpError, match="not the delivery"):
        shape.check(bytearray(ack(1, multiple=False).ljust(shape.size, b"\0")), 0, 1, 0)


@given(st.permutations(range(1, 20)), st.integers(0, 19))
def test_confirms_are_counted_once_whatever_their_order(order: list[int], multiple: int) -> None:
    count = ConfirmCount()
    half = len(order) // 2
    count.feed(b"".join(ack(tag, multiple=False) for tag in order[:half]))
    assert count.confirmed == half
    if multiple:
        count.feed(ack(multiple, multiple=True))
        assert count.confirmed == len(set(order[:half]) | set(range(1, multiple + 1)))
    rest = [tag for tag in order[half:] if tag > multiple]
    count.feed(b"".join(ack(tag, multiple=False) for tag in rest))
    assert count.confirmed == 19
    assert count.above == set()


def test_a_nack_is_not_a_confirm() -> None:
    refused = bytearray(ack(1, multiple=False))
    refused[7:11] = struct.pack(">I", BASIC_NACK)
    with pytest.raises(AmqpError, match="confirm was expected"):
        ConfirmCount().feed(refused)
