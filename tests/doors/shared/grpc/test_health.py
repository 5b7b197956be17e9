from typing import Any

import pytest
from tests.doors.shared.grpc.client import GRPC, Answer, Client, World

from dragoman.doors.shared.grpc.health import LOOK_MS, CheckResponse, HealthService, ListResponse
from dragoman.wire.grpc.codes import NOT_FOUND
from dragoman.wire.grpc.messages import MessageReader
from dragoman.wire.protobuf.reflection import HEALTH

CheckRequest: Any = HEALTH["HealthCheckRequest"]


class Ward:
    def __init__(self) -> None:
        self.is_ready = True
        self.world = World(services=[HealthService(lambda: ["pubsub"], lambda: self.is_ready)])
        self.client = Client(self.world)

    def call(self, method: str, service: str = "") -> Answer:
        number = self.client.begin(f"/grpc.health.v1.Health/{method}", GRPC)
        return self.client.send(number, CheckRequest(service=service), ends=True)


def read(answer: Answer, kind: Any = CheckResponse) -> list[Any]:
    return [kind.FromString(body) for body in MessageReader(b"", 1 << 20).read(answer.data)]


@pytest.fixture
def ward() -> Ward:
    return Ward()


def test_what_serves_is_said_to(ward: Ward) -> None:
    assert [read(ward.call("Check", name))[0].status for name in ("", "pubsub")] == [
        CheckResponse.SERVING
    ] * 2
    ward.is_ready = False
    assert read(ward.call("Check"))[0].status == CheckResponse.NOT_SERVING
    assert ward.call("Check", "nobody").status == NOT_FOUND


def test_all_are_listed(ward: Ward) -> None:
    (listed,) = read(ward.call("List"), ListResponse)
    assert {name: one.status for name, one in listed.statuses.items()} == {"": 1, "pubsub": 1}


def test_who_watches_is_told_of_each_change(ward: Ward) -> None:
    answer = ward.call("Watch", "pubsub")
    for is_ready in (True, False, False, True):
        ward.is_ready = is_ready
        ward.world.advance(LOOK_MS)
        ward.client.exchange()
    assert [one.status for one in read(answer)] == [1, 2, 1]
    assert read(ward.call("Watch", "nobody"))[0].status == CheckResponse.SERVICE_UNKNOWN
