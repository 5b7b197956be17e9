"""RabbitMQ's clients that are no part of the larger table: each to itself, and with its fellows."""

from collections.abc import Callable
from subprocess import run
from typing import Final

import pytest
from tests_other.compiled import lapin
from tests_other.conftest import Broker
from tests_other.ready import MissingError, Program, jars, on_go, on_java, on_node, tool

COUNT: Final = 50
EXPECTED: Final = [f"value-{number}" for number in range(COUNT)]
CLIENTS: Final[dict[str, Callable[[], Program]]] = {
    "amqp091-go": lambda: on_go("amqp091go", "amqp"),
    "amqp-connection-manager": lambda: on_node("amqp-connection-manager", "amqp"),
    "amqplib": lambda: on_node("amqplib", "amqp"),
    "lapin": lapin,
}


@pytest.mark.parametrize(
    ("producer", "consumer"),
    [
        ("amqp091-go", "amqp091-go"),
        ("amqp-connection-manager", "amqp-connection-manager"),
        ("amqp091-go", "amqplib"),
        ("amqplib", "amqp091-go"),
        ("amqp-connection-manager", "amqp091-go"),
        ("lapin", "lapin"),
        ("lapin", "amqp091-go"),
        ("amqp091-go", "lapin"),
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


PERFTEST: Final = "com.rabbitmq.perf.PerfTest"


@pytest.mark.parametrize(
    "scenario",
    [
        ("-x", "1", "-y", "1"),
        (
            "-x",
            "1",
            "-y",
            "2",
            "-c",
            "50",
            "-q",
            "20",
            "-f",
            "persistent",
            "-qq",
            "-u",
            "perf-quorum",
        ),
        ("-x", "2", "-y", "1", "-t", "topic", "-k", "a.b", "-mp", "priority=3", "-ad", "false"),
        ("-x", "1", "-y", "1", "-m", "10", "-n", "10"),
        ("-x", "1", "-y", "1", "-qa", "x-max-priority=5,x-max-length=100000", "-A", "20"),
    ],
    ids=["plain", "quorum", "topic", "transactions", "arguments"],
)
def test_perftest_runs_its_scenarios(broker: Broker, scenario: tuple[str, ...]) -> None:
    try:
        java, folder = tool("java", "default-jre"), jars("pom-perftest.xml")
    except MissingError as error:
        pytest.skip(str(error))
    each = 200 // int(scenario[1])
    url = f"amqp://guest:guest@{broker['amqp']['host']}:{broker['amqp']['port']}"
    counts = ("-C", str(each), "-D", str(200 // int(scenario[3])), "-z", "40")
    command = [java, "-cp", str(folder / "jars" / "*"), PERFTEST, "-h", url, *counts, *scenario]
    done = run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    assert "receiving rate avg" in done.stdout
