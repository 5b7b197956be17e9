"""From one stream of Dragoman to another, by its admin API: the whole command."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.cli.asking import Shell

from dragoman.cli.commands import run


class World:
    """Streams with messages, and the command."""

    def __init__(self, shell: Shell, capsys: pytest.CaptureFixture[str], names: str) -> None:
        self.shell = shell
        self._capsys = capsys
        self.address = f"dragoman://{urlsplit(shell.url).netloc}"
        self.source, self.target = f"{names}-from", f"{names}-to"
        for name in (self.source, self.target):
            shell.done("stream", "create", name, "--set", "retention_ms=3600000")

    def publish(self, *bodies: str) -> None:
        for body in bodies:
            self.shell.done(
                "stream", "publish", self.source, body, "--header", "a=1", "--field", "key=k"
            )

    def copy(self, *more: str, options: str = "") -> int:
        """The exit status; see `out` and `err`."""
        self._capsys.readouterr()
        status = run(
            [
                "copy",
                f"{self.address}/{self.source}{options}",
                f"{self.address}/{self.target}",
                "--idle",
                "0",
                *more,
            ]
        )
        self.out, self.err = self._capsys.readouterr()
        return status

    def arrived(self) -> list[Any]:
        found = self.shell.json("stream", "peek", self.target)
        return [one["message"] for one in found]


@pytest.fixture
def world(
    shell: Shell, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> World:
    return World(shell, capsys, f"s{abs(hash(request.node.name))}")


def test_messages_arrive_as_they_were_and_are_still_where_they_came_from(world: World) -> None:
    world.publish("one", "two")
    assert world.copy("--json") == 0
    found = json.loads(world.out)
    assert (found["read"], found["written"], found["arrived"], found["problems"]) == (2, 2, 2, [])
    assert world.arrived() == [
        {"body": body, "key": "k", "headers": [["a", "1"]]} for body in ("one", "two")
    ]
    assert len(world.shell.json("stream", "peek", world.source)) == 2


def test_a_checkpoint_goes_on_where_the_copy_before_stopped(world: World, tmp_path: Path) -> None:
    options = f"?checkpoint={tmp_path / 'here.json'}"
    world.publish("1", "2")
    assert world.copy("--limit", "1", options=options) == 0
    assert world.copy("--limit", "1", options=options) == 0
    world.publish("3")
    assert world.copy(options=options) == 0
    assert [one["body"] for one in world.arrived()] == ["1", "2", "3"]
    (tmp_path / "here.json").write_text("rubbish")
    assert world.copy(options=options) == 1
    assert "here.json" in world.err


def test_a_rehearsal_shows_messages_and_writes_none(world: World) -> None:
    world.publish('{"n": 1}', '{"n": 2}')
    assert world.copy("--dry-run", "--filter", "msg.n > 1", "--transform", "headers.n=msg.n") == 0
    assert [json.loads(line) for line in world.out.splitlines()] == [
        {"body": '{"n": 2}', "key": "k", "headers": [["a", "1"], ["n", 2]]}
    ]
    assert world.arrived() == []


def test_a_bad_message_is_named_and_the_others_arrive_where_bad_ones_are_dropped(
    world: World,
) -> None:
    world.publish('{"n": 1}', "{}")
    transform = ("--transform", "type=string(msg.n)")
    assert world.copy(*transform) == 1
    assert "a bad message" in world.err
    assert world.arrived() == []
    assert world.copy("--bad", "drop", "--json", *transform) == 0
    assert json.loads(world.out)["dropped"] == 1
    assert [one["type"] for one in world.arrived()] == ["1"]


def test_messages_that_one_request_cannot_hold_go_one_by_one(world: World) -> None:
    world.publish("1", "2", "3")  # a request has one due time
    transform = ("--transform", 'deliver_in=duration(string(raw) == "2" ? "1h" : "0s")')
    assert world.copy(*transform, "--json") == 0
    found = json.loads(world.out)
    assert (found["written"], found["arrived"]) == (3, None), "the second waits for its time"
    assert {one["body"] for one in world.arrived()} <= {"1", "3"}


def test_what_is_not_there_is_said(world: World) -> None:
    assert run(["copy", f"{world.address}/nowhere", f"{world.address}/{world.target}"]) == 3
    assert run(["copy", f"{world.address}/{world.source}", f"{world.address}/nowhere"]) == 3
    assert run(["copy", "dragoman://127.0.0.1:1/a", f"{world.address}/{world.target}"]) == 5
