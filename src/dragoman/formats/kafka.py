"""Format tag KAFKA: record batches v2 to canonical messages and back. Hot for plain records.

    record              message                         record              message
    key                 key; of a group: the group      header content-type,
    value               body; null is a tombstone         content-encoding, message-id,
    timestamp           created_at (CreateTime) or        correlation-id, reply-to,
                        stored_at (LogAppendTime)          type, app-id     the field of that name
    header ce_*         event                           header traceparent, trace
    other headers       headers: str where UTF-8, else bytes, null null     tracestate

A record always states a time and that it is kept: where a message leaves these unsaid, its time of storing stands for
the one and nothing for the other. Neither counts as a loss.

A plain message (text headers, no field that Kafka lacks) is exact by construction: nothing is read back to prove it.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.formats.errors import FormatError
from dragoman.formats.lift import Spelling, is_utf8, set_text, trace_headers
from dragoman.formats.meta import META_NAME, describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.formats.typedheaders import dump_value, load_value
from dragoman.formats.values import text_of
from dragoman.model.message import Delivery, Header, Message, Value
from dragoman.ports.translator import NO_TOMBSTONE, TOMBSTONE
from dragoman.wire.kafka.batch import (
    CODEC_MASK,
    DELETE_HORIZON,
    BatchHead,
    place_batch,
    read_batch_head,
)
from dragoman.wire.kafka.errors import BatchRefusedError
from dragoman.wire.kafka.records import BatchBuilder, Record, read_records

RawHeaders = list[tuple[str, bytes | None]]

HEADER_FIELDS: Final[tuple[tuple[str, str], ...]] = (
    ("content-type", "content_type"),
    ("content-encoding", "content_encoding"),
    ("message-id", "id"),
    ("reply-to", "reply_to"),
    ("type", "type"),
    ("app-id", "app"),
)
_CORRELATION: Final = "correlation-id"
OPENED_BYTES_MAX: Final = 64 * 1024 * 1024  # 64 times the largest batch that is taken by default
MESSAGES_MAX: Final = 1 << 18  # of one batch: some 200 MB as messages, however small they are
_UNSAID: Final = ("created_at_ms", "durable")
_TIME_MAX: Final = 1 << 62  # differences of two times must fit 64 bits
_NO_TIME: Final = -1


def _set_correlation(message: Message, value: Value) -> bool:
    if value is None:
        return False
    message.correlation = value
    return True


SPELLING: Final = Spelling(
    "ce_",
    {name: set_text(field) for name, field in HEADER_FIELDS} | {_CORRELATION: _set_correlation},
)
_NAMES: Final = SPELLING.names
_REFUSED: Final = _NAMES | {"ce_specversion"}  # not written as they are


# Reading


def decode_all(entry: bytes, stored_ms: int = 0) -> list[Message]:
    """The messages of a batch, in order; none of a control batch. Raises FormatError."""
    head, records = _open(entry)
    found = [_read(record) for record in records]
    stored_us = stored_ms * 1000
    for message in found:
        message.stored_at_us = stored_us
    if head.is_log_append_time:
        for message in found:
            message.created_at_ms = None
            message.stored_at_us = head.max_timestamp_ms * 1000
    return found


def _open(entry: bytes) -> tuple[BatchHead, list[Record]]:
    try:
        head = read_batch_head(entry, 0, len(entry))
        if head.size != len(entry):
            raise FormatError("bytes behind the record batch")
        if head.record_count > MESSAGES_MAX:
            raise FormatError(f"a batch of more than {MESSAGES_MAX} records")
        return head, [] if head.is_control else read_records(entry, OPENED_BYTES_MAX)
    except BatchRefusedError as error:
        raise FormatError(f"record batch: {error}") from error


def decode(entry: bytes, index: int, stored_ms: int = 0) -> Message:
    """The message of a batch that lies `index` offsets past its first. Raises FormatError."""
    messages = decode_all(entry, stored_ms)
    return messages[index if 0 <= index < _dense_count(entry, messages) else _place(entry, index)]


def _read(record: Record) -> Message:
    message = Message(record.value)
    message.key = record.key
    message.durable = True
    if record.timestamp_ms != _NO_TIME:
        message.created_at_ms = record.timestamp_ms
    if record.headers:
        _read_headers(message, record.headers)
    return message


def _read_headers(message: Message, raw: RawHeaders) -> None:
    headers: list[Header] = []
    is_plain = True
    for name, value in raw:
        if name in _NAMES or name[:3] == "ce_":
            is_plain = False
        try:
            headers.append((name, None if value is None else value.decode()))
        except UnicodeDecodeError:
            headers.append((name, value))
    message.headers = headers
    if not is_plain:
        SPELLING.lift(message)


def _texts(raw: RawHeaders) -> list[Header]:
    headers: list[Header] = []
    for name, value in raw:
        try:
            headers.append((name, None if value is None else value.decode()))
        except UnicodeDecodeError:
            headers.append((name, value))
    return headers


def read_headers(entry: bytes, index: int) -> list[Header]:
    """The headers of record `index` as they stand, those that are fields included. Raises FormatError."""
    return _texts(_record(entry, index).headers)


# A batch opened or changed: bytes in, bytes out


def open_each(entry: bytes) -> list[bytes]:
    """A batch's records, each as a batch of one. Raises FormatError."""
    return [rebuild(record, record.headers) for record in _open(entry)[1]]


