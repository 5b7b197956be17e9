"""kafkajs logs in: by PLAIN and by SCRAM, with TLS and without; with a wrong password it does not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from tests.clients.process import broker_process
from tests_other.ready import CLIENTS, MissingError, Program

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock

KINDS: Final = {
    "scram-sha-256": ScramMechanism.SCRAM_SHA_256,
    "scram-sha-512": ScramMechanism.SCRAM_SHA_512,
}
WAIT_S: Final = 10.0


class Served:
    """Where the broker is; `ann` proves herself by SCRAM, `root` by PLAIN."""

    def __init__(self, port: int, authority: Path) -> None:
        self.address = f"localhost:{port}"
        self.authority = authority
        settings: dict[str, Any] = {
            "bootstrap.servers": self.address,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "root",
            "sasl.password": "secret",
        }
        admin = AdminClient(settings)
        for kind in KINDS.values():
            made = UserScramCredentialUpsertion("ann", ScramCredentialInfo(kind, 4096), b"hush")
            admin.alter_user_scram_credentials([made])["ann"].result(WAIT_S)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("logins")
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    more = f'[listen]\ntls_cert = "{made.certificate}"\ntls_key = "{made.key}"'
    with broker_process("memory", folder, users={"root": "secret"}, more=more) as port:
        yield Served(port, folder / "ca.pem")


@pytest.fixture(scope="module")
def kafkajs() -> Program:
    try:
        return CLIENTS["kafkajs"]()
    except MissingError as error:
        pytest.skip(f"kafkajs: {error}")


def log_in(
    monkeypatch: pytest.MonkeyPatch, mechanism: str, password: str, authority: Path | None = None
) -> None:
    user = "ann" if mechanism in KINDS else "root"
    sasl = {"mechanism": mechanism, "username": user, "password": password}
    retry = {"retries": 0 if password == "wrong" else 5}
    monkeypatch.setenv("LOGIN", json.dumps({"sasl": sasl, "retry": retry}))
    if authority is not None:
        monkeypatch.setenv("AUTHORITY", str(authority))


@pytest.mark.parametrize(
    ("mechanism", "is_tls"),
    [("plain", False), ("plain", True), ("scram-sha-256", True), ("scram-sha-512", False)],
)
def test_who_knows_the_password_sends_and_receives(
    served: Served, kafkajs: Program, monkeypatch: pytest.MonkeyPatch, mechanism: str, is_tls: bool
) -> None:
    password = "hush" if mechanism in KINDS else "secret"
    log_in(monkeypatch, mechanism, password, served.authority if is_tls else None)
    topic = f"{mechanism}-{is_tls}"
    kafkajs.run(served.address, "produce", topic, 3)
    assert kafkajs.run(served.address, "consume", topic, 3) == ["value-0", "value-1", "value-2"]


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_who_does_not_is_told_so(
    served: Served, kafkajs: Program, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    log_in(monkeypatch, mechanism, "wrong")
    with pytest.raises(AssertionError, match=r"(?i)sasl.*authentication failed"):
        kafkajs.run(served.address, "consume", "wrong", 1)
