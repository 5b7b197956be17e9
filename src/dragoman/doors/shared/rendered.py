"""What leased readers are handed: stored entries as they are, messages of other formats rendered once and kept."""

from typing import Final

from dragoman.formats import decode_all, render
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.typedheaders import set_binary
from dragoman.kernel.api import Block, Delivery, HeaderValues
from dragoman.model.levels import KAFKA
from dragoman.model.message import Message

BINARY: Final = 1 << 16  # beside the format, of what is kept


def entries_of(delivery: Delivery, format: int, now_ms: int) -> list[bytes]:
    """One entry of `format` per message of the delivery."""
    block = delivery.block
    if block.format == format and not block.packed:
        return delivery.bodies
    stream = delivery.holder.subscription.stream.name
    rendered = rendered_block(block, format, stream, now_ms)
    return rendered[delivery.start - block.offset : delivery.end - block.offset]


def rendered_block(
    block: Block, format: int, stream: str, now_ms: int, header_values: HeaderValues = "text"
) -> list[bytes]:
    """All messages of a block as entries, kept with it. Where the stream's `header_values` are "amqp", Kafka's headers
    are binary.
    """
    if block.rendered is None:
        block.rendered = {}
    is_binary = header_values == "amqp" and block.format == KAFKA
    key = format | (BINARY if is_binary else 0)
    known = block.rendered.get(key)
    if known is None:
        found = _messages(block)
        if is_binary:
            for message in found:
                set_binary(message)
        messages = [(message, None) for message in found]
        known = render([*messages], format, RenderOptions(stream, now_ms))
        block.rendered[key] = known
    assert len(known) == block.end - block.offset
    return known


def _messages(block: Block) -> list[Message]:
    """What cannot be read is passed on as the bytes it is."""
    assert block.bodies is not None
    count = block.end - block.offset
    if block.packed:
        try:
            found = decode_all(block.format, block.bodies[0], block.stored_ms)
        except FormatError:
            found = []
        if block.missing:
            return _spread(block, found)
        return found + [Message(b"")] * (count - len(found))
    return [
        _message(block.format, body, block.stored_at(block.offset + index))
        for index, body in enumerate(block.bodies)
    ]


def _spread(block: Block, found: list[Message]) -> list[Message]:
    """One message per offset; what was compacted away is asked for by nobody."""
    placed = [Message(b"")] * (block.end - block.offset)
    offsets = [
        at for low, high in block.present(block.offset, block.end) for at in range(low, high)
    ]
    for offset, message in zip(offsets, found, strict=False):
        placed[offset - block.offset] = message
    return placed


def _message(format: int, body: bytes, stored_ms: int) -> Message:
    try:
        return decode_all(format, body, stored_ms)[0]
    except (FormatError, IndexError):
        return Message(body)
