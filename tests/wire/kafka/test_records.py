"""Records inside batches, against two clients' own builders and readers."""

import random
from typing import Any

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.wire.kafka.batch import DELETE_HORIZON, read_batch_head
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode
from dragoman.wire.kafka.records import (
    BatchBuilder,
    Record,
    build_marker,
    check_records,
    read_records,
)

NOW_MS = 1_700_000_000_000
CODECS = range(5)
optional_bytes = st.none() | st.binary(max_size=200)
one_record = st.tuples(
    optional_bytes,
    optional_bytes,
    st.integers(0, 1 << 45),
    st.lists(st.tuples(st.text(max_size=8), optional_bytes), max_size=3),
)
Made = tuple[bytes | None, bytes | None, int, list[tuple[str, bytes | None]]]

SAMPLE: list[Made] = [
    (b"k", b"v" * 300, NOW_MS, [("a", b"1"), ("a", None), ("ö", b"")]),
    (None, None, NOW_MS - 5, []),
    (b"", b"", NOW_MS + 99_999, []),
]


def build(made: list[Made], codec: int = 0) -> bytes:
    builder = BatchBuilder()
    for key, value, timestamp_ms, headers in made:
        builder.add(key, value, timestamp_ms, headers)
    return builder.build(codec)


def flat(record: Record) -> Made:
    return (record.key, record.value, record.timestamp_ms, record.headers)


@given(made=st.lists(one_record, min_size=1, max_size=8), codec=st.sampled_from(CODECS))
@settings(max_examples=60, deadline=None)
def test_records_come_back_as_they_were_added(made: list[Made], codec: int) -> None:
    records = read_records(build(made, codec))
    assert [flat(record) for record in records] == made
    assert [record.offset for record in records] == list(range(len(made)))


def test_the_size_of_a_builder_is_that_of_its_batch_before_compression() -> None:
    builder = BatchBuilder()
    for one in SAMPLE:
        builder.add(*one)
    assert builder.size == len(builder.build())
    assert builder.count == len(SAMPLE)


@pytest.mark.parametrize("codec", CODECS)
def test_aiokafka_reads_what_we_build_and_we_what_it_builds(codec: int) -> None:
    theirs = pytest.importorskip("aiokafka.record.default_records")
    reader = theirs.DefaultRecordBatch(build(SAMPLE, codec))
    assert reader.validate_crc()
    assert [their_record(record) for record in reader] == SAMPLE
    builder = theirs.DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1_000_000)
    for offset, (key, value, timestamp_ms, headers) in enumerate(SAMPLE):
        builder.append(offset, timestamp_ms, key, value, headers)
    built = bytes(builder.build())
    assert [flat(record) for record in read_records(built)] == SAMPLE
    if codec == 0:  # its batch has leader epoch 0 where ours has none
        assert built[:12] + b"\xff" * 4 + built[16:] == build(SAMPLE)


@pytest.mark.parametrize("codec", [0, 1])
def test_kafka_python_reads_what_we_build_and_we_what_it_builds(codec: int) -> None:
    theirs = pytest.importorskip("kafka.record.default_records")
    reader = theirs.DefaultRecordBatch(build(SAMPLE, codec))
    assert reader.validate_crc()
    assert [their_record(record) for record in reader] == SAMPLE
    builder = theirs.DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 1_000_000)
    for offset, (key, value, timestamp_ms, headers) in enumerate(SAMPLE):
        builder.append(offset, timestamp_ms, key, value, headers)
    assert [flat(record) for record in read_records(bytes(builder.build()))] == SAMPLE


def their_record(record: Any) -> Made:
    return (record.key, record.value, record.timestamp, list(record.headers))


@pytest.mark.parametrize("is_commit", [True, False])
def test_kafka_python_reads_our_markers(is_commit: bool) -> None:
    theirs = pytest.importorskip("kafka.record.default_records")
    marker = build_marker(
        is_commit=is_commit, producer_id=9, producer_epoch=2, coordinator_epoch=3, timestamp_ms=1
    )
    reader = theirs.DefaultRecordBatch(marker)
    (record,) = list(reader)
    assert (reader.is_control_batch, reader.is_transactional) == (True, True)
    assert (record.commit, record.abort) == (is_commit, not is_commit)
    assert (reader.producer_id, reader.producer_epoch) == (9, 2)


