"""Requests of any bytes, over gRPC and REST: a status of Google's, never a fault, and neighbours go on."""

import json
import random
from typing import Any, Final

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.cloudtasks.client import PARENT, URL, Tasks, queue
from tests.doors.cloudtasks.test_buffering import QUEUES, TARGET, Rest
from tests.fakes.node import FakePeer
from tests.fuzz.mutate import mutate

from dragoman.doors.cloudtasks.errors import refusal
from dragoman.doors.shared.grpc.call import Call
from dragoman.wire.grpc.codes import INTERNAL

PROTOBUFS: Final = 16_000
BODIES: Final = 4_000
TASK: Final[dict[str, Any]] = {
    "http_request": {"url": URL, "headers": {"a": "b"}, "body": b"x"},
    "schedule_time": {"seconds": 1_030},
    "retry_config": {"max_attempts": 3, "max_backoff": {"seconds": 9}},
}
ASKED: Final[dict[str, dict[str, Any]]] = {
    "ListQueues": {"parent": PARENT, "page_size": 2, "page_token": "1"},
    "GetQueue": {"name": queue()},
    "CreateQueue": {
        "parent": PARENT,
        "queue": {
            "name": queue("r"),
            "rate_limits": {"max_dispatches_per_second": 5},
            "http_target": {"uri_override": {"host": "a.test", "port": 8}},
        },
    },
    "UpdateQueue": {
        "queue": {"name": queue(), "retry_config": {"max_attempts": 5}},
        "update_mask": {"paths": ["retry_config.max_attempts"]},
    },
    "PurgeQueue": {"name": queue()},
    "PauseQueue": {"name": queue()},
    "ResumeQueue": {"name": queue()},
    "ListTasks": {"parent": queue(), "page_size": 2, "page_token": "w-3-0", "response_view": 2},
    "GetTask": {"name": f"{queue()}/tasks/one", "response_view": 2},
    "CreateTask": {"parent": queue(), "task": TASK},
    "RunTask": {"name": f"{queue()}/tasks/at-0-0"},
    "BatchCreateTasks": {
        "parent": queue(),
        "requests": [{"task": TASK}, {"task": TASK}],
        "request_id": "some-id",
    },
    "BatchDeleteTasks": {"parent": queue(), "names": [f"{queue()}/tasks/at-0-1"]},
    "SetIamPolicy": {"resource": queue(), "policy": {"bindings": [{"role": "r"}]}},
    "GetOperation": {"name": f"{PARENT}/operations/some-id"},
    "ListOperations": {"name": PARENT, "page_size": 2},
    "DeleteTask": {"name": f"{queue()}/tasks/due-1030000-3-0"},
}
"""A good request of each method that does not end what the others are about."""


class Target:
    """Tasks, and good requests of both versions in bytes."""

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.tasks.make()
        self.tasks.create("one")
        self.methods = [*self.tasks.methods.values(), *self.tasks.beta_methods.values()]
        self.good: list[tuple[Any, bytes]] = []
        for method in self.methods:
            if method.name in ASKED:
                request: Any = method.request
                raw = request(**ASKED[method.name]).SerializeToString()
                self.good.append((method, raw))
        self.all = [raw for _, raw in self.good]

    def give(self, method: Any, raw: bytes) -> None:
        tasks = self.tasks
        call = Call(method, tasks.session, FakePeer(), (), None)
        tasks.node.broker.begin_turn()
        code = 0
        try:
            method.handler(call, method.request.FromString(raw))
        except DecodeError:
            return
        except Exception as error:  # noqa: BLE001 - whether it is a refusal is asked below
            code = refusal(error).code
        assert code != INTERNAL, (method.name, raw.hex())

    def settle(self) -> None:
        """What was made is sent, and answered by nobody."""
        self.tasks.node.settle()
        self.tasks.outbound.under_way.clear()
        assert not self.tasks.faults


TARGETS: list[Target] = []


@given(st.data())
def test_any_bytes_are_answered_or_refused(data: st.DataObject) -> None:
    target = TARGETS[0] if TARGETS else Target()
    TARGETS[:] = [target]
    method, raw = data.draw(st.sampled_from(target.good))
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 4))
    target.give(method, raw[:at] + data.draw(st.binary(max_size=20)) + raw[at + cut :])
    target.settle()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_twenty_thousand_hostile_requests_cost_nothing_but_themselves() -> None:
    hostile(PROTOBUFS, BODIES, 8123)


def hostile(protobufs: int, bodies: int, seed: int) -> None:
    """So many requests over gRPC, and so many over REST."""
    chance = random.Random(seed)
    target = Target()
    for number in range(protobufs):
        method, raw = chance.choice(target.good)
        target.give(method, mutate(chance, raw, target.all))
        if number % 64 == 0:
            target.settle()
    name = target.tasks.make("neighbour").name
    assert target.tasks.ask("GetQueue", name=name).name == name
    _hostile_rest(chance, bodies)


def _hostile_rest(chance: random.Random, count: int) -> None:
    rest = Rest(httpTarget=TARGET)
    url = f"{QUEUES}/q"
    request = {"httpRequest": {"url": URL, "body": "aGk=", "headers": {"a": "b"}}}
    bodies = [
        json.dumps({"task": request, "responseView": "FULL"}).encode(),
        json.dumps({"name": "x", "rateLimits": {"maxDispatchesPerSecond": 5}}).encode(),
    ]
    paths = [f"{url}/tasks", QUEUES, f"{url}/tasks:buffer", f"{url}:pause", f"{url}/tasks/a:run"]
    for _ in range(count):
        body = mutate(chance, chance.choice(bodies), bodies)
        status, _ = rest.send("POST", chance.choice(paths), body)
        assert status < 500
    assert not rest.world.faults
