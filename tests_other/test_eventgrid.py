"""Event Grid's clients on Node: what they publish is pushed, pulled and consumed by others."""

import json
import urllib.request
from typing import Any

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_node

COUNT = 50
EXPECTED = [f"value-{number}" for number in range(COUNT)]
PROVIDER = "providers/Microsoft.EventGrid"


@pytest.fixture(scope="module")
def node() -> Program:
    try:
        return on_node("eventgrid", "eventgrid")
    except MissingError as error:
        pytest.skip(f"eventgrid: {error}")


def address_of(broker: Broker) -> str:
    return f"{broker['eventgrid']['host']}:{broker['eventgrid']['port']}"


def put(broker: Broker, path: str, **properties: Any) -> None:
    url = f"http://{address_of(broker)}/{PROVIDER}/{path}"
    body = json.dumps({"properties": properties}).encode()
    request = urllib.request.Request(url, body, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def carried(broker: Broker, topic: str) -> list[Any]:
    """Bodies that a RabbitMQ consumer finds in the queue to which the topic's events are carried."""
    with pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"])) as connection:
        channel = connection.channel()
        found: list[Any] = []
        for method, properties, body in channel.consume(f"{topic}-work", inactivity_timeout=10):
            assert method is not None, found
            assert properties.type == "made"
            found.append(json.loads(body)["value"])
            if len(found) == COUNT:
                return found
    raise AssertionError(found)


@pytest.mark.parametrize(
    ("mode", "schema"), [("publish", "CloudEventSchemaV1_0"), ("grid", "EventGridSchema")]
)
def test_what_is_published_by_node_a_rabbitmq_consumer_takes(
    node: Program, broker: Broker, mode: str, schema: str
) -> None:
    topic = f"node-{mode}"
    put(broker, f"topics/{topic}", inputSchema=schema)
    target = {"resourceId": "/", "queueName": f"{topic}-work"}
    destination = {"endpointType": "StorageQueue", "properties": target}
    put(broker, f"topics/{topic}/eventSubscriptions/sub", destination=destination)
    node.run(address_of(broker), mode, topic, COUNT)
    assert carried(broker, topic) == EXPECTED


def test_what_is_sent_to_a_namespace_is_pulled_from_it(node: Program, broker: Broker) -> None:
    put(broker, "namespaces/node")
    put(broker, "namespaces/node/topics/items")
    put(broker, "namespaces/node/topics/items/eventSubscriptions/sub")
    node.run(address_of(broker), "send", "items", COUNT)
    assert node.run(address_of(broker), "pull", "items", COUNT) == EXPECTED
