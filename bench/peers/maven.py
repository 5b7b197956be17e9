"""Java peers from Maven Central: their jars, resolved once into a cache folder, the newest of a range of versions."""

import os
import shutil
import subprocess
from pathlib import Path

from bench.peers.base import PeerUnavailableError

CACHE = Path(os.environ.get("DRAGOMAN_BENCH_CACHE", str(Path.home() / ".cache" / "dragoman-bench")))
RESOLVE_TIMEOUT_S = 600

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>peer</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{versions}</version>
  </dependency></dependencies>
</project>
"""


def java_of(peer: str) -> str:
    """The path of a Java virtual machine. Raises PeerUnavailableError."""
    found = shutil.which("java")
    if found is None:
        raise PeerUnavailableError(f"{peer} needs Java 17 or newer: no java on the path")
    return found


def resolve_jars(
    peer: str, group: str, artifact: str, versions: str, cache: Path | None = None
) -> Path:
    """The folder of the artifact's jars; resolved with Maven on first use. Raises PeerUnavailableError."""
    cache = CACHE if cache is None else cache
    jars = cache / peer
    if any(jars.glob(f"{artifact}-*.jar")):
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise PeerUnavailableError(f"{peer} not resolved: no mvn on the path")
    cache.mkdir(parents=True, exist_ok=True)
    pom = cache / f"{peer}.pom.xml"
    pom.write_text(POM.format(group=group, artifact=artifact, versions=versions))
    part = cache / f"{peer}.part"
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=RESOLVE_TIMEOUT_S)
    except subprocess.SubprocessError as error:
        raise PeerUnavailableError(f"{peer} not resolved: {error}") from error
    part.rename(jars)
    return jars


def version_of(jars: Path, artifact: str) -> str:
    """The version that was resolved."""
    return max(jars.glob(f"{artifact}-*.jar")).stem.removeprefix(f"{artifact}-")
