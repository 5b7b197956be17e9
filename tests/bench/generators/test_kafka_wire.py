"""Prebuilt Kafka batches and requests, and the reading of answers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.generators import kafka_wire as wire


def test_known_variable_length_integers() -> None:
    assert wire.uvarint(300) == b"\xac\x02"
    assert [wire.varint(value) for value in (0, -1, 1, 64)] == [b"\0", b"\1", b"\2", b"\x80\1"]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=20))
def test_a_batch_walks_as_one_and_its_crc_holds(values: list[bytes]) -> None:
    batch = wire.record_batch(values, 1_700_000_000_000)
    assert wire.walk_batches(batch, 0, len(batch)) == [(0, len(values), 0)]
    assert wire.batch_crc_holds(batch, 0)


def test_a_changed_byte_breaks_the_crc() -> None:
    batch = bytearray(wire.record_batch([b"value"], 0))
    batch[-2] ^= 1
    assert not wire.batch_crc_holds(batch, 0)


def test_a_batch_cut_off_at_the_end_is_not_walked() -> None:
    batch = wire.record_batch([b"v"], 0)
    data = batch * 2 + batch[:-1]
    assert [at for _b, _c, at in wire.walk_batches(data, 0, len(data))] == [0, len(batch)]


def test_a_batch_with_an_impossible_length_is_refused() -> None:
    batch = bytearray(wire.record_batch([b"v"], 0))
    batch[8:12] = struct.pack(">i", -1)
    with pytest.raises(wire.KafkaError, match="bytes at"):
        wire.walk_batches(batch, 0, len(batch))


def produce_answer(topic: str, *, correlation: int, error: int, offset: int) -> bytes:
    """A version 9 answer as a broker builds it."""
    part = struct.pack(">ihqqq", 0, error, offset, -1, 0) + b"\1\0\0"
    body = struct.pack(">i", correlation) + b"\0" + wire.uvarint(2)
    body += wire.compact(topic.encode()) + wire.uvarint(2) + part + b"\0" + bytes(4) + b"\0"
    return struct.pack(">i", len(body)) + body


def test_a_produce_answer_gives_its_offset() -> None:
    answer = produce_answer("topic", correlation=3, error=0, offset=1234)
    response = wire.ProduceResponse("topic")
    assert response.size == len(answer)
    assert response.offset(answer, 0, 3) == 1234


@pytest.mark.parametrize(("correlation", "error"), [(4, 0), (3, 6)])
def test_an_error_or_another_answer_is_refused(correlation: int, error: int) -> None:
    answer = produce_answer("topic", correlation=correlation, error=error, offset=0)
    with pytest.raises(wire.KafkaError):
        wire.ProduceResponse("topic").offset(answer, 0, 3)


def fetch_answer(topic: str, records: bytes, *, error: int = 0, aborted: int = -1) -> bytes:
    """A version 11 answer as a broker builds it."""
    part = struct.pack(">ihqqqi", 0, error, 9, 9, 0, aborted) + bytes(16 * max(aborted, 0))
    part += struct.pack(">ii", -1, len(records)) + records
    body = struct.pack(">iihii", 5, 0, 0, 0, 1) + wire.string(topic) + struct.pack(">i", 1) + part
    return struct.pack(">i", len(body)) + body


@pytest.mark.parametrize("aborted", [-1, 0, 2])
def test_the_records_of_a_fetch_answer_are_found(aborted: int) -> None:
    batch = wire.record_batch([b"v"], 0)
    answer = fetch_answer("topic", batch, aborted=aborted)
    start, end = wire.fetch_records_span(answer, "topic")
    assert answer[start:end] == batch


def test_a_fetch_error_is_refused() -> None:
    with pytest.raises(wire.KafkaError, match="partition error 3"):
        wire.fetch_records_span(fetch_answer("topic", b"", error=3), "topic")
