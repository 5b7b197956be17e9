"""Cloud Tasks on Node and in Go: tasks of their clients are sent, and so is what RabbitMQ's publishers leave."""

from collections.abc import Callable

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_go, on_node

COUNT = 30
EXPECTED = [f"value-{number}" for number in range(COUNT)]
PROGRAMS: dict[str, Callable[[], Program]] = {
    "node": lambda: on_node("cloudtasks", "cloudtasks"),
    "go": lambda: on_go("cloudtasksgo", "cloudtasks"),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def client(request: pytest.FixtureRequest) -> Program:
    try:
        return PROGRAMS[request.param]()
    except MissingError as error:
        pytest.skip(f"{request.param}: {error}")


@pytest.fixture
def queue(client: Program, request: pytest.FixtureRequest) -> str:
    """A name of its own."""
    return f"{request.node.originalname[:24].replace('_', '-')}-{client.command[0][-4:]}"


def address_of(broker: Broker) -> str:
    return f"{broker['cloudtasks']['host']}:{broker['cloudtasks']['port']}"


def test_tasks_are_sent_tried_again_run_and_deleted(
    client: Program, broker: Broker, queue: str
) -> None:
    found = client.run(address_of(broker), "tasks", queue, COUNT)
    assert sorted(found) == sorted(EXPECTED)


def test_what_waits_for_tomorrow_is_listed_and_purged(
    client: Program, broker: Broker, queue: str
) -> None:
    client.run(address_of(broker), "later", queue, COUNT)


def test_what_rabbitmq_publishes_is_sent_to_the_target_of_the_queue(
    client: Program, broker: Broker, queue: str
) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"])) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, durable=True)
        for value in EXPECTED:
            channel.basic_publish("", queue, value.encode())
    found = client.run(address_of(broker), "feed", queue, COUNT)
    assert sorted(found) == sorted(EXPECTED)
