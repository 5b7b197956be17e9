"""What the kernel asks of stored bytes (`ports.translator`), answered for every format."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from dragoman.formats import (
    amqp091,
    amqp10,
    amqp10edit,
    canonical,
    cloudevent,
    decode,
    eventgrid,
    kafka,
    pubsub,
    pubsubedit,
    sqs,
    sqsedit,
)
from dragoman.formats.amqpedit import AmqpMessage
from dragoman.formats.deaths import (
    amqp_dead_letter,
    canonical_dead_letter,
    kafka_dead_letter,
    sqs_dead_letter,
)
from dragoman.formats.errors import FormatError
from dragoman.formats.eventdeaths import event_dead_letter
from dragoman.formats.eventfields import CloudEventFields, EventGridFields, find_member, parse_json
from dragoman.formats.revive import (
    amqp_revived,
    canonical_revived,
    event_revived,
    kafka_revived,
    sqs_revived,
)
from dragoman.formats.values import encode_text
from dragoman.model.levels import (
    AMQP091,
    AMQP10,
    CANONICAL,
    CLOUDEVENT,
    EVENTGRID,
    KAFKA,
    PUBSUB,
    SQS,
)
from dragoman.model.message import CARRIED_FIELDS, Message
from dragoman.ports.translator import NO_TOMBSTONE, Change, Death, FieldSource

_ATTRIBUTES: Final = frozenset((*CARRIED_FIELDS, "user")) - {"rest"}
_TIMES: Final = {
    "created_at": "created_at_ms",
    "deliver_at": "deliver_at_ms",
    "expires_at": "expires_at_ms",
}
EVENT: Final = "event:"
EVENT_FIELDS: Final[Mapping[int, type[CloudEventFields]]] = {
    CLOUDEVENT: CloudEventFields,
    EVENTGRID: EventGridFields,
}
_EVENT_FIELDS: Final = {
    "id": "id",
    "type": "type",
    "subject": "subject",
    "source": "source",
    "datacontenttype": "content_type",
    "partitionkey": "key",
}
_FURTHER: Final = ("CC", "BCC")
_FURTHER_BYTES: Final = (b"\x02CC", b"\x03BCC")  # a name in a table, with its length


class Fields:
    """See `FieldSource`: a message, decoded when first asked for something."""

    def __init__(self, format_: int, body: bytes, index: int) -> None:
        self._place = (format_, body, index)

    @cached_property
    def message(self) -> Message:
        """All of it, not to be changed. Raises FormatError."""
        format_, body, index = self._place
        return decode(format_, body, index)

    @cached_property
    def headers(self) -> Mapping[str, object]:
        """The last of each name, as the message's protocol wrote them: also those that the envelope takes for fields
        (`ce-type`, `x-partition-key`), since a binding is written by somebody who sees them. Raises FormatError.
        """
        format_, body, index = self._place
        if format_ == AMQP091:
            return dict(amqp091.read_table(body))
        if format_ == AMQP10:
            return dict(amqp10.read_application(body))
        if format_ == KAFKA:
            return dict(kafka.read_headers(body, index))
        if format_ == SQS:
            return dict(sqs.read_attributes(sqs.unpack(body)))
        if format_ == PUBSUB:
            return dict(pubsub.read_attributes(body))
        return dict(self.message.headers)

    def attribute(self, name: str) -> object:
        """By the envelope's name, `created_at` and its like in ms. Raises FormatError."""
        if name.startswith(EVENT):
            return self._event_attribute(name[len(EVENT) :])
        name = _TIMES.get(name, name)
        return getattr(self.message, name) if name in _ATTRIBUTES else None

    def _event_attribute(self, name: str) -> object:
        message = self.message
        value = (message.event or {}).get(name)
        if value is None and name in _EVENT_FIELDS:
            value = getattr(message, _EVENT_FIELDS[name])
        return self.headers.get(name) if value is None else value

    def member(self, path: tuple[str, ...]) -> object:
        """Of a body that is no JSON nothing. Raises FormatError."""
        return find_member(self._data, path)

    @cached_property
    def _data(self) -> object:
        return parse_json(self.message.body or b"")


