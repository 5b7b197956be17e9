"""The operator's lines: as text, as JSON, and none where it would have to be waited for."""

import json
import os
import sys
from contextlib import suppress

import pytest

from dragoman.app.telling import line, tell
from dragoman.security.logins import FailedLogin

LOGIN = FailedLogin("PLAIN", "ann", "192.0.2.1", 50_000, 9092, 0)


def test_people_read_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LOGIN, as_json=False)
    expected = "dragoman: login refused: PLAIN as 'ann' from 192.0.2.1 port 50000 to port 9092\n"
    assert capsys.readouterr() == ("", expected)


def test_programs_read_an_event_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    tell(LOGIN, as_json=True)
    told = capsys.readouterr()
    assert told.err == ""
    assert json.loads(told.out) == {"event": "login-refused", **LOGIN._asdict()}


def test_what_was_not_told_is_counted_and_no_name_is_no_name() -> None:
    login = LOGIN._replace(user="", more=12)
    expected = (
        "dragoman: login refused: PLAIN from 192.0.2.1 port 50000 to port 9092"
        " (12 more like it before)"
    )
    assert line(login) == expected


def test_a_pipe_that_nobody_empties_loses_lines_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as writer:
        monkeypatch.setattr(sys, "stderr", writer)
        for _ in range(5_000):  # far beyond what a pipe holds
            tell(LOGIN, as_json=False)
        assert reader.readline().startswith(b"dragoman: login refused")
        tell(LOGIN, as_json=False)


def test_whoever_reads_may_go_and_the_stream_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    writer = os.fdopen(writing, "w", closefd=False)
    monkeypatch.setattr(sys, "stderr", writer)
    os.close(reading)
    tell(LOGIN, as_json=False)
    with suppress(BrokenPipeError):  # of what it could not write
        writer.close()
    tell(LOGIN, as_json=False)  # which is closed now
    os.close(writing)
