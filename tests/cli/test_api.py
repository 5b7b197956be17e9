import json
from pathlib import Path

import pytest
from tests.cli.asking import Shell

from dragoman.app.config import ServeOptions
from dragoman.cli.api import path_of
from dragoman.cli.commands import run
from dragoman.cli.errors import FAILED, REFUSED, UNREACHABLE
from dragoman.testing import broker


def test_nobody_there_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["queue", "list", "--url", "http://127.0.0.1:1"]) == UNREACHABLE
    err = capsys.readouterr().err
    assert "no broker at 127.0.0.1:1: Connection refused" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4566", "ftp://h", "http://", "http://h:x", "http://h:99999"]
)
def test_an_address_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["queue", "list", "--url", url]) == FAILED
    assert url in capsys.readouterr().err


def test_the_ready_file_tells_where(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    port = int(url.rpartition(":")[2])
    document = {"endpoints": {"kafka": {"host": "127.0.0.1", "port": port}}}
    ready.write_text(json.dumps(document))
    assert run(["queue", "list", "--ready-file", str(ready), "--json"]) == 0
    ready.write_text('{"endpoints": {}}')
    assert run(["queue", "list", "--ready-file", str(ready)]) == FAILED


def test_so_does_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRAGOMAN_URL", url)
    assert run(["queue", "list", "--json"]) == 0


def test_whoever_is_no_broker_is_told_so(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    monkeypatch.setattr("dragoman.cli.api.ROOT", "/health/live/..")
    assert shell("queue", "list") != 0


def test_users_and_keys_are_let_in_and_others_not(capsys: pytest.CaptureFixture[str]) -> None:
    options = ServeOptions(memory=True, users={"ada": "p:w/"}, keys={"ci": "token"})
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running:
        address = f"127.0.0.1:{running.sqs.port}"
        assert run(["queue", "list", "--url", f"http://{address}"]) == REFUSED
        assert "a user's name and password" in capsys.readouterr().err
        assert run(["queue", "list", "--url", f"http://ada:p%3Aw%2F@{address}"]) == 0
        assert run(["queue", "list", "--url", f"http://{address}", "--token", "token"]) == 0
        assert run(["queue", "list", "--url", f"http://{address}", "--token", "no"]) == REFUSED


def test_names_may_hold_anything() -> None:
    assert path_of("a/b", "c d", "ü?") == "/a%2Fb/c%20d/%C3%BC%3F"
