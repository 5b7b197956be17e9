from tests.doors.kafka.client import batch_of, records_in

from dragoman.doors.kafka.spell import COPY_BYTES_MAX, records_of, spell_block
from dragoman.doors.kafka.talk import Chunk
from dragoman.kernel.api import Block
from dragoman.model.levels import CANONICAL, KAFKA


def block_of(format_: int, *bodies: bytes, offset: int = 10, packed: int = 0) -> Block:
    block = Block(offset, offset + (packed or len(bodies)), format_, list(bodies), 1_000)
    block.packed = packed > 0
    return block


def spelled(block: Block, end: int) -> bytes:
    pieces: list[Chunk] = []
    size = spell_block(block, end, 3, pieces)
    data = b"".join(pieces)
    assert size == len(data)
    return data


def test_a_large_batch_is_passed_on_without_a_copy() -> None:
    body = batch_of(b"x" * COPY_BYTES_MAX, b"y")
    pieces: list[Chunk] = []
    spell_block(block_of(KAFKA, body, packed=2), 12, 3, pieces)
    assert isinstance(pieces[1], memoryview)
    assert pieces[1].obj is body


def test_single_records_get_their_own_place_each() -> None:
    block = block_of(KAFKA, batch_of(b"a"), batch_of(b"b"), batch_of(b"c"))
    assert [(r.offset, r.value) for r in records_in(spelled(block, 12))] == [
        (10, b"a"),
        (11, b"b"),
    ]


def test_what_is_not_committed_yet_is_neither_shown_nor_kept() -> None:
    block = block_of(CANONICAL, b"\xff", b"\xfe")
    assert [record.value for record in records_in(spelled(block, 11))] == [b"\xff"]
    assert block.rendered is None
    assert len(records_in(spelled(block, 12))) == 2
    assert block.rendered is not None


def test_an_opened_block_shows_its_records_where_they_are() -> None:
    block = block_of(KAFKA, batch_of(b"a", b"b", codec=4), packed=2)
    assert [(r.offset, r.value) for r in records_of(block, 12)] == [(10, b"a"), (11, b"b")]
