"""docs/http.md tells limits in numbers: those that hold."""

from pathlib import Path

from dragoman.doors.shared.rest import call, door
from dragoman.listeners import shell
from dragoman.wire.http import connection

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "http.md").read_text()


def row(name: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))


def test_limits_are_told_as_they_are() -> None:
    assert f"{connection.TARGET_BYTES_MAX >> 10} KiB" in row("target")
    assert f"{connection.HEAD_BYTES_MAX >> 10} KiB, {connection.HEADERS_MAX} of" in row("headers")
    assert f"{call.BODY_BYTES_MAX >> 20} MiB" in row("body")
    assert f"{door.HEAD_MS // 1000} s" in row("head")
    assert f"{door.BODY_MS // 1000} s" in PAGE
    assert f"{door.IDLE_MS // 1000} s" in row("pause between requests")
    behind = row("requests sent ahead behind one that waits")
    assert f"{door.BEHIND_MAX:,}, or {door.BEHIND_BYTES_MAX >> 20} MiB" in behind
    unsent = row("answers that the client does not take")
    assert f"{door.UNSENT_BYTES_MAX >> 20} MiB, and {shell.WRITE_STUCK_BYTES >> 20} MiB" in unsent
