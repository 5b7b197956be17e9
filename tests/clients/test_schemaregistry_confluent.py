"""confluent-kafka's serializers and its client of the Schema Registry, unmodified: Avro, JSON Schema, Protocol Buffers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from tests.clients.process import broker_process

pytestmark = pytest.mark.clients
ORDER = {
    "type": "record",
    "name": "Order",
    "fields": [{"name": "id", "type": "string"}, {"name": "total", "type": "double"}],
}
ORDER_JSON = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Order",
    "type": "object",
    "properties": {"id": {"type": "string"}, "total": {"type": "number"}},
    "required": ["id"],
    "additionalProperties": False,
}
VALUE = {"id": "o-1", "total": 12.5}


@contextmanager
def registry(port: int, **settings: str) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient({"url": f"http://127.0.0.1:{port}", **settings}) as client:
        yield client


@dataclass
class Place:
    """A broker, and its registry's client."""

    port: int
    client: SchemaRegistryClient


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with broker_process("memory", tmp_path) as port, registry(port) as client:
        yield Place(port, client)


def through_kafka(place: Place, topic: str, data: bytes) -> bytes:
    """As a message's value, there and back."""
    servers = f"127.0.0.1:{place.port}"
    producer = Producer({"bootstrap.servers": servers})
    producer.produce(topic, data)
    assert producer.flush(20) == 0
    settings = {"bootstrap.servers": servers, "group.id": "g", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    found = consumer.poll(20)
    consumer.close()
    assert found is not None
    assert found.error() is None
    value = found.value()
    assert isinstance(value, bytes)
    return value


def refused(error: pytest.ExceptionInfo[SchemaRegistryError]) -> tuple[int, int]:
    return error.value.http_status_code, error.value.error_code


def test_avro_goes_through_a_topic(place: Place) -> None:
    context = SerializationContext("orders", MessageField.VALUE)
    data = AvroSerializer(place.client, json.dumps(ORDER))(VALUE, context)
    assert data[:1] == b"\0"
    again = through_kafka(place, "orders", data)
    assert AvroDeserializer(place.client)(again, context) == VALUE
    assert place.client.get_subjects() == ["orders-value"]


def test_json_schema_goes_through_a_topic(place: Place) -> None:
    context = SerializationContext("orders", MessageField.VALUE)
    data = JSONSerializer(json.dumps(ORDER_JSON), place.client)(VALUE, context)
    again = through_kafka(place, "orders", data)
    reader = JSONDeserializer(None, schema_registry_client=place.client)
    assert reader(again, context) == VALUE
    assert place.client.get_latest_version("orders-value").schema.schema_type == "JSON"


def message_class() -> Any:
    file = FileDescriptorProto(
        name="order.proto",
        package="shop",
        syntax="proto3",
        dependency=[Timestamp.DESCRIPTOR.file.name],
    )
    order = file.message_type.add(name="Order")
    order.field.add(name="id", number=1, type=9, label=1)
    order.field.add(name="made", number=2, type=11, label=1, type_name=".google.protobuf.Timestamp")
    file.message_type.add(name="Other").field.add(name="n", number=1, type=5, label=1)
    Default().Add(file)
    return GetMessageClass(Default().FindMessageTypeByName("shop.Order"))


def test_protocol_buffers_go_through_a_topic(place: Place) -> None:
    kind = message_class()
    context = SerializationContext("orders", MessageField.VALUE)
    settings = {"use.deprecated.format": False}
    writer = ProtobufSerializer(kind, place.client, settings)
    message = kind(id="o-1", made=Timestamp(seconds=5))
    again = through_kafka(place, "orders", writer(message, context))
    assert ProtobufDeserializer(kind, settings)(again, context) == message
    assert place.client.get_latest_version("orders-value").schema.schema_type == "PROTOBUF"


def test_a_schema_is_one_whoever_has_it(place: Place) -> None:
    client = place.client
    schema = Schema(json.dumps(ORDER), "AVRO")
    first, again = client.register_schema("a", schema), client.register_schema("b", schema)
    assert first == again
    assert client.register_schema("a", Schema(json.dumps(ORDER, indent=2), "AVRO")) == first
    assert client.get_versions("a") == [1]
    assert json.loads(str(client.get_schema(first).schema_str)) == ORDER
    assert client.lookup_schema("b", schema).version == 1


def test_a_version_has_to_keep_to_its_level(place: Place) -> None:
    client = place.client
    client.register_schema("s", Schema(json.dumps(ORDER), "AVRO"))
    wider = json.dumps(ORDER | {"fields": [*ORDER["fields"], {"name": "n", "type": "int"}]})
    with pytest.raises(SchemaRegistryError) as error:
        client.register_schema("s", Schema(wider, "AVRO"))
    assert refused(error) == (409, 409)
    assert not client.test_compatibility("s", Schema(wider, "AVRO"))
    assert client.get_compatibility() == "BACKWARD"
    with pytest.raises(SchemaRegistryError) as error:
        client.get_compatibility("s")
    assert refused(error) == (404, 40408)
    client.set_compatibility("s", "FORWARD")
    assert client.get_compatibility("s") == "FORWARD"
    client.register_schema("s", Schema(wider, "AVRO"))
    assert client.get_versions("s") == [1, 2]


def test_schemas_refer_to_others(place: Place) -> None:
    client = place.client
    client.register_schema("order", Schema(json.dumps(ORDER), "AVRO"))
    lot = {
        "type": "record",
        "name": "Lot",
        "fields": [{"name": "orders", "type": {"type": "array", "items": "Order"}}],
    }
    reference = SchemaReference("Order", "order", 1)
    with pytest.raises(SchemaRegistryError) as error:
        client.register_schema("lot", Schema(json.dumps(lot), "AVRO"))
    assert refused(error) == (422, 42201)
    client.register_schema("lot", Schema(json.dumps(lot), "AVRO", [reference]))
    with pytest.raises(SchemaRegistryError) as error:
        client.delete_subject("order")
    assert refused(error) == (422, 42206)
    context = SerializationContext("lots", MessageField.VALUE)
    settings = {"auto.register.schemas": True}
    writer = AvroSerializer(client, Schema(json.dumps(lot), "AVRO", [reference]), conf=settings)
    assert AvroDeserializer(client)(writer({"orders": [VALUE]}, context), context) == {
        "orders": [VALUE]
    }


def test_subjects_are_deleted_softly_and_then_for_good(place: Place) -> None:
    client = place.client
    schema = Schema(json.dumps(ORDER), "AVRO")
    id_ = client.register_schema("s", schema)
    with pytest.raises(SchemaRegistryError) as error:
        client.delete_version("s", 1, permanent=True)
    assert refused(error) == (404, 40407)
    assert client.delete_subject("s") == [1]
    assert client.get_subjects() == []
    with registry(place.port) as fresh:
        assert fresh.get_schema(id_).schema_str == schema.schema_str, "readers still read"
        with pytest.raises(SchemaRegistryError) as error:
            fresh.get_latest_version("s")
        assert refused(error) == (404, 40401)
        assert fresh.register_schema("s", schema) == id_
        assert fresh.get_versions("s") == [2]
    client.delete_subject("s")
    assert client.delete_subject("s", permanent=True) == [1, 2]
    with registry(place.port) as fresh, pytest.raises(SchemaRegistryError) as error:
        fresh.get_schema(id_)
    assert refused(error) == (404, 40403)


def test_users_show_a_password(tmp_path: Path) -> None:
    with broker_process("memory", tmp_path, users={"ada": "secret"}) as port:
        with registry(port) as nobody, pytest.raises(SchemaRegistryError) as error:
            nobody.get_subjects()
        assert refused(error) == (401, 401)
        with registry(port, **{"basic.auth.user.info": "ada:secret"}) as ada:
            assert ada.get_subjects() == []