def one_record(entry: bytes) -> Record:
    """The record of a batch of one. Raises FormatError."""
    _, records = _open(entry)
    if len(records) != 1:
        raise FormatError(f"a batch of {len(records)} records where one is expected")
    return records[0]


def rebuild(record: Record, headers: RawHeaders) -> bytes:
    """A batch of that record alone, with these headers."""
    builder = BatchBuilder()
    builder.add(record.key, record.value, record.timestamp_ms, headers)
    return builder.build()


def _record(entry: bytes, index: int) -> Record:
    return _open(entry)[1][_place(entry, index)]


def _dense_count(entry: bytes, messages: list[Message]) -> int:
    """How many messages there are, if no offset of the batch is without one; else 0."""
    head = read_batch_head(entry, 0, len(entry))
    return len(messages) if head.last_offset_delta + 1 == len(messages) else 0


def _place(entry: bytes, index: int) -> int:
    """Which record lies `index` offsets past the first: that one, unless others were compacted away."""
    head, records = _open(entry)
    if not 0 <= index < max(len(records), head.last_offset_delta + 1):
        raise FormatError(f"no message {index} in a batch of {len(records)}")
    if index < len(records) and records[index].offset - head.base_offset == index:
        return index
    for place, record in enumerate(records):
        if record.offset - head.base_offset == index:
            return place
    raise FormatError(f"message {index} was compacted away")


# Compaction


def log_keys(entry: bytes) -> list[tuple[int, bytes | None, int]]:
    """See `Translator.log_keys`. Raises FormatError."""
    head, records = _open(entry)
    said_ms = head.base_timestamp_ms if head.attributes & DELETE_HORIZON else TOMBSTONE
    return [
        (
            record.offset - head.base_offset,
            record.key,
            said_ms if record.value is None else NO_TOMBSTONE,
        )
        for record in records
    ]


def rebatch(entries: list[tuple[int, bytes]], kept: set[int], tombstone_ms: int) -> bytes:
    """See `Translator.rebatch`: compressed as the first entry was, for no producer. Raises FormatError."""
    builder = BatchBuilder(tombstone_ms if tombstone_ms != TOMBSTONE else -1)
    first = min(kept)
    codec = -1
    for offset, entry in entries:
        head, records = _open(entry)
        for record in records:
            at = offset + record.offset - head.base_offset
            if at in kept:
                codec = head.attributes & CODEC_MASK if codec < 0 else codec
                builder.add(
                    record.key, record.value, record.timestamp_ms, record.headers, at - first
                )
    return builder.build(codec)


# Writing


def render(messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions) -> bytes:
    """One uncompressed batch of all messages. Raises TooLarge."""
    builder = BatchBuilder()
    deltas = options.offset_deltas
    for index, (message, delivery) in enumerate(messages):
        delta = index if deltas is None else deltas[index]
        is_exact = delivery is None and not (options.typed_headers and message.headers)
        if not is_exact or not _add_plain(builder, message, delta):
            _add(builder, message, delivery, delta, index, options)
    return place_batch(builder.build(), options.base_offset, options.leader_epoch)


