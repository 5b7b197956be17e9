# mypy: disable-error-code="no-untyped-call"
"""What the tests of the loss rule between official clients share: what is sent, and a wire to send it over."""

from datetime import UTC, datetime
from typing import Any

import pika
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pika.adapters.blocking_connection import BlockingChannel
from tests.clients.amqp_work import DEADLINE_S

EXAMPLES = 200
STREAMS = tuple(
    f"{way}-{name}" for name in ("amqp", "kafka", "grid", "sqs") for way in ("from", "to")
)
PAST_S = 1_700_000_000  # topics refuse times an hour and more ahead
EXPIRATION_MS = 3_600_000
LATE_MS = 60_000  # what of an expiration may have passed
ON_THE_WIRE = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)

# librdkafka takes a header's name up to its first zero byte.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
# Fields of the envelope that a record spells as headers, and names that are fields in RabbitMQ's headers.
FIELDS = (
    "content-type",
    "message-id",
    "correlation-id",
    "reply-to",
    "type",
    "app-id",
    "traceparent",
)
FIELDS_IN_AMQP = ("traceparent", "x-group-id", "x-partition-key")
USUAL = st.sampled_from(["tier", "a", "n" * 128])


def names_but(excluded: tuple[str, ...], *more: str) -> st.SearchStrategy[str]:
    """A header of an excluded name that does not suit the field is told in the meta alone, and so looks different."""
    return st.one_of(TEXT, USUAL, st.sampled_from(("b", *more))).filter(
        lambda name: name not in excluded
    )


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    TEXT,
    st.binary(max_size=12),
    st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.decimals(0, 10**6, places=2),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
# Every record has a time, and is as durable as its topic: a message that says neither says both once it was copied.
PROPERTIES = st.fixed_dictionaries(
    {"timestamp": st.integers(1, PAST_S), "delivery_mode": st.sampled_from([1, 2])},
    optional={
        "content_type": TEXT,
        "content_encoding": TEXT,
        "headers": st.dictionaries(
            names_but(FIELDS_IN_AMQP, *FIELDS), VALUES, min_size=1, max_size=8
        ),
        "priority": st.integers(0, 255),
        "correlation_id": TEXT,
        "reply_to": TEXT,
        "expiration": st.just(str(EXPIRATION_MS)),
        "message_id": TEXT,
        "type": TEXT,
        "app_id": TEXT,
    },
)
BODIES = st.binary(max_size=200)
RECORD_HEADERS = st.builds(
    lambda fields, others: [*fields.items(), *others],
    st.dictionaries(st.sampled_from(FIELDS), TEXT.map(str.encode), max_size=3),
    st.lists(
        st.tuples(
            names_but(FIELDS, *FIELDS_IN_AMQP),
            st.none() | st.binary(max_size=20) | TEXT.map(str.encode),
        ),
        max_size=8,
    ),
)
RECORDS = st.tuples(
    st.none() | st.binary(max_size=20),
    st.none() | BODIES,
    RECORD_HEADERS,
    st.integers(1, PAST_S * 1000),
)


class Wire:
    """Both clients, connected, with a queue, and so a topic, of each name."""

    def __init__(self, amqp: BlockingChannel, bootstrap: str) -> None:
        self.amqp = amqp
        for name in STREAMS:
            amqp.queue_declare(name, durable=True)
        amqp.confirm_delivery()
        self._producer = Producer({"bootstrap.servers": bootstrap})
        self._readers: dict[str, Consumer] = {}
        for name in ("from-amqp", "to-kafka", "from-grid"):
            reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "wire"})
            reader.assign([TopicPartition(name, 0, 0)])
            self._readers[name] = reader
        self.carried = 0
        self._written = dict.fromkeys(STREAMS, 0)  # messages so far: the next one's offset

    def clear(self) -> None:
        """Nothing of an earlier example, which may have failed half-way, is left for pika."""
        for name in STREAMS:
            self.amqp.queue_purge(name)

    def wrote(self, name: str) -> None:
        """Somebody else wrote a message."""
        self._written[name] += 1

    def publish(self, queue: str, properties: dict[str, Any], body: bytes) -> None:
        self.wrote(queue)
        self.amqp.basic_publish("", queue, body, pika.BasicProperties(**properties))

    def get(self, queue: str) -> tuple[dict[str, Any], bytes]:
        """What pika sees: properties that were set, and the body."""
        method, properties, body = self.amqp.basic_get(queue, auto_ack=True)
        assert method is not None, "it was confirmed, and so is there"
        return {name: value for name, value in vars(properties).items() if value is not None}, body

    def produce(
        self, topic: str, key: Any, value: Any, headers: list[tuple[str, Any]], timestamp_ms: int
    ) -> None:
        self.wrote(topic)
        errors: list[Any] = []
        self._producer.produce(
            topic,
            value,
            key,
            headers=headers,
            timestamp=timestamp_ms,
            on_delivery=lambda error, _: errors.append(error),
        )
        assert self._producer.flush(DEADLINE_S) == 0
        assert errors == [None]

    def poll(self, topic: str) -> Message:
        """The last one written."""
        while True:
            message = self._readers[topic].poll(DEADLINE_S)
            assert message is not None
            assert message.error() is None
            if message.offset() == self._written[topic] - 1:
                return message

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()


def as_record(message: Message) -> tuple[Any, Any, list[tuple[str, Any]], int]:
    headers: Any = message.headers() or []
    return message.key(), message.value(), list(headers), message.timestamp()[1]


def fields_first(record: tuple[Any, Any, list[tuple[str, Any]], int]) -> tuple[Any, ...]:
    """Headers that are fields of the envelope keep no place among the others, which keep theirs."""
    key, value, headers, timestamp_ms = record
    fields = sorted(header for header in headers if header[0] in FIELDS)
    return (
        key,
        value,
        fields,
        [header for header in headers if header[0] not in FIELDS],
        timestamp_ms,
    )


def without_expiration(properties: dict[str, Any]) -> dict[str, Any]:
    """It is told as what remains, and so is never twice the same."""
    left = properties.pop("expiration", None)
    if left is not None:
        assert EXPIRATION_MS - LATE_MS <= int(left) <= EXPIRATION_MS
        properties["expires"] = True
    return properties