class FormatTranslator:
    """See `ports.translator.Translator`."""

    def fields(self, format: int, body: bytes, index: int) -> FieldSource:
        """Raises FormatError when asked for something of bytes that cannot be read."""
        kind = EVENT_FIELDS.get(format, Fields)
        return kind(format, body, index)

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        """Raises FormatError."""
        if format != KAFKA:
            raise FormatError(f"format {format} has no batches")
        return KAFKA, kafka.open_each(body)

    def log_keys(self, format: int, body: bytes) -> list[tuple[int, bytes | None, int]]:
        """Of other protocols nothing is a tombstone. Raises FormatError."""
        if format == KAFKA:
            return kafka.log_keys(body)
        return [(0, decode(format, body, 0).key, NO_TOMBSTONE)]

    def rebatch(
        self, format: int, entries: list[tuple[int, bytes]], kept: set[int], tombstone_ms: int
    ) -> bytes:
        """Raises FormatError."""
        assert format == KAFKA, "see `packs`"
        return kafka.rebatch(entries, kept, tombstone_ms)

    def packs(self, format: int) -> bool:
        """Only Kafka's."""
        return format == KAFKA

    def route_key(self, format: int, body: bytes) -> str:
        """Raises FormatError."""
        if format != AMQP091:
            return ""
        return AmqpMessage(body).routing_key.decode("utf-8", "surrogateescape")

    def payload_bytes(self, format: int, body: bytes) -> int:
        """What cannot be read is counted whole."""
        return amqp091.payload_bytes(body) if format == AMQP091 else len(body)

    def further_keys(self, format: int, body: bytes) -> tuple[str, ...]:
        """Raises FormatError."""
        if format != AMQP091 or not any(name in body for name in _FURTHER_BYTES):
            return ()
        message = AmqpMessage(body)
        lists = [message.header(name) for name in _FURTHER]
        return tuple(
            key for keys in lists if type(keys) is list for key in keys if type(key) is str
        )

    def dead_letter(self, format: int, body: bytes, death: Death) -> tuple[int, bytes] | None:
        """Raises FormatError."""
        if format == AMQP091:
            lettered = amqp_dead_letter(body, death)
        elif format == AMQP10:
            lettered = amqp10edit.dead_letter(body, death)
        elif format == KAFKA:
            lettered = kafka_dead_letter(body, death)
        elif format in EVENT_FIELDS:
            lettered = event_dead_letter(format, body, death)
        elif format == SQS:
            lettered = sqs_dead_letter(body, death)
        elif format == PUBSUB:
            lettered = pubsubedit.pubsub_dead_letter(body, death)
        else:
            lettered = canonical_dead_letter(body, death)
        return None if lettered is None else (format, lettered)

    def revived(self, format: int, body: bytes) -> tuple[str, bytes] | None:
        """Raises FormatError."""
        if format == AMQP091:
            return amqp_revived(body)
        if format == AMQP10:
            return amqp10edit.revived(body)
        if format in EVENT_FIELDS:
            return event_revived(format, body)
        if format == SQS:
            return sqs_revived(body)
        if format == PUBSUB:
            return pubsubedit.pubsub_revived(body)
        return kafka_revived(body) if format == KAFKA else canonical_revived(body)

    def with_headers(
        self, format: int, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> tuple[int, bytes]:
        """Raises FormatError."""
        if format == AMQP091:
            message = AmqpMessage(body)
            for name, value in headers:
                message.set_header(name, value)
            return AMQP091, message.encode()
        if format == AMQP10:
            return AMQP10, amqp10edit.with_headers(body, headers)
        if format == CLOUDEVENT:
            return CLOUDEVENT, cloudevent.with_extensions(body, headers)
        if format == SQS:
            return sqsedit.with_headers(body, headers)
        if format == PUBSUB:
            return pubsubedit.with_headers(body, headers)
        names = {name for name, _ in headers}
        if format == KAFKA:
            record = kafka.one_record(body)
            kept = [pair for pair in record.headers if pair[0] not in names]
            return KAFKA, kafka.rebuild(
                record, kept + [(name, encode_text(text)) for name, text in headers]
            )
        found = eventgrid.decode(body) if format == EVENTGRID else canonical.decode(body)
        found.headers = [pair for pair in found.headers if pair[0] not in names] + list(headers)
        return CANONICAL, canonical.encode(found)

    def changed(
        self, format: int, body: bytes, change: Change, source: FieldSource | None = None
    ) -> tuple[int, bytes]:
        """One of AMQP 1.0 stays one, byte for byte but for what changes, where that is text; of any other the envelope
        is kept. Raises FormatError.
        """
        if (
            format == AMQP10
            and not change.has_body
            and change.fields.keys() <= amqp10edit.PROPERTIES.keys()
        ):
            return AMQP10, amqp10edit.changed(body, change)
        message = source.message if isinstance(source, Fields) else decode(format, body, 0)
        return CANONICAL, canonical.encode_changed(message, change)
