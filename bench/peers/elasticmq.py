"""ElasticMQ from Maven Central: one server, its messages in memory, as it comes."""

from bench.generators.sqs_raw import answers
from bench.peers.base import Peer, free_port
from bench.peers.maven import java_of, resolve_jars, version_of

ARTIFACT = "elasticmq-server_2.13"
VERSIONS = "[1.6,2.0)"
HEAP = "512m"
LOGBACK = """<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""


class ElasticMq(Peer):
    """One server without its statistics page."""

    name = "elasticmq"

    def start(self) -> None:
        java = java_of("ElasticMQ")
        jars = resolve_jars(self.name, "org.elasticmq", ARTIFACT, VERSIONS)
        self.version = version_of(jars, ARTIFACT)
        self._port = free_port()
        config = self.folder / "elasticmq.conf"
        config.write_text(
            f"""include classpath("application.conf")
node-address {{ protocol = http, host = "127.0.0.1", port = {self._port} }}
rest-sqs {{ enabled = true, bind-port = {self._port}, bind-hostname = "127.0.0.1" }}
rest-stats {{ enabled = false }}
"""
        )
        logback = self.folder / "logback.xml"
        logback.write_text(LOGBACK)
        command = [java, f"-Xms{HEAP}", f"-Xmx{HEAP}", f"-Dconfig.file={config}"]
        command += [f"-Dlogback.configurationFile={logback}", "-cp", f"{jars}/*"]
        self.spawn([*command, "org.elasticmq.server.Main"])
        self.wait_ready(lambda: answers(self.endpoint("sqs")))

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"sqs": ("127.0.0.1", self._port)}[protocol]
