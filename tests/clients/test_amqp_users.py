"""Users that tools make log in by pika, by password and by certificate, over TLS and across a restart."""

import json
import ssl
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import (
    AuthenticationError,
    ConnectionClosedByBroker,
    ProbableAuthenticationError,
)
from tests.crash.broker import BrokerProcess

from dragoman.app.certs import Certificates, write_certificates
from dragoman.app.loop import SystemClock

pytestmark = pytest.mark.clients
ALL = {"configure": ".*", "write": ".*", "read": ".*"}


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    wall_ms = SystemClock().wall_ms()
    return write_certificates(tmp_path / "certs", ("localhost", "127.0.0.1"), wall_ms, "ann")


@pytest.fixture
def process(tmp_path: Path, made: Certificates) -> Iterator[BrokerProcess]:
    """A broker with a superuser, that asks clients for their certificates."""
    file = tmp_path / "broker.toml"
    file.write_text(
        f"""
        [listen]
        tls_cert = "{made.certificate}"
        tls_key = "{made.key}"
        tls_client_ca = "{made.authority}"
        [security]
        superusers = ["root"]
        [users.root]
        password = "secret"
        """
    )
    with BrokerProcess(tmp_path / "data") as process:
        process.options += ("--config", str(file))
        process.start()
        yield process
        assert process.stop() == 0, process.tail()


def ask(process: BrokerProcess, method: str, path: str, body: Any = None, **headers: str) -> int:
    token = b64encode(b"root:secret").decode()
    data = None if body is None else json.dumps(body).encode()
    url = f"http://{process.bootstrap}/api/{path}"
    request = urllib.request.Request(url, data, method=method)
    request.add_header("authorization", f"Basic {token}")
    for name, value in headers.items():
        request.add_header(name, value)
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def connect(process: BrokerProcess, **options: Any) -> pika.BlockingConnection:
    parameters = pika.ConnectionParameters("127.0.0.1", process.port, **options)
    return pika.BlockingConnection(parameters)


def by_password(process: BrokerProcess, password: str) -> pika.BlockingConnection:
    return connect(process, credentials=pika.PlainCredentials("ann", password))


def by_certificate(process: BrokerProcess, made: Certificates) -> pika.BlockingConnection:
    context = ssl.create_default_context(cafile=made.authority)
    if made.client is not None:
        context.load_cert_chain(made.client, made.client_key)
    tls = pika.SSLOptions(context, "127.0.0.1")
    return connect(process, ssl_options=tls, credentials=pika.credentials.ExternalCredentials())


def test_a_user_logs_in_by_password_and_certificate_until_it_is_deleted(
    process: BrokerProcess, made: Certificates
) -> None:
    assert ask(process, "PUT", "users/ann", {"password": "hush", "tags": ""}) == 201
    assert ask(process, "PUT", "permissions/%2F/ann", ALL) == 201
    with by_password(process, "hush") as connection:
        connection.channel().queue_declare("mine", durable=True)
    with pytest.raises(ProbableAuthenticationError):
        by_password(process, "other")
    assert process.stop() == 0
    process.start()
    with by_certificate(process, made) as connection:
        connection.channel().queue_declare("mine", passive=True)
    stranger = Certificates(authority=made.authority, certificate=made.certificate, key=made.key)
    with pytest.raises(AuthenticationError, match="EXTERNAL"):  # it is not offered
        by_certificate(process, stranger)
    closed = by_password(process, "hush")
    reason = "by order"
    assert ask(process, "DELETE", "connections/username/ann", **{"x-reason": reason}) == 204
    with pytest.raises(ConnectionClosedByBroker, match=f"CONNECTION_FORCED - {reason}"):
        closed.process_data_events(10)
    assert ask(process, "DELETE", "users/ann") == 204
    with pytest.raises(ProbableAuthenticationError):
        by_password(process, "hush")
