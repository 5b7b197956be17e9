import json
from pathlib import Path

import pytest

from dragoman.app.config import PROTOCOLS, ConfigError, ServeOptions
from dragoman.cli.serve import FLAGS, USAGE, WITH_VALUE, UsageError, parse, read


def test_without_arguments_a_broker_is_durable_and_on_loopback() -> None:
    options = read([])
    assert (options.memory, options.host) == (False, "127.0.0.1")
    assert options.ports == PROTOCOLS
    assert {"kafka": 9092, "amqp": 5672, "sqs": 4566}.items() <= PROTOCOLS.items()


def test_every_option_sets_its_field() -> None:
    line = (
        "--data D --host 127.0.0.2 --port kafka=0 --port amqp=1 --advertise kafka=h:9 --ready-file R"
        " --log json --tls-cert C --tls-key K --tls-ca A --tls-client-ca B --memory --insecure --config F --like localstack"
    )
    assert parse(line.split(), ServeOptions()) == ServeOptions(
        data="D",
        memory=True,
        host="127.0.0.2",
        ports={**PROTOCOLS, "kafka": 0, "amqp": 1},
        advertise={"kafka": ("h", 9)},
        config="F",
        like="localstack",
        ready_file="R",
        log="json",
        insecure=True,
        tls_cert="C",
        tls_key="K",
        tls_ca="A",
        tls_client_ca="B",
    )


def test_a_value_may_follow_an_equals_sign() -> None:
    assert read(["--port=kafka=7", "--data=a=b"]).ports["kafka"] == 7
    assert read(["--data=a=b"]).data == "a=b"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--prot kafka=1", "no option --prot; did you mean --port?"),
        ("serve", "no option serve"),
        ("--port", "--port needs a value"),
        ("--port kafka", "--port kafka: expected NAME=N"),
        ("--port kafka=x", "--port kafka=x: expected NAME=N"),
        ("--port kafka=65536", "65536 is not from 0 to 65535"),
        ("--port kafak=1", "did you mean kafka?"),
        ("--advertise kafka=h", "expected HOST:PORT"),
        ("--like moto", "--like moto: expected localstack or elasticmq or servicebus"),
        ("--log loud", "expected text or json"),
        ("--memory=yes", "--memory takes no value"),
        ("--data=", "--data needs a value"),
    ],
)
def test_what_cannot_be_understood_is_told_in_one_line(line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(line.split())
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "broker.toml"
    file.write_text('[listen]\nhost = "127.0.0.9"\nports = { kafka = 1, amqp = 2 }\n')
    options = read(["--config", str(file), "--port", "kafka=3"])
    assert options.host == "127.0.0.9"
    assert options.ports == {**PROTOCOLS, "kafka": 3, "amqp": 2}


def test_a_file_of_elasticmq_is_read_where_its_habits_are_asked_for(tmp_path: Path) -> None:
    own = tmp_path / "elasticmq.conf"
    own.write_text("queues { orders { } }\nrest-sqs { bind-port = 9999 }")
    options = read(["--like", "elasticmq", "--config", str(own), "--port", "kafka=0"])
    assert (options.like, options.ports["sqs"], options.ports["kafka"]) == ("elasticmq", 9999, 0)
    assert [command.name for command in options.topology] == ["orders"]
    ours = tmp_path / "dragoman.toml"
    ours.write_text("[listen]\nports = { sqs = 9998 }")
    options = read(["--like", "elasticmq", "--config", str(ours)])
    assert (options.like, options.ports["sqs"]) == ("elasticmq", 9998)


def test_a_file_of_service_buss_emulator_adds_its_entities(tmp_path: Path) -> None:
    own = tmp_path / "Config.json"
    own.write_text(
        '{"UserConfig": {"Namespaces": [{"Name": "n", "Queues": [{"Name": "orders"}]}]}}'
    )
    ours = tmp_path / "dragoman.toml"
    ours.write_text("[namespace.default.queue.first]")
    options = read(["--config", str(ours), "--servicebus-config", str(own)])
    names = [command.name for command in options.topology]
    assert names == ["first", "orders/$DeadLetterQueue", "orders"]


def test_service_buss_emulators_file_is_found_where_its_habits_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(["--like", "servicebus"]).topology == ()
    queue = '{"UserConfig": {"Namespaces": [{"Name": "n", "Queues": [{"Name": "%s"}]}]}}'
    (tmp_path / "Config.json").write_text(queue % "orders")
    (tmp_path / "other.json").write_text(queue % "others")
    assert read([]).topology == ()
    assert read(["--like", "servicebus"]).topology[-1].name == "orders"
    named = read(["--like", "servicebus", "--servicebus-config", "other.json"])
    assert named.topology[-1].name == "others"


def test_a_file_of_event_hubss_emulator_adds_its_hubs(tmp_path: Path) -> None:
    own = tmp_path / "Config.json"
    hub = {"Name": "eh1", "PartitionCount": 2, "ConsumerGroups": [{"Name": "cg1"}]}
    namespace = {"Type": "EventHub", "Name": "n", "Entities": [hub]}
    own.write_text(json.dumps({"UserConfig": {"NamespaceConfig": [namespace]}}))
    (command,) = read(["--eventhubs-config", str(own)]).topology
    assert (command.name, command.settings.partitions) == ("eh1", 2)


def test_an_open_host_without_users_is_refused() -> None:
    with pytest.raises(ConfigError, match="without users"):
        read(["--host", "0.0.0.0"])
    assert read(["--host", "0.0.0.0", "--insecure"]).host == "0.0.0.0"


def test_every_option_stands_in_the_usage() -> None:
    for option in (*WITH_VALUE, *FLAGS):
        assert f"  {option} " in USAGE
