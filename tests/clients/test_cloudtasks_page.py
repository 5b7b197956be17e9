"""The program on the first screen of the page about Cloud Tasks, run as it stands but for addresses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clients.test_cloudtasks_google import target

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import broker

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doors" / "cloudtasks.md"
PROGRAM_DEADLINE_S = 50

pytestmark = pytest.mark.clients


def test_what_the_page_makes_is_sent() -> None:
    options = ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with broker(options) as running, target() as there:
        text = text.replace(":8123", f":{running.cloudtasks.port}")
        text = text.replace("http://127.0.0.1:8000", there.url)
        done = subprocess.run(
            [sys.executable, "-c", text],
            capture_output=True,
            text=True,
            timeout=PROGRAM_DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        there.wait(1)
        assert there.requests[0][3] == b"hello"
        name = there.requests[0][2]["X-CloudTasks-TaskName"]
        assert done.stdout.strip().endswith(f"/queues/mail/tasks/{name}")
