"""RabbitMQ's Python clients and tools that want an environment of their own: amqpstorm, Dramatiq, FastStream, Celery
where it needs more than messages, and Flower, which asks the management API.
"""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Final
from urllib.error import URLError

import pytest
from tests_other.conftest import Broker
from tests_other.ready import PROGRAMS, MissingError, Program, on_python

REQUIREMENTS: Final = "requirements-rabbitmq.txt"
FLOWER_S_MAX: Final = 60


def program(name: str) -> Program:
    """Skips where it cannot be made ready."""
    try:
        return on_python(name, REQUIREMENTS)
    except MissingError as error:
        pytest.skip(str(error))


def address_of(broker: Broker) -> str:
    return f"{broker['amqp']['host']}:{broker['amqp']['port']}"


def test_amqpstorm_works_and_its_client_of_the_management_api_makes_a_user(broker: Broker) -> None:
    assert program("amqpstorm_app").said(address_of(broker), "amqpstorm") == [
        "declared 0",
        "got value-0",
        "consumed 19 value-19",
        "refused 406",
        "user ['management'] .*",
        "whoami amqpstorm",
        "basic hello",
        "queues ['q']",
        "refused 401",
    ]


def test_dramatiq_tries_again_waits_and_does_what_is_urgent_first(broker: Broker) -> None:
    assert program("dramatiq_app").said(address_of(broker), "dramatiq") == [
        "first urgent",
        "done 7",
        "tries 3",
    ]


def test_faststream_consumes_a_topic_and_answers_requests(broker: Broker) -> None:
    assert program("faststream_rabbit").said(address_of(broker), "faststream") == [
        "seen True",
        "answered QUIET",
    ]


def test_celery_survives_its_worker_orders_by_priority_and_joins_a_chord(
    broker: Broker, tmp_path: Path
) -> None:
    said = program("celery_other").said(address_of(broker), "celery-other", str(tmp_path))
    assert said == ["redelivered", "order [3, 2, 0, 1]", "chord 20", "later 2"]


def test_flower_tells_how_long_queues_are(broker: Broker, tmp_path: Path) -> None:
    python, address = program("celery_other").command[0], address_of(broker)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = {"routing_key": "flowers", "payload": "x", "payload_encoding": "string"}
    publish = {**said, "properties": {}}
    for method, path, body in (
        ("PUT", "vhosts/garden", {}),
        ("PUT", "queues/garden/flowers", {"durable": True}),
        ("POST", "exchanges/garden/amq.default/publish", publish),
    ):
        url = f"http://{address}/api/{path}"
        urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(body).encode(), method=method)
        ).close()
    command = [python, "-m", "celery", "-A", "celery_other", "flower", f"--port={port}"]
    command += [f"--broker-api=http://guest:guest@{address}/api/", "--address=127.0.0.1"]
    environment = {
        **os.environ,
        "BROKER": f"amqp://guest:guest@{address}/garden",
        "NAME": "flowers",
        "PLACE": str(tmp_path),
        "PYTHONPATH": str(PROGRAMS),
        "FLOWER_UNAUTHENTICATED_API": "true",
    }
    log = tmp_path / "flower.log"
    with log.open("w") as written:
        flower = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=written, stderr=written
        )
        try:
            lengths = lengths_of(f"http://127.0.0.1:{port}/api/queues/length", log)
        finally:
            flower.terminate()
            flower.wait(FLOWER_S_MAX)
    assert [(one["name"], one["messages"]) for one in lengths] == [("flowers", 1)]


def lengths_of(url: str, log: Path) -> list[dict[str, object]]:
    """Once it answers."""
    give_up = time.monotonic() + FLOWER_S_MAX
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(url) as answer:
                found: list[dict[str, object]] = json.loads(answer.read())["active_queues"]
                return found
        except URLError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])
