"""Header blocks beside another library's: kept where they repeat, never when the table has changed."""

from contextlib import suppress

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.http2.peer import GET

from dragoman.wire.http2.compression import KEPT_MAX, Blocks, changes_table, encode_block
from dragoman.wire.http2.errors import COMPRESSION_ERROR, ConnectionFault
from dragoman.wire.http2.heads import HEADERS_MAX, Malformed

NAMES = st.sampled_from([b"x-a", b"content-type", b"date", b"grpc-status", b"x-" + b"n" * 200])
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=8)


@given(FIELDS)
def test_what_we_encode_another_library_reads(fields: list[tuple[bytes, bytes]]) -> None:
    fields = [(b":status", b"200"), *fields]
    decoded = hpack.Decoder().decode(encode_block(fields), raw=True)
    assert [(bytes(n), bytes(v)) for n, v in decoded] == fields


def test_statuses_of_the_static_table_are_a_byte() -> None:
    assert encode_block([(b":status", b"200")]) == b"\x88"
    (field,) = hpack.Decoder().decode(encode_block([(b":status", b"418")]), raw=True)
    assert tuple(field) == (b":status", b"418")


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([b"x-a", b"x-b", b"te-st"]), st.text("ab", max_size=3)),
            max_size=3,
        ),
        max_size=12,
    )
)
def test_a_conversation_with_a_dynamic_table_is_read_as_it_was_meant(
    requests: list[list[tuple[bytes, str]]],
) -> None:
    encoder, blocks = hpack.Encoder(), Blocks()
    for request in requests:
        fields = [*GET, *((name, text.encode()) for name, text in request)]
        head = blocks.head(encoder.encode(fields))
        assert [*head.headers] == fields[4:]


def test_a_block_that_repeats_is_the_same_head_until_the_table_changes() -> None:
    encoder, blocks = hpack.Encoder(), Blocks()
    blocks.head(encoder.encode(GET))
    again = encoder.encode(GET)
    head = blocks.head(again)
    assert blocks.head(again) is head
    blocks.head(encoder.encode([*GET, (b"x-new", b"1")]))
    other = blocks.head(encoder.encode(GET))
    assert other is not head
    assert other.path == head.path


def test_no_more_is_kept_than_its_bound() -> None:
    blocks = Blocks()
    for number in range(3 * KEPT_MAX):
        blocks.head(encode_request(b"/%d" % number))
    assert len(blocks._kept) <= KEPT_MAX


def encode_request(path: bytes) -> bytes:
    return b"\x82\x86\x04" + bytes((len(path),)) + path


def test_a_malformed_request_leaves_the_table_in_order() -> None:
    encoder, blocks = hpack.Encoder(), Blocks()
    with pytest.raises(Malformed):
        blocks.head(encoder.encode([(b"x-first", b"v"), *GET]))
    assert blocks.head(encoder.encode([*GET, (b"x-first", b"v")])).headers == [(b"x-first", b"v")]
    with pytest.raises(Malformed):
        blocks.head(encoder.encode([*GET, *[(b"x-first", b"v")] * HEADERS_MAX]))


def test_a_block_that_nobody_reads_counts_too() -> None:
    encoder, blocks = hpack.Encoder(), Blocks()
    blocks.skip(encoder.encode([*GET, (b"x-first", b"v")]))
    assert blocks.head(encoder.encode([*GET, (b"x-first", b"v")])).headers == [(b"x-first", b"v")]


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x80",  # index 0
        b"\xff\x80\x80\x80\x80\x80\x80\x80\x80\x01",  # a number without an end in sight
        b"\x00\x01x\x7f" + b"\xff" * 60_000,
        b"\x00\x05x",  # a string past the end
        b"\x3f\xff\xff\x03",  # a table larger than allowed
        b"\x00\x81\xff\x01y",  # no Huffman code
        b"\xfe",  # an index of nothing
    ],
)
def test_what_is_no_block_ends_the_connection(wrong: bytes) -> None:
    with pytest.raises(ConnectionFault) as caught:
        Blocks().head(wrong)
    assert caught.value.code == COMPRESSION_ERROR


def test_what_adds_to_the_table_is_known() -> None:
    assert changes_table(b"\x40\x01x\x01y")
    assert changes_table(b"\x20\x82")
    assert not changes_table(b"\x82\x00\x01x\x01y\x0f\x10\x01z")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_a_malformed_one_or_a_fault(block: bytes) -> None:
    with suppress(ConnectionFault, Malformed):
        Blocks().head(block)
