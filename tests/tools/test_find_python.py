import subprocess
import sys
from pathlib import Path

import pytest

FIND = Path(__file__).resolve().parents[2] / "tools" / "find-python"

OLD = 'case "$2" in *version_info*) exit 1;; esac'
BARE = 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac'
WHOLE = "exit 0"


def found(folder: Path, **programs: str) -> "subprocess.CompletedProcess[str]":
    """Look for a Python where only these programs are; keys spell `python3_12` for python3.12."""
    for name, body in programs.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(FIND)],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["python3", "python3_11", "python3_12", "python3_13"])
def test_any_python_that_is_new_enough_will_do(tmp_path: Path, name: str) -> None:
    done = found(tmp_path, **{name: WHOLE})
    assert done.stdout.strip() == str(tmp_path / name.replace("_", "."))


def test_an_old_python_is_passed_over(tmp_path: Path) -> None:
    assert found(tmp_path, python3=OLD, python3_12=WHOLE).stdout.strip().endswith("python3.12")


def test_a_python_without_venv_is_passed_over(tmp_path: Path) -> None:
    assert found(tmp_path, python3=BARE, python3_11=WHOLE).stdout.strip().endswith("python3.11")


def test_the_one_package_to_install_is_named(tmp_path: Path) -> None:
    done = found(tmp_path, python3=BARE)
    assert done.returncode == 1
    assert "install python3.12-venv" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_any_python_a_package_is_named(tmp_path: Path) -> None:
    done = found(tmp_path, python3=OLD)
    assert done.returncode == 1
    assert "install python3.11-venv" in done.stderr


def test_the_python_that_runs_this_would_do(tmp_path: Path) -> None:
    assert found(tmp_path, python3=f'exec {sys.executable} "$@"').returncode == 0
