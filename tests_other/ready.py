"""Programs in other languages, made ready below build/other: by npm, by Maven and javac, or found on the system.

What cannot be made ready here (no Node, no Java, no registry to be reached) raises MissingError with the reason.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE / "programs"
CACHE: Final = HERE.parent / "build" / "other"
INSTALL_S_MAX: Final = 240
BUILD_S_MAX: Final = 800  # of a library in C++
RUN_S_MAX: Final = 60
BUILDING: Final = "DRAGOMAN_BUILD_CLIENTS"  # 1 where there is time to compile for minutes


class MissingError(Exception):
    """Why a program cannot be run here."""


@dataclass(frozen=True)
class Program:
    """A client: the protocol it speaks, and the command to which address, mode, name and count are added."""

    protocol: str
    command: tuple[str, ...]
    cwd: Path

    def run(self, address: str, mode: str, name: str, count: int) -> list[str]:
        """Its lines. Raises AssertionError with what it complained of."""
        return self.said(address, mode, name, str(count))

    def said(self, *arguments: str) -> list[str]:
        """Its lines. Raises AssertionError with what it complained of."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.cwd,
            check=False,
            capture_output=True,
            text=True,
            timeout=RUN_S_MAX,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.splitlines()


def tool(name: str, package: str) -> str:
    """The path of a program on this system. Raises MissingError."""
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"no {name} on this machine (Debian: {package})")
    return found


def made(folder: Path, source: Path, command: list[str], seconds_max: int = INSTALL_S_MAX) -> None:
    """Run `command` in `folder`, once per state of `source`. Raises MissingError."""
    if _is_made(folder, source):
        return
    try:
        done = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=seconds_max
        )
    except subprocess.TimeoutExpired:
        raise MissingError(f"{Path(command[0]).name} took more than {seconds_max} s") from None
    if done.returncode:
        raise MissingError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-400:]}")
    (folder / "made").write_text(_state(source))


def _is_made(folder: Path, source: Path) -> bool:
    stamp = folder / "made"
    return stamp.exists() and stamp.read_text() == _state(source)


