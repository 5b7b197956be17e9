"""Clients and brokers of other ecosystems, driven as their users drive them: `make test-clients`.

A suite is a folder or a file here. It asks for its tools with `tool(...)`, which skips loudly, with what to install,
if this machine lacks them. `broker` is one real broker process for the run.

    def test_a_node_producer_is_read_by_pika(broker: Broker, tool: Tool) -> None:
        node = tool("node", "nodejs")
        subprocess.run([node, "produce.mjs", broker["kafka"]["bootstrap"]], check=True)
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from bench.peers.base import PeerUnavailableError
from bench.peers.rabbitmq import RabbitMq

ROOT: Final = Path(__file__).resolve().parent.parent
STOP_DEADLINE_S: Final = 20
START_S_MAX: Final = 240.0  # of RabbitMQ, beside other suites
PLUGINS: Final = (
    "rabbitmq_management",
    "rabbitmq_consistent_hash_exchange",
    "rabbitmq_random_exchange",
    "rabbitmq_sharding",
)
SETTINGS: Final = (
    "collect_statistics_interval = 200",
    "management.sample_retention_policies.global.minute = 1",
    "management.sample_retention_policies.basic.minute = 1",
    "management.sample_retention_policies.detailed.minute = 1",
)

Broker = dict[str, dict[str, Any]]
Tool = Callable[[str, str], str]


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """One for all suites, in a process of its own."""
    with serving() as endpoints:
        yield endpoints


@contextmanager
def serving() -> Iterator[Broker]:
    """Addresses of a broker, in memory, on a free port: as `--ready-file` spells them."""
    command = [sys.executable, "-m", "dragoman", "serve", "--memory", "--log", "json"]
    command += ["--port", "all=0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            assert ready["event"] == "ready"
            yield ready["endpoints"]
        finally:
            process.terminate()
            process.wait(STOP_DEADLINE_S)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """Debian's, with its own name, data and ports; it samples statistics more often than it does by itself."""
    peer = RabbitMq(plugins=PLUGINS, settings=SETTINGS)
    try:
        peer.start_within(START_S_MAX)
    except PeerUnavailableError as error:
        peer.discard()
        pytest.skip(f"{error} (Debian: rabbitmq-server)")
    yield peer
    peer.discard()


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Where a program is; skips, saying which Debian package has it, if it is nowhere."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"no {program} on this machine (Debian: {package})")
        return path

    return find
