# mypy: disable-error-code="no-untyped-call"
"""Clients of generic AMQP 1.0: selectors, and a corner of what Kafka, RabbitMQ, Service Bus and Event Hubs exchange."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clients import test_azure_across as across
from tests.clients.eventhubs_work import WAIT_S, Hub, connection_string, serving
from tests_other.conftest import Broker
from tests_other.ready import CLIENTS, MissingError, Program, on_java
from tests_other.test_clients import address_of, declare

from dragoman.kernel.api import (
    Address,
    CreatePump,
    CreateStream,
    DeclareQueue,
    PumpSettings,
    PutRule,
    RuleSettings,
    StreamSettings,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),  # threads of clients do
]
EXAMPLES = 40
COUNT = 8
REJECTED = "37"  # the outcome's code
PUMPED = "generic"
TOPOLOGY = (
    *across.TOPOLOGY,
    DeclareQueue(name=PUMPED),
    CreatePump(
        name="to-generic",
        source=across.NAME,
        settings=PumpSettings(targets=(Address(PUMPED),)),
    ),
    CreateStream(name="log", settings=StreamSettings(retention_ms=-1), attach=True),
)
FIELDS = {
    "id": "id",
    "correlation": "correlation_id",
    "content_type": "content_type",
    "reply_to": "reply_to",
    "type": "subject",
}


class Generic:
    """python-qpid-proton in a process of its own. Its queue is fed from the stream by a pump."""

    def __init__(self, program: Program, address: str, stack: ExitStack) -> None:
        self.process = subprocess.Popen(
            [*program.command, address, "speak", f"/queues/{across.NAME}", f"/queues/{PUMPED}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        stack.callback(self.process.stdout.close)
        stack.callback(self.process.wait, WAIT_S)
        stack.callback(self.process.stdin.close)

    def ask(self, order: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def send(self, said: across.Said) -> None:
        order: dict[str, Any] = {name: said[field] for field, name in FIELDS.items()}
        order["body"], order["key"] = packed(said["body"]), said["key"]
        order["headers"] = {name: packed(value) for name, value in said["headers"].items()}
        self.ask({"send": order})

    def receive(self) -> across.Said:
        found = self.ask({})
        headers = {name: opened(value) for name, value in found["headers"].items()}
        headers.pop(across.META, None)
        told = {field: found[name] for field, name in FIELDS.items()}
        return {**told, "body": opened(found["body"]), "key": found["key"], "headers": headers}


def packed(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def opened(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def proton() -> Program:
    try:
        return CLIENTS["proton"]()
    except MissingError as error:
        pytest.skip(f"proton: {error}")


@pytest.fixture(scope="module")
def clients(proton: Program) -> Iterator[dict[str, Any]]:
    with serving(topology=TOPOLOGY) as running, ExitStack() as stack:
        hub = Hub(running, across.NAME)
        kafka, rabbitmq = across.Kafka(running.kafka.bootstrap), across.RabbitMQ(running.amqp.url)
        stack.callback(hub.close)
        stack.callback(kafka.consumer.close)
        stack.callback(rabbitmq.connection.close)
        yield {
            "generic": Generic(proton, f"127.0.0.1:{running.amqp.port}", stack),
            "kafka": kafka,
            "rabbitmq": rabbitmq,
            "servicebus": across.ServiceBus(connection_string(running.amqp.port), stack),
            "eventhubs": across.EventHubs(hub, stack),
        }


@pytest.mark.timeout(240)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.just("generic") | st.sampled_from(["kafka", "rabbitmq", "servicebus", "eventhubs"]),
    across.MESSAGES,
)
def test_what_a_generic_client_sends_all_receive_and_the_other_way_round(
    clients: dict[str, Any], sender: str, said: across.Said
) -> None:
    across.judge(clients, sender, said)


SHARING: dict[str, Callable[[], Program]] = {
    "proton": CLIENTS["proton"],
    "rhea": CLIENTS["rhea"],
    "qpid-jms": lambda: on_java("JmsSelectors", "amqp10", "pom-jms.xml"),
}


@pytest.mark.parametrize("name", SHARING)
def test_receivers_with_selectors_share_a_queue_and_leave_the_rest_in_order(
    broker: Broker, name: str
) -> None:
    try:
        program = SHARING[name]()
    except MissingError as error:
        pytest.skip(f"{name}: {error}")
    queue = f"shared-{name}"
    declare(broker, queue)
    lines = program.run(address_of(broker, program), "share", queue, 3 * COUNT)
    wanted = [
        f"{kind} {value}"
        for first, kind in enumerate("ab-")
        for value in [*[f"value-{n}" for n in range(first, 3 * COUNT, 3)], "null"]
    ]
    assert lines == wanted + ["refused"] * (name == "qpid-jms")


def test_a_selector_chooses_from_a_stream(proton: Program) -> None:
    with serving(topology=TOPOLOGY) as running:
        address = f"127.0.0.1:{running.amqp.port}"
        proton.run(address, "produce", "log", COUNT)
        found = proton.run(address, "select", "log", COUNT)
    assert found == [f"value-{number}" for number in range(1, COUNT, 2)]


def test_a_message_that_a_rule_refuses_is_rejected_with_the_reason(proton: Program) -> None:
    rule = PutRule(
        name="positive",
        settings=RuleSettings(on=("judged",), check="msg.total > 0.0"),
    )
    with serving(topology=(DeclareQueue(name="judged"), rule)) as running:
        address = f"127.0.0.1:{running.amqp.port}"
        done = subprocess.run(
            [*proton.command, address, "refused", "judged", '{"total": 0}'],
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT_S,
        )
    state, condition, why = json.loads(done.stdout)
    assert (state, condition) == (REJECTED, "amqp:invalid-field")
    assert why == "rule positive: it is not so that msg.total > 0.0"
