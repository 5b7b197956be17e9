"""kill -9 while messages are sent to a topic whose subscription's rules change them: every message that was confirmed is
there with its copy, once and in order, and what the client settled does not come again.
"""

import gc
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.exceptions import ServiceBusError
from tests.crash.broker import BrokerProcess

pytestmark = [
    pytest.mark.crash,  # the client leaves the socket of a broker that died open
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ENTITIES = """{"UserConfig": {"Namespaces": [{"Name": "n", "Topics": [{"Name": "t", "Subscriptions": [
  {"Name": "s", "Rules": [
    {"Name": "all", "Properties": {"FilterType": "True"}},
    {"Name": "acts", "Properties": {"FilterType": "True", "Action": {"SqlExpression": "SET copy = n + 1"}}}
  ]}]}]}]}}"""
COUNT = 120
POINTS = ("append:40", "append:90", "append:25", "")
"""Where the broker dies while messages are sent; at the end of the last round by a clean stop."""


def string(broker: BrokerProcess) -> str:
    return (
        f"Endpoint=sb://{broker.bootstrap};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


def send(broker: BrokerProcess, first: int) -> int:
    """The first number that was not confirmed."""
    with (
        ServiceBusClient.from_connection_string(string(broker), retry_total=0) as client,
        client.get_topic_sender("t") as sender,
    ):
        for number in range(first, first + COUNT):
            try:
                sender.send_messages(ServiceBusMessage("m", application_properties={"n": number}))
            except ServiceBusError:
                return number
    return first + COUNT


def drain(broker: BrokerProcess) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    with (
        ServiceBusClient.from_connection_string(string(broker)) as client,
        client.get_subscription_receiver(
            "t", "s", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE
        ) as receiver,
    ):
        while some := receiver.receive_messages(200, max_wait_time=2):
            for message in some:
                said = message.application_properties or {}
                found.append((said[b"n"], said.get(b"copy")))  # type: ignore[arg-type]
    return found


@pytest.mark.timeout(120)
def test_every_confirmed_message_is_there_with_its_copy_in_order(tmp_path: Path) -> None:
    config = tmp_path / "Config.json"
    config.write_text(ENTITIES)
    confirmed: list[range] = []
    with BrokerProcess(tmp_path / "data") as broker:
        broker.options = ("--servicebus-config", str(config))
        first = 0
        for point in POINTS:
            broker.start(point)
            end = send(broker, first)
            confirmed.append(range(first, end))
            assert bool(point) == (end < first + COUNT), point
            first = end + 1  # nobody knows what became of the one between
            if point:
                broker.wait()
            else:
                broker.stop()
        broker.start()
        found = drain(broker)
        broker.kill()
        broker.start()
        assert drain(broker) == []
    for number in (number for numbers in confirmed for number in numbers):
        at = found.index((number, None))
        assert found[at + 1] == (number, number + 1)
    gc.collect()  # those sockets, while they are forgiven
    numbers = [number for number, _ in found]
    assert numbers == sorted(numbers)
    assert len(set(found)) == len(found)
    assert len(found) == 2 * len(set(numbers)), "a message and its copy, or neither"
