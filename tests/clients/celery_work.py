# mypy: disable-error-code="no-untyped-call,import-untyped"
"""A Celery worker in its own process, which its test sees start and end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from celery import Celery

ROOT: Final = Path(__file__).parents[2]
DEADLINE_S: Final = 30


@contextmanager
def working(module: str, url: str, log: Path, *arguments: str, **variables: str) -> Iterator[None]:
    """A worker of the application in `tests.clients.MODULE`, with the broker at `url`; what it says goes to `log`."""
    command = [sys.executable, "-m", "celery", "-A", f"tests.clients.{module}", "worker"]
    command += ["--pool", "solo", "--loglevel", "INFO", *arguments]
    path = f"{ROOT / 'src'}:{ROOT}"
    environment = {**os.environ, "BROKER_URL": url, "PYTHONPATH": path, **variables}
    with log.open("w") as written:
        worker = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(DEADLINE_S)


def check_work(app: Celery) -> None:
    """Tasks are worked off, one of them at its third try."""
    sums = [app.tasks["add"].delay(number, 1) for number in range(20)]
    assert [one.get(timeout=DEADLINE_S) for one in sums] == list(range(1, 21))
    assert app.tasks["third_time_lucky"].delay().get(timeout=DEADLINE_S) == 2
