"""moto's server from PyPI, in an environment of its own below the cache."""

import subprocess
import sys
import venv
from pathlib import Path

from bench.generators.sqs_raw import answers
from bench.peers.base import Peer, PeerUnavailableError, free_port
from bench.peers.maven import CACHE

INSTALL_TIMEOUT_S = 600


def install(cache: Path | None = None) -> Path:
    """The Python that has moto; installed on first use. Raises PeerUnavailableError."""
    folder = (CACHE if cache is None else cache) / "moto"
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    try:
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install"]
        subprocess.run(
            [*command, "moto[server,sqs]"],
            check=True,
            capture_output=True,
            timeout=INSTALL_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerUnavailableError(f"moto not installed: {error}") from error
    (folder / "ready").write_text(sys.version)
    return python


class Moto(Peer):
    """One `moto_server`, its messages in memory."""

    name = "moto"

    def start(self) -> None:
        python = install()
        ask = "import importlib.metadata as m; print(m.version('moto'))"
        done = subprocess.run([str(python), "-c", ask], check=True, capture_output=True, text=True)
        self.version = done.stdout.strip()
        self._port = free_port()
        self.spawn([str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)])
        self.wait_ready(lambda: answers(self.endpoint("sqs")))

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"sqs": ("127.0.0.1", self._port)}[protocol]
