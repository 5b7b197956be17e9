"""Fetch by hand: requests to tuples, answers to buffers for one `writelines`. Hot: compiled.

    request 4-11    replica i32, max wait i32, min bytes i32, max bytes i32, isolation i8,
                    [7+: session id i32, session epoch i32], topics i32 of name | partitions i32 of
                      partition i32, [9+: leader epoch i32], offset i64, [5+: log start i64],
                      max bytes i32
                    [7+: forgotten topics], [11+: rack]
    request 12-18   the same with compact lengths, tagged fields and the last fetched epoch; topic
                    ids from 13 on; the replica moves to a tagged field in 15

The generated codec reads the same bytes to the same values (a test says so). Tagged fields are
stepped over and never written: they serve replicas, and clusters of more than one node.
"""

import struct
from collections.abc import Sequence
from struct import Struct
from typing import Final

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.primitives import (
    read_unsigned_varint_rest,
    skip_tagged_fields,
    write_unsigned_varint,
)

Piece = bytes | memoryview
VERSION_MIN: Final = 4
VERSION_MAX: Final = 18
FORGOTTEN_MAX: Final = 65_536  # topics: three bytes each, and 170 as a tuple with a list

_SHORT: Final = Struct(">h").unpack_from
_INT: Final = Struct(">i").unpack_from
_HEAD_4: Final = Struct(">iiiib").unpack_from
_HEAD_7: Final = Struct(">iiiibii").unpack_from
_HEAD_15: Final = Struct(">iiibii").unpack_from
_PART_4: Final = Struct(">iqi").unpack_from
_PART_5: Final = Struct(">iqqi").unpack_from
_PART_9: Final = Struct(">iiqqi").unpack_from
_PART_12: Final = Struct(">iiqiqiB").unpack_from
_PART_BYTES_MIN: Final = 16  # version 4's; all others are longer

# topic (name, or id from version 13 on), partition, current leader epoch, fetch offset,
# last fetched epoch, log start offset, partition max bytes
Part = tuple[str | bytes, int, int, int, int, int, int]


class FetchRequest:
    """A Fetch request, flat: one part for each partition, in the order of the bytes."""

    __slots__ = (
        "forgotten",
        "isolation_level",
        "max_bytes",
        "max_wait_ms",
        "min_bytes",
        "parts",
        "rack_id",
        "replica_id",
        "session_epoch",
        "session_id",
    )

    def __init__(self) -> None:
        self.replica_id: int = -1
        self.max_wait_ms: int = 0
        self.min_bytes: int = 0
        self.max_bytes: int = 0
        self.isolation_level: int = 0
        self.session_id: int = 0
        self.session_epoch: int = -1
        self.parts: list[Part] = []
        self.forgotten: list[tuple[str | bytes, list[int]]] = []
        self.rack_id: str = ""


def decode_fetch_request(version: int, buf: bytes, pos: int, end: int) -> FetchRequest:
    """Read a request of version 4 to 18 from `buf[pos:end]`; bytes behind it are ignored.

    Raises:
        KafkaCodecError: the bytes are malformed.
    """
    assert VERSION_MIN <= version <= VERSION_MAX
    try:
        if version >= 12:
            return _decode_compact(version, buf, pos, end)
        return _decode_plain(version, buf, pos, end)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise KafkaCodecError("a Fetch request cut short or garbled") from error


def _bad_count() -> KafkaCodecError:
    return KafkaCodecError("more elements than bytes, or a null or negative length")


def _decode_plain(version: int, buf: bytes, pos: int, end: int) -> FetchRequest:
    request = FetchRequest()
    pos = _plain_head(version, request, buf, pos)
    count: int = _INT(buf, pos)[0]
    pos += 4
    if count < 0 or count > (end - pos) // 6:
        raise _bad_count()
    for _ in range(count):
        size: int = _SHORT(buf, pos)[0]
        pos += 2
        if size < 0 or size > end - pos:
            raise _bad_count()
        topic = buf[pos : pos + size].decode()
        pos += size
        partitions: int = _INT(buf, pos)[0]
        pos += 4
        if partitions < 0 or partitions > (end - pos) // _PART_BYTES_MIN:
            raise _bad_count()
        pos = _plain_parts(version, topic, partitions, request.parts, buf, pos)
    if version >= 7:
        pos = _plain_forgotten(request, buf, pos, end)
    if version >= 11:
        size = _SHORT(buf, pos)[0]
        pos += 2
        if size < 0 or size > end - pos:
            raise _bad_count()
        request.rack_id = buf[pos : pos + size].decode()
        pos += size
    if pos > end:
        raise KafkaCodecError("a Fetch request cut short")
    return request


