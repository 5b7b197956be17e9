"""What the tests of Event Grid's clients share: a broker with a certificate, a webhook, credentials."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.mgmt.eventgrid import EventGridManagementClient

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.config import ServeOptions
from dragoman.app.loop import SystemClock
from dragoman.testing.broker import RunningBroker, broker

DEADLINE_S = 10.0
KEY = AzureKeyCredential("bG9jYWw=")
GROUP = "group"


@contextmanager
def serving(folder: Path, **more: Any) -> Iterator[RunningBroker]:
    """A broker that speaks TLS as well."""
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    told = {"memory": True, "tls_cert": str(made.certificate), "tls_key": str(made.key), **more}
    options = ServeOptions(**told)
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running:
        yield running


class StaticToken:
    """A token credential that asks nobody."""

    def __init__(self, token: str = "token") -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self._token, SystemClock().wall_ms() // 1_000 + 3_600)


def managed(folder: Path, port: int, token: str = "token") -> EventGridManagementClient:
    """The management client, which believes the certificate in the folder."""
    return EventGridManagementClient(
        StaticToken(token),
        "subscription",
        base_url=f"https://localhost:{port}",
        connection_verify=str(folder / "ca.pem"),
    )


class Webhook:
    """An endpoint that shakes hands and keeps what it gets; `statuses` are answered first, then 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.statuses: list[int] = []
        self.came = threading.Condition()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments: Any) -> None: ...

            def do_OPTIONS(self) -> None:
                self.send_response(200)
                self.send_header("WebHook-Allowed-Origin", self.headers["WebHook-Request-Origin"])
                self.end_headers()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers["aeg-event-type"] == "SubscriptionValidation":
                    self.answer(200, {"validationResponse": body[0]["data"]["validationCode"]})
                    return
                self.answer(webhook.statuses.pop(0) if webhook.statuses else 200)
                with webhook.came:
                    webhook.requests.append((dict(self.headers), body))
                    webhook.came.notify_all()

            def answer(self, status: int, body: Any = None) -> None:
                raw = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        self._handler = Handler
        self._port = 0
        self.listen()
        self.url = f"http://127.0.0.1:{self._port}/hook?secret=1"

    def listen(self) -> None:
        """Be there, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(
        self,
        enough: Callable[[list[tuple[dict[str, str], Any]]], bool],
        seconds: float = DEADLINE_S,
    ) -> list[tuple[dict[str, str], Any]]:
        assert self.came_within(seconds, enough), self.requests
        return list(self.requests)

    def came_within(
        self, seconds: float, enough: Callable[[list[tuple[dict[str, str], Any]]], bool]
    ) -> bool:
        with self.came:
            return self.came.wait_for(lambda: enough(self.requests), seconds)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def webhook() -> Iterator[Webhook]:
    endpoint = Webhook()
    try:
        yield endpoint
    finally:
        endpoint.close()
