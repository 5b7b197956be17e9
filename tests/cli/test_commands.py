import importlib
import json
from pathlib import Path

import pytest

from dragoman.cli.commands import COMMANDS, FAILED, USAGE_ERROR, run


def test_every_command_can_be_loaded() -> None:
    for target, _ in COMMANDS.values():
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*COMMANDS, "config"))


@pytest.mark.parametrize("line", [["serv"], ["env", "--shell", "csh"], ["config", "chek"]])
def test_what_is_not_understood_ends_with_status_2(line: list[str]) -> None:
    assert run(line) == USAGE_ERROR


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export AMQP_URL=amqp://guest:guest@127.0.0.1:5672/"),
        ("fish", "set -gx AMQP_URL amqp://guest:guest@127.0.0.1:5672/"),
        ("pwsh", "$Env:AMQP_URL = 'amqp://guest:guest@127.0.0.1:5672/'"),
        ("dotenv", 'AMQP_URL="amqp://guest:guest@127.0.0.1:5672/"'),
    ],
)
def test_variables_are_spelled_for_each_shell(
    shell: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["env", "--shell", shell]) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_variables_follow_the_ready_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps({"endpoints": {"kafka": {"bootstrap": "127.0.0.1:4"}}}))
    assert run(["env", "--ready-file", str(ready)]) == 0
    assert capsys.readouterr().out == "export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:4\n"


def test_variables_and_snippets_carry_the_user_once_there_are_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    kafka = {"bootstrap": "127.0.0.1:4", "username": "alice", "password": "it's"}
    ready.write_text(json.dumps({"endpoints": {"kafka": kafka}}))
    assert run(["env", "--ready-file", str(ready)]) == 0
    assert "export KAFKA_SASL_USERNAME=alice" in capsys.readouterr().out
    assert run(["snippet", "kafka", "--ready-file", str(ready)]) == 0
    program = capsys.readouterr().out
    compile(program, "snippet", "exec")
    assert '"sasl.password": "it\'s"' in program


@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_a_ready_file_that_is_none_fails_in_one_line(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    if content is not None:
        ready.write_text(content)
    assert run(["snippet", "kafka", "--ready-file", str(ready)]) == FAILED
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("protocol", "address"),
    [
        ("kafka", "127.0.0.1:9092"),
        ("amqp", "5672/"),
        ("sqs", "http://127.0.0.1:4566"),
        ("eventgrid", "http://127.0.0.1:60101"),
        ("pubsub", "127.0.0.1:8085"),
        ("cloudtasks", "127.0.0.1:8123"),
        ("servicebus", "sb://127.0.0.1:5672;"),
        ("eventhubs", "sb://127.0.0.1:5672;"),
    ],
)
def test_a_snippet_is_a_program_with_the_address_in_it(
    protocol: str, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["snippet", protocol, "--lang", "python"]) == 0
    program = capsys.readouterr().out
    compile(program, "snippet", "exec")
    assert address in program


def test_a_snippet_of_what_is_not_served_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"endpoints": {}}')
    assert run(["snippet", "kafka", "--ready-file", str(ready)]) == FAILED
    assert "does not serve kafka" in capsys.readouterr().err


def test_a_good_file_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broker.toml"
    file.write_text("[namespace.default.queue.orders]\nlength_max = 3\n")
    assert run(["config", "check", str(file)]) == 0
    assert "fine, 1 entities" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "[listn]",
        '[listen]\nhost = "0.0.0.0"',
        '[namespace.default.binding.b]\nroute = "gone"\ntarget = "q"',
    ],
)
def test_a_file_that_serve_would_refuse_fails(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broker.toml"
    file.write_text(text)
    assert run(["config", "check", str(file)]) == FAILED
    assert capsys.readouterr().err.startswith("dragoman: ")


def test_certificates_are_written_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["certs", "broker.example", "--folder", str(tmp_path / "certs")]) == 0
    assert {file.name for file in (tmp_path / "certs").iterdir()} == {
        "ca.pem",
        "ca-key.pem",
        "server.pem",
        "server-key.pem",
    }
    assert "--tls-cert" in capsys.readouterr().out


def test_certificates_fail_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "certs").write_text("in the way")
    assert run(["certs", "--folder", str(tmp_path / "certs")]) == FAILED
