"""Batches that kafka-python writes and reads, which knows nothing of our codecs."""

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.formats import kafka
from dragoman.formats.errors import FormatError
from dragoman.formats.meta import META_NAME
from dragoman.formats.options import RenderOptions
from dragoman.model.message import Dead, Delivery, Message
from dragoman.wire.kafka.batch import LOG_APPEND_TIME, place_batch
from dragoman.wire.kafka.records import BatchBuilder

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of kafka-python's way to load resources
    from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

Written = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], int]


def batch_of(*records: Written, codec: int = 0) -> bytes:
    """As kafka-python's producer packs it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for offset, (key, value, headers, timestamp_ms) in enumerate(records):
        assert builder.append(offset, timestamp_ms, key, value, headers) is not None
    return bytes(builder.build())


def read(entry: bytes) -> list[tuple[int, Written]]:
    """As kafka-python's consumer unpacks it: offsets and records."""
    batch = DefaultRecordBatch(entry)
    assert batch.validate_crc()
    return [(each.offset, (each.key, each.value, each.headers, each.timestamp)) for each in batch]


def said(**fields: object) -> Message:
    message = Message(b"x")
    message.created_at_ms = 5_000
    for name, value in fields.items():
        setattr(message, name, value)
    return message


TEXTS = st.text(max_size=8)
RECORDS = st.lists(
    st.tuples(
        st.none() | st.binary(max_size=9),
        st.none() | st.binary(max_size=9),
        st.lists(st.tuples(TEXTS, st.none() | st.binary(max_size=9)), max_size=3),
        st.integers(0, 1 << 41),
    ),
    min_size=1,
    max_size=4,
)


@given(RECORDS)
def test_what_kafka_python_writes_is_read_in_order(records: list[Written]) -> None:
    found = kafka.decode_all(batch_of(*records))
    for message, (key, value, _, timestamp_ms) in zip(found, records, strict=True):
        assert (message.key, message.body, message.created_at_ms) == (key, value, timestamp_ms)
        assert message.durable


@pytest.mark.parametrize("codec", [0, 1])
def test_compressed_or_not_it_is_the_same(codec: int) -> None:
    records: list[Written] = [(b"k", b"v" * 500, [("h", b"1")], n) for n in range(10)]
    found = kafka.decode_all(batch_of(*records, codec=codec))
    assert [each.headers for each in found] == [[("h", "1")]] * 10


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), st.integers(0, 1 << 40))
def test_kafka_python_reads_what_is_rendered_at_its_place_in_the_log(
    bodies: list[bytes], base_offset: int
) -> None:
    messages = []
    for number, body in enumerate(bodies):
        message = said(body=body, key=b"k%d" % number, headers=[("a", "b"), ("n", None)])
        messages.append((message, None))
    options = RenderOptions("orders", base_offset=base_offset)
    expected = [
        (base_offset + n, (b"k%d" % n, body, [("a", b"b"), ("n", None)], 5_000))
        for n, body in enumerate(bodies)
    ]
    assert read(kafka.render(messages, options)) == expected


def test_offsets_with_gaps_are_kept() -> None:
    options = RenderOptions("orders", base_offset=100, offset_deltas=[0, 3, 9])
    entry = kafka.render([(said(), None)] * 3, options)
    assert [offset for offset, _ in read(entry)] == [100, 103, 109]


def headers_of(message: Message, delivery: Delivery | None = None) -> dict[str, Any]:
    ((_, (_, _, headers, _)),) = read(kafka.render([(message, delivery)], RenderOptions("q")))
    return dict(headers)


def test_fields_are_headers_of_their_name() -> None:
    found = headers_of(said(content_type="t", id="m", correlation="c", type="k", app="a"))
    assert found == {
        "content-type": b"t",
        "message-id": b"m",
        "correlation-id": b"c",
        "type": b"k",
        "app-id": b"a",
    }


def test_what_kafka_has_no_place_for_travels_in_the_meta_and_comes_back() -> None:
    message = said(priority=7, headers=[("n", 5)])
    entry = kafka.render([(message, None)], RenderOptions("q"))
    assert set(headers_of(message)) == {"n", META_NAME}
    back = kafka.decode(entry, 0)
    assert (back.priority, back.headers) == (7, [("n", 5)])


