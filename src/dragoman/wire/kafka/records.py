"""The records inside a batch (format 2): read, checked, built, and the markers of transactions.

    record    length varint | attributes i8 | timestamp delta varlong | offset delta varint
              | key | value | header count varint | headers
    key, value      length varint (-1 is null) | bytes
    header          key length varint | UTF-8 | value

Varints are zigzag, 32 bits wide but for the timestamp's 64. Hot where other protocols read what a
Kafka client wrote: compiled.
"""

from struct import Struct
from typing import Final

from dragoman.wire.kafka import compression
from dragoman.wire.kafka.batch import (
    CODEC_MASK,
    CONTROL,
    DELETE_HORIZON,
    HEAD_BYTES,
    LENGTH_END,
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    TRANSACTIONAL,
    BatchHead,
    BatchLimits,
    crc32c,
    extend_crc32c,
    read_batch_head,
)
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode
from dragoman.wire.kafka.primitives import write_unsigned_varint

RECORD_BYTES_MIN: Final = 7
VARINT_BITS_MAX: Final = 70  # ten bytes of seven bits hold any 64-bit number
HEADER_BYTES_MIN: Final = 2
VARINTS_KEPT: Final = 1024  # some 50 KiB

_NULL: Final = b"\1"  # a length of -1

_PLACED: Final = Struct(">qiibI").pack  # the head up to the attributes
_CHECKED: Final = Struct(">hiqqqhii").pack  # the head from the attributes on
_MARKER_KEY: Final = Struct(">hh").pack
_MARKER_VALUE: Final = Struct(">hi").pack

Headers = list[tuple[str, bytes | None]]


class Record:
    """One record; a null value is a tombstone. Headers keep their order and their duplicates."""

    __slots__ = ("headers", "key", "offset", "timestamp_ms", "value")

    def __init__(
        self,
        offset: int,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        self.offset: int = offset
        self.timestamp_ms: int = timestamp_ms
        self.key: bytes | None = key
        self.value: bytes | None = value
        self.headers: Headers = headers


def read_records(
    batch: bytes, output_bytes_max: int = compression.DECOMPRESSED_BYTES_MAX
) -> list[Record]:
    """Open one batch. A header key that is not UTF-8 comes with replacement characters.

    Raises:
        BatchRefusedError: the batch or its records are malformed, or unpack to too many bytes.
    """
    head = read_batch_head(batch, 0, len(batch))
    data = compression.decompress(
        head.attributes & CODEC_MASK, batch[HEAD_BYTES : head.size], output_bytes_max
    )
    count: int = head.record_count
    if count < 0 or count > len(data) // RECORD_BYTES_MIN:
        raise _refused("more records than bytes")
    records: list[Record] = []
    pos: int = 0
    try:
        for _ in range(count):
            pos = _read_record(head, data, pos, records)
    except IndexError as error:
        raise _refused("records that are cut short") from error
    if pos != len(data):
        raise _refused("bytes behind the last record")
    return records


def check_records(
    batch: bytes, *, needs_keys: bool, output_bytes_max: int = compression.DECOMPRESSED_BYTES_MAX
) -> list[tuple[int, str]]:
    """Open a produced batch and return its records at fault: index and why.

    Offsets must count up from 0 by one; in a compacted topic each record needs a key.

    Raises:
        BatchRefusedError: as `read_records`.
    """
    head = read_batch_head(batch, 0, len(batch))
    faults: list[tuple[int, str]] = []
    for index, record in enumerate(read_records(batch, output_bytes_max)):
        if record.offset - head.base_offset != index:
            faults.append((index, "its offset does not follow the one before"))
        elif needs_keys and record.key is None:
            faults.append((index, "a compacted topic needs a key"))
    return faults


def check_times(batch: bytes, limits: BatchLimits) -> list[tuple[int, str]]:
    """Open a produced batch and return its records of a time the topic does not take: index and why.

    Raises:
        BatchRefusedError: as `read_records`.
    """
    low_ms, high_ms = limits.timestamp_min_ms, limits.timestamp_max_ms
    return [
        (index, f"the time {record.timestamp_ms} is not between {low_ms} and {high_ms} ms")
        for index, record in enumerate(read_records(batch))
        if record.timestamp_ms != NO_TIMESTAMP and not low_ms <= record.timestamp_ms <= high_ms
    ]


def _refused(why: str) -> BatchRefusedError:
    return BatchRefusedError(ErrorCode.INVALID_RECORD, why)


def _read_record(head: BatchHead, data: bytes, pos: int, records: list[Record]) -> int:
    """Read the record at `pos` into `records`. Return where the next one starts."""
    size, pos = _read_varint(data, pos)
    stop: int = pos + size
    if size < 0 or stop > len(data):
        raise _refused("a record longer than its batch")
    timestamp_delta, pos = _read_varint(data, pos + 1)  # a record's own attributes are unused
    offset_delta, pos = _read_varint(data, pos)
    key, pos = _read_bytes(data, pos, stop)
    value, pos = _read_bytes(data, pos, stop)
    if data[pos] == 0:
        count: int = 0
        pos += 1
    else:
        count, pos = _read_varint(data, pos)
    if count < 0 or count > (stop - pos) // HEADER_BYTES_MIN:
        raise _refused("more headers than bytes")
    headers: Headers = []
    for _ in range(count):
        name, pos = _read_bytes(data, pos, stop)
        if name is None:
            raise _refused("a header without a key")
        header_value, pos = _read_bytes(data, pos, stop)
        headers.append((name.decode("utf-8", "replace"), header_value))
    if pos != stop:
        raise _refused("a record of another length than it says")
    if offset_delta < 0 or offset_delta > head.last_offset_delta:
        raise _refused("an offset outside of the batch")
    timestamp_ms: int = head.base_timestamp_ms + timestamp_delta
    if head.attributes & LOG_APPEND_TIME:
        timestamp_ms = head.max_timestamp_ms
    offset: int = head.base_offset + offset_delta
    records.append(Record(offset, timestamp_ms, key, value, headers))
    return stop


def _read_varint(data: bytes, pos: int) -> tuple[int, int]:
    byte: int = data[pos]
    pos += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), pos
    value: int = byte & 0x7F
    shift: int = 7
    while byte > 0x7F:
        if shift >= VARINT_BITS_MAX:
            raise _refused("a varint of more than 10 bytes")
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    return (value >> 1) ^ -(value & 1), pos


