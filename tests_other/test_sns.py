"""SNS on Node: what its client publishes is in queues of other protocols, and posted to an endpoint."""

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_node

COUNT = 30
EXPECTED = [f"value-{number}" for number in range(COUNT)]


@pytest.fixture(scope="module")
def node() -> Program:
    try:
        return on_node("sns", "sqs")
    except MissingError as error:
        pytest.skip(f"sns: {error}")


def address_of(broker: Broker) -> str:
    return f"{broker['sqs']['host']}:{broker['sqs']['port']}"


def test_what_is_published_by_node_rabbitmq_consumers_take(node: Program, broker: Broker) -> None:
    node.run(address_of(broker), "fan", "fan", COUNT)
    wanted = {"fan-all": EXPECTED, "fan-odd": EXPECTED[1::2], "fan-order.fifo": EXPECTED}
    with pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"])) as connection:
        channel = connection.channel()
        for queue, values in wanted.items():
            found = []
            while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
                found.append(got[2].decode())
            assert found == values, queue


def test_an_endpoint_of_node_confirms_and_is_posted_each_message(
    node: Program, broker: Broker
) -> None:
    found = node.run(address_of(broker), "endpoint", "posted", COUNT)
    assert sorted(found) == sorted(EXPECTED)
