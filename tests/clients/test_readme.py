"""The programs that README shows and `dragoman snippet` prints, run as they stand but for the ports."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman.app.config import ServeOptions
from dragoman.cli.commands import run
from dragoman.cli.programs import PROGRAMS
from dragoman.testing import RunningBroker, broker

ROOT = Path(__file__).resolve().parents[2]
PROGRAM_DEADLINE_S = 50
MADE = ("servicebus", "eventgrid")  # the programs of the others make what they send to

pytestmark = pytest.mark.clients


@pytest.fixture
def fresh() -> Iterator[RunningBroker]:
    """A broker that nobody has used."""
    with broker() as running:
        yield running


def output_of(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def from_readme(name: str, at: RunningBroker) -> str:
    readme = (ROOT / "README.md").read_text()
    (program,) = re.findall(rf"```python {name}\n(.*?)```", readme, re.DOTALL)
    for usual, here in (
        ("127.0.0.1:9092", at.kafka.bootstrap),
        ("amqp://guest:guest@127.0.0.1:5672/", at.amqp.url),
    ):
        program = program.replace(usual, here)
    return str(program)


def test_what_the_readme_sends_by_kafka_the_readme_receives_by_rabbitmq(
    fresh: RunningBroker,
) -> None:
    assert output_of(from_readme("send", fresh)) == ["sent 3 orders"]
    assert output_of(from_readme("receive", fresh)) == ["coffee 0", "coffee 1", "coffee 2"]
    assert output_of(from_readme("receive", fresh)) == []


def test_a_snippet_for_every_client_sends_and_receives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    with broker() as fresh:
        ready.write_text(json.dumps({"endpoints": fresh.endpoints}))
        for made in MADE:
            assert run(["queue", "create", made, "--ready-file", str(ready)]) == 0
        for protocol, _ in PROGRAMS:
            capsys.readouterr()
            assert run(["snippet", protocol, "--ready-file", str(ready)]) == 0
            program = capsys.readouterr().out.replace("orders", protocol)
            assert (protocol, output_of(program)) == (protocol, ["one coffee"])


@pytest.mark.parametrize("protocol", ["kafka", "amqp"])
def test_a_snippet_tells_a_client_its_users_name_and_password(
    protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    users = {"alice": "it's 100 %/@ hers"}
    options = ServeOptions(memory=True, ports={"kafka": 0, "amqp": 0}, users=users)
    with broker(options) as fresh:
        ready.write_text(json.dumps({"endpoints": fresh.endpoints}))
        assert run(["snippet", protocol, "--ready-file", str(ready)]) == 0
        assert output_of(capsys.readouterr().out) == ["one coffee"]
