# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined,no-untyped-def"
"""kombu's gcpubsub transport, and a Celery worker on it in its own process."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer, Queue
from tests.clients.celery_work import check_work, working
from tests.clients.pubsub_work import DEADLINE_S, Google, serving
from tests.clients.sqs_celery_app import make_app

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
    results, log = str(tmp_path), tmp_path / "worker.log"
    with (
        working("sqs_celery_app", URL, log, RESULTS=results),
        closing(make_app(URL, results)) as app,
    ):
        check_work(app)
    names = [one.name for one in google.publisher.list_topics(project="projects/default")]
    assert "projects/default/topics/work" in names, log.read_text()
