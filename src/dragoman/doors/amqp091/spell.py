"""What a consumer is handed: stored entries as they are, other protocols' messages rendered once and kept.

`spelling` says what a queue wants told about redeliveries: `COUNT_TRIES` puts `x-delivery-count` on the message, as
RabbitMQ's quorum queues do.
"""

from typing import Final

from dragoman.doors.shared import rendered
from dragoman.kernel.api import Delivery
from dragoman.model.levels import AMQP091
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries, split_entry
from dragoman.wire.amqp091.properties import Properties, encode_header

COUNT_TRIES: Final = 1
DELIVERY_COUNT: Final = "x-delivery-count"


def entries_of(delivery: Delivery, now_ms: int, spelling: int) -> list[bytes]:
    """One entry per message of the delivery."""
    entries = rendered.entries_of(delivery, AMQP091, now_ms)
    if spelling == COUNT_TRIES and delivery.tries is not None:
        pairs = zip(entries, delivery.tries, strict=True)
        return [with_count(entry, tried) if tried else entry for entry, tried in pairs]
    return entries


def with_count(entry: bytes, tried: int) -> bytes:
    """The entry with its delivery count in the headers."""
    key_raw, header, body = split_entry(entry)
    values = Properties(header).as_dict()
    values["headers"] = {**values.get("headers", {}), DELIVERY_COUNT: Field("l", tried)}
    return pack_entries(key_raw, [encode_header(len(body), values)], [body])[0]
