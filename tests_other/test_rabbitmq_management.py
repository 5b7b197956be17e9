"""RabbitMQ's own command lines for its management API, rabbit-hole, on which Terraform's provider stands, and what
KEDA's scaler asks.
"""

import json
import sys
import urllib.request
from base64 import b64encode
from pathlib import Path
from subprocess import run
from typing import Any, Final

import pytest
from tests_other.compiled import rabbitmqadmin
from tests_other.conftest import Broker
from tests_other.ready import MissingError, on_go

PACKAGE: Final = Path("/usr/lib/rabbitmq/lib")
SCRIPT: Final = "rabbitmq_server-*/plugins/rabbitmq_management-*/priv/www/cli/rabbitmqadmin"


class Admin:
    """rabbitmqadmin, as the package brings it along."""

    def __init__(self, broker: Broker) -> None:
        found = sorted(PACKAGE.glob(SCRIPT))
        if not found:
            pytest.skip("no rabbitmqadmin on this machine (Debian: rabbitmq-server)")
        address = ("-H", broker["amqp"]["host"], "-P", str(broker["amqp"]["port"]))
        self._command = [sys.executable, str(found[-1]), *address]

    def __call__(self, *arguments: str) -> str:
        done = run(
            [*self._command, *arguments], check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def items(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self("-f", "raw_json", *arguments))
        return found


def test_rabbitmqadmin_declares_publishes_gets_exports_and_imports(
    broker: Broker, tmp_path: Path
) -> None:
    admin = Admin(broker)
    admin("declare", "vhost", "name=rmqadmin")
    here = ("-V", "rmqadmin")
    admin(*here, "declare", "exchange", "name=e", "type=topic")
    admin(*here, "declare", "queue", "name=q", "durable=true")
    admin(*here, "declare", "binding", "source=e", "destination=q", "routing_key=a.#")
    limit = ("pattern=^q", 'definition={"max-length":2}', "apply-to=queues")
    admin(*here, "declare", "policy", "name=p", *limit)
    for text in ("one", "two", "three"):
        said = admin(*here, "publish", "exchange=e", "routing_key=a.b", f"payload={text}")
        assert "NOT routed" not in said
    assert "NOT routed" in admin(*here, "publish", "exchange=e", "routing_key=z", "payload=x")
    (queue,) = admin.items(*here, "list", "queues")
    assert (queue["messages"], queue["policy"]) == (2, "p")
    got = admin.items(*here, "get", "queue=q", "count=5", "ackmode=ack_requeue_false")
    assert [message["payload"] for message in got] == ["two", "three"]
    file = tmp_path / "definitions.json"
    admin(*here, "export", str(file))
    admin(*here, "delete", "queue", "name=q")
    admin(*here, "delete", "exchange", "name=e")
    admin(*here, "import", str(file))
    bindings = admin.items(*here, "list", "bindings")
    assert {(one["source"], one["destination"]) for one in bindings} == {("", "q"), ("e", "q")}
    admin("delete", "vhost", "name=rmqadmin")
    assert "rmqadmin" not in [one["name"] for one in admin.items("list", "vhosts")]


def ask(broker: Broker, method: str, path: str, body: Any = None) -> tuple[int, Any, str]:
    """Status, JSON, and where a binding is told to be."""
    url = f"http://{broker['amqp']['host']}:{broker['amqp']['port']}/api/{path}"
    data = None if body is None else json.dumps(body).encode()
    token = b64encode(b"guest:guest").decode()
    headers = {"authorization": f"Basic {token}", "content-type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        where = answer.headers.get("location", "")
        return answer.status, json.loads(text) if text else None, where


def test_a_scaler_finds_how_long_a_queue_is(broker: Broker) -> None:
    ask(broker, "PUT", "queues/%2F/scaled", {"durable": True})
    said = {"routing_key": "scaled", "payload": "x", "payload_encoding": "string"}
    publish: dict[str, Any] = {**said, "properties": {}}
    ask(broker, "POST", "exchanges/%2F/amq.default/publish", publish)
    _, queue, _ = ask(broker, "GET", "queues/%2F/scaled")
    assert (queue["messages"], queue["messages_unacknowledged"]) == (1, 0)
    query = "page=1&use_regex=true&pagination=false&name=%5Escaled%24&page_size=100"
    _, page, _ = ask(broker, "GET", f"queues/%2F?{query}")
    assert [item["messages"] for item in page["items"]] == [1]
    assert queue["message_stats"]["publish_details"]["rate"] == 0.0  # nobody has asked before
    ask(broker, "DELETE", "queues/%2F/scaled")


def test_a_provisioner_makes_reads_and_destroys(broker: Broker) -> None:
    assert ask(broker, "PUT", "vhosts/tf", {})[0] == 201
    exchange = {"type": "fanout", "durable": False, "auto_delete": True}
    assert ask(broker, "PUT", "exchanges/tf/e", exchange)[0] == 201
    assert ask(broker, "PUT", "queues/tf/q", {"durable": True, "arguments": {}})[0] == 201
    binding = {"routing_key": "k", "arguments": {}}
    _, _, where = ask(broker, "POST", "bindings/tf/e/e/q/q", binding)
    assert where == "q/k"
    _, (found,), _ = ask(broker, "GET", "bindings/tf/e/e/q/q")
    assert (found["source"], found["properties_key"]) == ("e", "k")
    policy = {"pattern": ".*", "definition": {"message-ttl": 5000}, "priority": 1}
    ask(broker, "PUT", "policies/tf/p", policy | {"apply-to": "queues"})
    assert ask(broker, "GET", "policies/tf/p")[1]["apply-to"] == "queues"
    assert ask(broker, "GET", "queues/tf/q")[1]["policy"] == "p"
    for path in ("policies/tf/p", "bindings/tf/e/e/q/q/k", "queues/tf/q", "vhosts/tf"):
        assert ask(broker, "DELETE", path)[0] == 204


def test_what_terraforms_provider_manages_is_made_read_and_destroyed_by_its_client(
    broker: Broker,
) -> None:
    try:
        program = on_go("rabbithole", "amqp")
    except MissingError as error:
        pytest.skip(str(error))
    assert program.said(f"{broker['amqp']['host']}:{broker['amqp']['port']}", "terraform") == [
        "overview 4.0.0",
        "vhost 201",
        "user 201",
        "permissions 201",
        "topics 201",
        "limits 204",
        "limits 204",
        "whoami terraform [management policymaker]",
        "exchange 201",
        "queue 201",
        "binding 201",
        "bindings 1 a.%23",
        "policy 201",
        "operator policy 201",
        "found q p 0",
        "users [terraform]",
        "definitions true",
        "refused true",
        "destroyed 204 204 204 204 204",
    ]


def test_rabbitmqadmin_of_the_second_version_makes_users_and_limits(
    broker: Broker, tmp_path: Path
) -> None:
    try:
        program = rabbitmqadmin()
    except MissingError as error:
        pytest.skip(str(error))
    address = ("--host", broker["amqp"]["host"], "--port", str(broker["amqp"]["port"]))

    def admin(line: str) -> str:
        done = run(
            [str(program), *address, "-u", "guest", "-p", "guest", *line.split()],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, line + done.stdout + done.stderr
        return done.stdout

    for line in (
        "declare vhost --name second",
        "declare user --name second --password secret --tags management",
        "declare permissions --vhost second --user second --configure .* --read .* --write .*",
        "declare user_limit --user second --name max-channels --value 5",
        "declare vhost_limit --vhost second --name max-queues --value 10",
        "-V second declare queue --name q --type quorum",
        "-V second declare exchange --name e --type topic",
        "-V second declare binding --source e --destination q --destination-type queue --routing-key a.#",
        "-V second publish message -e e -k a.b -m hi",
    ):
        admin(line)
    for line, word in (
        ("list users", "second"),
        ("list user_limits --user second", "max-channels: 5"),
        ("-V second list queues", "quorum"),
        ("-V second get messages -q q", "hi"),
        ("health_check local_alarms", "passed"),
        ("health_check protocol_listener --protocol amqp", "passed"),
        ("show overview", "RabbitMQ"),
    ):
        assert word in admin(line), line
    file = tmp_path / "definitions.json"
    admin(f"definitions export --file {file}")
    admin("delete user --name second")
    admin(f"definitions import --file {file}")
    assert "second" in admin("list permissions")
    for line in ("delete user --name second", "delete vhost --name second"):
        admin(line)
