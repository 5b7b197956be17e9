import io
import json

import pytest
from tests.cli.asking import Shell

from dragoman.cli.errors import FAILED, NOT_FOUND


def test_a_queue_from_its_making_to_its_end(shell: Shell) -> None:
    (made,) = shell.json(
        "queue", "create", "life", "--set", "length_max=9", "--stream", "level=synced"
    )
    assert made["settings"]["length_max"] == 9
    (changed,) = shell.json("queue", "alter", "life", "--set", "dead_letter=dead")
    assert changed["settings"]["dead_letter"] == {"name": "dead"}
    assert shell.json("queue", "show", "life") == [changed]
    assert "settings.length_max" in shell.done("queue", "show", "life")
    assert [item["name"] for item in shell.json("queue", "list", "lif")] == ["life"]
    assert "life" in shell.done("queue", "ls")
    assert shell.done("queue", "rm", "life") == ""
    assert shell("queue", "show", "life") == NOT_FOUND


def test_messages_are_published_looked_at_and_dropped(shell: Shell) -> None:
    shell.done("queue", "create", "cups")
    shell.done(
        "queue", "publish", "cups", "one coffee", "--header", "table=7", "--header", "a=b=c",
        "--field", "type=order", "--field", "priority=3", "--field", "key=7",
    )  # fmt: skip
    assert shell.err == "1 published\n"
    (item,) = shell.json("queue", "peek", "cups")
    assert item["message"] == {
        "body": "one coffee",
        "key": "7",
        "headers": [["table", "7"], ["a", "b=c"]],
        "type": "order",
        "priority": 3,
    }
    assert "one coffee" in shell.done("queue", "peek", "cups", "--state", "ready")
    assert shell.json("queue", "peek", "cups", "--state", "leased") == []
    assert shell.json("queue", "purge", "cups") == [{"dropped": 1}]
    shell.done("queue", "purge", "cups", "--all")
    assert shell.err == "0 dropped\n"


def test_lines_of_standard_input_are_messages(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.done("queue", "create", "lines")
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{n}\n" for n in range(250))))
    assert shell.json("queue", "publish", "lines") == [{"published": 250, "routed": 1}]
    found = shell.json("queue", "peek", "lines", "--count", "1000")
    assert [item["message"]["body"] for item in found] == [str(n) for n in range(250)]
    assert len(shell.json("queue", "peek", "lines", "--count", "5", "--offset", "248")) == 2


def test_what_peek_prints_can_be_published(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("from", "into"):
        shell.done("queue", "create", name)
    shell.done("queue", "publish", "from", "x", "--header", "a=1")
    monkeypatch.setattr("sys.stdin", io.StringIO(shell.done("queue", "peek", "from", "--json")))
    shell.done("queue", "publish", "into", "--json-lines")
    (copied,) = shell.json("queue", "peek", "into")
    assert copied["message"] == {"body": "x", "headers": [["a", "1"]]}


def test_a_queue_is_paused_and_resumed(shell: Shell) -> None:
    shell.done("queue", "create", "halt")
    shell.done("queue", "pause", "halt")
    assert shell.err == "halt is paused with 0 messages ready\n"
    assert shell.json("queue", "show", "halt")[0]["settings"]["paused"]
    assert not shell.json("queue", "resume", "halt")[0]["settings"]["paused"]


def test_messages_are_carried_elsewhere(shell: Shell) -> None:
    for name in ("old", "new"):
        shell.done("queue", "create", name)
    shell.done("queue", "publish", "old", "x")
    (pump,) = shell.json("queue", "redrive", "old", "new", "--rate", "10")
    assert (pump["source"], pump["settings"]["rate_max"]) == ("old", 10)


def test_a_name_that_is_nearly_right_is_told(shell: Shell) -> None:
    shell.done("queue", "create", "invoices")
    assert shell("queue", "peek", "invoces") == NOT_FOUND
    assert shell.err == "dragoman: no queue invoces in default; did you mean invoices?\n"
    assert shell("queue", "create", "x", "--set", "lenght_max=1") == FAILED
    assert shell.err == "dragoman: no setting lenght_max; did you mean length_max?\n"


def test_a_queue_that_is_not_empty_may_be_spared(shell: Shell) -> None:
    shell.done("queue", "create", "full")
    shell.done("queue", "publish", "full", "x")
    assert shell("queue", "delete", "full", "--if-empty") == FAILED
    assert shell("queue", "delete", "full", "--if-unused") == 0


def test_another_namespace_is_another_place(shell: Shell) -> None:
    shell.done("queue", "create", "here", "-n", "elsewhere")
    assert [q["name"] for q in shell.json("queue", "list", "--namespace", "elsewhere")] == ["here"]
    assert shell("queue", "show", "here") == NOT_FOUND


def test_a_tail_prints_what_comes_until_it_is_interrupted(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.done("queue", "create", "watched")
    shell.done("queue", "publish", "watched", "first")
    shell.done("queue", "publish", "watched", "second")
    printed: list[str] = []

    def enough(line: str) -> int:
        printed.append(line)
        if "second" in line:
            raise KeyboardInterrupt
        return len(line)

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout.write", enough)
        assert shell("queue", "tail", "watched", "--from-start", "--json") == 130
    assert [json.loads(line)["message"]["body"] for line in printed] == ["first", "second"]
