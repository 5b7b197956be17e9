"""Messages of other protocols, as a RabbitMQ consumer gets them."""

from typing import Any

from tests.doors.amqp091.client import World

from dragoman.kernel.api import Address, CreateStream, Publish, StreamSettings
from dragoman.model.levels import KAFKA
from dragoman.wire.kafka.records import BatchBuilder


def batch_of(*values: bytes) -> bytes:
    builder = BatchBuilder()
    for index, value in enumerate(values):
        builder.add(b"key", value, 1_700_000_000_000 + index, [("h", b"v")])
    return builder.build()


def publish(session: Any, name: str, data: bytes, count: int) -> None:
    command = Publish("default", Address(name), KAFKA, [data])
    command.packed = count
    session.publish(command)


def test_records_of_a_batch_are_messages_each_with_its_headers() -> None:
    client = World().connect()
    client.session.submit(CreateStream(name="topic", settings=StreamSettings(retention_ms=-1)))
    publish(client.session, "topic", batch_of(b"1", b"2", b"3"), 3)
    assert client.declare("topic", durable=True).message_count == 3
    client.consume("topic", prefetch=2)
    first, second = client.messages()
    assert (first.body, second.body) == (b"1", b"2")
    assert first.properties.headers["h"].value == b"v"
    assert (first.method.exchange, first.method.routing_key) == ("", "topic")
    got = client.get("topic")
    assert got is not None
    assert got.body == b"3"
