"""What docs/rules.md shows is run as it stands there."""

import re
import shlex
import tomllib
from pathlib import Path

from tests.cli.asking import served

import pytest  # isort: skip
from dragoman.app.problems import Problems
from dragoman.app.topology import commands_of, rehearse
from dragoman.cli.commands import run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text()


def test_the_commands_do_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"^    dragoman (.*)$", PAGE, re.MULTILINE)
    assert len(lines) > 8
    with served() as url:
        for line in lines:
            assert run([*shlex.split(line), "--url", url]) == 0, line
        told = capsys.readouterr().out
        assert run(["queue", "publish", "orders", '{"total": 0}', "--url", url]) != 0
    assert "cents" in told
    assert "rule positive: it is not so that msg.total > 0" in capsys.readouterr().err


def test_the_file_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    problems = Problems()
    commands = commands_of(tomllib.loads(text)["namespace"], problems)
    assert problems.lines == []
    assert rehearse(commands) == []
