import pytest
from tests.cli.asking import Shell

from dragoman.cli.errors import NOT_FOUND
from dragoman.cli.streams import _retention


def test_a_stream_from_its_making_to_its_end(shell: Shell) -> None:
    (made,) = shell.json(
        "stream", "create", "log", "--set", "partitions=2", "--set", "retention-ms=-1"
    )
    assert len(made["partitions"]) == 2
    (changed,) = shell.json("stream", "alter", "log", "--set", "level=synced")
    assert changed["settings"]["level"] == "synced"
    shell.done("stream", "publish", "log", "x", "--field", "key=k")
    (item,) = shell.json("stream", "peek", "log")
    assert item["message"] == {"body": "x", "key": "k"}
    listed = shell.done("stream", "list", "log")
    assert "for ever" in listed
    assert shell.json("stream", "show", "log")[0]["name"] == "log"
    assert shell.done("stream", "delete", "log") == ""
    assert shell("stream", "tail", "log") == NOT_FOUND


def test_all_partitions_are_followed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.done("stream", "create", "wide", "--set", "partitions=4", "--set", "retention_ms=-1")
    for number in range(8):
        shell.done("stream", "publish", "wide", str(number), "--field", f"key={number}")
    printed: list[str] = []

    def enough(line: str) -> int:
        printed.append(line)
        if len(printed) == 8:
            raise KeyboardInterrupt
        return len(line)

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout.write", enough)
        assert shell("stream", "tail", "wide", "--from-start") == 130
    assert sorted(line.split()[1] for line in printed) == [str(number) for number in range(8)]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "until read"), (-1, "for ever"), (500, "500 ms"), (129_600_000, "1.5 d")]
)
def test_retention_is_told_in_words(ms: int, text: str) -> None:
    assert _retention(ms) == text