def _add_plain(builder: BatchBuilder, message: Message, delta: int) -> bool:
    """Add a message that a record says completely; False, and nothing added, when it may not be one."""
    if not (
        message.group is None
        and message.event is None
        and message.trace is None
        and message.priority is None
        and message.expires_at_ms is None
        and message.durable is not False
        and message.dedup is None
        and message.deliver_at_ms is None
        and message.subject is None
        and message.source is None
        and message.to is None
        and message.reply_group is None
        and message.rest is None
        and message.shape == "data"
    ):
        return False
    created_at_ms = message.created_at_ms
    if created_at_ms is not None and not 0 <= created_at_ms <= _TIME_MAX:
        return False
    try:
        headers = _plain_headers(message)
        if headers is None:
            return False
        builder.add(message.key, message.body, _timestamp(message), headers, delta)
    except UnicodeEncodeError:
        return False
    return True


def _plain_headers(message: Message) -> RawHeaders | None:  # noqa: C901, PLR0912  (a list)
    """Fields and headers that are text; None when one is not, or would be taken for another.

    Raises UnicodeEncodeError.
    """
    raw: RawHeaders = []
    if message.content_type is not None:
        raw.append(("content-type", message.content_type.encode()))
    if message.content_encoding is not None:
        raw.append(("content-encoding", message.content_encoding.encode()))
    if message.id is not None:
        raw.append(("message-id", message.id.encode()))
    if message.correlation is not None:
        if type(message.correlation) is not str:
            return None
        raw.append((_CORRELATION, message.correlation.encode()))
    if message.reply_to is not None:
        raw.append(("reply-to", message.reply_to.encode()))
    if message.type is not None:
        raw.append(("type", message.type.encode()))
    if message.app is not None:
        raw.append(("app-id", message.app.encode()))
    for name, value in message.headers:
        if name in _REFUSED:
            return None
        if type(value) is str:
            raw.append((name, value.encode()))
        elif value is None:
            raw.append((name, None))
        else:
            return None
    return raw


def _add(
    builder: BatchBuilder,
    message: Message,
    delivery: Delivery | None,
    delta: int,
    index: int,
    options: RenderOptions,
) -> None:
    """Add any message: write what can be said, read it back, attach what was lost."""
    added = delivery_headers(delivery)
    typed = options.typed_headers
    raw, placed = _native_headers(message, {name for name, _ in added}, typed=typed)
    key = message.key
    if key is None and message.group is not None:
        key = text_of(message.group)
    timestamp = _timestamp(message)
    parsed = _read(Record(0, timestamp, key, message.body, raw))
    if typed:
        last = raw[len(raw) - len(placed) :]
        parsed.headers = [(name, load_value(value or b"")) for name, value in last]
    meta = options.admit(describe_loss(message, parsed, placed, _UNSAID), index)
    raw += added
    if meta is not None:
        raw.append((META_NAME, meta.encode()))
    builder.add(key, message.body, timestamp, raw, delta)


def _native_headers(
    message: Message, taken: set[str], *, typed: bool
) -> tuple[RawHeaders, list[int]]:
    """Fields and headers as Kafka can say them, and the indices of the headers among them, which come last."""
    raw: RawHeaders = []
    for name, field in HEADER_FIELDS:
        text = getattr(message, field)
        if text is not None and is_utf8(text):
            raw.append((name, text.encode()))
    if message.correlation is not None:
        raw.append((_CORRELATION, text_of(message.correlation)))
    for name, value in (*trace_headers(message), *SPELLING.event_headers(message)):
        raw.append((name, text_of(value)))
    placed: list[int] = []
    for index, (name, value) in enumerate(message.headers):
        if SPELLING.is_reserved(name, message) or not is_utf8(name) or name in taken:
            continue
        placed.append(index)
        raw.append((name, dump_value(value) if typed else text_of(value)))
    return raw, placed


def _timestamp(message: Message) -> int:
    """What the record's timestamp says: the sender's clock, else ours, else nothing."""
    if message.created_at_ms is not None:
        return message.created_at_ms if 0 <= message.created_at_ms <= _TIME_MAX else _NO_TIME
    return message.stored_at_us // 1000 if message.stored_at_us else _NO_TIME


def delivery_headers(delivery: Delivery | None) -> RawHeaders:
    """What a reader is told about a dead letter (`__dlq.*`, the names of KIP-1191 where it has one)."""
    if delivery is None or delivery.dead is None:
        return []
    dead = delivery.dead
    found = (
        ("__dlq.errors.topic", dead.source),
        ("__dlq.errors.message", dead.text or dead.reason),
        ("__dlq.errors.delivery.count", str(dead.count)),
        ("__dlq.reason", dead.reason),
        ("__dlq.at", str(dead.at_ms)),
    )
    return [(name, text_of(text)) for name, text in found]
