"""Apache Kafka from Maven Central: one KRaft node (broker and controller in one process).

The jars are resolved by Maven once into a cache folder: the newest 4.x there is. Settings are
Kafka's own but for ports, folders, one replica, and a heap of 512 MB.
"""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from bench.generators.kafka_wire import KafkaError, KafkaSocket
from bench.peers.base import Peer, PeerUnavailableError, free_port
from bench.peers.maven import java_of, resolve_jars, version_of

HEAP = "512m"
# What Kafka's own start script passes to the JVM.
JVM_OPTIONS = (
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
)

ARTIFACT = "kafka_2.13"
VERSIONS = "[4.0,5.0)"
LOG4J = """Configuration:
  Appenders: {Console: {name: STDOUT, PatternLayout: {pattern: "%d %p %m (%c)%n"}}}
  Loggers: {Root: {level: WARN, AppenderRef: {ref: STDOUT}}}
"""


class ApacheKafka(Peer):
    """One KRaft node."""

    name = "kafka"

    def start(self) -> None:
        java = java_of("Apache Kafka")
        jars = resolve_jars(self.name, "org.apache.kafka", ARTIFACT, VERSIONS)
        self.version = version_of(jars, ARTIFACT)
        self._port = free_port()
        self._classpath = f"{jars}/*"
        config = self._write_config()
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.yaml'}"
        if not (self.folder / "data" / "meta.properties").exists():
            self._format_storage(java, config, logging)
        heap = [f"-Xms{HEAP}", f"-Xmx{HEAP}"]
        command = [java, *heap, *JVM_OPTIONS, logging, "-cp", self._classpath, "kafka.Kafka"]
        self.spawn([*command, str(config)])
        self.wait_ready(self._answers)

    def _write_config(self) -> Path:
        controller_port = free_port()
        config = self.folder / "server.properties"
        config.write_text(
            f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self._port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={self.folder / "data"}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
        )
        (self.folder / "log4j2.yaml").write_text(LOG4J)
        return config

    def _format_storage(self, java: str, config: Path, logging: str) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [java, logging, "-cp", self._classpath, "kafka.tools.StorageTool", "format"]
        command += ["-t", cluster, "-c", str(config)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        if done.returncode != 0:
            tail = (done.stdout + done.stderr).decode(errors="replace")[-800:]
            raise PeerUnavailableError(f"Kafka's storage could not be formatted:\n{tail}")

    def _answers(self) -> bool:
        """Ready is: a client's Metadata request is answered and names a broker."""
        try:
            connection = KafkaSocket.connect("127.0.0.1", self._port)
            try:
                return connection.broker_count() > 0
            finally:
                connection.close()
        except (OSError, KafkaError):
            return False

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"kafka": ("127.0.0.1", self._port)}[protocol]
