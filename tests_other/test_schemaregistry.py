"""Node's client of Confluent's Schema Registry, with kafkajs: what one writes Python's reads, and the other way."""

import json

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_node

COUNT = 20
EXPECTED = [f"o-{number} {number}" for number in range(COUNT)]
ORDER = json.dumps(
    {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "int"}],
    }
)


@pytest.fixture(scope="module")
def node() -> Program:
    try:
        return on_node("schemaregistry", "kafka", "package-schemaregistry.json")
    except MissingError as error:
        pytest.skip(f"schemaregistry: {error}")


def addresses(broker: Broker) -> str:
    return f"{broker['kafka']['bootstrap']},{broker['schemaregistry']['url']}"


@pytest.mark.parametrize("kind", ["AVRO", "JSON", "PROTOBUF"])
def test_what_node_sends_by_a_schema_node_takes(node: Program, broker: Broker, kind: str) -> None:
    topic = f"registry-{kind.lower()}"
    node.said(addresses(broker), "send", topic, str(COUNT), kind)
    assert node.run(addresses(broker), "take", topic, COUNT) == EXPECTED


def test_what_python_sends_node_takes(node: Program, broker: Broker) -> None:
    topic = "registry-python"
    context = SerializationContext(topic, MessageField.VALUE)
    with SchemaRegistryClient({"url": broker["schemaregistry"]["url"]}) as client:
        writer = AvroSerializer(client, ORDER)
        producer = Producer({"bootstrap.servers": broker["kafka"]["bootstrap"]})
        for number in range(COUNT):
            producer.produce(topic, writer({"id": f"o-{number}", "n": number}, context))
        assert producer.flush(20) == 0
    assert node.run(addresses(broker), "take", topic, COUNT) == EXPECTED


def test_what_node_sends_python_takes(node: Program, broker: Broker) -> None:
    topic = "registry-node"
    node.said(addresses(broker), "send", topic, str(COUNT), "AVRO")
    settings = {"group.id": "python", "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": broker["kafka"]["bootstrap"], **settings})
    consumer.subscribe([topic])
    context = SerializationContext(topic, MessageField.VALUE)
    found: list[str] = []
    with SchemaRegistryClient({"url": broker["schemaregistry"]["url"]}) as client:
        reader = AvroDeserializer(client)
        while len(found) < COUNT:
            message = consumer.poll(20)
            assert message is not None
            assert message.error() is None
            value = reader(message.value(), context)
            assert isinstance(value, dict)
            found.append(f"{value['id']} {value['n']}")
    consumer.close()
    assert found == EXPECTED


def test_what_may_not_follow_is_refused(node: Program, broker: Broker) -> None:
    node.said(addresses(broker), "send", "registry-refused", "1", "AVRO")
    said = node.run(addresses(broker), "refuse", "registry-refused", 0)
    assert len(said) == 2
    assert all(each != "taken" for each in said), said
