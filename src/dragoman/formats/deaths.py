"""Dead letters: the history that a message carries with it, in its own format's words.

    AMQP091    `x-death`, latest first, one entry for each (queue, reason); `x-first-death-*`, `x-last-death-*`; the
               expiration moves into the entry, so that the message does not expire again (RabbitMQ, "Dead Letter
               Exchanges"); CC goes when the dead-letter address has a key of its own
    KAFKA      `__dlq.*` headers of the latest death (names of KIP-1191 where it has one), `__dlq.history` of all
    CANONICAL  as AMQP091, in the message's headers
    AMQP10     `amqp10edit`
    SQS        beside the attributes, of which there may only be ten; the queue it died in

A message that comes back to where it died, and that no reader has ever rejected, goes in a circle: it is dropped.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from dragoman.formats import canonical
from dragoman.formats.amqp091 import PROTOCOL
from dragoman.formats.amqpedit import AmqpMessage
from dragoman.formats.kafka import one_record, rebuild
from dragoman.formats.sqs import TEXT_BYTES_MAX, TRIES, X_DEATH, read_deaths, unpack
from dragoman.formats.values import dump_json, encode_text, to_json
from dragoman.model.message import Typed, Value
from dragoman.ports.translator import Death
from dragoman.wire.amqp091 import propertyscan as flag

DEATHS_MAX: Final = 64  # (queue, reason) pairs kept, latest first; the count goes on
REJECTED: Final = "rejected"
SPENT: Final = frozenset((REJECTED, "delivery_limit"))
"""What breaks a circle of SQS messages: their queues may be each other's dead-letter queues, and only readers move
messages along.
"""
DLQ: Final = "__dlq."
_HISTORY: Final = "__dlq.history"
_COUNT_MAX: Final = (1 << 63) - 1

Table = dict[str, Value]


def amqp_dead_letter(body: bytes, death: Death) -> bytes | None:
    """The stored form with its history extended; None in a circle. Raises FormatError."""
    message = AmqpMessage(body)
    routing_key = message.routing_key.decode("utf-8", "surrogateescape")
    further = message.header("CC")
    keys = (
        [routing_key, *[key for key in further or () if type(key) is str]]
        if type(further) is list
        else [routing_key]
    )
    entry = entry_of(
        death,
        message.exchange.decode("utf-8", "surrogateescape"),
        keys,
        message.text(flag.EXPIRATION),
    )
    history = message.header(X_DEATH)
    deaths = extended(history, entry)
    if deaths is None:
        return None
    message.set_header(X_DEATH, deaths)
    for name, value in _summary(deaths, first_known=history is not None):
        message.set_header(name, value)
    message.properties.pop(flag.EXPIRATION, None)
    message.exchange = encode_text(death.exchange)
    if death.route_key:
        message.remove_header("CC")
        message.routing_key = encode_text(death.route_key)
    return message.encode()


def canonical_dead_letter(body: bytes, death: Death) -> bytes | None:
    """The same for a message born inside. Raises FormatError."""
    message = canonical.decode(body)
    known: dict[str, Value] = dict(message.headers)
    origin = (
        message.origin if message.origin is not None and message.origin[0] == PROTOCOL else None
    )
    entry = entry_of(
        death, origin[3] if origin else "", [origin[1] if origin else death.queue], None
    )
    deaths = extended(known.get(X_DEATH), entry)
    if deaths is None:
        return None
    added: dict[str, Value] = dict(_summary(deaths, first_known="x-first-death-reason" in known))
    added[X_DEATH] = deaths
    message.headers = [pair for pair in message.headers if pair[0] not in added] + list(
        added.items()
    )
    message.expires_at_ms = None
    if origin and death.route_key:
        message.origin = (*origin[:1], death.route_key, *origin[2:])
    return canonical.encode(message)


def sqs_dead_letter(body: bytes, death: Death) -> bytes | None:
    """The stored form with its history extended; None in a circle. Raises FormatError."""
    message = unpack(body)
    history = read_deaths(message.deaths) if message.deaths else []
    deaths = extended(history, entry_of(death, "", [death.queue], None), SPENT)
    if deaths is None:
        return None
    tries = deaths[0].get(TRIES)
    deaths[0][TRIES] = death.attempts + (tries if type(tries) is int else 0)
    message.source = encode_text(death.queue)
    for count in range(len(deaths), 0, -1):  # as many as there is room for
        message.deaths = dump_json(to_json(deaths[:count])).encode()
        if len(message.deaths) <= TEXT_BYTES_MAX:
            break
    return message.pack()


def entry_of(death: Death, exchange: str, keys: Sequence[str], expiration: str | None) -> Table:
    """One death, as RabbitMQ tells it."""
    entry: Table = {
        "count": 1,
        "reason": death.reason,
        "queue": death.queue,
        "time": Typed("timestamp", death.at_ms - death.at_ms % 1000),
        "exchange": exchange,
        "routing-keys": list(keys),
    }
    if expiration is not None:
        entry["original-expiration"] = expiration
    return entry


def extended(
    history: Value, entry: Table, broken_by: frozenset[str] = frozenset((REJECTED,))
) -> list[Table] | None:
    """The deaths, latest first; None in a circle. Whatever in `history` is no death is left out."""
    deaths: list[Table] = (
        [item for item in history if type(item) is dict] if type(history) is list else []
    )
    is_broken = any(item.get("reason") in broken_by for item in (entry, *deaths))
    if not is_broken and any(item.get("queue") == entry["queue"] for item in deaths):
        return None
    for at, item in enumerate(deaths):
        if item.get("queue") == entry["queue"] and item.get("reason") == entry["reason"]:
            again = {**item, "count": _one_more(item.get("count")), "time": entry["time"]}
            return [again, *deaths[:at], *deaths[at + 1 :]]
    return [entry, *deaths][:DEATHS_MAX]


def _one_more(count: Value) -> int:
    number = count.value if isinstance(count, Typed) else count
    return number + 1 if type(number) is int and 0 <= number < _COUNT_MAX else 1


def _summary(deaths: Sequence[Table], *, first_known: bool) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for when, death in (("first", deaths[-1]), ("last", deaths[0])):
        if when == "last" or not first_known:
            found += [
                (f"x-{when}-death-{part}", death.get(part, ""))
                for part in ("reason", "queue", "exchange")
            ]
    return found


# Kafka


def kafka_dead_letter(body: bytes, death: Death) -> bytes | None:
    """A batch of one record with its history extended; None in a circle. Raises FormatError."""
    record = one_record(body)
    known = dict(record.headers)
    history = _kafka_history(known.get(_HISTORY))
    rejected = any(reason == REJECTED for reason, _ in history) or death.reason == REJECTED
    if not rejected and any(queue == death.queue for _, queue in history):
        return None
    history = [
        (death.reason, death.queue),
        *[pair for pair in history if pair != (death.reason, death.queue)],
    ]
    found = (
        (f"{DLQ}errors.topic", death.queue),
        (f"{DLQ}errors.message", death.text or death.reason),
        (
            f"{DLQ}errors.delivery.count",
            str(_kafka_count(known.get(f"{DLQ}errors.delivery.count")) + 1),
        ),
        (f"{DLQ}reason", death.reason),
        (f"{DLQ}at", str(death.at_ms)),
        (_HISTORY, dump_json(history[:DEATHS_MAX])),
    )
    names = {name for name, _ in found}
    headers = [pair for pair in record.headers if pair[0] not in names]
    return rebuild(record, headers + [(name, encode_text(text)) for name, text in found])


def _kafka_history(raw: bytes | None) -> list[tuple[str, str]]:
    try:
        found: Any = json.loads(raw or b"[]")
    except (ValueError, RecursionError):
        return []
    return [
        (item[0], item[1])
        for item in (found if type(found) is list else ())
        if type(item) is list and list(map(type, item)) == [str, str]
    ]


def _kafka_count(raw: bytes | None) -> int:
    return int(raw) if raw is not None and raw.isdigit() and len(raw) < 10 else 0
