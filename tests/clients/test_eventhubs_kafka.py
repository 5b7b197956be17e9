# mypy: disable-error-code="no-untyped-call,arg-type,call-overload,dict-item,assignment,union-attr"
"""The same hub through Kafka's clients: the string as password, offsets that are sequence numbers, headers as set."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from azure.eventhub import EventData
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients.eventhubs_work import (
    KEY,
    WAIT_S,
    Hub,
    connection_string,
    kafka_options,
    receiving,
    serving,
    until,
)
from tests.clients.process import broker_process

from dragoman.testing.broker import RunningBroker
from dragoman.wire.amqp10.decode import decode_whole

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EXAMPLES = 40


class Both:
    """A hub, and Kafka's clients beside Event Hubs'."""

    def __init__(self, running: RunningBroker, name: str) -> None:
        self.hub = Hub(running, name)
        self.options = kafka_options(running.kafka.port, self.hub.string)
        self.producer = Producer({**self.options, "linger.ms": 0})
        self.admin = AdminClient(self.options)

    def produce(self, value: bytes, partition: int = 0, **more: Any) -> None:
        self.producer.produce(self.hub.name, value, partition=partition, **more)
        assert self.producer.flush(WAIT_S) == 0

    def consume(self, count: int, partition: int = 0, offset: int = 0) -> list[Any]:
        consumer = Consumer({**self.options, "group.id": "g", "fetch.wait.max.ms": 10})
        consumer.assign([TopicPartition(self.hub.name, partition, offset)])
        found: list[Any] = []
        while len(found) < count:
            record = consumer.poll(WAIT_S)
            assert record is not None and record.error() is None
            found.append(record)
        consumer.close()
        return found


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    with serving() as found:
        yield found


@pytest.fixture
def both(running: RunningBroker, request: pytest.FixtureRequest) -> Iterator[Both]:
    found = Both(running, request.node.originalname.replace("_", "-")[:50].strip("-"))
    yield found
    found.hub.close()


def test_an_offset_is_a_sequence_number_and_a_key_a_partition_key(both: Both) -> None:
    both.hub.send(EventData("0"), EventData("1"), partition_key="k1")  # partition 0 of 4
    both.produce(b"2", key=b"mine")
    both.hub.send(EventData("3"), partition_id="0")
    records = both.consume(4)
    assert [(each.offset(), each.value(), each.key()) for each in records] == [
        (0, b"0", b"k1"),
        (1, b"1", b"k1"),
        (2, b"2", b"mine"),
        (3, b"3", None),
    ]
    events = both.hub.read(4, "0")
    assert [(each.sequence_number, each.offset) for each in events] == [
        (number, str(number)) for number in range(4)
    ]
    assert [each.partition_key for each in events] == [b"k1", b"k1", b"mine", None]
    assert [each.body_as_str() for each in events] == ["0", "1", "2", "3"]


def test_what_the_service_types_kafka_reads_with_its_type_and_back_it_is_binary(both: Both) -> None:
    event = EventData("x")
    event.properties = {"text": "hello", "n": 5, "raw": b"\xff", "yes": True}
    both.hub.send(event, partition_id="0")
    (record,) = both.consume(1)
    headers = dict(record.headers())
    assert headers["text"] == b"\xa1\x05hello"
    assert {name: decode_whole(raw) for name, raw in headers.items()} == {
        "text": b"hello".decode(),
        "n": 5,
        "raw": b"\xff",
        "yes": True,
    }
    both.produce(b"y", headers=[("a", b"plain"), ("b", b"\xff")])
    found = both.hub.read(2, "0")[1]
    assert found.properties == {b"a": b"plain", b"b": b"\xff"}
    assert isinstance(found.properties[b"a"], bytes)


def test_a_topic_is_a_hub_and_says_how_its_headers_are_shown(both: Both) -> None:
    name = both.hub.name
    both.admin.create_topics([NewTopic(name, 3)])[name].result(WAIT_S)
    event = EventData("x")
    event.properties = {"text": "hello", "n": 5}
    both.hub.send(event, partition_id="2")
    assert len(both.hub.producer.get_eventhub_properties()["partition_ids"]) == 3
    (record,) = both.consume(1, 2)
    headers = dict(record.headers())
    assert (headers["text"], headers["n"]) == (b"hello", b"5")  # a topic's headers are text
    resource = ConfigResource("topic", name, {"dragoman.header.values": "amqp"})
    both.admin.alter_configs([resource])[resource].result(WAIT_S)
    (typed,) = both.consume(1, 2)
    assert dict(typed.headers())["text"] == b"\xa1\x05hello"


def test_kafkas_groups_and_the_hubs_do_not_know_each_other(both: Both) -> None:
    both.hub.send(EventData("x"), partition_id="0")
    consumer = Consumer({**both.options, "group.id": "$Default", "auto.offset.reset": "earliest"})
    consumer.subscribe([both.hub.name])
    record = consumer.poll(WAIT_S)
    assert record is not None and record.value() == b"x"
    consumer.commit(record, asynchronous=False)
    consumer.close()
    assert [each.body_as_str() for each in both.hub.read(1, "0")] == ["x"]


def test_aiokafka_comes_in_by_the_string_too(both: Both) -> None:
    both.hub.send(EventData("x"), partition_id="0")
    options = {
        "bootstrap_servers": both.options["bootstrap.servers"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "$ConnectionString",
        "sasl_plain_password": both.hub.string,
    }

    async def both_ways() -> list[bytes]:
        producer = AIOKafkaProducer(**options)
        await producer.start()
        await producer.send_and_wait(both.hub.name, b"y", partition=0)
        await producer.stop()
        consumer = AIOKafkaConsumer(both.hub.name, **options, auto_offset_reset="earliest")
        await consumer.start()
        found = [(await consumer.getone()).value for _ in range(2)]
        await consumer.stop()
        return found

    assert asyncio.run(both_ways()) == [b"x", b"y"]


def test_the_strings_key_is_verified_where_there_are_keys() -> None:
    with serving(keys={"RootManageSharedAccessKey": KEY}) as running:
        for key, is_right in ((KEY, True), ("d3Jvbmc=", False)):
            string = connection_string(running.amqp.port, "h", key)
            errors: list[Any] = []
            admin = AdminClient(
                {**kafka_options(running.kafka.port, string), "error_cb": errors.append}
            )
            if is_right:
                admin.create_topics([NewTopic("h", 1)])["h"].result(WAIT_S)
                assert "h" in admin.list_topics(timeout=WAIT_S).topics
            else:
                until(lambda: admin.poll(0.01) >= 0 and bool(errors))  # noqa: B023


# --- whatever is said ---

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12
).filter(
    lambda name: (
        name
        not in {
            "content-type",
            "content-encoding",
            "message-id",
            "correlation-id",
            "reply-to",
            "type",
            "app-id",
            "traceparent",
            "tracestate",
            "dragoman-meta",
        }
        and not name.startswith(("ce_", "cloudEvents"))
    )
)
PROPERTIES = st.dictionaries(
    NAMES,
    st.one_of(
        TEXT,
        st.binary(max_size=12),
        st.booleans(),
        st.integers(-(2**31), 2**31 - 1),
        st.floats(allow_nan=False),
    ),
    max_size=6,
)
HEADERS = st.dictionaries(NAMES, st.binary(max_size=12) | TEXT.map(str.encode), max_size=6)


class Tape:
    """Events of one partition as they come, for many examples."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.events: list[EventData] = []
        options = {**both.options, "group.id": "tape", "fetch.wait.max.ms": 10}
        self.consumer = Consumer(options)
        self.consumer.assign([TopicPartition(both.hub.name, 0, 0)])
        self.count = 0

    def next_record(self) -> Any:
        record = self.consumer.poll(WAIT_S)
        assert record is not None and record.error() is None
        self.count += 1
        assert record.offset() == self.count - 1
        return record

    def next_event(self) -> EventData:
        until(lambda: len(self.events) >= self.count)
        event = self.events[self.count - 1]
        assert event.sequence_number == self.count - 1
        return event