def _plain_head(version: int, request: FetchRequest, buf: bytes, pos: int) -> int:
    if version >= 7:
        wide: tuple[int, int, int, int, int, int, int] = _HEAD_7(buf, pos)
        request.replica_id = wide[0]
        request.max_wait_ms = wide[1]
        request.min_bytes = wide[2]
        request.max_bytes = wide[3]
        request.isolation_level = wide[4]
        request.session_id = wide[5]
        request.session_epoch = wide[6]
        return pos + 25
    head: tuple[int, int, int, int, int] = _HEAD_4(buf, pos)
    request.replica_id = head[0]
    request.max_wait_ms = head[1]
    request.min_bytes = head[2]
    request.max_bytes = head[3]
    request.isolation_level = head[4]
    return pos + 17


def _plain_parts(
    version: int, topic: str, count: int, parts: list[Part], buf: bytes, pos: int
) -> int:
    for _ in range(count):
        if version >= 9:
            nine: tuple[int, int, int, int, int] = _PART_9(buf, pos)
            parts.append((topic, nine[0], nine[1], nine[2], -1, nine[3], nine[4]))
            pos += 28
        elif version >= 5:
            five: tuple[int, int, int, int] = _PART_5(buf, pos)
            parts.append((topic, five[0], -1, five[1], -1, five[2], five[3]))
            pos += 24
        else:
            four: tuple[int, int, int] = _PART_4(buf, pos)
            parts.append((topic, four[0], -1, four[1], -1, -1, four[2]))
            pos += 16
    return pos


def _plain_forgotten(request: FetchRequest, buf: bytes, pos: int, end: int) -> int:
    count: int = _INT(buf, pos)[0]
    pos += 4
    if count < 0 or count > (end - pos) // 6 or count > FORGOTTEN_MAX:
        raise _bad_count()
    for _ in range(count):
        size: int = _SHORT(buf, pos)[0]
        pos += 2
        if size < 0 or size > end - pos:
            raise _bad_count()
        topic = buf[pos : pos + size].decode()
        pos += size
        partitions: int = _INT(buf, pos)[0]
        pos += 4
        if partitions < 0 or partitions > (end - pos) // 4:
            raise _bad_count()
        request.forgotten.append((topic, _ints(buf, pos, partitions)))
        pos += 4 * partitions
    return pos


def _ints(buf: bytes, pos: int, count: int) -> list[int]:
    values: list[int] = []
    for _ in range(count):
        value: int = _INT(buf, pos)[0]
        values.append(value)
        pos += 4
    return values


def _decode_compact(version: int, buf: bytes, pos: int, end: int) -> FetchRequest:
    request = FetchRequest()
    if version < 15:
        replica: int = _INT(buf, pos)[0]
        request.replica_id = replica
        pos += 4
    head: tuple[int, int, int, int, int, int] = _HEAD_15(buf, pos)
    pos += 21
    request.max_wait_ms = head[0]
    request.min_bytes = head[1]
    request.max_bytes = head[2]
    request.isolation_level = head[3]
    request.session_id = head[4]
    request.session_epoch = head[5]
    has_ids: bool = version >= 13
    count: int = buf[pos]
    pos += 1
    if count > 127:
        count, pos = read_unsigned_varint_rest(buf, pos, count)
    count -= 1
    if count < 0 or count > (end - pos) // 3:
        raise _bad_count()
    for _ in range(count):
        pos = _compact_topic(has_ids, request.parts, buf, pos, end)
    pos = _compact_forgotten(has_ids, request, buf, pos, end)
    size: int = buf[pos]
    pos += 1
    if size > 127:
        size, pos = read_unsigned_varint_rest(buf, pos, size)
    size -= 1
    if size < 0 or size > end - pos:
        raise _bad_count()
    if size:
        request.rack_id = buf[pos : pos + size].decode()
        pos += size
    tags: int = buf[pos]
    pos += 1
    if tags:
        pos = skip_tagged_fields(buf, pos, tags)
    if pos > end:
        raise KafkaCodecError("a Fetch request cut short")
    return request


