# mypy: disable-error-code="no-untyped-call"
"""The loss rule between official clients, where one of them is azure-eventgrid: whoever copies, nothing is lost.

    azure -> `from-grid` -> pika, confluent-kafka or boto3 copies -> `to-grid` -> azure    the same event
    pika  -> `from-amqp` -> azure pulls and sends the event -> `to-amqp` -> pika           the same properties and body
    confluent-kafka -> `from-kafka` -> azure does the same  -> `to-kafka` -> confluent     the same record
    boto3 -> `from-sqs` -> azure does the same              -> `to-sqs` -> boto3           the same attributes and body

A copy knows only what its own protocol can say; the rest travels in `dragomanmeta`. Two hundred messages each way.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridConsumerClient, EventGridPublisherClient
from hypothesis import given
from hypothesis import strategies as st
from tests.clients.eventgrid_work import KEY
from tests.clients.sqs_work import client
from tests.clients.wire_work import (
    BODIES,
    EXAMPLES,
    FIELDS,
    ON_THE_WIRE,
    PAST_S,
    PROPERTIES,
    RECORDS,
    STREAMS,
    Wire,
    as_record,
    fields_first,
    without_expiration,
)

from dragoman.testing.broker import broker

pytestmark = pytest.mark.clients

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
SAID = (
    "source",
    "type",
    "id",
    "specversion",
    "subject",
    "dataschema",
    "time",
    "datacontenttype",
    "data",
    "extensions",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
DATA = st.one_of(
    BODIES.map(lambda data: {"data": data, "datacontenttype": "application/octet-stream"}),
    JSON.filter(lambda data: data is not None).map(lambda data: {"data": data}),
    st.just({}),
)
ATTRIBUTE = TEXT | st.booleans() | st.integers(-(2**31), 2**31 - 1)
EXTENSIONS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("tenant", "n", "traceparent", "partitionkey", "x" * 20, "contenttype", "appid"),
            ATTRIBUTE,
        ),
        "groupid": st.from_regex(r"[A-Za-z0-9!-/:-@]{1,12}", fullmatch=True),  # as SQS allows
    },
)
EVENTS = st.builds(
    lambda attributes, data, extensions: CloudEvent(
        **attributes, **data, extensions=extensions or None
    ),
    st.fixed_dictionaries(
        {"source": TEXT, "type": TEXT, "id": TEXT},
        optional={
            "subject": TEXT,
            "dataschema": TEXT,
            "time": st.integers(1_000, PAST_S * 1_000_000).map(
                lambda us: EPOCH + timedelta(microseconds=us)
            ),
        },
    ),
    DATA,
    EXTENSIONS,
)


SQS_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}(\.[A-Za-z0-9_-]{1,8})?", fullmatch=True).filter(
    lambda name: not name.lower().startswith(("aws.", "amazon.", "ce-")) and name not in FIELDS
)
LEGAL = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=20,
)
ATTRIBUTES = st.dictionaries(
    SQS_NAMES,
    st.one_of(
        LEGAL.map(lambda text: {"DataType": "String", "StringValue": text}),
        LEGAL.map(lambda text: {"DataType": "String.email", "StringValue": text}),
        st.integers(-(10**20), 10**20).map(
            lambda number: {"DataType": "Number", "StringValue": str(number)}
        ),
        st.binary(min_size=1, max_size=20).map(
            lambda raw: {"DataType": "Binary", "BinaryValue": raw}
        ),
    ),
    max_size=8,
)


class GridWire:
    """azure-eventgrid and boto3 to the same streams."""

    def __init__(self, wire: Wire, url: str, sqs: Any) -> None:
        self.wire = wire
        self._sqs = sqs
        for name in STREAMS:
            sqs.create_queue(QueueName=name)
        self._senders = {
            name: EventGridPublisherClient(url, KEY, namespace_topic=name) for name in STREAMS
        }
        self._readers = {
            name: EventGridConsumerClient(url, KEY, namespace_topic=name, subscription=name)
            for name in STREAMS
        }

    def send(self, name: str, event: CloudEvent[Any]) -> None:
        self._senders[name].send(event)
        self.wire.wrote(name)

    def pull(self, name: str) -> Any:
        """The event, acknowledged."""
        (detail,) = self._readers[name].receive(max_events=1, max_wait_time=10)
        token = detail.broker_properties.lock_token
        done = self._readers[name].acknowledge(lock_tokens=[token])
        assert done.succeeded_lock_tokens == [token]
        return detail.event

    def sqs_send(
        self, name: str, body: str, attributes: dict[str, Any], group: str | None = None
    ) -> str:
        """The message's id."""
        self.wire.wrote(name)
        sent = self._sqs.send_message(
            QueueUrl=f"{self._sqs.meta.endpoint_url}/000000000000/{name}",
            MessageBody=body,
            MessageAttributes=attributes,
            **({} if group is None else {"MessageGroupId": group}),
        )
        return str(sent["MessageId"])

    def sqs_receive(self, name: str) -> tuple[str, dict[str, Any], str | None]:
        """Body, attributes and group of a message, deleted."""
        queue = f"{self._sqs.meta.endpoint_url}/000000000000/{name}"
        found = self._sqs.receive_message(
            QueueUrl=queue,
            WaitTimeSeconds=10,
            AttributeNames=["MessageGroupId"],
            MessageAttributeNames=["All"],
        )
        (message,) = found["Messages"]
        self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        group = message.get("Attributes", {}).get("MessageGroupId")
        return message["Body"], message.get("MessageAttributes", {}), group

    def close(self) -> None:
        self._sqs.close()
        clients: list[Any] = [*self._senders.values(), *self._readers.values()]
        for each in clients:
            each.close()


