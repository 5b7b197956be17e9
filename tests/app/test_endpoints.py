import json

import pytest

from dragoman.app.config import ServeOptions
from dragoman.app.endpoints import HIDDEN, endpoints_of, table_of

ALICE = {"alice": "p@ss/word"}


PORTS = {
    "kafka": 9092,
    "amqp": 5672,
    "sqs": 4566,
    "eventgrid": 60101,
    "pubsub": 8085,
    "cloudtasks": 8123,
    "schemaregistry": 8081,
}


def documents(host: str = "127.0.0.1", **options: object) -> dict[str, dict[str, object]]:
    ports = {name: (host, port) for name, port in PORTS.items()}
    made = endpoints_of(ports, ServeOptions(**options))  # type: ignore[arg-type]
    return {name: endpoint.document for name, endpoint in made.items()}


def test_without_users_an_address_is_all_that_a_client_needs() -> None:
    found = documents()
    assert found["kafka"] == {"host": "127.0.0.1", "port": 9092, "bootstrap": "127.0.0.1:9092"}
    assert found["amqp"] == {
        "host": "127.0.0.1",
        "port": 5672,
        "url": "amqp://guest:guest@127.0.0.1:5672/",
    }
    assert found["sqs"]["url"] == "http://127.0.0.1:4566"
    assert found["eventgrid"]["url"] == "http://127.0.0.1:60101"
    assert found["pubsub"]["emulator_host"] == "127.0.0.1:8085"
    opened = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE"
    string = f"Endpoint=sb://127.0.0.1:5672;{opened};UseDevelopmentEmulator=true;"
    assert found["servicebus"]["connection_string"] == string
    assert found["eventhubs"] == {"host": "127.0.0.1", "port": 5672, "connection_string": string}
    assert found["cloudtasks"] == {
        "host": "127.0.0.1",
        "port": 8123,
        "url": "http://127.0.0.1:8123",
        "project": "default",
        "location": "local",
        "emulator_host": "127.0.0.1:8123",
    }


def test_with_users_programs_are_told_the_first_ones_name_and_password() -> None:
    found = documents(users={**ALICE, "bob": "other"})
    assert (found["kafka"]["username"], found["kafka"]["password"]) == ("alice", "p@ss/word")
    assert found["amqp"]["url"] == "amqp://alice:p%40ss%2Fword@127.0.0.1:5672/"


def test_with_keys_programs_are_told_the_first_one() -> None:
    found = documents(keys={"signer": "c2VjcmV0", "other": "x"})
    assert (found["sqs"]["access_key"], found["sqs"]["secret_key"]) == ("signer", "c2VjcmV0")
    assert found["eventgrid"]["key"] == "c2VjcmV0"
    assert found["pubsub"]["api_key"] == "signer:c2VjcmV0"
    opened = "SharedAccessKeyName=signer;SharedAccessKey=c2VjcmV0;"
    assert opened in str(found["servicebus"]["connection_string"])


def test_people_are_never_shown_a_secret() -> None:
    ports = {name: ("127.0.0.1", port) for name, port in PORTS.items()}
    options = ServeOptions(users=ALICE, keys={"signer": "c2VjcmV0"})
    shown = endpoints_of(ports, options, hidden=True)
    table = table_of({"version": "1", "build": "pure", "data": None}, shown, "")
    everything = table + json.dumps([endpoint.document for endpoint in shown.values()])
    assert "p@ss" not in everything
    assert "p%40ss" not in everything
    assert "c2VjcmV0" not in everything
    assert shown["amqp"].document["url"] == f"amqp://alice:{HIDDEN}@127.0.0.1:5672/"


@pytest.mark.parametrize(
    ("bound", "told"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("h", "h")]
)
def test_addresses_are_ones_that_a_client_here_can_use(bound: str, told: str) -> None:
    found = documents(bound)
    assert found["kafka"]["bootstrap"] == f"{told}:9092"
    assert found["amqp"]["url"] == f"amqp://guest:guest@{told}:5672/"


def test_the_table_names_the_certificate_where_there_is_one() -> None:
    shown = endpoints_of({"kafka": ("127.0.0.1", 1)}, ServeOptions())
    facts = {"version": "1", "build": "pure", "data": "/var/lib/messages"}
    assert table_of(facts, shown, "server.pem").splitlines()[0] == (
        "dragoman 1 (pure)  data: /var/lib/messages"
    )
    assert "server.pem" in table_of(facts, shown, "server.pem")
    assert "TLS" not in table_of(facts, shown, "")