def test_an_ordinary_header_that_would_be_taken_for_a_field_is_told_in_the_meta_alone() -> None:
    message = said(headers=[("type", "not the type")])
    assert set(headers_of(message)) == {META_NAME}
    back = kafka.decode(kafka.render([(message, None)], RenderOptions("q")), 0)
    assert (back.type, back.headers) == (None, [("type", "not the type")])


def test_a_dead_letter_tells_why_and_how_often() -> None:
    delivery = Delivery(count=2, dead=Dead("rejected", "orders", 1_000, count=3))
    found = headers_of(said(), delivery)
    assert found["__dlq.errors.topic"] == b"orders"
    assert found["__dlq.reason"] == b"rejected"
    assert found["__dlq.errors.delivery.count"] == b"3"


def test_the_time_of_storing_stands_where_the_log_says_so() -> None:
    entry = bytearray(batch_of((None, b"v", [], 7_000)))
    entry[22] |= LOG_APPEND_TIME
    rebuilt = place_batch(bytes(entry), 0, 0)
    message = kafka.decode_all(with_crc(rebuilt))[0]
    assert (message.created_at_ms, message.stored_at_us) == (None, 7_000_000)


def with_crc(entry: bytes) -> bytes:
    import google_crc32c  # noqa: PLC0415

    crc: int = google_crc32c.value(entry[21:])
    return entry[:17] + crc.to_bytes(4, "big") + entry[21:]


def test_a_batch_is_opened_to_batches_of_one_that_kafka_python_reads() -> None:
    entry = batch_of((b"a", b"1", [("h", b"\xff")], 1), (b"b", None, [], 2), codec=1)
    opened = [read(each) for each in kafka.open_each(entry)]
    assert opened == [
        [(0, (b"a", b"1", [("h", b"\xff")], 1))],
        [(0, (b"b", None, [], 2))],
    ]
    with pytest.raises(FormatError, match="2 records"):
        kafka.one_record(entry)


def test_a_record_is_built_again_with_other_headers() -> None:
    record = kafka.one_record(batch_of((b"k", b"v", [("old", b"1")], 9)))
    assert read(kafka.rebuild(record, [("new", b"2")])) == [(0, (b"k", b"v", [("new", b"2")], 9))]


def test_headers_are_read_as_they_stand_fields_included() -> None:
    entry = batch_of((None, None, [("type", b"t"), ("b", b"\xff"), ("n", None)], 0))
    assert kafka.read_headers(entry, 0) == [("type", "t"), ("b", b"\xff"), ("n", None)]
    with pytest.raises(FormatError):
        kafka.read_headers(entry, 1)


def test_the_markers_of_transactions_hold_no_messages() -> None:
    builder = BatchBuilder()
    builder.add(b"\0\0\0\1", b"\0\0\0\0\0\0", 0, [])
    entry = bytearray(builder.build())
    entry[22] |= 0x20
    assert kafka.decode_all(with_crc(bytes(entry))) == []


def test_of_a_batch_with_gaps_each_message_is_found_by_how_far_it_lies_from_the_first() -> None:
    whole = batch_of((b"a", b"1", [], 1), (b"b", b"2", [("h", b"x")], 2), (b"a", b"3", [], 3))
    thin = kafka.rebatch([(10, whole)], {10, 12}, 0)
    assert read(thin) == [(0, (b"a", b"1", [], 1)), (2, (b"a", b"3", [], 3))]
    assert kafka.decode(thin, 2).body == b"3"
    assert kafka.read_headers(thin, 0) == []
    with pytest.raises(FormatError, match="compacted away"):
        kafka.decode(thin, 1)
    with pytest.raises(FormatError, match="no message 3"):
        kafka.decode(thin, 3)


def test_what_is_left_of_several_batches_is_one_that_says_when_its_tombstones_may_go() -> None:
    one = batch_of((b"a", b"1", [], 1), (b"b", None, [], 2), codec=1)
    two = batch_of((b"c", b"2", [], 30))
    assert kafka.log_keys(one) == [(0, b"a", -1), (1, b"b", 0)]
    both = kafka.rebatch([(5, one), (9, two)], {6, 9}, 70_000)
    assert read(both) == [(0, (b"b", None, [], 2)), (3, (b"c", b"2", [], 30))]
    assert kafka.log_keys(both) == [(0, b"b", 70_000), (3, b"c", -1)]
    again = kafka.rebatch([(6, both)], {6}, 80_000)
    assert kafka.log_keys(again) == [(0, b"b", 80_000)]
