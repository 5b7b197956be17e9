"""Batch heads: read, refused by their own error code, placed and stamped without being opened."""

import google_crc32c
import pytest

from dragoman.wire.kafka import batch as b
from dragoman.wire.kafka.batch import BatchLimits, check_batch, read_batch_head
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode
from dragoman.wire.kafka.records import BatchBuilder, build_marker, read_records

NOW_MS = 1_700_000_000_000
LIMITS = BatchLimits(100_000, NOW_MS - 1000, NOW_MS + 1000, True)


def make(count: int = 3, **settings: int) -> bytes:
    builder = BatchBuilder()
    for index in range(count):
        builder.add(b"key", b"value %d" % index, NOW_MS + index, [("h", None)])
    return builder.build(**settings)


def patched(at: int, replacement: bytes, *, with_crc: bool = True) -> bytes:
    """A batch with other bytes at a place, and a checksum that fits them again."""
    data = make()
    data = data[:at] + replacement + data[at + len(replacement) :]
    crc = google_crc32c.value(data[21:]).to_bytes(4)
    return data[:17] + crc + data[21:] if with_crc else data


def code_of(records: bytes | None, limits: BatchLimits = LIMITS) -> ErrorCode:
    with pytest.raises(BatchRefusedError) as refused:
        check_batch(records, limits)
    return refused.value.error_code


def test_a_sound_batch_passes_with_its_head() -> None:
    head = check_batch(make(producer_id=7, producer_epoch=1, base_sequence=40), LIMITS)
    assert (head.record_count, head.last_offset_delta) == (3, 2)
    assert (head.base_timestamp_ms, head.max_timestamp_ms) == (NOW_MS, NOW_MS + 2)
    assert (head.producer_id, head.producer_epoch, head.base_sequence) == (7, 1, 40)
    assert (head.base_offset, head.leader_epoch, head.codec) == (0, -1, 0)
    assert not (head.is_transactional or head.is_control or head.is_log_append_time)


@pytest.mark.parametrize("records", [None, b""])
def test_no_batch_is_an_invalid_record(records: bytes | None) -> None:
    assert code_of(records) is ErrorCode.INVALID_RECORD


def test_a_batch_cut_anywhere_is_corrupt() -> None:
    data = make()
    for length in range(1, len(data)):
        assert code_of(data[:length]) is ErrorCode.CORRUPT_MESSAGE


def test_every_bit_behind_the_length_that_matters_is_covered() -> None:
    data = make()
    for at in range(17, len(data)):
        flipped = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        assert code_of(flipped) is ErrorCode.CORRUPT_MESSAGE


def test_two_batches_are_an_invalid_record() -> None:
    assert code_of(make() + make()) is ErrorCode.INVALID_RECORD


@pytest.mark.parametrize(
    ("magic", "code"),
    [
        (b"\x00", ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT),
        (b"\x01", ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT),
        (b"\x03", ErrorCode.INVALID_RECORD),
        (b"\xff", ErrorCode.INVALID_RECORD),
    ],
)
def test_another_format_is_refused_by_its_magic(magic: bytes, code: ErrorCode) -> None:
    assert code_of(patched(16, magic)) is code


def test_an_old_message_set_shorter_than_a_batch_head_is_refused_by_its_magic() -> None:
    aiokafka = pytest.importorskip("aiokafka.record.legacy_records")
    builder = aiokafka.LegacyRecordBatchBuilder(1, 0, 1000)
    builder.append(0, NOW_MS, b"k", b"v")
    assert code_of(bytes(builder.build())) is ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT


@pytest.mark.parametrize(
    ("at", "replacement", "code"),
    [
        (21, b"\x00\x20", ErrorCode.INVALID_RECORD),  # control
        (21, b"\x00\x08", ErrorCode.INVALID_TIMESTAMP),  # log append time
        (21, b"\x00\x05", ErrorCode.UNSUPPORTED_COMPRESSION_TYPE),
        (21, b"\x00\x10", ErrorCode.INVALID_RECORD),  # transactional without a producer
        (23, b"\x00\x00\x00\x03", ErrorCode.INVALID_RECORD),  # last offset delta
        (57, b"\x00\x00\x00\x00", ErrorCode.INVALID_RECORD),  # count
        (57, b"\xff\xff\xff\xff", ErrorCode.INVALID_RECORD),
        (43, bytes(8), ErrorCode.INVALID_RECORD),  # a producer without a sequence
        (35, (NOW_MS + 1001).to_bytes(8), ErrorCode.INVALID_TIMESTAMP),
        (27, (NOW_MS - 1001).to_bytes(8), ErrorCode.INVALID_TIMESTAMP),
    ],
)
def test_each_broken_rule_has_its_error_code(at: int, replacement: bytes, code: ErrorCode) -> None:
    assert code_of(patched(at, replacement)) is code


def test_records_without_a_time_are_taken() -> None:
    no_time = b"\xff" * 8
    check_batch(patched(27, no_time + no_time), LIMITS)


def test_a_large_batch_is_too_large_whatever_else_is_wrong() -> None:
    limits = BatchLimits(100, 0, NOW_MS * 2, True)
    assert code_of(patched(40, b"x", with_crc=False), limits) is ErrorCode.MESSAGE_TOO_LARGE


def test_zstd_is_refused_from_clients_that_cannot_have_it() -> None:
    limits = BatchLimits(100_000, 0, NOW_MS * 2, False)
    assert code_of(make(codec=4), limits) is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    check_batch(make(codec=4), LIMITS)


def test_a_placed_batch_has_its_offset_and_epoch_and_a_checksum_that_still_fits() -> None:
    data = make()
    placed = b.place_batch(data, 1 << 40, 5)
    assert b.batch_prefix(1 << 40, len(data), 5) + data[b.PREFIX_BYTES :] == placed
    head = check_batch(placed, LIMITS)
    assert (head.base_offset, head.leader_epoch) == (1 << 40, 5)
    assert [record.offset - (1 << 40) for record in read_records(placed)] == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 9000])
def test_a_stamped_batch_gives_all_its_records_the_time_of_the_append(count: int) -> None:
    stamped = b.stamp_batch(make(count), NOW_MS + 500)
    head = read_batch_head(stamped, 0, len(stamped))
    assert head.is_log_append_time
    assert head.crc == google_crc32c.value(stamped[21:])
    assert {record.timestamp_ms for record in read_records(stamped)} == {NOW_MS + 500}


def test_the_checksum_in_chunks_is_the_checksum_of_the_whole() -> None:
    data = bytes(range(256)) * 1024
    for size in (0, 1, b.CRC_CHUNK_BYTES, b.CRC_CHUNK_BYTES + 1, len(data)):
        assert b.crc32c(data, 0, size) == google_crc32c.value(data[:size])


def test_heads_of_batches_in_a_row_are_read_where_they_stand() -> None:
    first, second = make(1), b.place_batch(make(2), 1, 0)
    log = first + second
    head = read_batch_head(log, len(first), len(log))
    assert (head.base_offset, head.size) == (1, len(second))


def test_a_marker_is_a_transactional_control_batch() -> None:
    marker = build_marker(
        is_commit=True, producer_id=9, producer_epoch=2, coordinator_epoch=3, timestamp_ms=NOW_MS
    )
    head = read_batch_head(marker, 0, len(marker))
    assert head.is_control
    assert head.is_transactional
    assert code_of(marker) is ErrorCode.INVALID_RECORD
