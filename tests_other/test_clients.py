"""Clients of other languages: each to itself, and each to every other whatever protocol either speaks."""

from collections.abc import Callable

import pika
import pytest
from tests_other.conftest import Broker
from tests_other.ready import CLIENTS, MissingError, Program

COUNT = 50
EXPECTED = [f"value-{number}" for number in range(COUNT)]


@pytest.fixture(scope="session")
def client() -> Callable[[str], Program]:
    """A client by its name; the test is skipped where it cannot be made ready."""
    known: dict[str, Program | MissingError] = {}

    def ready(name: str) -> Program:
        if name not in known:
            try:
                known[name] = CLIENTS[name]()
            except MissingError as error:
                known[name] = error
        found = known[name]
        if isinstance(found, MissingError):
            pytest.skip(f"{name}: {found}")
        return found

    return ready


def address_of(broker: Broker, program: Program) -> str:
    endpoint = broker["amqp" if program.protocol == "amqp10" else program.protocol]
    return f"{endpoint['host']}:{endpoint['port']}"


@pytest.mark.parametrize("consumer", CLIENTS)
@pytest.mark.parametrize("producer", CLIENTS)
def test_what_one_client_sends_another_receives_whole_and_in_order(
    client: Callable[[str], Program], broker: Broker, producer: str, consumer: str
) -> None:
    sender, receiver = client(producer), client(consumer)
    name = f"{producer}-to-{consumer}"
    protocols = (sender.protocol, receiver.protocol)
    if protocols == ("kafka", "amqp") or "amqp10" in protocols:  # which does not declare anything
        declare(broker, name)
    sender.run(address_of(broker, sender), "produce", name, COUNT)
    assert receiver.run(address_of(broker, receiver), "consume", name, COUNT) == EXPECTED


def declare(broker: Broker, name: str) -> None:
    """Before its messages: a queue that comes later than they do is tested elsewhere."""
    connection = pika.BlockingConnection(pika.URLParameters(broker["amqp"]["url"]))
    connection.channel().queue_declare(name, durable=True)
    connection.close()
