"""Engines of expressions beside ours: no brokers, only programs that measure themselves and say what they found.

official   cel-expr-python, Google's CEL in C++: of the tests' packages
jsonata    from npm, into the cache; needs Node
jq         from PyPI, into an environment of its own in the cache
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from abc import abstractmethod
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bench.micro.order import BODY, HEADERS, JSONATA, RESULT
from bench.peers.base import Peer, PeerUnavailableError
from bench.peers.dragoman import REPOSITORY
from bench.peers.maven import CACHE

INSTALL_TIMEOUT_S = 300
MEASURE_TIMEOUT_S = 120
MICRO = REPOSITORY / "bench" / "micro"
Figures = dict[str, float]


class Engine(Peer):
    """It is there, or it is not; `measure` runs it."""

    def endpoint(self, protocol: str) -> tuple[str, int]:
        raise KeyError(protocol)

    @abstractmethod
    def measure(self) -> Figures:
        """Microseconds of CPU for one message."""


def run(command: list[str], told: str = "", **environment: str) -> Figures:
    """What a program that measures itself prints. Raises PeerUnavailableError."""
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])
    try:
        done = subprocess.run(
            command,
            input=told,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=MEASURE_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise PeerUnavailableError(f"{command[0]}: {str(said).strip()[-400:]}") from error
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _install(command: list[str], name: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerUnavailableError(f"{name} not installed: {error}") from error


class CelOfficial(Engine):
    """See the module."""

    name = "cel-expr-python"

    def start(self) -> None:
        try:
            self.version = version("cel-expr-python")
        except PackageNotFoundError as error:
            raise PeerUnavailableError("cel-expr-python is not installed") from error

    def measure(self) -> Figures:
        return run([sys.executable, "-m", "bench.micro.cel", "official"])


class Jsonata(Engine):
    """See the module."""

    name = "jsonata"

    def start(self) -> None:
        self._node, npm = shutil.which("node"), shutil.which("npm")
        self._at = CACHE / "jsonata"
        package = self._at / "node_modules" / "jsonata" / "package.json"
        if self._node is None or (npm is None and not package.exists()):
            raise PeerUnavailableError("jsonata needs node and npm")
        if not package.exists():
            self._at.mkdir(parents=True, exist_ok=True)
            command = [str(npm), "install", "--silent", "--prefix", str(self._at), "jsonata"]
            _install(command, "jsonata")
        self.version = str(json.loads(package.read_text())["version"])

    def measure(self) -> Figures:
        case = {
            "body": BODY.decode(),
            "headers": HEADERS,
            "programs": JSONATA,
            "result": RESULT,
        }
        command = [str(self._node), str(MICRO / "jsonata.mjs")]
        return run(command, json.dumps(case), JSONATA_AT=str(self._at))


class Jq(Engine):
    """See the module."""

    name = "jq"

    def start(self) -> None:
        folder = CACHE / "jq"
        self._python = folder / "bin" / "python"
        ready = folder / "ready"
        if not ready.exists():
            venv.create(folder, with_pip=True, clear=True)
            pip = [str(self._python), "-m", "pip", "-q", "--disable-pip-version-check"]
            _install([*pip, "install", "--only-binary", ":all:", "jq"], "jq")
            ready.write_text(sys.version)
        ask = "import importlib.metadata as m; print(m.version('jq'))"
        done = subprocess.run([self._python, "-c", ask], check=True, capture_output=True, text=True)
        self.version = done.stdout.strip()

    def measure(self) -> Figures:
        return run([str(self._python), str(MICRO / "jqtext.py")])
