"""Messages over HTTP: one published, some taken to be looked at. For people and tests; AMQP is for programs."""

from base64 import b64decode, b64encode
from binascii import Error
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import Refused, refusal_of
from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Item,
    Missing,
    Table,
    fields_of,
    plain_of,
    table_of,
)
from dragoman.doors.amqp091.management.tags import NotAuthorised
from dragoman.doors.amqp091.management.topology import exchange_of
from dragoman.doors.amqp091.publishing import Held, publish
from dragoman.doors.amqp091.spell import entries_of
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.doors.shared.unacked import Spans
from dragoman.kernel.api import Delivery, DescribeQueue, Lease, QueueInfo
from dragoman.model.errors import AccessRefused, NotFound, StorageFull
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp091.errors import CODE_NAMES
from dragoman.wire.amqp091.events import PublishRun
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import split_entry, split_key
from dragoman.wire.amqp091.properties import FIELDS, Properties, encode_header

COUNT_MAX: Final = 1_000  # messages of one get
NAME_BYTES_MAX: Final = 255
ACK_MODES: Final = {
    "ack_requeue_true": "release",
    "reject_requeue_true": "release",
    "reject_requeue_false": "reject",
    "ack_requeue_false": "ack",
}


class PublishWords(msgspec.Struct):
    """POST to an exchange."""

    properties: Table
    routing_key: str
    payload: str
    payload_encoding: str


class GetWords(msgspec.Struct):
    """POST to a queue."""

    count: int
    ackmode: str
    encoding: str
    truncate: int = -1


def post_message(ask: Ask) -> Response:
    """Publish; the answer says whether it was routed."""
    words, channel = ask.body(PublishWords), ask.channel(ask.vhost())
    body = _body(words)
    key = raw_key(exchange_of(ask.path["name"]), words.routing_key)
    run = PublishRun(channel.number, key, True, False)
    run.headers, run.bodies = [header_of(table_of(words.properties), body)], [body]
    try:
        publish(channel, run)
    except Held:
        raise StorageFull("no room") from None
    except Refused as error:
        name = CODE_NAMES[error.code]
        raise BadRequest(f"{error.code} {name} - {error.text}") from error
    routed = not channel.link.out and not channel.parked  # a return was sent otherwise
    return json_response(200, {"routed": routed}).after(ask.session.position(), SYNCED)


def _body(words: PublishWords) -> bytes:
    if words.payload_encoding == "string":
        return words.payload.encode()
    if words.payload_encoding != "base64":
        raise BadRequest(["unsupported_encoding", words.payload_encoding])
    try:
        return b64decode(words.payload, validate=True)
    except (Error, ValueError) as error:
        raise BadRequest(["not_base64", words.payload]) from error


def raw_key(exchange: str, key: str) -> bytes:
    """As the method has it. Raises BadRequest for names that do not fit."""
    found = b""
    for name in (exchange.encode(), key.encode()):
        if len(name) > NAME_BYTES_MAX:
            raise BadRequest("a name has at most 255 bytes")
        found += bytes([len(name)]) + name
    return found


def header_of(told: dict[str, Any], body: bytes) -> bytes:
    """Properties out of JSON. Raises BadRequest."""
    values = {name: value for name, value in told.items() if name in FIELDS}
    headers = values.get("headers")
    try:
        if headers is not None:
            values["headers"] = fields_of(headers)
        for name, value in values.items():
            if FIELDS[name][1] == "shortstr":
                values[name] = str(value)
        return encode_header(len(body), values)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadRequest(f"properties: {error}") from error


def get_messages(ask: Ask) -> Response:
    """Take some, show them, and settle them as asked."""
    words, channel = ask.body(GetWords), ask.channel(ask.vhost())
    outcome = ACK_MODES.get(words.ackmode)
    if words.encoding not in {"auto", "base64"}:
        raise BadRequest("Unsupported encoding. Please use auto or base64.")
    if outcome is None:
        raise BadRequest(["unsupported_ackmode", words.ackmode])
    items: list[Item] = []
    for _ in range(min(words.count, COUNT_MAX)):
        item = _take(channel, ask.path["name"], words, is_kept=outcome != "ack")
        if item is None:
            break
        items.append(item)
    spans: Spans = {}
    channel.unacked.take_upto(channel.tag_next, spans)
    if outcome == "reject":
        channel.settle(spans, "reject", failed=True)
    else:
        channel.settle(spans, "release", failed=True)
    return json_response(200, items).after(ask.session.position(), SYNCED)


def _take(channel: Channel, name: str, words: GetWords, *, is_kept: bool) -> Item | None:
    session, namespace = channel.link.session, channel.link.namespace
    command = Lease(namespace=namespace, name=name, no_ack=not is_kept)
    try:
        deliveries: list[Delivery] = session.submit(command)
    except (NotFound, AccessRefused) as error:
        raise _as_by_amqp(error, channel.link.vhost) from error
    if not deliveries:
        return None
    one = deliveries[0]
    tag = channel.tag_next
    channel.tag_next += 1
    if is_kept:
        place = (one.holder.subscription.id, one.partition, one.holder.id, one.start)
        channel.unacked.add(tag, tag + 1, *place, session.elapsed_ms())
    info: QueueInfo = session.submit(DescribeQueue(namespace=namespace, name=name))
    item = message_item(entries_of(one, session.wall_ms(), 0)[0], words)
    item["redelivered"] = one.tries is not None and one.tries[0] > 0
    item["message_count"] = info.ready
    return item


def _as_by_amqp(error: NotFound | AccessRefused, vhost: str) -> Exception:
    """What RabbitMQ heard from itself, asking by AMQP."""
    refusal = refusal_of(error, vhost)
    text = f"{CODE_NAMES[refusal.code]} - {refusal.text}"
    return NotAuthorised(text) if isinstance(error, AccessRefused) else Missing(text)


def message_item(entry: bytes, words: GetWords) -> Item:
    """A message as RabbitMQ shows it."""
    key_raw, header, body = split_entry(entry)
    exchange, key = split_key(key_raw)
    properties = Properties(header).as_dict()
    if "headers" in properties:
        table: dict[str, Field] = properties["headers"]
        properties["headers"] = {name: plain_of(field) for name, field in table.items()}
    shown = body if words.truncate < 0 else body[: words.truncate]
    text = _text(shown) if words.encoding == "auto" else None
    return {
        "payload_bytes": len(body),
        "exchange": exchange.decode(errors="replace"),
        "routing_key": key.decode(errors="replace"),
        "properties": properties,
        "payload": b64encode(shown).decode() if text is None else text,
        "payload_encoding": "base64" if text is None else "string",
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
