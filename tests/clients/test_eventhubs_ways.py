# mypy: disable-error-code="arg-type"
"""The ways in that azure-eventhub knows: TLS, WebSockets with and without it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from azure.eventhub import (
    EventData,
    EventHubConsumerClient,
    EventHubProducerClient,
    TransportType,
)
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from tests.clients.eventhubs_work import KEY, connection_string, receiving, serving, until

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock
from dragoman.kernel.api import CreateStream, DeclareQueue, StreamSettings
from dragoman.testing.broker import RunningBroker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CLOUD = (
    "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;"
    f"SharedAccessKey={KEY};EntityPath=hub"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningBroker, str]]:
    """(broker, certificate of the authority)."""
    folder: Path = tmp_path_factory.mktemp("tls")
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    hub = CreateStream(name="hub", settings=StreamSettings(1, retention_ms=-1), attach=True)
    more: dict[str, Any] = {
        "keys": {"RootManageSharedAccessKey": KEY},
        "tls_cert": str(made.certificate),
        "tls_key": str(made.key),
        "topology": (hub, DeclareQueue(name="orders")),
    }
    with serving(**more) as running:
        # The client gives a handshake one second, and with the first one all services over HTTP are loaded.
        urlopen(f"http://127.0.0.1:{running.amqp.port}/health/live").close()
        yield running, str(folder / "ca.pem")


def ways(port: int, authority: str) -> dict[str, tuple[str, dict[str, Any]]]:
    socket = TransportType.AmqpOverWebsocket
    verify = {"connection_verify": authority}
    return {
        "TLS": (CLOUD, {"custom_endpoint_address": f"sb://localhost:{port}", **verify}),
        "WebSocket in TLS": (
            CLOUD,
            {
                "custom_endpoint_address": f"https://localhost:{port}",
                "transport_type": socket,
                **verify,
            },
        ),
        "WebSocket": (
            connection_string(port, "hub"),
            {"custom_endpoint_address": f"http://127.0.0.1:{port}", "transport_type": socket},
        ),
    }


@pytest.mark.parametrize("way", ["TLS", "WebSocket in TLS", "WebSocket"])
def test_events_go_and_come(served: tuple[RunningBroker, str], way: str) -> None:
    string, options = ways(served[0].amqp.port, served[1])[way]
    body = way + "x" * 100_000
    with EventHubProducerClient.from_connection_string(string, retry_total=0, **options) as client:
        batch = client.create_batch()
        batch.add(EventData(body))
        client.send_batch(batch)
        assert client.get_eventhub_properties()["partition_ids"] == ["0"]
    found: list[str] = []
    consumer = EventHubConsumerClient.from_connection_string(
        string, "$Default", retry_total=0, **options
    )
    with receiving(
        consumer,
        lambda _, event: found.append(event.body_as_str()),
        partition_id="0",
        starting_position="-1",
    ):
        until(lambda: body in found)


def test_service_bus_is_on_the_same_port_by_the_same_string(
    served: tuple[RunningBroker, str],
) -> None:
    string = connection_string(served[0].amqp.port)
    with (
        ServiceBusClient.from_connection_string(string, retry_total=0) as client,
        client.get_queue_sender("orders") as sender,
        client.get_queue_receiver("orders") as receiver,
    ):
        sender.send_messages(ServiceBusMessage("order"))
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        assert str(message) == "order"
        receiver.complete_message(message)