def _state(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()


def on_node(name: str, protocol: str, package: str = "package.json") -> Program:
    """A client on Node. Raises MissingError."""
    node, npm = tool("node", "nodejs"), tool("npm", "npm")
    folder = CACHE / f"node{package.removeprefix('package').removesuffix('.json')}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / package, folder / "package.json")
    install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    made(folder, HERE / package, install)
    shutil.copy(PROGRAMS / f"{name}.js", folder)
    return Program(protocol, (node, str(folder / f"{name}.js")), folder)


def jars(pom: str = "pom.xml") -> Path:
    """A folder with `jars` of what a project here depends on. Raises MissingError."""
    maven = tool("mvn", "maven")
    folder = CACHE / f"java{pom.removeprefix('pom').removesuffix('.xml')}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / pom, folder / "pom.xml")
    copy = "dependency:copy-dependencies"
    made(folder, HERE / pom, [maven, "-q", "-B", copy, "-DoutputDirectory=jars"])
    return folder


def on_java(name: str, protocol: str, pom: str = "pom.xml") -> Program:
    """A client on the Java virtual machine. Raises MissingError."""
    java, javac = tool("java", "default-jre"), tool("javac", "default-jdk")
    folder = jars(pom)
    classes = folder / name
    classes.mkdir(exist_ok=True)
    source = PROGRAMS / f"{name}.java"
    made(classes, source, [javac, "-cp", str(folder / "jars" / "*"), "-d", ".", str(source)])
    class_path = f"{classes}:{folder / 'jars'}/*"
    return Program(protocol, (java, "-cp", class_path, name), folder)


def on_go(name: str, protocol: str) -> Program:
    """A client in Go: a folder with its module. Raises MissingError."""
    go = tool("go", "golang")
    folder = CACHE / "go" / name
    shutil.copytree(PROGRAMS / name, folder, dirs_exist_ok=True)
    made(folder, PROGRAMS / name / "main.go", [go, "build", "-o", "program", "."])
    return Program(protocol, (str(folder / "program"),), folder)


def from_go(name: str, module: str) -> Path:
    """A program that Go's module proxy has the source of. Raises MissingError."""
    go = tool("go", "golang")
    folder = CACHE / "go" / name
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "bin" / name
    if not program.exists():
        said = folder / "module"
        said.write_text(module)
        made(folder, said, ["env", f"GOBIN={program.parent}", go, "install", module])
    return program


def check_building(what: str) -> None:
    """Raises MissingError unless whoever runs this has time for it."""
    if os.environ.get(BUILDING) != "1":
        raise MissingError(f"{what} takes minutes to compile: python -m tests_other.compiled")


def on_rust(name: str, protocol: str) -> Program:
    """A client in Rust: a folder with its crate, compiled once. Raises MissingError."""
    folder = CACHE / "rust" / name
    program = folder / "target" / "release" / "program"
    source = PROGRAMS / name / "src" / "main.rs"
    if not _is_made(folder, source):
        check_building(name)
    cargo = tool("cargo", "cargo")
    shutil.copytree(PROGRAMS / name, folder, dirs_exist_ok=True)
    made(folder, source, [cargo, "build", "--release", "--locked"], BUILD_S_MAX)
    return Program(protocol, (str(program),), folder)


def from_crates(name: str, version: str) -> Path:
    """A program that crates.io has the source of, compiled once. Raises MissingError."""
    folder = CACHE / "rust" / name
    program = folder / "bin" / name
    folder.mkdir(parents=True, exist_ok=True)
    said = folder / "version"
    said.write_text(version)
    if not _is_made(folder, said):
        check_building(name)
    cargo = tool("cargo", "cargo")
    install = [cargo, "install", name, "--version", version, "--locked", "--root", str(folder)]
    made(folder, said, install, BUILD_S_MAX)
    return program


def built_on_node(name: str, package: str) -> Program:
    """A client on Node with a library in C++ of its own, which takes minutes. Raises MissingError."""
    check_building(package)
    node, npm = tool("node", "nodejs"), tool("npm", "npm")
    folder = CACHE / name
    built = folder / "built"
    built.mkdir(parents=True, exist_ok=True)
    source = PROGRAMS / f"{name}.js"
    made(folder, source, [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", package])
    made(built, folder / "package.json", [npm, "--prefix", str(folder), "rebuild"], BUILD_S_MAX)
    shutil.copy(source, folder)
    return Program("kafka", (node, str(folder / f"{name}.js")), folder)


def on_python(name: str, requirements: str, *words: str) -> Program:
    """A client in an environment of its own, as it wants other versions than we do. Raises MissingError."""
    folder = CACHE / requirements.removesuffix(".txt")
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    source = HERE / requirements
    install = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(source)]
    made(folder, source, install)
    command = (str(python), "-W", "ignore", str(PROGRAMS / f"{name}.py"), *words)
    return Program("kafka", command, folder)


def kcat(protocol: str) -> Program:
    """kcat through a small program that gives it the arguments it wants. Raises MissingError."""
    tool("kcat", "kcat")
    return Program(protocol, (sys.executable, str(PROGRAMS / "kcat.py")), HERE)


CLIENTS: Final[Mapping[str, Callable[[], Program]]] = {
    "kafkajs": lambda: on_node("kafkajs", "kafka"),
    "aws-sdk": lambda: on_node("aws-sdk", "sqs"),
    "sqs-consumer": lambda: on_node("sqs-consumer", "sqs"),
    "amqplib": lambda: on_node("amqplib", "amqp"),
    "rhea": lambda: on_node("rhea", "amqp10"),
    "proton": lambda: replace(
        on_python("proton_app", "requirements-proton.txt"), protocol="amqp10"
    ),
    "kafka-clients": lambda: on_java("KafkaClients", "kafka"),
    "rabbitmq-java": lambda: on_java("RabbitClients", "amqp"),
    "kcat": lambda: kcat("kafka"),
}
