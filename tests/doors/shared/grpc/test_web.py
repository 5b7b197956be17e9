"""Requests over HTTP/2 that are no gRPC, as over HTTP/1.1."""

import pytest
from tests.doors.shared.grpc.client import Answer, Client, World
from tests.doors.shared.rest.client import FakeFace
from tests.doors.shared.rest.service import Waiting

from dragoman.doors.shared.grpc.link import REQUEST_MS
from dragoman.doors.shared.rest.call import Call, Response, Route
from dragoman.kernel.api import Address, Consume, DeclareQueue, Publish
from dragoman.model.levels import CANONICAL, SYNCED


class Service:
    def __init__(self) -> None:
        self.parked: list[Waiting] = []
        self.hosts: list[bytes | None] = []
        self.world = World(
            FakeFace(
                Route("GET", "/echo/{word}", self.echo),
                Route(
                    "POST",
                    "/echo",
                    lambda call: Response(201, call.request.body),
                    body_bytes_max=100,
                ),
                Route("GET", "/durable", lambda call: Response(200, b"durable").after(1, SYNCED)),
                Route("GET", "/wait", self.wait),
                Route("GET", "/receive", self.receive),
                Route("GET", "/bad", self.bad),
            )
        )
        self.client = Client(self.world)

    def echo(self, call: Call) -> Response:
        self.hosts.append(call.request.header(b"host"))
        return Response(200, call.parameters["word"].encode(), ((b"X-Line", b"a\r\nb"),))

    def wait(self, call: Call) -> Waiting:
        self.parked.append(Waiting(call.session.elapsed_ms() + 1_000))
        return self.parked[-1]

    def receive(self, call: Call) -> Waiting:
        parked = self.wait(call)
        call.session.submit(Consume(name="q", tag=parked, credit_max=10, lease_duration_ms=60_000))
        return parked

    def bad(self, call: Call) -> Response:
        raise ValueError("nonsense")

    def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        number = self.client.begin(path, ends=not body, method=method)
        if body:
            self.client.raw(number, body, ends=True)
        self.client.exchange()
        return self.client.answers[number]


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_request_is_answered_as_over_http_1(service: Service) -> None:
    answer = service.ask("GET", "/echo/hi")
    assert (answer.head[b":status"], answer.data, answer.is_ended) == (b"200", b"hi", True)
    assert answer.head[b"content-length"] == b"2"
    assert answer.head[b"x-line"] == b"a  b"
    assert b"date" in answer.head
    assert service.hosts == [b"here"]


def test_bodies_come_and_heads_go_alone(service: Service) -> None:
    assert service.ask("POST", "/echo", b"body").data == b"body"
    head = service.ask("HEAD", "/echo/hello")
    assert (head.data, head.head[b"content-length"]) == (b"", b"5")


def test_what_is_refused_is_refused_in_its_services_words(service: Service) -> None:
    assert service.ask("GET", "/bad").head[b":status"] == b"400"
    assert service.ask("GET", "/nothing").head[b":status"] == b"404"
    assert service.ask("POST", "/echo", bytes(101)).head[b":status"] == b"413"
    number = service.client.begin("/echo")
    service.client.exchange()
    service.world.advance(REQUEST_MS + 1)
    service.client.exchange()
    assert service.client.answers[number].head[b":status"] == b"408"


def test_an_answer_waits_for_the_journal(service: Service) -> None:
    service.world.commit.far = 0
    answer = service.ask("GET", "/durable")
    assert answer.head == {}
    service.world.progress()
    service.client.exchange()
    assert answer.data == b"durable"


def test_one_that_waits_is_answered_at_its_end_or_abandoned(service: Service) -> None:
    answer = service.ask("GET", "/wait")
    service.world.advance(1_000)
    service.client.exchange()
    assert answer.head[b":status"] == b"204"
    service.ask("GET", "/wait")
    service.client.cancel(3)
    assert service.parked[1].is_abandoned


def test_deliveries_find_the_request_that_asked_for_them(service: Service) -> None:
    session = service.client.session
    session.submit(DeclareQueue(name="q"))
    answer = service.ask("GET", "/receive")
    service.parked[0].answer = Response(200, b"got")
    session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
    service.world.run()
    service.client.exchange()
    assert answer.data == b"got"


def test_the_broker_leaves(service: Service) -> None:
    waits, half = service.ask("GET", "/wait"), service.client.begin("/echo")
    service.client.exchange()
    service.client.door.shut("leaving")
    service.world.broker.touch(service.client.session)
    service.world.run()
    service.client.exchange()
    assert waits.head[b":status"] == b"204"
    assert service.client.answers[half].head[b":status"] == b"503"
    assert service.client.is_closed
