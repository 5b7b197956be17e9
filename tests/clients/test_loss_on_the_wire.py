# mypy: disable-error-code="no-untyped-call"
"""The loss rule between official clients: what one sent comes back whole after a client of the other has copied it.

    pika -> `from-amqp` -> confluent-kafka copies the record   -> `to-amqp` -> pika        the same properties and body
    confluent-kafka -> `from-kafka` -> pika copies the message -> `to-kafka` -> confluent  the same record

A copy knows only what its own protocol can say; the rest travels in `dragoman-meta`. Two hundred messages each way.
"""

from collections.abc import Iterator
from typing import Any

import pika
import pytest
from hypothesis import given
from tests.clients.wire_work import (
    BODIES,
    EXAMPLES,
    ON_THE_WIRE,
    PROPERTIES,
    RECORDS,
    Wire,
    as_record,
    fields_first,
    without_expiration,
)

from dragoman.testing.broker import broker

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with broker() as running:
        connection = pika.BlockingConnection(pika.URLParameters(running.amqp.url))
        both = Wire(connection.channel(), running.kafka.bootstrap)
        yield both
        assert both.carried >= EXAMPLES
        both.close()
        connection.close()


@ON_THE_WIRE
@given(PROPERTIES, BODIES)
def test_a_message_of_pika_survives_a_copy_by_confluent_kafka(
    wire: Wire, properties: dict[str, Any], body: bytes
) -> None:
    wire.clear()
    wire.publish("from-amqp", properties, body)
    sent, sent_body = wire.get("from-amqp")
    wire.produce("to-amqp", *as_record(wire.poll("from-amqp")))
    came, came_body = wire.get("to-amqp")
    assert came_body == sent_body == body
    assert without_expiration(came) == without_expiration(sent)
    wire.carried += 1


@ON_THE_WIRE
@given(RECORDS)
def test_a_record_of_confluent_kafka_survives_a_copy_by_pika(
    wire: Wire, record: tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], int]
) -> None:
    wire.clear()
    wire.produce("from-kafka", *record)
    properties, body = wire.get("from-kafka")
    wire.publish("to-kafka", properties, body)
    wire.get("to-kafka")
    assert fields_first(as_record(wire.poll("to-kafka"))) == fields_first(record)
    wire.carried += 1


def test_what_both_protocols_say_needs_no_meta(wire: Wire) -> None:
    wire.clear()
    wire.produce(
        "from-kafka", b"table-7", b"coffee", [("tier", b"gold"), ("type", b"order")], 1_000
    )
    properties, body = wire.get("from-kafka")
    assert body == b"coffee"
    assert properties["type"] == "order"
    assert properties["headers"] == {"tier": "gold", "x-partition-key": "table-7"}
    assert "dragoman-meta" not in properties["headers"]
