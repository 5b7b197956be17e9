# mypy: disable-error-code="no-untyped-call,import-untyped,attr-defined,no-untyped-def"
"""kombu's SQS transport, and a Celery worker on it in its own process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer, Queue
from tests.clients.sqs_celery_app import OPTIONS, make_app
from tests.clients.sqs_work import DEADLINE_S, ROOT, client, serving

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
    results = tmp_path / "results"
    results.mkdir()
    with serving() as running:
        url = url_of(running.sqs.url)
        command = [sys.executable, "-m", "celery", "-A", "tests.clients.sqs_celery_app", "worker"]
        command += ["--pool", "solo", "--loglevel", "INFO"]
        environment = {
            **os.environ,
            "BROKER_URL": url,
            "RESULTS": str(results),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        }
        with (tmp_path / "worker.log").open("w") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            app = make_app(url, str(results))
            try:
                sums = [app.tasks["add"].delay(number, 1) for number in range(20)]
                assert [one.get(timeout=DEADLINE_S) for one in sums] == list(range(1, 21))
                assert app.tasks["third_time_lucky"].delay().get(timeout=DEADLINE_S) == 2
            finally:
                worker.terminate()
                worker.wait(DEADLINE_S)
                app.close()
