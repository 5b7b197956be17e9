"""SASL over TLS, as librdkafka speaks it: PLAIN, SCRAM and OAUTHBEARER, and a login that is proved anew."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from tests.clients.kafka_work import DEADLINE_S
from tests.clients.process import broker_process
from tests.clients.test_kafka_python import work

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock
from dragoman.security.jwt import SigningKey, make_key

pytestmark = pytest.mark.clients

KEY = SigningKey(make_key())
LIFE_S = 6  # of a token
KINDS = {
    "SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256,
    "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512,
}


class Served:
    """Where the broker is, and how clients get there."""

    def __init__(self, port: int, authority: Path) -> None:
        self.authority = authority
        self.bootstrap = f"localhost:{port}"
        self._base = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(authority),
        }

    def by(self, mechanism: str, user: str = "", password: str = "", **more: Any) -> dict[str, Any]:
        named = {"sasl.username": user, "sasl.password": password} if user else {}
        return {**self._base, "sasl.mechanism": mechanism, **named, **more}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("sasl")
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    (folder / "jwks.json").write_text(json.dumps({"keys": [KEY.jwk()]}))
    more = f"""
        [listen]
        tls_cert = "{made.certificate}"
        tls_key = "{made.key}"
        [security]
        oauth_keys = "jwks.json"
        oauth_issuer = "tests"
        oauth_audience = "kafka"
        """
    who: dict[str, Any] = {"users": {"root": "secret"}, "keys": {"signer": "c2VjcmV0"}}
    with broker_process("memory", folder, **who, more=more) as port:
        yield Served(port, folder / "ca.pem")


def goes_round(settings: dict[str, Any], topic: str) -> None:
    """What is sent is received."""
    producer = Producer(settings)
    producer.produce(topic, b"value")
    assert producer.flush(DEADLINE_S) == 0
    consumer = Consumer({**settings, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = consumer.poll(DEADLINE_S)
    finally:
        consumer.close()
    assert message is not None
    assert message.value() == b"value"


def test_plain(served: Served) -> None:
    goes_round(served.by("PLAIN", "root", "secret"), "plain")
    wrong = AdminClient(served.by("PLAIN", "root", "wrong"))
    with pytest.raises(KafkaException):
        wrong.list_topics(timeout=2)
    told = (served.authority.parent / "data.log").read_text()
    assert told.count("login refused: PLAIN as 'root' from 127.0.0.1 port") == 1
    assert "wrong" not in told


def test_event_hubs_connection_string(served: Served) -> None:
    string = "Endpoint=sb://localhost/;SharedAccessKeyName=signer;SharedAccessKey=c2VjcmV0"
    goes_round(served.by("PLAIN", "$ConnectionString", string), "hub")


def make_user(served: Served, mechanism: str, user: str, password: str) -> None:
    info = ScramCredentialInfo(KINDS[mechanism], 4096)
    admin = AdminClient(served.by("PLAIN", "root", "secret"))
    upsertion = UserScramCredentialUpsertion(user, info, password.encode())
    admin.alter_user_scram_credentials([upsertion])[user].result(DEADLINE_S)


@pytest.mark.parametrize("mechanism", KINDS)
def test_scram(served: Served, mechanism: str) -> None:
    make_user(served, mechanism, "ann", "hush")
    goes_round(served.by(mechanism, "ann", "hush"), mechanism)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_kafka_python_logs_in_as_well(served: Served, mechanism: str) -> None:
    user, password = ("root", "secret") if mechanism == "PLAIN" else ("eve", "hush")
    if mechanism in KINDS:
        make_user(served, mechanism, user, password)
    settings = {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(served.authority),
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }
    assert work("login", served.bootstrap, json.dumps(settings)) == {"value": "value"}


class Issuer:
    """Makes tokens, and counts them."""

    def __init__(self, **claims: Any) -> None:
        self.count = 0
        self._claims = {"sub": "ann", "iss": "tests", "aud": "kafka", **claims}

    def __call__(self, _: str) -> tuple[str, float]:
        self.count += 1
        until = time.time() + LIFE_S  # noqa: TID251 - a client's own clock
        return KEY.sign({**self._claims, "exp": until}), until


def test_oauthbearer_and_the_login_is_proved_anew_on_the_same_connection(served: Served) -> None:
    issuer = Issuer()
    settings = served.by("OAUTHBEARER", oauth_cb=issuer)
    goes_round(settings, "oauth")
    producer = Producer(settings)
    end = time.monotonic() + 2 * LIFE_S  # noqa: TID251 - as above
    sent = 0
    while time.monotonic() < end:  # noqa: TID251 - as above
        producer.produce("oauth", b"again")
        assert producer.flush(DEADLINE_S) == 0
        producer.poll(0.2)
        sent += 1
    assert sent > 1
    assert issuer.count > 2


def test_a_token_for_somebody_else_opens_nothing(served: Served) -> None:
    stranger = AdminClient(served.by("OAUTHBEARER", oauth_cb=Issuer(aud="other")))
    stranger.poll(0.5)
    with pytest.raises(KafkaException):
        stranger.list_topics(timeout=2)
