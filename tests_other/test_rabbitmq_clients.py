"""RabbitMQ's clients that are no part of the larger table: each to itself, and with its fellows."""

from collections.abc import Callable
from typing import Final

import pytest
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, on_go, on_java, on_node

COUNT: Final = 50
EXPECTED: Final = [f"value-{number}" for number in range(COUNT)]
CLIENTS: Final[dict[str, Callable[[], Program]]] = {
    "amqp091-go": lambda: on_go("amqp091go", "amqp"),
    "amqp-connection-manager": lambda: on_node("amqp-connection-manager", "amqp"),
    "amqplib": lambda: on_node("amqplib", "amqp"),
}


@pytest.mark.parametrize(
    ("producer", "consumer"),
    [
        ("amqp091-go", "amqp091-go"),
        ("amqp-connection-manager", "amqp-connection-manager"),
        ("amqp091-go", "amqplib"),
        ("amqplib", "amqp091-go"),
        ("amqp-connection-manager", "amqp091-go"),
    ],
)
def test_what_one_sends_another_receives_whole_and_in_order(
    broker: Broker, producer: str, consumer: str
) -> None:
    try:
        sender, receiver = CLIENTS[producer](), CLIENTS[consumer]()
    except MissingError as error:
        pytest.skip(str(error))
    address = f"{broker['amqp']['host']}:{broker['amqp']['port']}"
    name = f"rabbitmq-{producer}-to-{consumer}"
    sender.run(address, "produce", name, COUNT)
    assert receiver.run(address, "consume", name, COUNT) == EXPECTED


def test_spring_declares_sends_is_returned_receives_and_is_answered(broker: Broker) -> None:
    try:
        spring = on_java("SpringTemplate", "amqp", "pom-spring.xml")
    except MissingError as error:
        pytest.skip(str(error))
    address = f"{broker['amqp']['host']}:{broker['amqp']['port']}"
    assert spring.said(address, "spring") == [
        "declared 0",
        "confirmed true",
        "returned NO_ROUTE",
        "received hello",
        "answered QUIET",
        "purged 1",
        "deleted true",
    ]
