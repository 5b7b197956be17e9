"""BufferTask over HTTP, and what becomes of a path that is almost one."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.doors.cloudtasks.client import running_of
from tests.doors.shared.rest.client import Client, World
from tests.fakes.outbound import FakeOutbound

from dragoman.doors.cloudtasks.buffering import BufferFace
from dragoman.doors.cloudtasks.placing import TASK_BYTES_MAX
from dragoman.doors.cloudtasks.services import Service
from dragoman.doors.shared.grpc.transcoder import TranscodedFace

QUEUES = "/v2/projects/default/locations/local/queues"
TARGET = {"uriOverride": {"host": "hooks.test"}}


class Rest:
    def __init__(self, **queue: Any) -> None:
        service = Service(running_of(FakeOutbound()))
        self.world = World(
            BufferFace(service), TranscodedFace("cloudtasks", [(service, service.table)])
        )
        self.client: Client = self.world.connect()
        name = "projects/default/locations/local/queues/q"
        self.say("POST", QUEUES, {"name": name, **queue})

    def say(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        return self.send(method, path, b"" if document is None else json.dumps(document).encode())

    def send(
        self, method: str, path: str, body: bytes, headers: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, Any]:
        answer = self.client.ask(method, path, body, headers)
        return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("end", ["tasks:buffer", "tasks/one:buffer"])
@pytest.mark.parametrize("version", ["v2", "v2beta3"])
def test_any_body_becomes_a_task_of_its_queue(end: str, version: str) -> None:
    rest = Rest(httpTarget=TARGET)
    path = f"{QUEUES.replace('/v2/', f'/{version}/')}/q/{end}"
    status, told = rest.send("POST", path, b"\x00any", [("Content-Type", "text/x")])
    assert status == 200
    id_ = told["task"]["name"].rpartition("/")[2]
    assert id_ == ("one" if "one" in end else "at-0-0")
    _, found = rest.say("GET", f"{QUEUES}/q/tasks/{id_}?responseView=FULL")
    request = found["httpRequest"]
    assert base64.b64decode(request["body"]) == b"\x00any"
    assert request["headers"] == {"Content-Type": "text/x"}


def test_a_queue_that_says_no_host_buffers_nothing() -> None:
    rest = Rest()
    status, told = rest.send("POST", f"{QUEUES}/q/tasks:buffer", b"x")
    assert (status, told["error"]["status"]) == (400, "FAILED_PRECONDITION")


def test_what_is_too_large_or_nowhere_is_refused() -> None:
    rest = Rest(httpTarget=TARGET)
    status, told = rest.send("POST", f"{QUEUES}/q/tasks:buffer", bytes(TASK_BYTES_MAX + 1))
    assert (status, told["error"]["status"]) == (400, "INVALID_ARGUMENT")
    status, told = rest.send("POST", f"{QUEUES}/r/tasks:buffer", b"x")
    assert (status, told["error"]["status"]) == (404, "NOT_FOUND")
    status, told = rest.send("POST", f"{QUEUES}/q/tasks/a.b:buffer", b"x")
    assert (status, told["error"]["status"]) == (400, "INVALID_ARGUMENT")
