import pytest

from dragoman.doors.shared.rendered import rendered_block
from dragoman.formats import decode
from dragoman.kernel.api import Block
from dragoman.model.levels import AMQP091, AMQP10, CANONICAL, KAFKA, SQS
from dragoman.wire.kafka.records import BatchBuilder


def batch_of(*values: bytes) -> Block:
    builder = BatchBuilder()
    for value in values:
        builder.add(b"key", value, 1_700_000_000_000, [("h", b"v")])
    block = Block(10, 10 + len(values), KAFKA, [builder.build()], 5)
    block.packed = True
    return block


@pytest.mark.parametrize("format_", [AMQP091, SQS])
def test_each_message_of_a_batch_is_an_entry_of_its_own(format_: int) -> None:
    entries = rendered_block(batch_of(b"1", b"2"), format_, "s", 10)
    found = [decode(format_, entry) for entry in entries]
    assert [(each.body, each.headers) for each in found] == [
        (b"1", [("h", "v")]),
        (b"2", [("h", "v")]),
    ]


def test_a_block_is_rendered_once_for_each_format() -> None:
    block = batch_of(b"1", b"2")
    assert rendered_block(block, AMQP091, "s", 10) is rendered_block(block, AMQP091, "s", 20)
    rendered_block(block, SQS, "s", 10)
    assert block.rendered is not None
    assert block.rendered.keys() == {AMQP091, SQS}


def test_what_cannot_be_read_is_handed_over_as_the_bytes_it_is() -> None:
    block = Block(0, 2, CANONICAL, [b"garbage", b""], 5)
    first, second = rendered_block(block, AMQP091, "s", 10)
    assert first.endswith(b"garbage")
    assert second
    packed = Block(0, 3, KAFKA, [b"garbage"], 5)
    packed.packed = True
    assert len(rendered_block(packed, AMQP091, "s", 10)) == 3


def test_kafkas_headers_are_binary_where_the_stream_wants_that() -> None:
    block = batch_of(b"1")
    (binary,) = rendered_block(block, AMQP10, "s", 10, "amqp")
    (text,) = rendered_block(block, AMQP10, "s", 10)
    assert decode(AMQP10, binary).headers == [("h", b"v")]
    assert decode(AMQP10, text).headers == [("h", "v")]