@pytest.fixture(scope="module")
def tape(running: RunningBroker) -> Iterator[Tape]:
    both = Both(running, "tape")
    both.hub.producer.get_eventhub_properties()
    found = Tape(both)
    with receiving(
        both.hub.consumer(),
        lambda _, event: found.events.append(event),
        partition_id="0",
        starting_position="-1",
    ):
        yield found
    found.consumer.close()
    both.hub.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=40), PROPERTIES)
def test_an_events_properties_reach_kafka_in_the_services_encoding(
    tape: Tape, body: bytes, properties: dict[str, Any]
) -> None:
    event = EventData(body)
    event.properties = properties
    tape.both.hub.send(event, partition_id="0")
    record = tape.next_record()
    assert record.value() == body
    headers = {name: decode_whole(raw) for name, raw in record.headers() or ()}
    came = tape.next_event().properties or {}
    assert {name.encode(): value for name, value in headers.items()} == {
        name: value.decode()
        if isinstance(value, bytes) and not isinstance(properties[name.decode()], bytes)
        else value
        for name, value in came.items()
    }
    assert headers == properties


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=40), HEADERS, st.none() | TEXT.filter(bool))
def test_a_records_headers_reach_the_hubs_readers_as_binary(
    tape: Tape, body: bytes, headers: dict[str, bytes], key: str | None
) -> None:
    tape.both.produce(body, headers=list(headers.items()), key=key)
    record = tape.next_record()
    event = tape.next_event()
    assert b"".join(event.body) == body == record.value()
    assert (event.properties or {}) == {name.encode(): raw for name, raw in headers.items()}
    assert event.partition_key == (None if key is None else key.encode())


def test_who_asks_for_azures_limits_meets_them(tmp_path: Path) -> None:
    with broker_process("memory", tmp_path, more='[limits]\nkafka = "eventhubs"') as port:
        base = {"bootstrap.servers": f"127.0.0.1:{port}"}
        admin = AdminClient(base)
        admin.create_topics([NewTopic("t", 1)])["t"].result(WAIT_S)

        def committing(group: str, metadata: str = "") -> list[TopicPartition]:
            consumer = Consumer({**base, "group.id": group})
            offset = TopicPartition("t", 0, 1, metadata)
            found = [consumer.commit(offsets=[offset], asynchronous=False)[0] for _ in range(6)]
            consumer.close()
            return found

        # Of what is said with an offset this client sends a NUL more.
        began = time.monotonic()  # noqa: TID251 - a client's own clock
        assert [part.error for part in committing("g" * 256, "x" * 1_023)] == [None] * 6
        assert time.monotonic() - began > 0.25  # noqa: TID251 - the fifth made the sixth wait
        for group, metadata, code in (
            ("g" * 257, "", KafkaError.INVALID_GROUP_ID),
            ("g", "x" * 1_024, KafkaError.OFFSET_METADATA_TOO_LARGE),
        ):
            with pytest.raises(KafkaException) as refusal:
                committing(group, metadata)
            assert refusal.value.args[0].code() == code
