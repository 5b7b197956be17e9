"""Apache Kafka from Maven Central: one KRaft node (broker and controller in one process).

The jars are resolved by Maven once into a cache folder: the newest 4.x there is. Settings are
Kafka's own but for ports, folders, one replica, and a heap of 512 MB.
"""

import os
import re
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from bench.generators.kafka_wire import KafkaError, KafkaSocket
from bench.peers.base import Peer, PeerUnavailableError, free_port

CACHE = Path(os.environ.get("DRAGOMAN_BENCH_CACHE", str(Path.home() / ".cache" / "dragoman-bench")))
RESOLVE_TIMEOUT_S = 600
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

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>peer</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
    <version>[4.0,5.0)</version>
  </dependency></dependencies>
</project>
"""
LOG4J = """Configuration:
  Appenders: {Console: {name: STDOUT, PatternLayout: {pattern: "%d %p %m (%c)%n"}}}
  Loggers: {Root: {level: WARN, AppenderRef: {ref: STDOUT}}}
"""


def resolve_jars(cache: Path = CACHE) -> Path:
    """The folder of Kafka's jars; resolved with Maven on first use."""
    jars = cache / "kafka"
    if any(jars.glob("kafka_2.13-*.jar")):
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise PeerUnavailableError("Apache Kafka not resolved: no mvn on the path")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "pom.xml").write_text(POM)
    part = cache / "kafka.part"
    command = [maven, "-q", "-B", "-f", str(cache / "pom.xml"), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=RESOLVE_TIMEOUT_S)
    except subprocess.SubprocessError as error:
        raise PeerUnavailableError(f"Apache Kafka not resolved: {error}") from error
    part.rename(jars)
    return jars


class ApacheKafka(Peer):
    """One KRaft node."""

    name = "kafka"

    def start(self) -> None:
        java = shutil.which("java")
        if java is None:
            raise PeerUnavailableError("Apache Kafka needs Java 17 or newer: no java on the path")
        jars = resolve_jars()
        self.version = _version_of(jars)
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


def _version_of(jars: Path) -> str:
    name = max(jars.glob("kafka_2.13-*.jar")).stem
    found = re.search(r"-(\d+\.\d+\.\d+)", name)
    return found.group(1) if found else name
