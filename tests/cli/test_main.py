import subprocess
import sys
from pathlib import Path

import pytest

import dragoman
from dragoman.app import serve as app_serve
from dragoman.app.build import build
from dragoman.app.config import ServeOptions
from dragoman.cli.main import main

HEAVY = ("cyclopts", "rich", "cryptography", "tomllib", "pytest", "difflib")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["dragoman", *arguments])
    return main()


def test_the_version_says_which_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"dragoman {dragoman.__version__} ({build()})\n"


def test_serve_hands_its_options_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ServeOptions] = []

    def served(options: ServeOptions) -> int:
        seen.append(options)
        return 7

    monkeypatch.setattr(app_serve, "serve", served)
    assert run(monkeypatch, "serve", "--memory") == 7
    assert seen == [ServeOptions(memory=True)]


@pytest.mark.parametrize("line", [["--prot", "1"], ["--host", "0.0.0.0"], ["--config", "/gone"]])
def test_wrong_options_of_serve_end_with_status_2_and_a_line(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "serve", *line) == 2
    assert capsys.readouterr().err.startswith("dragoman: ")


def test_help_of_serve_is_at_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "serve", "--help") == 0
    assert "--ready-file" in capsys.readouterr().out


def test_serving_loads_no_library_of_the_command_line() -> None:
    program = (
        "import sys, dragoman.cli.main, dragoman.cli.serve, dragoman.app.serve\n"
        "dragoman.cli.serve.read([])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    source = Path(dragoman.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
