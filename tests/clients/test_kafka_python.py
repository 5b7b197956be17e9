"""kafka-python, unmodified, over TCP, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.kafka_work import DEADLINE_S, ENGINES, serving

pytestmark = pytest.mark.clients
WORKER = Path(__file__).with_name("kafka_python_worker.py")


@pytest.fixture(params=ENGINES)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def work(name: str, bootstrap: str, argument: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(WORKER), name, bootstrap, argument],
        capture_output=True,
        check=False,
        timeout=2 * DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("codec", ["none", "gzip"])  # the others need libraries of theirs
def test_an_idempotent_producer_and_a_group(bootstrap: str, codec: str) -> None:
    assert work("round_trip", bootstrap, codec) == {
        "offsets": list(range(30)),
        "is_same": True,
        "headers": True,
        "committed": 30,
    }


def test_offsets_by_time_beginning_and_end(bootstrap: str) -> None:
    found = work("offsets_by_time", bootstrap)
    assert found == {"offset": 2, "timestamp": 1_700_000_000_020, "beginning": 0, "end": 5}


def test_admin_lists_and_describes(bootstrap: str) -> None:
    assert work("admin", bootstrap) == {"made": ["t"], "brokers": [1], "left": []}
