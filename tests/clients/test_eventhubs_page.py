"""The first screen of the page about Event Hubs, run as it stands but for addresses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clients.eventhubs_work import serving

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doors" / "eventhubs.md"
PROGRAM_DEADLINE_S = 60

pytestmark = pytest.mark.clients


def test_what_the_page_sends_kafka_reads() -> None:
    programs = re.findall(r"```python (\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in programs] == ["send", "read"]
    with serving() as running:
        text = "".join(program for _, program in programs)
        for there, here in ((":5672", running.amqp.port), (":9092", running.kafka.port)):
            assert there in text
            text = text.replace(f"localhost{there}", f"127.0.0.1:{here}")
        done = subprocess.run(
            [sys.executable, "-c", text],
            capture_output=True,
            text=True,
            timeout=PROGRAM_DEADLINE_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "b'ada' b'clicked'\n"
