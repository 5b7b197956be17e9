"""A broker in a thread, and commands that ask it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dragoman.cli.commands import run
from dragoman.testing import broker


class Shell:
    """Runs command lines; keeps what they print."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        """The exit status."""
        self._capsys.readouterr()
        status = run([*arguments, "--url", self.url])
        self.out, self.err = self._capsys.readouterr()
        return status

    def done(self, *arguments: str) -> str:
        """What it prints."""
        status = self(*arguments)
        assert status == 0, (status, self.err)
        return self.out

    def json(self, *arguments: str) -> list[Any]:
        """What it prints as JSON."""
        return [json.loads(line) for line in self.done(*arguments, "--json").splitlines()]


@contextmanager
def served() -> Iterator[str]:
    """The address of a broker in memory."""
    with broker() as running:
        url: str = running.sqs.url
        yield url
