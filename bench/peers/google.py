"""Google's emulator of Pub/Sub, where its Debian package is installed: Java, its messages in memory only.

Its jar is in no registry that a program may fetch it from; the package is `google-cloud-cli-pubsub-emulator`.
"""

import socket
from contextlib import suppress
from pathlib import Path

from bench.peers.base import Peer, PeerUnavailableError, free_port
from bench.peers.maven import java_of

JARS = Path("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib")
JAR = "cloud-pubsub-emulator-*-all.jar"
PACKAGE = "google-cloud-cli-pubsub-emulator"


class Google(Peer):
    """One emulator, with the heap that Kafka has too."""

    name = "google"

    def start(self) -> None:
        java = java_of(self.name)
        jar = max(JARS.glob(JAR), default=None)
        if jar is None:
            raise PeerUnavailableError(f"no emulator of Google's (its Debian package: {PACKAGE})")
        self.version = jar.name.split("-")[3]
        self._port = free_port()
        where = ["--host=127.0.0.1", f"--port={self._port}"]
        self.spawn([java, "-Xms512m", "-Xmx512m", "-jar", str(jar), *where])
        self.wait_ready(self._answers)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(self.endpoint("pubsub"), 1):
            return True
        return False

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"pubsub": ("127.0.0.1", self._port)}[protocol]
