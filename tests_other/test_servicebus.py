"""Service Bus's client on Node: data and administration by one connection string, the authority in one variable."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pika
import pytest
from confluent_kafka import Producer
from tests.clients.servicebus_work import entity
from tests_other.ready import MissingError, Program, on_java, on_node

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.config import ServeOptions
from dragoman.app.loop import SystemClock
from dragoman.testing.broker import RunningBroker, broker

COUNT = 20
WAIT_S = 10
EXPECTED = [f"value-{number}" for number in range(COUNT)]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Node, which believes the authority of the folder."""
    folder: Path = tmp_path_factory.mktemp("tls")
    write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    try:
        found = on_node("servicebus", "servicebus")
    except MissingError as error:
        pytest.skip(f"servicebus: {error}")
    variable = f"NODE_EXTRA_CA_CERTS={folder / 'ca.pem'}"
    return replace(found, command=("env", variable, *found.command))


@pytest.fixture(scope="module")
def running(node: Program) -> Iterator[RunningBroker]:
    """A broker with that authority's certificate."""
    folder = Path(node.command[1].partition("=")[2]).parent
    options = ServeOptions(
        memory=True, tls_cert=str(folder / "server.pem"), tls_key=str(folder / "server-key.pem")
    )
    brief = [entity(name, lease_duration_ms=1_000) for name in ("node-works-brief", "java")]
    options.topology = (*brief[0], *brief[1], *entity("java-to"))
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as found:
        yield found


@pytest.fixture(scope="module")
def string(running: RunningBroker) -> str:
    """Its connection string."""
    return (
        f"Endpoint=sb://localhost:{running.amqp.port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


def test_node_administers(node: Program, string: str) -> None:
    found = node.run(string, "administer", "node-admin", 5)
    assert found == ["first", "r", *(f"node-admin/{number}" for number in range(5))]


def test_node_sends_batches_and_completes_what_it_locks(node: Program, string: str) -> None:
    assert node.run(string, "exchange", "node-exchange", COUNT) == EXPECTED


def test_node_completes_what_clients_without_message_ids_have_sent(
    node: Program, string: str, running: RunningBroker
) -> None:
    address = pika.URLParameters(running.amqp.url)
    with pika.BlockingConnection(address) as connection:
        channel = connection.channel()
        channel.queue_declare("node-foreign", durable=True)
        for number in range(2):
            channel.basic_publish("", "node-foreign", f"value-{number}".encode())
    producer = Producer({"bootstrap.servers": running.kafka.bootstrap, "log_level": 0})
    producer.produce("node-foreign", b"value-2")
    assert producer.flush(WAIT_S) == 0
    assert node.run(string, "complete", "node-foreign", 3) == EXPECTED[:3]


def test_node_receives_what_was_forwarded_too_often(node: Program, string: str) -> None:
    assert node.run(string, "forward", "node-forward", 1) == ["MaxTransferHopCountExceeded"]


def test_node_receives_sessions_in_order(node: Program, string: str) -> None:
    found = node.run(string, "sessions", "node-sessions", COUNT)
    assert found == EXPECTED[1::2] + EXPECTED[::2]


def test_node_receives_what_a_rule_takes(node: Program, string: str) -> None:
    assert node.run(string, "rules", "node-rules", COUNT) == EXPECTED[1::2]


def test_node_receives_what_actions_of_rules_make(node: Program, string: str) -> None:
    assert node.run(string, "actions", "node-actions", 2) == [
        "admin SET by = @by; SET twice = n + n",
        "link SET by = 'link'; SET sys.Label = NULL",
        "value-0 link - -",
        "value-1 admin 2 label",
        "value-1 link - -",
    ]


def test_node_schedules_renews_loses_locks_takes_the_next_session_and_subscribes(
    node: Program, string: str
) -> None:
    found = node.run(string, "works", "node-works", 5)
    assert found == ["locks", *EXPECTED[:5], *EXPECTED[:5]]


def test_node_comes_in_by_websockets_and_by_an_address_of_its_own(
    node: Program, string: str
) -> None:
    found = node.run(string, "ways", "node-ways", 1)
    assert found == ["wss, as the emulator", "TLS, by an address", "wss, by an address"]


def test_java_receives_here_and_sends_there_in_one_transaction(string: str) -> None:
    try:
        java = on_java("ServiceBusTransactions", "servicebus", "pom-azure.xml")
    except MissingError as error:
        pytest.skip(f"azure-messaging-servicebus: {error}")
    assert java.run(string, "transact", "java", 1) == ["value-0 kept", "true"]
