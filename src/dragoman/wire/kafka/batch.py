"""The head of a record batch (format 2): read, checked and patched with the batch left shut. Hot.

    offset of batch start
     0 base offset        i64   set by the broker, outside the checksum
     8 length             i32   of all that follows it
    12 leader epoch       i32   set by the broker, outside the checksum
    16 magic              i8    2
    17 crc                u32   CRC-32C of bytes 21 to the end
    21 attributes         i16   0-2 codec, 3 log append time, 4 transactional, 5 control,
                                6 delete horizon
    23 last offset delta  i32
    27 base timestamp     i64   ms
    35 max timestamp      i64   ms
    43 producer id        i64   -1 without one
    51 producer epoch     i16
    53 base sequence      i32
    57 record count       i32
    61 records

Message sets of format 0 and 1 have their magic at the same place, and are refused by it.
"""

from struct import Struct
from typing import Final

import google_crc32c

from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode

HEAD_BYTES: Final = 61
LENGTH_END: Final = 12  # the length counts from here
PREFIX_BYTES: Final = 16  # what the broker writes anew: offset, length, leader epoch
MAGIC_AT: Final = 16
CRC_FROM: Final = 21
CRC_CHUNK_BYTES: Final = 64 * 1024  # the checksum wants bytes: copied so, they stay in the cache

CODEC_MASK: Final = 7
CODEC_MAX: Final = 4
ZSTD: Final = 4
LOG_APPEND_TIME: Final = 1 << 3
TRANSACTIONAL: Final = 1 << 4
CONTROL: Final = 1 << 5
DELETE_HORIZON: Final = 1 << 6  # the base timestamp says when tombstones may go (KIP-534)

NO_TIMESTAMP: Final = -1
NO_PRODUCER: Final = -1

_HEAD: Final = Struct(">qiibIhiqqqhii").unpack_from
_PREFIX: Final = Struct(">qii").pack
_STAMPED: Final = Struct(">h12sq").pack  # attributes, what stands between, max timestamp
_CRC: Final = Struct(">I").pack


