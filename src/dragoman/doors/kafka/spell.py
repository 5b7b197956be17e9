"""Entries as Kafka's clients get them: record batches at their place in the log.

KAFKA, packed    one batch as its producer sent it; 12 bytes are written anew, the rest is passed through
KAFKA, plain     one batch per message, which is of one record
other formats    one batch per block, made by `formats` when first asked for and kept with the block

What was compacted away is a gap between offsets, in a batch or between two.
"""

from typing import Final

from dragoman.doors.kafka.talk import Chunk
from dragoman.formats import decode_all, render
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.kernel.api import Block
from dragoman.kernel.api import Delivery as Leased
from dragoman.model.levels import KAFKA
from dragoman.model.message import Delivery, Message
from dragoman.wire.kafka.batch import PREFIX_BYTES, batch_prefix, place_batch, read_batch_head
from dragoman.wire.kafka.records import Record, read_records

TYPED: Final = 1 << 16  # beside the format, of what is kept
COPY_BYTES_MAX: Final = 4_096  # up to here one copy is cheaper than one more buffer to send


def spell_block(
    block: Block, end: int, epoch: int, pieces: list[Chunk], *, typed: bool = False
) -> int:
    """Add the block's batches below `end` to `pieces`; returns their bytes. `typed`: other protocols' headers are shown
    in AMQP's encoding (`StreamSettings.header_values`).
    """
    if block.format != KAFKA:
        if block.control:
            return 0  # another protocol's marker: its offset is a gap
        return _spell_foreign(block, end, epoch, pieces, typed=typed)
    assert block.bodies is not None
    if block.packed:
        return _spell_batch(block.bodies[0], block.offset, epoch, pieces)
    size = 0
    for index, body in enumerate(block.bodies[: end - block.offset]):
        if not body:
            continue  # compacted away
        size += _spell_batch(body, block.offset + index, epoch, pieces)
    return size


def _spell_batch(batch: bytes, offset: int, epoch: int, pieces: list[Chunk]) -> int:
    size = len(batch)
    if size <= COPY_BYTES_MAX:
        pieces.append(place_batch(batch, offset, epoch))
    else:
        pieces.append(batch_prefix(offset, size, epoch))
        pieces.append(memoryview(batch)[PREFIX_BYTES:])
    return size


def _spell_foreign(block: Block, end: int, epoch: int, pieces: list[Chunk], *, typed: bool) -> int:
    if block.end > end:  # some of it is not committed yet: not worth keeping
        return _spell_batch(
            _render(block, block.offset, end, typed=typed), block.offset, epoch, pieces
        )
    if block.rendered is None:
        block.rendered = {}
    key = KAFKA | (TYPED if typed else 0)
    known = block.rendered.get(key)
    if known is None:
        known = block.rendered[key] = [_render(block, block.offset, block.end, typed=typed)]
    return _spell_batch(known[0], block.offset, epoch, pieces)


def spell_deliveries(
    deliveries: list[Leased], epoch: int, pieces: list[Chunk], *, typed: bool
) -> None:
    """Add the batches that hold leased messages to `pieces`, each once: as they are stored, or with these alone."""
    before: Block | None = None
    for delivery in deliveries:
        block = delivery.block
        assert block.bodies is not None
        if block.packed:
            if block is not before:
                _spell_batch(block.bodies[0], block.offset, epoch, pieces)
        elif block.format == KAFKA:
            for offset, body in enumerate(delivery.bodies, delivery.start):
                _spell_batch(body, offset, epoch, pieces)
        else:
            batch = _render(block, delivery.start, delivery.end, typed=typed)
            _spell_batch(batch, delivery.start, epoch, pieces)
        before = block


def _render(block: Block, first: int, end: int, *, typed: bool) -> bytes:
    """Messages [first, end), which are another protocol's, as one batch that begins at `first`."""
    assert block.bodies is not None
    messages: list[tuple[Message, Delivery | None]] = []
    deltas: list[int] = []
    for start, until in block.present(first, end):
        for offset in range(start, until):
            body = block.bodies[offset - block.offset]
            messages.append((_message(block.format, body, block.stored_at(offset)), None))
            deltas.append(offset - first)
    return render(messages, KAFKA, RenderOptions(offset_deltas=deltas, typed_headers=typed))[0]


def _message(format: int, body: bytes, stored_ms: int) -> Message:
    """The message in an entry; bytes that cannot be read are passed on as the value they are."""
    try:
        return decode_all(format, body, stored_ms)[0]
    except FormatError:
        message = Message(body)
        message.stored_at_us = stored_ms * 1000
        return message


def records_of(block: Block, end: int) -> list[Record]:
    """The block's records below `end`, opened. Raises BatchRefusedError."""
    pieces: list[Chunk] = []
    spell_block(block, end, 0, pieces)
    data = b"".join(pieces)
    records: list[Record] = []
    pos = 0
    while pos < len(data):
        size = read_batch_head(data, pos, len(data)).size
        records += read_records(data[pos : pos + size])
        pos += size
    return records