def _compact_name(has_ids: bool, buf: bytes, pos: int) -> tuple[str | bytes, int]:
    if has_ids:
        return buf[pos : pos + 16], pos + 16
    size: int = buf[pos]
    pos += 1
    if size > 127:
        size, pos = read_unsigned_varint_rest(buf, pos, size)
    size -= 1
    if size < 0:
        raise KafkaCodecError("a topic without a name")
    return buf[pos : pos + size].decode(), pos + size


def _compact_topic(has_ids: bool, parts: list[Part], buf: bytes, pos: int, end: int) -> int:
    topic, pos = _compact_name(has_ids, buf, pos)
    count: int = buf[pos]
    pos += 1
    if count > 127:
        count, pos = read_unsigned_varint_rest(buf, pos, count)
    count -= 1
    if count < 0 or count > (end - pos) // 33:
        raise _bad_count()
    for _ in range(count):
        part: tuple[int, int, int, int, int, int, int] = _PART_12(buf, pos)
        pos += 33
        parts.append((topic, part[0], part[1], part[2], part[3], part[4], part[5]))
        if part[6]:
            pos = skip_tagged_fields(buf, pos, part[6])
    tags: int = buf[pos]
    pos += 1
    return skip_tagged_fields(buf, pos, tags) if tags else pos


def _compact_forgotten(has_ids: bool, request: FetchRequest, buf: bytes, pos: int, end: int) -> int:
    count: int = buf[pos]
    pos += 1
    if count > 127:
        count, pos = read_unsigned_varint_rest(buf, pos, count)
    count -= 1
    if count < 0 or count > (end - pos) // 3 or count > FORGOTTEN_MAX:
        raise _bad_count()
    for _ in range(count):
        topic, pos = _compact_name(has_ids, buf, pos)
        partitions: int = buf[pos]
        pos += 1
        if partitions > 127:
            partitions, pos = read_unsigned_varint_rest(buf, pos, partitions)
        partitions -= 1
        if partitions < 0 or partitions > (end - pos) // 4:
            raise _bad_count()
        request.forgotten.append((topic, _ints(buf, pos, partitions)))
        pos += 4 * partitions
        tags: int = buf[pos]
        pos += 1
        if tags:
            pos = skip_tagged_fields(buf, pos, tags)
    return pos


class FetchResult:
    """What one partition gives; `records` are whole batches, in pieces as they were stored."""

    __slots__ = (
        "aborted",
        "diverging",
        "error_code",
        "high_watermark",
        "last_stable_offset",
        "log_start_offset",
        "partition",
        "preferred_read_replica",
        "records",
        "records_bytes",
        "topic",
    )

    def __init__(
        self,
        topic: str | bytes,
        partition: int,
        error_code: int,
        high_watermark: int,
        last_stable_offset: int,
        log_start_offset: int,
        records: Sequence[Piece],
    ) -> None:
        self.topic: str | bytes = topic
        self.partition: int = partition
        self.error_code: int = error_code
        self.high_watermark: int = high_watermark
        self.last_stable_offset: int = last_stable_offset
        self.log_start_offset: int = log_start_offset
        self.records: Sequence[Piece] = records
        self.records_bytes: int = sum([len(piece) for piece in records])
        # For read_committed: (producer id, first offset) of each; None where nobody asked.
        self.aborted: list[tuple[int, int]] | None = None
        self.preferred_read_replica: int = -1
        # Where the reader's log and this one part: (epoch, end of it); told from version 12 on.
        self.diverging: tuple[int, int] | None = None


_PACK_SHORT: Final = Struct(">h").pack
_PACK_INT: Final = Struct(">i").pack
_PACK_PLACE: Final = Struct(">iq").pack
_PACK_QUADS: Final = Struct(">qq").pack
_PACK_HEAD: Final = Struct(">iii").pack  # length, correlation id, throttle time
_PACK_HEAD_7: Final = Struct(">iiihi").pack  # and error code, session id
_PACK_HEAD_12: Final = Struct(">iixihi").pack
_RESULT_4: Final = Struct(">ihqq").pack
_RESULT_5: Final = Struct(">ihqqq").pack
_RESULT_12: Final = Struct(">ihqqqBi").pack  # without aborted transactions: nearly all answers