def _read_bytes(data: bytes, pos: int, stop: int) -> tuple[bytes | None, int]:
    byte: int = data[pos]  # of one byte as a rule: a call would cost more than reading it
    if byte < 0x80:
        size: int = (byte >> 1) ^ -(byte & 1)
        pos += 1
    else:
        size, pos = _read_varint(data, pos)
    if size < 0:
        if size != -1:
            raise _refused("a negative length")
        return None, pos
    end: int = pos + size
    if end > stop:
        raise _refused("a field longer than its record")
    return data[pos:end], end


class BatchBuilder:
    """Builds one batch; records get the offsets 0, 1, 2 and so on until it is placed in a log.

    Who fills a batch with what remains of a log gives the offset deltas itself: they grow, with gaps. When its
    tombstones may go stands in the place of the base timestamp (KIP-534).
    """

    __slots__ = (
        "_base_timestamp_ms",
        "_chunks",
        "_count",
        "_last_offset_delta",
        "_max_timestamp_ms",
        "_tombstone_ms",
        "size",
    )

    def __init__(self, tombstone_ms: int = -1) -> None:
        self._chunks: list[bytes] = []
        self._count: int = 0
        self._last_offset_delta: int = -1
        self._tombstone_ms: int = tombstone_ms  # when tombstones in it may go; -1 it does not say
        self._base_timestamp_ms: int = -1
        self._max_timestamp_ms: int = -1
        self.size: int = HEAD_BYTES  # of the batch in bytes, before compression

    @property
    def count(self) -> int:
        """Records added so far."""
        return self._count

    def add(
        self,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
        offset_delta: int = -1,
    ) -> None:
        """Add a record; the first one's time is the batch's base. Without a delta it is the next one."""
        if offset_delta < 0:
            offset_delta = self._last_offset_delta + 1
        assert offset_delta > self._last_offset_delta
        if not self._count:
            self._base_timestamp_ms = timestamp_ms if self._tombstone_ms < 0 else self._tombstone_ms
            self._max_timestamp_ms = timestamp_ms
        elif timestamp_ms > self._max_timestamp_ms:
            self._max_timestamp_ms = timestamp_ms
        fields = [
            b"\0",  # attributes
            _varint(timestamp_ms - self._base_timestamp_ms),
            _varint(offset_delta),
        ]
        _add_bytes(fields, key)
        _add_bytes(fields, value)
        fields.append(_varint(len(headers)))
        for name, header_value in headers:
            _add_bytes(fields, name.encode())
            _add_bytes(fields, header_value)
        size = sum([len(field) for field in fields])
        length = _varint(size)
        self._chunks.append(length)
        self._chunks.extend(fields)
        self._count += 1
        self._last_offset_delta = offset_delta
        self.size += len(length) + size

    def build(
        self,
        codec: int = compression.NONE,
        attributes: int = 0,
        producer_id: int = -1,
        producer_epoch: int = -1,
        base_sequence: int = -1,
    ) -> bytes:
        """Return the batch, with base offset 0 and leader epoch -1 until it is placed."""
        assert self._count, "a batch has one record at least"
        records = compression.compress(codec, b"".join(self._chunks))
        if self._tombstone_ms >= 0:
            attributes |= DELETE_HORIZON
        checked = _CHECKED(
            attributes | codec,
            self._last_offset_delta,
            self._base_timestamp_ms,
            self._max_timestamp_ms,
            producer_id,
            producer_epoch,
            base_sequence,
            self._count,
        )
        crc: int = extend_crc32c(crc32c(checked, 0, len(checked)), records, 0, len(records))
        length: int = HEAD_BYTES - LENGTH_END + len(records)
        return b"".join([_PLACED(0, length, -1, 2, crc), checked, records])


def _varint(value: int) -> bytes:
    if 0 <= value < VARINTS_KEPT:
        return _VARINTS[value]
    return _long_varint(value)


def _long_varint(value: int) -> bytes:
    return write_unsigned_varint(value << 1 if value >= 0 else (-value << 1) - 1)


# Lengths and deltas are seldom negative or large: their bytes, made once.
_VARINTS: Final[list[bytes]] = [_long_varint(value) for value in range(VARINTS_KEPT)]


def _add_bytes(fields: list[bytes], value: bytes | None) -> None:
    if value is None:
        fields.append(_NULL)
        return
    size: int = len(value)
    fields.append(_VARINTS[size] if size < VARINTS_KEPT else _long_varint(size))
    fields.append(value)


def build_marker(
    *,
    is_commit: bool,
    producer_id: int,
    producer_epoch: int,
    coordinator_epoch: int,
    timestamp_ms: int,
) -> bytes:
    """Build the control batch that ends a producer's transaction in one partition."""
    builder = BatchBuilder()
    key = _MARKER_KEY(0, 1 if is_commit else 0)
    builder.add(key, _MARKER_VALUE(0, coordinator_epoch), timestamp_ms, [])
    return builder.build(
        attributes=TRANSACTIONAL | CONTROL,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=-1,
    )
