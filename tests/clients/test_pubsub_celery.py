# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined,no-untyped-def"
"""kombu's gcpubsub transport, and a Celery worker on it in its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer, Queue
from tests.clients.pubsub_work import DEADLINE_S, Google, serving
from tests.clients.sqs_celery_app import make_app
from tests.clients.sqs_work import ROOT

pytestmark = pytest.mark.clients
URL = "gcpubsub://projects/default"


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    with serving() as found:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", found.address)
        yield found


@pytest.mark.usefixtures("google")
def test_kombu_sends_and_takes() -> None:
    with Connection(URL) as connection:
        queue = Queue("orders", Exchange("orders"), routing_key="orders")
        consumer = connection.Consumer(queue)
        found: list[Any] = []

        def take(body: Any, message: Any) -> None:
            found.append(body["number"])
            message.ack()

        consumer.register_callback(take)
        with consumer:
            producer = Producer(connection)
            for number in range(5):
                producer.publish({"number": number}, exchange="orders", routing_key="orders")
            while len(found) < 5:
                connection.drain_events(timeout=DEADLINE_S)
        assert sorted(found) == list(range(5))


def test_a_worker_works_off_its_tasks(google: Google, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    command = [sys.executable, "-m", "celery", "-A", "tests.clients.sqs_celery_app", "worker"]
    command += ["--pool", "solo", "--loglevel", "INFO"]
    environment = {
        **os.environ,
        "BROKER_URL": URL,
        "RESULTS": str(results),
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    with (tmp_path / "worker.log").open("w") as log:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        app = make_app(URL, str(results))
        try:
            sums = [app.tasks["add"].delay(number, 1) for number in range(20)]
            assert [one.get(timeout=DEADLINE_S) for one in sums] == list(range(1, 21))
            assert app.tasks["third_time_lucky"].delay().get(timeout=DEADLINE_S) == 2
        finally:
            worker.terminate()
            worker.wait(DEADLINE_S)
            app.close()
    names = [one.name for one in google.publisher.list_topics(project="projects/default")]
    assert "projects/default/topics/work" in names, (tmp_path / "worker.log").read_text()