class BatchHead:
    """What stands before the records of a batch; `size` is that of the whole batch in bytes."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp_ms",
        "crc",
        "last_offset_delta",
        "leader_epoch",
        "max_timestamp_ms",
        "producer_epoch",
        "producer_id",
        "record_count",
        "size",
    )

    def __init__(
        self,
        values: tuple[int, int, int, int, int, int, int, int, int, int, int, int, int],
    ) -> None:
        self.base_offset: int = values[0]
        self.size: int = values[1] + LENGTH_END
        self.leader_epoch: int = values[2]
        self.crc: int = values[4]
        self.attributes: int = values[5]
        self.last_offset_delta: int = values[6]
        self.base_timestamp_ms: int = values[7]
        self.max_timestamp_ms: int = values[8]
        self.producer_id: int = values[9]
        self.producer_epoch: int = values[10]
        self.base_sequence: int = values[11]
        self.record_count: int = values[12]

    @property
    def codec(self) -> int:
        """0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."""
        return self.attributes & CODEC_MASK

    @property
    def is_transactional(self) -> bool:
        return self.attributes & TRANSACTIONAL != 0

    @property
    def is_control(self) -> bool:
        return self.attributes & CONTROL != 0

    @property
    def is_log_append_time(self) -> bool:
        return self.attributes & LOG_APPEND_TIME != 0


class BatchLimits:
    """What a topic allows a produced batch to be."""

    __slots__ = ("batch_bytes_max", "has_zstd", "timestamp_max_ms", "timestamp_min_ms")

    def __init__(
        self, batch_bytes_max: int, timestamp_min_ms: int, timestamp_max_ms: int, has_zstd: bool
    ) -> None:
        self.batch_bytes_max: int = batch_bytes_max
        # Bounds of a record's time; the caller knows the clock and what the topic allows.
        self.timestamp_min_ms: int = timestamp_min_ms
        self.timestamp_max_ms: int = timestamp_max_ms
        self.has_zstd: bool = has_zstd  # Produce 7 and later (KIP-110)


def read_batch_head(buf: bytes, pos: int, end: int) -> BatchHead:
    """Read the head of the batch that starts at `pos`, as it stands in a log or a request.

    Raises:
        BatchRefusedError: the bytes are too few for the batch, or its format is not 2.
    """
    if end - pos < MAGIC_AT + 1:
        raise BatchRefusedError(ErrorCode.CORRUPT_MESSAGE, "bytes too few for a record batch")
    magic: int = buf[pos + MAGIC_AT]
    if magic != 2:
        raise _foreign_magic(magic)
    if end - pos < HEAD_BYTES:
        raise BatchRefusedError(ErrorCode.CORRUPT_MESSAGE, "bytes too few for a record batch")
    values: tuple[int, int, int, int, int, int, int, int, int, int, int, int, int] = _HEAD(buf, pos)
    head = BatchHead(values)
    if head.size < HEAD_BYTES or head.size > end - pos:
        raise BatchRefusedError(
            ErrorCode.CORRUPT_MESSAGE, f"a batch of {head.size} bytes in {end - pos}"
        )
    return head


def _foreign_magic(magic: int) -> BatchRefusedError:
    if magic < 2:
        code = ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT
        return BatchRefusedError(code, f"message sets of format {magic} are not taken")
    return BatchRefusedError(ErrorCode.INVALID_RECORD, f"no record batch has the format {magic}")


def check_batch(records: bytes | None, limits: BatchLimits) -> BatchHead:
    """Check what a producer sent for one partition: exactly one sound batch. It stays shut.

    Raises:
        BatchRefusedError: with the error code that Kafka answers for the first rule broken.
    """
    if not records:
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "no record batch at all")
    size: int = len(records)
    head = read_batch_head(records, 0, size)
    if size > limits.batch_bytes_max:
        raise BatchRefusedError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"a batch of {size} bytes; the topic takes {limits.batch_bytes_max}",
        )
    if head.size != size:
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "more than one record batch")
    if crc32c(records, CRC_FROM, size) != head.crc:
        raise BatchRefusedError(ErrorCode.CORRUPT_MESSAGE, "the checksum does not fit")
    _check_rules(head, limits)
    return head


def _check_rules(head: BatchHead, limits: BatchLimits) -> None:
    if head.record_count <= 0 or head.last_offset_delta != head.record_count - 1:
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "record count and offsets do not agree")
    attributes: int = head.attributes
    if attributes & CONTROL:
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "control batches are the broker's")
    codec: int = attributes & CODEC_MASK
    if codec > CODEC_MAX or (codec == ZSTD and not limits.has_zstd):
        code = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
        raise BatchRefusedError(code, f"compression {codec} is not taken here")
    if head.producer_id != NO_PRODUCER and (head.base_sequence < 0 or head.producer_epoch < 0):
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "a producer without epoch or sequence")
    if attributes & TRANSACTIONAL and head.producer_id == NO_PRODUCER:
        raise BatchRefusedError(ErrorCode.INVALID_RECORD, "a transaction without a producer")
    if attributes & LOG_APPEND_TIME:
        raise BatchRefusedError(ErrorCode.INVALID_TIMESTAMP, "log append time is the broker's")
    _check_timestamp(head.base_timestamp_ms, limits)
    _check_timestamp(head.max_timestamp_ms, limits)


def _check_timestamp(timestamp_ms: int, limits: BatchLimits) -> None:
    if timestamp_ms == NO_TIMESTAMP:
        return
    if timestamp_ms < limits.timestamp_min_ms or timestamp_ms > limits.timestamp_max_ms:
        raise BatchRefusedError(
            ErrorCode.INVALID_TIMESTAMP,
            f"the time {timestamp_ms} is not between {limits.timestamp_min_ms} "
            f"and {limits.timestamp_max_ms} ms",
        )


def crc32c(buf: bytes, pos: int, end: int) -> int:
    """Return the CRC-32C of `buf[pos:end]`; the end must lie within the buffer."""
    return extend_crc32c(0, buf, pos, end)


def extend_crc32c(crc: int, buf: bytes, pos: int, end: int) -> int:
    """Return the CRC-32C of what gave `crc` followed by `buf[pos:end]`."""
    while end - pos > CRC_CHUNK_BYTES:
        crc = google_crc32c.extend(crc, buf[pos : pos + CRC_CHUNK_BYTES])
        pos += CRC_CHUNK_BYTES
    last: int = google_crc32c.extend(crc, buf[pos:end])
    return last


def batch_prefix(base_offset: int, batch_bytes: int, leader_epoch: int) -> bytes:
    """Return the first 16 bytes of a placed batch; `batch[PREFIX_BYTES:]` follows as it is."""
    return _PREFIX(base_offset, batch_bytes - LENGTH_END, leader_epoch)


def place_batch(batch: bytes, base_offset: int, leader_epoch: int) -> bytes:
    """Return the batch at its place in the log. The checksum stays: it covers neither value.

    This copies the batch; who can write pieces writes `batch_prefix` and the rest instead.
    """
    prefix = _PREFIX(base_offset, len(batch) - LENGTH_END, leader_epoch)
    return b"".join([prefix, memoryview(batch)[PREFIX_BYTES:]])


def stamp_batch(batch: bytes, append_time_ms: int) -> bytes:
    """Return the batch with the time of its append for all records, and a new checksum.

    That is `message.timestamp.type=LogAppendTime`: attribute bit 3, and the max timestamp.
    """
    attributes: int = int.from_bytes(batch[21:23], "big", signed=True) | LOG_APPEND_TIME
    fresh = _STAMPED(attributes, batch[23:35], append_time_ms)
    crc = extend_crc32c(crc32c(fresh, 0, len(fresh)), batch, CRC_FROM + len(fresh), len(batch))
    rest = memoryview(batch)[CRC_FROM + len(fresh) :]
    return b"".join([batch[:17], _CRC(crc), fresh, rest])
