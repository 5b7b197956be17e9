"""Dragoman itself, known only by its command line, its ready file and its endpoints."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.generators.amqp_wire import AmqpError, AmqpSocket
from bench.generators.kafka_wire import KafkaError, KafkaSocket
from bench.peers.base import Peer
from bench.scenarios import SYNCED, SYNCED_AZURE

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("DRAGOMAN_BENCH_PYTHON", sys.executable)

CONFIG = f"""[limits]
connections_max = 20000

[push]
allow = ["127.0.0.0/8"]

[namespace.default.queue.{SYNCED}]
stream = {{ level = "synced" }}

[namespace.default.queue.{SYNCED_AZURE}]
lease_duration_ms = 60000
stream = {{ level = "synced" }}
"""


class Dragoman(Peer):
    """One `dragoman serve` on a free port."""

    name = "dragoman"

    def __init__(self, root: Path | None = None) -> None:
        super().__init__(root)
        self._endpoints: dict[str, Any] = {}

    def start(self) -> None:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [PYTHON, "-m", "dragoman", "serve", "--data", str(self.folder / "data")]
        config = self.folder / "dragoman.toml"
        config.write_text(CONFIG)
        command += ["--port", "all=0", "--ready-file", str(ready), "--config", str(config)]
        paths = [str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]
        self.spawn(command, {"PYTHONPATH": os.pathsep.join(filter(None, paths))})
        self.wait_ready(lambda: self._read_ready(ready))

    def _read_ready(self, path: Path) -> bool:
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            return False
        self._endpoints = found["endpoints"]
        self.version = str(found.get("version", "unknown"))
        self.build = str(found.get("build", "unknown"))
        return self._answers()

    def _answers(self) -> bool:
        """Ready is what a client sees: both handshakes succeed."""
        try:
            AmqpSocket.connect(*self.endpoint("amqp")).close()
            connection = KafkaSocket.connect(*self.endpoint("kafka"))
            served = connection.broker_count() > 0
            connection.close()
        except (OSError, AmqpError, KafkaError):
            return False
        return served

    def endpoint(self, protocol: str) -> tuple[str, int]:
        found = self._endpoints[protocol]
        return str(found["host"]), int(found["port"])
