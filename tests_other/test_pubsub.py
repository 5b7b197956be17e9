"""Pub/Sub on Node and in Go: what is published is received in order, exactly once, and by RabbitMQ's consumers."""

from collections.abc import Callable

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_go, on_node

COUNT = 200
EXPECTED = [f"value-{number}" for number in range(COUNT)]


PROGRAMS: dict[str, Callable[[], Program]] = {
    "node": lambda: on_node("pubsub", "pubsub"),
    "go": lambda: on_go("pubsubgo", "pubsub"),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def client(request: pytest.FixtureRequest) -> Program:
    try:
        return PROGRAMS[request.param]()
    except MissingError as error:
        pytest.skip(f"{request.param}: {error}")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Of a topic of its own."""
    return f"{request.node.callspec.id}-{request.node.originalname}"


def address_of(broker: Broker) -> str:
    return str(broker["pubsub"]["emulator_host"])


def test_messages_of_a_key_come_in_order(client: Program, broker: Broker, name: str) -> None:
    assert client.run(address_of(broker), "receive", name, COUNT) == EXPECTED


def test_acks_are_confirmed_where_delivery_is_exactly_once(
    client: Program, broker: Broker, name: str
) -> None:
    found = client.run(address_of(broker), "exactly", name, COUNT)
    assert sorted(found) == sorted(EXPECTED)


def test_policies_are_set_and_read_by_their_etag(broker: Broker) -> None:
    try:
        node = on_node("pubsub", "pubsub")
    except MissingError as error:
        pytest.skip(f"node: {error}")
    assert node.run(address_of(broker), "policy", "node-policy", 0) == [
        "roles/pubsub.publisher serviceAccount:bot,user:ann",
        "10",
        '{"pubsub.topics.publish":true}',
    ]


def test_what_is_published_rabbitmq_consumers_take(
    client: Program, broker: Broker, name: str
) -> None:
    client.run(address_of(broker), "publish", name, COUNT)
    with pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"])) as connection:
        channel = connection.channel()
        found = []
        while (got := channel.basic_get(name, auto_ack=True))[0] is not None:
            found.append(got[2].decode())
            assert got[1].headers["parity"] in ("odd", "even")
    assert found == EXPECTED
