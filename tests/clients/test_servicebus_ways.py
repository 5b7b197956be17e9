"""The ways in that azure-servicebus knows: TLS, WebSockets with and without it, addresses of one's own."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusClient, ServiceBusMessage, TransportType
from azure.servicebus.aio import ServiceBusClient as AsyncClient
from azure.servicebus.exceptions import ServiceBusConnectionError
from tests.clients.servicebus_work import WAIT_S, connection_string, serving

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock
from dragoman.security.jwt import SigningKey, make_key
from dragoman.testing.broker import RunningBroker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CLOUD = (
    "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;"
    "SharedAccessKey=SAS_KEY_VALUE"
)


SIGNER = SigningKey(make_key())


class Credential:
    """Of somebody whose tokens are signed elsewhere, as `azure.identity` has them."""

    def __init__(self, signer: SigningKey) -> None:
        self._signer = signer

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        until_s = SystemClock().wall_ms() // 1_000 + 600
        claims = {"sub": "ann", "aud": scopes[0], "exp": until_s}
        return AccessToken(self._signer.sign(claims), until_s)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningBroker, str]]:
    """(broker, certificate of the authority)."""
    folder: Path = tmp_path_factory.mktemp("tls")
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    keys = {"RootManageSharedAccessKey": "SAS_KEY_VALUE"}
    tls = {"tls_cert": str(made.certificate), "tls_key": str(made.key)}
    signers = folder / "jwks.json"
    signers.write_text(json.dumps({"keys": [SIGNER.jwk()]}))
    with serving(keys=keys, oauth_keys=str(signers), **tls) as (running, _):
        # The client gives a handshake one second, and with the first one all services over HTTP are loaded.
        urlopen(f"http://127.0.0.1:{running.amqp.port}/health/live").close()
        yield running, str(folder / "ca.pem")


def exchanged(client: ServiceBusClient, body: str) -> str:
    """What comes of a message sent and received."""
    with client, client.get_queue_sender("orders") as sender:
        sender.send_messages(ServiceBusMessage(body))
        with client.get_queue_receiver("orders") as receiver:
            (message,) = receiver.receive_messages(1, max_wait_time=WAIT_S)
            receiver.complete_message(message)
            return str(message)


def ways(broker: RunningBroker, authority: str) -> dict[str, tuple[str, dict[str, Any]]]:
    port = broker.amqp.port
    socket = TransportType.AmqpOverWebsocket
    secure = f"https://localhost:{port}"
    return {
        "TLS": (
            CLOUD,
            {
                "custom_endpoint_address": f"sb://localhost:{port}",
                "transport_type": TransportType.Amqp,
                "connection_verify": authority,
            },
        ),
        "WebSocket in TLS": (
            CLOUD,
            {"custom_endpoint_address": secure, "connection_verify": authority},
        ),
        "WebSocket": (
            connection_string(broker),
            {"custom_endpoint_address": f"http://127.0.0.1:{port}", "transport_type": socket},
        ),
    }


@pytest.mark.parametrize("way", ["TLS", "WebSocket in TLS", "WebSocket"])
def test_messages_go_and_come(served: tuple[RunningBroker, str], way: str) -> None:
    string, options = ways(*served)[way]
    client = ServiceBusClient.from_connection_string(string, retry_total=0, **options)
    assert exchanged(client, way) == way


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_opens_what_a_known_key_has_signed(
    served: tuple[RunningBroker, str], *, is_known: bool
) -> None:
    _, options = ways(*served)["TLS"]
    credential = Credential(SIGNER if is_known else SigningKey(make_key()))
    namespace = "shop.servicebus.windows.net"
    client = ServiceBusClient(namespace, credential, retry_total=0, **options)
    if is_known:
        assert exchanged(client, "signed") == "signed"
        return
    with pytest.raises(ServiceBusConnectionError):  # so it calls a refusal at an address of its own
        exchanged(client, "refused")


def test_large_messages_go_and_come_in_frames(served: tuple[RunningBroker, str]) -> None:
    string, options = ways(*served)["WebSocket"]
    client = ServiceBusClient.from_connection_string(string, retry_total=0, **options)
    body = "x" * 300_000
    assert exchanged(client, body) == body


def test_the_asynchronous_client_comes_in_by_a_websocket(
    served: tuple[RunningBroker, str],
) -> None:
    async def main() -> str:
        string, options = ways(*served)["WebSocket"]
        client = AsyncClient.from_connection_string(string, retry_total=0, **options)
        async with client, client.get_queue_sender("orders") as sender:
            await sender.send_messages(ServiceBusMessage("async"))
            async with client.get_queue_receiver("orders") as receiver:
                (message,) = await receiver.receive_messages(1, max_wait_time=WAIT_S)
                await receiver.complete_message(message)
                return str(message)

    assert asyncio.run(main()) == "async"
