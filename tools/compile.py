"""Compile the hot modules with mypyc and put them beside their sources: `make compile`.

The list is `[tool.dragoman.compile]` in pyproject.toml; all of it is one group, so either every hot module is compiled
or none is. Without a compiler, without Python's headers, or when mypyc fails, this prints one line and leaves the pure
modules as they are: the product is the same, slower.

    build/mypyc/lib/      what was compiled, kept; build/mypyc/digest says of which sources
    src/**/*.so           a copy, put there by `compile`, taken away by `pure`; git does not see them

An extension shadows its source, so a stale one must never stay: the digest covers the hot modules and everything of
ours that they import, for mypyc copies constants across modules.
"""

import ast
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src"
BUILD: Final = ROOT / "build" / "mypyc"
KEPT: Final = BUILD / "lib"
DIGEST: Final = BUILD / "digest"
LOG: Final = BUILD / "log.txt"
TIMEOUT_S: Final = 600
SETUP: Final = """\
import os
from concurrent.futures import ThreadPoolExecutor

from mypyc.build import mypycify
from setuptools import setup
from setuptools._distutils.unixccompiler import UnixCCompiler

one_by_one = UnixCCompiler.compile

def compile_at_once(self, sources, **options):
    # One file of C for each module: as many compilers as there are cores, where distutils runs one.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(one_by_one, self, [source], **options) for source in sources]
        return [made for run in runs for made in run.result()]

UnixCCompiler.compile = compile_at_once
setup(
    name="dragoman-hot",
    packages=[],
    package_dir={{"": {source!r}}},
    ext_modules=mypycify(
        {files!r}, opt_level="3", multi_file=True, group_name="dragoman", target_dir={target!r}
    ),
)
"""


def hot_modules() -> list[str]:
    """Names of the modules to compile."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names: list[str] = settings["tool"]["dragoman"]["compile"]["modules"]
    return names


def file_of(name: str) -> Path | None:
    """The source of a module of ours, if there is one of that name."""
    path = SOURCE / name.replace(".", "/")
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return file
    return None


def imported_by(file: Path) -> set[str]:
    """Names of ours that a source imports; some are of things inside a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.startswith("dragoman")}


def reached_from(names: list[str]) -> set[Path]:
    """Sources of these modules and of all that they import, however far."""
    seen: set[Path] = set()
    ahead = list(names)
    while ahead:
        file = file_of(ahead.pop())
        if file is not None and file not in seen:
            seen.add(file)
            ahead.extend(imported_by(file))
    return seen


def digest_of(names: list[str]) -> str:
    """Changes when what is compiled, or what compiles it, does."""
    seen = hashlib.sha256(f"{sys.version} {version('mypy')} {names}".encode())
    for file in [*sorted(reached_from(names)), Path(__file__)]:
        seen.update(file.read_bytes())
    return seen.hexdigest()


def extensions(folder: Path) -> list[Path]:
    """Compiled modules below a folder."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return [*folder.rglob(f"*{suffix}")] if folder.exists() else []


def take_away() -> None:
    """Leave the sources alone, so that Python runs them."""
    for extension in extensions(SOURCE):
        extension.unlink()


def put_in_place() -> None:
    """Copy what is kept beside the sources."""
    for extension in extensions(KEPT):
        shutil.copy2(extension, SOURCE / extension.relative_to(KEPT))


def missing() -> str | None:
    """What keeps us from compiling, if anything."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return "no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return f"no Python.h (Debian: python{sys.version_info.major}.{sys.version_info.minor}-dev)"
    return None


def run(command: list[str], what: str) -> str | None:
    """Run one step, log it; the reason of a failure."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=SOURCE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the C compilers, too
        process.communicate()
        return f"{what} took more than {TIMEOUT_S} s"
    LOG.write_text(output)
    if process.returncode == 0:
        return None
    causes = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return f"{what} failed ({causes[0] if causes else f'see {LOG.relative_to(ROOT)}'})"


def build(names: list[str]) -> str | None:
    """Compile as one group and import the result once; the reason of a failure."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    files = [str(file) for file in map(file_of, names) if file is not None]
    script = BUILD / "setup.py"
    script.write_text(SETUP.format(source=str(SOURCE), files=files, target=str(BUILD / "c")))
    command = [
        str(script),
        "build_ext",
        "--build-temp",
        str(BUILD / "temp"),
        "--build-lib",
        str(KEPT),
    ]
    reason = run(command, "mypyc")
    if reason is not None:
        return reason
    put_in_place()
    return run(["-c", f"import {', '.join(names)}"], "importing the compiled modules")


def compile_all() -> str:
    """Compile unless what is kept is current; one line that says how it went. Leaves nothing stale."""
    names = hot_modules()
    unknown = [name for name in names if file_of(name) is None]
    take_away()
    if not names:
        return "no hot modules listed; going on in pure Python"
    if unknown:
        return f"no such module: {', '.join(unknown)}; going on in pure Python"
    wanted = digest_of(names)
    if DIGEST.exists() and DIGEST.read_text() == wanted:
        put_in_place()
        return f"{len(names)} modules, up to date"
    began = time.monotonic()
    reason = missing() or build(names)
    if reason is not None:
        take_away()
        return f"{reason}; going on in pure Python"
    DIGEST.write_text(wanted)
    return f"{len(names)} modules in {time.monotonic() - began:.0f} s of {TIMEOUT_S} s"


def is_stale() -> bool:
    """Whether extensions lie beside sources that have changed since."""
    if not extensions(SOURCE):
        return False
    return not DIGEST.exists() or DIGEST.read_text() != digest_of(hot_modules())


def main(arguments: list[str]) -> int:
    """`pure` takes extensions away, `fresh` only stale ones; otherwise compile. Never fails."""
    if arguments == ["pure"]:
        take_away()
    elif arguments == ["fresh"]:
        if is_stale():
            take_away()
            print("compile: sources have changed; running pure Python until `make compile`")
    else:
        print(f"compile: {compile_all()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