@pytest.mark.parametrize("codec", CODECS)
def test_garbled_records_raise_nothing_but_a_refusal(codec: int) -> None:
    chance, batch = random.Random(codec), build(SAMPLE, codec)
    for _ in range(400):
        garbled = bytearray(batch)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(57, len(garbled))
            garbled[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        try:
            read_records(bytes(garbled), 100_000)
        except BatchRefusedError:
            continue


def test_records_cut_anywhere_are_refused() -> None:
    batch = build(SAMPLE)
    for length in range(61, len(batch)):
        cut = batch[:8] + (length - 12).to_bytes(4) + batch[12:length]
        with pytest.raises(BatchRefusedError):
            read_records(cut)


@pytest.mark.parametrize(
    ("records", "count"),
    [
        (b"\x0c\0\0\0\1\1\0" + b"\0", 1),  # a byte behind the last record
        (b"\x0e\0\0\0\1\1\0\0", 1),  # a record longer than its fields
        (b"\x0c\0\0\2\1\1\0", 1),  # an offset behind the last
        (b"\x0c\0\0\1\1\1\0", 1),  # an offset before the first
        (b"\x0c\0\0\0\3\1\0", 1),  # a length of -2
        (b"\x0c\0\0\0\1\1\2", 1),  # a header that is not there
        (b"\x10\0\0\0\1\1\2\1\1", 1),  # a header without a key
        (b"\x01\0\0\0\1\1\0", 1),  # a record of negative length
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1),  # a varint without end
        (b"\x0c\0\0\0\1\1\0", 2),  # one record too few
        (b"\x0c\0\0\0\1\1\0", -1),
    ],
)
def test_a_malformed_record_is_an_invalid_record(records: bytes, count: int) -> None:
    head = build([(None, None, 0, [])])[:61]
    batch = head[:8] + (49 + len(records)).to_bytes(4) + head[12:57]
    with pytest.raises(BatchRefusedError) as refused:
        read_records(batch + count.to_bytes(4, signed=True) + records)
    assert refused.value.error_code is ErrorCode.INVALID_RECORD


def test_a_compacted_topic_names_the_records_without_a_key() -> None:
    batch = build([(b"k", b"v", 0, []), (None, b"v", 0, [])])
    assert check_records(batch, needs_keys=False) == []
    assert [index for index, _ in check_records(batch, needs_keys=True)] == [1]


def test_records_whose_offsets_do_not_count_up_are_named() -> None:
    batch = bytearray(build([(None, None, 0, []), (None, None, 0, [])]))
    batch[61 + 3] = 2  # the first record's offset delta becomes 1
    batch[17:21] = google_crc32c.value(bytes(batch[21:])).to_bytes(4)
    assert [index for index, _ in check_records(bytes(batch), needs_keys=False)] == [0]


def test_a_header_key_that_is_not_utf_8_is_still_given() -> None:
    batch = build([(None, None, 0, [("hh", None)])]).replace(b"hh", b"h\xff")
    assert read_records(batch)[0].headers == [("h�", None)]


def test_records_may_leave_gaps_between_their_offsets() -> None:
    builder = BatchBuilder()
    builder.add(None, b"a", 0, [], 2)
    builder.add(None, b"b", 0, [], 70)
    builder.add(None, b"c", 0, [])
    batch = builder.build()
    assert [record.offset for record in read_records(batch)] == [2, 70, 71]
    assert read_batch_head(batch, 0, len(batch)).last_offset_delta == 71


def test_when_tombstones_may_go_stands_in_place_of_the_base_time_and_times_are_right() -> None:
    builder = BatchBuilder(tombstone_ms=5_000)
    builder.add(b"k", None, 1_000, [])
    builder.add(b"l", None, 9_000, [])
    batch = builder.build()
    head = read_batch_head(batch, 0, len(batch))
    assert (head.base_timestamp_ms, head.max_timestamp_ms) == (5_000, 9_000)
    assert head.attributes & DELETE_HORIZON
    assert [record.timestamp_ms for record in read_records(batch)] == [1_000, 9_000]
