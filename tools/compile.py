"""Compile the hot modules in place with mypyc: `make compile`.

The list is `[tool.dragoman.compile]` in pyproject.toml. Without a compiler, without Python's headers, or when mypyc
fails, this prints one line and leaves the pure modules as they are: the product is the same, slower.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src"
BUILD: Final = ROOT / "build" / "mypyc"
TIMEOUT_S: Final = 240


def modules() -> list[Path]:
    """The hot modules' files."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names: list[str] = settings["tool"]["dragoman"]["compile"]["modules"]
    return [SOURCE / (name.replace(".", "/") + ".py") for name in names]


def remove_extensions() -> None:
    """A stale extension must never shadow a newer source."""
    for extension in SOURCE.rglob("*.so"):
        extension.unlink()


def missing() -> str | None:
    """What keeps us from compiling, if anything."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return "no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "no Python.h (the python3-dev package)"
    return None


def digest(files: list[Path]) -> str:
    """Changes when any hot module, or this file, does."""
    seen = hashlib.sha256(sys.version.encode())
    for file in [*files, Path(__file__)]:
        seen.update(file.read_bytes())
    return seen.hexdigest()


def build(files: list[Path]) -> str | None:
    """Compile as one group; returns the reason of a failure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    script = BUILD / "setup.py"
    script.write_text(
        "from mypyc.build import mypycify\n"
        "from setuptools import setup\n"
        f"setup(name='dragoman-hot', packages=[], package_dir={{'': {str(SOURCE)!r}}},\n"
        f"      ext_modules=mypycify({[str(file) for file in files]!r}, opt_level='3', group_name='dragoman'))\n"
    )
    command = [sys.executable, str(script), "build_ext", "--inplace", "--build-temp", str(BUILD / "temp")]
    try:
        done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"mypyc took more than {TIMEOUT_S} s"
    (BUILD / "log.txt").write_text(done.stdout + done.stderr)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "error" in line.lower()]
        return f"mypyc failed ({lines[0] if lines else 'see build/mypyc/log.txt'})"
    return None


def main() -> int:
    """Compile unless what is there is current; never fails."""
    files = modules()
    stamp = BUILD / "digest"
    wanted = digest(files)
    if stamp.exists() and stamp.read_text() == wanted and any(SOURCE.rglob("*.so")):
        print("compile: up to date")
        return 0
    remove_extensions()
    reason = missing() or build(files)
    if reason is not None:
        remove_extensions()
        print(f"compile: {reason}; going on in pure Python")
        return 0
    stamp.write_text(wanted)
    print(f"compile: {len(files)} modules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
