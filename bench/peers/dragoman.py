"""Dragoman itself, known only by its command line, its ready file and its endpoints."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.peers.base import Peer

PYTHON = os.environ.get("DRAGOMAN_BENCH_PYTHON", sys.executable)


class Dragoman(Peer):
    """One `dragoman serve` on free ports."""

    name = "dragoman"

    def __init__(self, root: Path | None = None) -> None:
        super().__init__(root)
        self._endpoints: dict[str, Any] = {}

    def start(self) -> None:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [PYTHON, "-m", "dragoman", "serve", "--data", str(self.folder / "data")]
        command += ["--port", "kafka=0", "--port", "amqp=0", "--ready-file", str(ready)]
        self.spawn(command)
        self.wait_ready(lambda: self._read_ready(ready))

    def _read_ready(self, path: Path) -> bool:
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            time.sleep(0)
            return False
        self._endpoints = found["endpoints"]
        self.version = str(found.get("version", "unknown"))
        self.build = str(found.get("build", "unknown"))
        return True

    def endpoint(self, protocol: str) -> tuple[str, int]:
        found = self._endpoints[protocol]
        return str(found["host"]), int(found["port"])
