"""Pub/Sub on Node: what its client publishes it receives in order and exactly once, and RabbitMQ's consumers take."""

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_node

COUNT = 200
EXPECTED = [f"value-{number}" for number in range(COUNT)]


@pytest.fixture(scope="module")
def node() -> Program:
    try:
        return on_node("pubsub", "pubsub")
    except MissingError as error:
        pytest.skip(f"pubsub: {error}")


def address_of(broker: Broker) -> str:
    return str(broker["pubsub"]["emulator_host"])


def test_messages_of_a_key_come_to_node_in_order(node: Program, broker: Broker) -> None:
    assert node.run(address_of(broker), "receive", "node-order", COUNT) == EXPECTED


def test_acks_are_confirmed_where_delivery_is_exactly_once(node: Program, broker: Broker) -> None:
    found = node.run(address_of(broker), "exactly", "node-exact", COUNT)
    assert sorted(found) == sorted(EXPECTED)


def test_what_node_publishes_rabbitmq_consumers_take(node: Program, broker: Broker) -> None:
    node.run(address_of(broker), "publish", "node-out", COUNT)
    with pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"])) as connection:
        channel = connection.channel()
        found = []
        while (got := channel.basic_get("node-out", auto_ack=True))[0] is not None:
            found.append(got[2].decode())
            assert got[1].headers["parity"] in ("odd", "even")
    assert found == EXPECTED
