"""The programs on the first screen of the page about Event Grid, run as they stand but for addresses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clients.eventgrid_work import serving, webhook

from dragoman.cli.commands import run
from dragoman.testing.broker import RunningBroker

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doors" / "eventgrid.md"
PROGRAM_DEADLINE_S = 50

pytestmark = pytest.mark.clients


def program(name: str, running: RunningBroker, **addresses: str) -> str:
    """A program of the page, with where things are here."""
    (found,) = re.findall(rf"```python {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    text = str(found).replace(":60101", f":{running.eventgrid.port}")
    for there, here in addresses.items():
        assert there in text
        text = text.replace(there, here)
    return text


def output_of(text: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_page_sends_it_pulls(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        url = f"http://127.0.0.1:{running.eventgrid.port}"
        assert run(["queue", "create", "orders", "--url", url]) == 0
        both = program("send", running) + program("pull", running)
        assert output_of(both) == ["Orders.Placed {'item': 'coffee'}"]


def test_what_the_page_makes_gets_events(tmp_path: Path) -> None:
    with webhook() as endpoint, serving(tmp_path) as running:
        places = {"http://127.0.0.1:8000/hook": endpoint.url, "ca.pem": str(tmp_path / "ca.pem")}
        assert output_of(program("manage", running, **places)) == ["Succeeded"]
        send = program("send", running, **{"/orders/api/events": "/bills/api/events"})
        assert output_of(send) == []
        ((_, (event,)),) = endpoint.wait(lambda requests: len(requests) == 1)
        assert event["data"] == {"item": "coffee"}