@pytest.fixture(scope="module")
def grid() -> Iterator[GridWire]:
    with broker() as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        wire = Wire(connection.channel(), running.kafka.bootstrap)
        url = f"http://127.0.0.1:{running.eventgrid.port}"
        found = GridWire(wire, url, client(running))
        yield found
        assert wire.carried >= EXAMPLES
        found.close()
        wire.close()
        connection.close()


def told(event: CloudEvent[Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in SAID}


@ON_THE_WIRE
@given(EVENTS)
def test_an_event_survives_a_copy_by_pika(grid: GridWire, event: CloudEvent[Any]) -> None:
    grid.wire.clear()
    grid.send("from-grid", event)
    grid.wire.publish("to-grid", *grid.wire.get("from-grid"))
    assert told(grid.pull("to-grid")) == told(event)
    grid.wire.carried += 1


@ON_THE_WIRE
@given(EVENTS)
def test_an_event_survives_a_copy_by_confluent_kafka(
    grid: GridWire, event: CloudEvent[Any]
) -> None:
    grid.wire.clear()
    grid.send("from-grid", event)
    grid.wire.produce("to-grid", *as_record(grid.wire.poll("from-grid")))
    assert told(grid.pull("to-grid")) == told(event)
    grid.wire.carried += 1


@ON_THE_WIRE
@given(EVENTS.filter(lambda event: event.data is not None and event.data != b""))
def test_an_event_survives_a_copy_by_boto3(grid: GridWire, event: CloudEvent[Any]) -> None:
    grid.wire.clear()
    grid.send("from-grid", event)
    body, attributes, group = grid.sqs_receive("from-grid")
    grid.sqs_send("to-grid", body, attributes, group)
    assert told(grid.pull("to-grid")) == told(event)
    grid.wire.carried += 1


@ON_THE_WIRE
@given(LEGAL, ATTRIBUTES)
def test_a_message_of_boto3_survives_a_copy_by_azure(
    grid: GridWire, body: str, attributes: dict[str, Any]
) -> None:
    grid.wire.clear()
    id_ = grid.sqs_send("from-sqs", body, attributes)
    grid.send("to-sqs", grid.pull("from-sqs"))
    came_body, came, _ = grid.sqs_receive("to-sqs")
    assert came_body == body
    assert came.pop("message-id")["StringValue"] == id_
    assert came == attributes
    grid.wire.carried += 1


@ON_THE_WIRE
@given(PROPERTIES, BODIES)
def test_a_message_of_pika_survives_a_copy_by_azure(
    grid: GridWire, properties: dict[str, Any], body: bytes
) -> None:
    wire = grid.wire
    wire.clear()
    wire.publish("from-amqp", properties, body)
    wire.publish("from-amqp", properties, body)
    sent, _ = wire.get("from-amqp")
    grid.send("to-amqp", grid.pull("from-amqp"))
    came, came_body = wire.get("to-amqp")
    assert came_body == body
    assert without_expiration(came) == without_expiration(sent)
    wire.carried += 1


@ON_THE_WIRE
@given(RECORDS)
def test_a_record_of_confluent_kafka_survives_a_copy_by_azure(
    grid: GridWire, record: tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], int]
) -> None:
    wire = grid.wire
    wire.clear()
    wire.produce("from-kafka", *record)
    grid.send("to-kafka", grid.pull("from-kafka"))
    assert fields_first(as_record(wire.poll("to-kafka"))) == fields_first(record)
    wire.carried += 1


def test_what_all_protocols_say_stands_where_each_says_it(grid: GridWire) -> None:
    wire = grid.wire
    wire.clear()
    event = CloudEvent(
        "/shop", "made", data={"n": 1}, subject="eu", extensions={"partitionkey": "k", "n": "v"}
    )
    grid.send("from-grid", event)
    key, value, headers, timestamp_ms = as_record(wire.poll("from-grid"))
    properties, body = wire.get("from-grid")
    assert (key, value, body) == (b"k", body, b'{"n": 1}')
    assert timestamp_ms == int(event.time.timestamp() * 1_000) if event.time else None
    named = dict(headers)
    assert (named["ce_type"], named["ce_subject"], named["ce_n"]) == (b"made", b"eu", b"v")
    assert (properties["type"], properties["message_id"]) == ("made", event.id)
    assert properties["headers"]["ce-source"] == "/shop"


def test_what_an_event_says_are_attributes_in_sqs(grid: GridWire) -> None:
    """As far as ten of them go: an event that says more has it in the meta."""
    grid.wire.clear()
    event = CloudEvent("/shop", "made", data={"n": 1}, extensions={"groupid": "g"})
    grid.send("from-sqs", event)
    body, attributes, group = grid.sqs_receive("from-sqs")
    said = {name: told.get("StringValue") for name, told in attributes.items()}
    assert (body, group) == ('{"n": 1}', "g")
    assert (said["type"], said["message-id"], said["ce-source"]) == ("made", event.id, "/shop")