def encode_fetch_response(
    version: int,
    correlation_id: int,
    results: list[FetchResult],
    throttle_time_ms: int,
    error_code: int,
    session_id: int,
) -> list[Piece]:
    """Write a whole response frame as buffers, length and header in the first.

    The pieces of `records` are among the buffers as they are: no record byte is copied here.
    Results of one topic must stand together; they answer in the order given.
    """
    assert VERSION_MIN <= version <= VERSION_MAX
    is_compact: bool = version >= 12
    out: list[Piece] = [b""]  # the head goes here, once the length is known
    pending: list[bytes] = []  # small bytes since the last records
    size: int = 0
    topics: int = 0
    at: int = 0
    while at < len(results):
        topic = results[at].topic
        stop: int = at + 1
        while stop < len(results) and results[stop].topic == topic:
            stop += 1
        pending.append(_topic_head(is_compact, topic, stop - at))
        while at < stop:
            result = results[at]
            pending.append(_encode_result(version, is_compact, result))
            if result.records_bytes:
                joined = b"".join(pending)
                size += len(joined) + result.records_bytes
                out.append(joined)
                out.extend(result.records)
                pending = []
            if is_compact:
                pending.append(b"\0" if result.diverging is None else _diverging(result.diverging))
            at += 1
        if is_compact:
            pending.append(b"\0")
        topics += 1
    if is_compact:
        pending.append(b"\0")
    joined = b"".join(pending)
    out.append(joined)
    size += len(joined)
    out[0] = _head(version, size, correlation_id, throttle_time_ms, error_code, session_id, topics)
    return out


def _head(
    version: int,
    size: int,
    correlation_id: int,
    throttle_time_ms: int,
    error_code: int,
    session_id: int,
    topics: int,
) -> bytes:
    """Write length, header, and the body as far as the number of topics."""
    if version >= 12:
        count = write_unsigned_varint(topics + 1)
        length: int = size + 15 + len(count)
        return (
            _PACK_HEAD_12(length, correlation_id, throttle_time_ms, error_code, session_id) + count
        )
    if version >= 7:
        return _PACK_HEAD_7(
            size + 18, correlation_id, throttle_time_ms, error_code, session_id
        ) + _PACK_INT(topics)
    return _PACK_HEAD(size + 12, correlation_id, throttle_time_ms) + _PACK_INT(topics)


def _diverging(place: tuple[int, int]) -> bytes:
    """The tagged fields of a partition: `DivergingEpoch`, tag 0, of epoch and end offset."""
    return b"\1\0\x0d" + _PACK_PLACE(*place) + b"\0"


def _topic_head(is_compact: bool, topic: str | bytes, count: int) -> bytes:
    if isinstance(topic, bytes):
        assert len(topic) == 16
        return topic + write_unsigned_varint(count + 1)
    raw = topic.encode()
    if is_compact:
        return write_unsigned_varint(len(raw) + 1) + raw + write_unsigned_varint(count + 1)
    return _PACK_SHORT(len(raw)) + raw + _PACK_INT(count)


def _encode_result(version: int, is_compact: bool, result: FetchResult) -> bytes:
    """Write all of a partition up to its records, whose length is the last of it."""
    if is_compact and not result.aborted:
        return _RESULT_12(
            result.partition,
            result.error_code,
            result.high_watermark,
            result.last_stable_offset,
            result.log_start_offset,
            0 if result.aborted is None else 1,
            result.preferred_read_replica,
        ) + write_unsigned_varint(result.records_bytes + 1)
    if version >= 5:
        head = _RESULT_5(
            result.partition,
            result.error_code,
            result.high_watermark,
            result.last_stable_offset,
            result.log_start_offset,
        )
    else:
        head = _RESULT_4(
            result.partition, result.error_code, result.high_watermark, result.last_stable_offset
        )
    head += _encode_aborted(is_compact, result.aborted)
    if version >= 11:
        head += _PACK_INT(result.preferred_read_replica)
    if is_compact:
        return head + write_unsigned_varint(result.records_bytes + 1)
    return head + _PACK_INT(result.records_bytes)


def _encode_aborted(is_compact: bool, aborted: list[tuple[int, int]] | None) -> bytes:
    if aborted is None:
        return b"\0" if is_compact else b"\xff\xff\xff\xff"
    count: int = len(aborted)
    chunks: list[bytes] = [write_unsigned_varint(count + 1) if is_compact else _PACK_INT(count)]
    for producer_id, first_offset in aborted:
        chunks.append(_PACK_QUADS(producer_id, first_offset))
        if is_compact:
            chunks.append(b"\0")
    return b"".join(chunks)
