# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined,no-untyped-def"
"""kombu's SQS transport, and a Celery worker on it in its own process."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer, Queue
from tests.clients.celery_work import check_work, working
from tests.clients.sqs_celery_app import OPTIONS, make_app
from tests.clients.sqs_work import DEADLINE_S, client, serving

pytestmark = pytest.mark.clients


def url_of(endpoint: str) -> str:
    return endpoint.replace("http://", "sqs://any:any@") + "//"


def test_kombu_sends_and_takes() -> None:
    with (
        serving() as running,
        Connection(url_of(running.sqs.url), transport_options=OPTIONS) as connection,
    ):
        queue = Queue("orders", Exchange("orders"), routing_key="orders")
        producer = Producer(connection)
        for number in range(5):
            producer.publish({"number": number}, routing_key="orders", declare=[queue])
        simple = connection.SimpleQueue(queue)
        found: list[Any] = []
        for _ in range(5):
            message = simple.get(timeout=DEADLINE_S)
            found.append(message.payload["number"])
            message.ack()
        simple.close()
        assert sorted(found) == list(range(5))
        sqs = client(running)
        url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert counts["ApproximateNumberOfMessages"] == "0"
        assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"
        sqs.close()


def test_a_worker_works_off_its_tasks(tmp_path: Path) -> None:
    results = str(tmp_path)
    with serving() as running:
        url = url_of(running.sqs.url)
        log = tmp_path / "worker.log"
        with (
            working("sqs_celery_app", url, log, RESULTS=results),
            closing(make_app(url, results)) as app,
        ):
            check_work(app)
